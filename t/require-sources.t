#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What the gate reads of a request must be what the service reads: sources
# are decoded once, and whatever could be read in two ways is refused.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files => { $citizens->files }, http => $citizens->block,
    server => <<'END');
    civic_auth citizens;
    underscores_in_headers on;
    add_header X-Code $civic_code always;
    location = /query { civic_require query.a=1[5],b+c,d=e,%,福建; return 200; }
    location = /header { civic_require header.X-Region=35,a%20b; return 200; }
    location = /cookie { civic_require cookie.a=35,%33%35; return 200; }
    location = /not { civic_require query.a!=bad; return 200; }
    location = /more { civic_require query.n>=10; return 200; }
    location = /self { civic_require query.patient=claim.sub; return 200; }
    location = /guest {
        civic_auth optional citizens;
        civic_require query.kind=open;
        return 200;
    }
    location = /owner {
        civic_auth optional citizens;
        civic_require query.patient=claim.sub;
        return 200;
    }
    location /p/ {
        civic_route   GET "/p/{patient}/records";
        civic_route   GET "/p/{patient}/records/{rest...}";
        civic_route   GET "/p/all";
        civic_require param.patient=claim.sub;
        return 200;
    }
END


sub code {
    my ($path, $headers, $claims) = @_;

    my $res = $gate->get($path, { %{ $citizens->bearer(%{ $claims // {} }) },
                                  %{ $headers // {} } });
    return "$res->{status} " . ($res->{headers}{'x-code'} // '');
}


my %outcome = (ok => '200 ', missing => '403 source-missing',
               denied => '403 source-denied', two => '400 source-duplicate',
               bad => '400 source-malformed');

for ([ok => 'a=1[5]'], [ok => 'a=1%5b5%5D'], [ok => 'a=b%2Bc'],
     [ok => '%61=d%3de'], [ok => 'x=1&a=d=e&y'], [ok => 'a=%25'],
     [ok => 'a=%E7%A6%8F%e5%bb%ba'], [denied => 'a=b+c'],
     [denied => 'a=%2525'], [denied => 'a=%253d'], [denied => 'a=d%20e'],
     [missing => ''], [missing => 'a'], [missing => 'a='],
     [missing => 'b=1[5]'], [missing => 'A=1[5]'], [missing => 'a[]=1[5]'],
     [missing => 'a%5b%5d=1[5]'],
     [two => 'a=1[5]&a=1[5]'], [two => 'a=1[5]&a=2'], [two => 'a=2&a=1[5]'],
     [two => 'a=1[5]&%61=2'], [two => 'a=1[5]&A=2'], [two => 'a=1[5]&a'],
     [two => 'a=1[5]&a[]=2'], [two => 'a=1[5]&a%5b=2'],
     [two => 'a=1[5]&a%5B0%5D=2'], [two => 'a=1[5]&+a=2'],
     [two => 'a=1[5]&%20a=2'],
     [bad => 'a=1[5];a=2'], [bad => 'x=1;a=1[5]'], [bad => 'a=1[5];'],
     [bad => 'a=1[5]%00'], [bad => 'a=%'], [bad => 'a=%2'],
     [bad => 'a=%zz'], [bad => 'a=%u798F'], [bad => 'a=1[5]%0a'],
     [bad => 'a=1[5]&a%00b=2'], [bad => 'a=1[5]&a%=2'],
     [ok => 'a=1[5]&x=%zz'], [ok => 'a=1[5]&x=1;y=2'])
{
    my ($outcome, $args) = @$_;
    is code("/query?$args"), $outcome{$outcome}, "query: $args: $outcome";
}

for ([ok => { 'X-Region' => '35' }], [ok => { 'x-region' => '35' }],
     [ok => { 'X-Region' => 'a%20b' }], [denied => { 'X-Region' => 'a b' }],
     [denied => { 'X-Region' => '35, 36' }],
     [missing => {}], [missing => { 'X-Region' => '' }],
     [missing => { 'X_Region' => '35' }],
     [two => { 'X-Region' => ['35', '35'] }],
     [two => { 'X-Region' => '35', 'x-region' => '36' }],
     [two => { 'X-Region' => '35', 'X_Region' => '36' }])
{
    my ($outcome, $headers) = @$_;
    my $text = join ' ', map {
        my $value = $headers->{$_};
        "$_: " . (ref $value ? "[@$value]" : $value);
    } sort keys %$headers;
    is code('/header', $headers), $outcome{$outcome},
        "header: $text: $outcome";
}

for ([ok => 'a=35'], [ok => 'x=1; a=35; y=2'], [ok => 'a=%33%35'],
     [denied => 'a=36'], [denied => 'a=%3335'],
     [missing => 'b=35'], [missing => 'a='], [missing => 'A=35'],
     [two => 'a=35; a=35'], [two => 'a=35; A=36'], [two => 'a=35; %61=36'],
     [two => ['a=35', 'a=36']], [two => ['a=35', 'x=1; a=35']],
     [ok => ['x=1', 'a=35']],
     [bad => 'a="35"'], [bad => 'a=35,a=36'], [bad => 'a=3 5'],
     [bad => 'x=1,a=35'])
{
    my ($outcome, $cookie) = @$_;
    is code('/cookie', { Cookie => $cookie }), $outcome{$outcome},
        'cookie: ' . (ref $cookie ? "[@$cookie]" : $cookie) . ": $outcome";
}

is code('/not?a=good'), '200 ', 'query.a!=bad: another passes';
is code('/not?a=bad'), '403 source-denied', '... it does not';
is code('/not?a=%62ad'), '403 source-denied', '... in no spelling';
is code('/not'), '403 source-missing', '... nor does nothing';
is code('/not?a=good&a=bad'), '400 source-duplicate', '... nor both';

is code('/more?n=10'), '200 ', 'query.n>=10: a number that is enough passes';
is code("/more?n=$_"), '403 source-denied', "... $_ does not"
    for 9, '010', '1e', '10+', '%EF%BC%91%EF%BC%90', 'NaN', 'inf', '0x10';

my %me = (sub => '17');
is code('/self?patient=17', {}, \%me), '200 ', 'the caller himself passes';
is code("/self?patient=$_", {}, \%me), '403 source-denied', "... $_ does not"
    for 18, '1', '170', '017', '17.0', '1.7e1', '+17', '17,18';
is code('/self?patient=17', {}, { sub => 'p', ids => 17 }),
    '403 source-denied', '... nor somebody else';

is code('/p/17/records', {}, \%me), '200 ', 'the path names the caller';
is code('/p/17/records/a/b', {}, \%me), '200 ', '... by each route';
is code('/p/18/records', {}, \%me), '403 source-denied', '... or another';
is code('/p/%317/records', {}, \%me), '400 path-refused',
    '... in the one spelling that all services read alike';
is code('/p/all', {}, \%me), '403 source-missing',
    'a route without the parameter is refused';

is $gate->get('/guest?kind=open')->{status}, 200,
    'a test that asks nothing of the caller concerns nobody, too';
is $gate->get('/guest?kind=x')->{status}, 403,
    '... and a token would not help';
is $gate->get('/owner?patient=17')->{status}, 401,
    'where a claim is asked for, nobody is asked who he is';

done_testing;
