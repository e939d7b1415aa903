#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_auth A+B with real applications: whoever calls has both, and they
# are one party; and what civic_require and civic_limit make of them.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use JSON::PP ();

use Civic::App;
use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $citizens = Civic::Issuer->new;
my $officers = Civic::Issuer->new(name => 'officers', alg => 'EdDSA');
my %key = map { $_ => Civic::App->key } qw(his firm wide off);
my $up = Civic::Upstream->start;
my $service = 'proxy_pass http://' . $up->addr . ';';

my $gate = Civic::Gate->start(
    files => { $citizens->files, $officers->files,
        'apps.json' => Civic::App->file(
            { name => 'his', scopes => ['read', 'b', 'write'],
              region => '350100', keys => [Civic::App->record($key{his})] },
            { name => 'firm', class => 'partner',
              keys => [Civic::App->record($key{firm})] },
            { name => 'wide', scopes => ['read'], region => '350000',
              keys => [Civic::App->record($key{wide})] },
            { name => 'off', enabled => JSON::PP::false,
              keys => [Civic::App->record($key{off})] }) },
    http => $citizens->block . $officers->block
        . <<'END_HTTP', server => <<"END_SERVER");
    civic_apps file=apps.json;
    civic_limit_policy partners key=$civic_app rate=1r/h burst=1;
    log_format code '$status $civic_code';
END_HTTP
    access_log %DIR%/code.log code;
    location /both { civic_auth citizens+app:key; $service }
    location /turned { civic_auth app:key+citizens; $service }
    location /optional { civic_auth optional citizens+app:key; $service }
    location /either {
        civic_auth officers citizens+app:key;
        $service
    }
    location /alone { civic_auth citizens+app:key app:key; $service }
    location /pass {
        civic_auth citizens+app:key;
        civic_credentials pass;
        $service
    }
    location /write {
        civic_auth citizens+app:key;
        civic_require scope=write;
        $service
    }
    location /his {
        civic_auth app:key citizens;
        civic_require app=his,other;
        $service
    }
    location /limited {
        civic_auth app:key;
        civic_limit partners class=partner;
        $service
    }
    location /off { civic_auth off; $service }
    location /on {
        civic_auth citizens;
        error_page 404 = /both/behind;
        return 404;
    }
END_SERVER


# the status and code, or what the service was told

sub told {
    my ($path, $token, $app, @names) = @_;

    my $res = $gate->get($path, {
        $token ? (Authorization => $token->{Authorization}) : (),
        $app ? ('X-Api-Key' => $key{$app} // $app) : () });
    if ($res->{status} != 200) {
        select undef, undef, undef, 0.05;
        return (split /\n/, $gate->read('code.log'))[-1];
    }
    my $req = JSON::PP::decode_json($res->{content});
    return join '|', map { my $name = $_;
        join ',', map { $_->[1] }
                  grep { lc $_->[0] eq lc $name } @{ $req->{headers} }
    } @names;
}

my $token = $citizens->bearer(sub => '7', scope => 'read write other');
my @who = qw(X-Civic-Caller X-Civic-Subject X-Civic-App X-Civic-Scope);

for my $path ('/both', '/turned', '/optional', '/either', '/alone') {
    is told($path, $token, 'his', @who), 'citizens:7|7|his|read write',
        "$path: one caller of two credentials";
}
is told('/both', $token, 'his', qw(Authorization X-Api-Key)), '|',
    'the service gets neither of them';
is told('/pass', $token, 'his', qw(Authorization X-Api-Key)),
    "$token->{Authorization}|$key{his}", 'unless it is said';
is told('/on', $token, 'his', @who), 'citizens:7|7|his|read write',
    'and at the second location, where one was enough for the first';

is told('/both', $token, 'firm', 'X-Civic-Scope'), '',
    'what one may not, both may not';
is told('/write', $token, 'his', 'X-Civic-Caller'), 'citizens:7',
    'what both may, they may';
is told('/write', $token, 'wide', 'X-Civic-Caller'), '403 scope-denied',
    'what the person may and the application may not, is refused';


# what is missing, and what is wrong

for my $path ('/both', '/turned', '/optional', '/either') {
    is told($path, $token, undef, @who), '401 credentials-missing',
        "$path: a token without a key";
    is told($path, undef, 'his', @who), '401 credentials-missing',
        "$path: a key without a token";
    is told($path, $citizens->bearer(exp => time - 99), 'his', @who),
        '401 token-expired', "$path: a token that is over, and a good key";
    is told($path, $token, 'off', @who), '401 app-disabled',
        "$path: a good token, and a key that is off";
    is told($path, $token, 'cg_no', @who), '401 key-malformed',
        "$path: a good token, and what is no key";
    is told($path, $officers->bearer(sub => '9'), 'his', @who),
        $path eq '/either' ? 'officers:9|9||'
            : '401 issuer-unknown', "$path: an officer and a key";
    is told($path, undef, undef, @who),
        $path eq '/optional' ? '|||' : '401 credentials-missing',
        "$path: neither";
}
is told('/alone', undef, 'his', @who), 'app:his||his|read b write',
    'where a key alone will do, it does';
is told('/off', $token, 'off', @who), '|||', 'civic_auth off looks at none';


# one party

is told('/both', $citizens->bearer(sub => '7', client_id => 'his'), 'his',
        'X-Civic-App'), 'his', 'a token issued to the application itself';
for my $path ('/both', '/turned') {
    is told($path, $citizens->bearer(sub => '7', client_id => 'other'),
            'his', @who), '401 parties-differ',
       "$path: a token that was issued to another";
}
is told('/both', $citizens->bearer(sub => 'his'), 'his', 'X-Civic-Caller'),
    'citizens:his', 'a person is no application of his name';


# the narrower region

for my $case (
    ['350102', 'his', '350102', 'the person\'s, inside'],
    ['350000', 'his', '350100', 'the application\'s, inside'],
    ['350100', 'his', '350100', 'the same'],
    [undef, 'his', '350100', 'the only one'],
    ['350100', 'firm', '350100', 'the only one, the person\'s'],
    ['350200', 'his', '401 parties-differ', 'neither lies in the other'],
    ['350200', 'wide', '350200', 'a city of the province'],
    ['440000', 'wide', '401 parties-differ', 'another province']) {
    my ($region, $app, $expected, $title) = @$case;
    for my $path ('/both', '/turned') {
        is told($path, $citizens->bearer(
                    $region ? (region => $region) : ()),
                $app, 'X-Civic-Region'), $expected, "$path: $title";
    }
}


# civic_require app=, civic_limit class=

is told('/his', undef, 'his', 'X-Civic-App'), 'his',
    'app=: the application that is named passes';
is told('/his', undef, 'firm', 'X-Civic-App'), '403 caller-denied',
    '... and no other';
is told('/his', $citizens->bearer(client_id => 'his'), undef,
        'X-Civic-App'), '403 caller-denied',
    '... nor a token that was issued to one of that name';
is told('/limited', undef, 'firm', 'X-Civic-App'), 'firm', 'class=: once'
    for 1 .. 2;
is told('/limited', undef, 'firm', 'X-Civic-App'), '429 rate-limited',
    '... and no more than its class may';
is told('/limited', undef, 'his', 'X-Civic-App'), 'his',
    '... which is not the class of others' for 1 .. 4;

done_testing;
