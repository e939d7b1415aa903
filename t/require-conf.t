#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Lines that ask for what cannot be are errors, with file and line; and the
# variables that civic_claim names.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;


sub check {
    my ($server, $http) = @_;

    return Civic::Gate->check(
        files => { $citizens->files },
        http => $citizens->block . ($http // ''), server => $server);
}


# lines of a location with the routes /p/{id} and /p/x

for my $case (
    ['body.x=1', qr/unknown "body.x"; it knows scope, role, level, app, /],
    ['scope', qr/"scope" is no test: write WHAT=VALUE,/],
    ['scope!=a', qr/"scope!=a": scope takes =/],
    ['level>2', qr/"level>2": level takes = and >=/],
    ['level>=two', qr/"two" is not a number/],
    ['"role=a b"', qr/"a b" in "role=a b" is not a role/],
    ['role=a,,b', qr/"" in "role=a,,b" is not a role/],
    ['app=a/b', qr/"a\/b" in "app=a\/b" is not a name/],
    ['issuer=officers', qr/names the issuer "officers", which no civic_issuer/],
    ['region=350400', qr/"region=350400": region= takes the source of a/],
    ['region=query.', qr/"query." names no query parameter: write/],
    ['header.X_Y=1', qr/"header.X_Y" names no header: write letters, digits/],
    ['claim.a.=1', qr/"claim.a." names no claim/],
    ['claim.a=', qr/"claim.a=" has no value/],
    ['claim.a>=1,2', qr/"claim.a>=1,2" takes one number/],
    ['claim.a=query.b', qr/what the request says stands on the left/],
    ['param.no=1', qr/reads param.no, which no route of location "\/p\/" has/],
    ['region=param.Id', qr/reads param.Id, which no route of location/],
    ['scope=a role=b', qr/"role=b" is a second test: each has a line of/],
    ['for=a', qr/tests nothing: "for=a"/],
    ['for=a for=b scope=c', qr/has more than one "for="/],
    ['off on', qr/"off" is no test/])
{
    my ($line, $error) = @$case;
    my ($ok, $output) = check("location /p/ { civic_auth citizens;
        civic_require $line;
        civic_route GET /p/x; civic_route GET '/p/{id}'; return 200; }");
    ok !$ok, "refused: $line";
    like $output, qr/$error.* in \S+nginx\.conf:\d+/, '... with the reason';
}

for my $case (
    ['location / { civic_require_dry_run maybe; }', '',
     qr/it must be "on" or "off"/],
    ['', 'civic_claim name a;', qr/"name" is not the name of a variable/],
    ['', 'civic_claim $ a;', qr/"\$" is not the name of a variable/],
    ['', 'civic_claim $civic_x a;', qr/begin with "civic_" are the gate's/],
    ['', 'civic_claim $uri a;', qr/the duplicate "uri" variable/],
    ['', 'civic_claim $x a; civic_claim $x b;', qr/the duplicate "x" var/],
    ['', 'civic_claim $x a..;', qr/"a.." names no claim/],
    ['civic_auth citizens; civic_require region=param.id;'
     . 'location /plain { return 200; }', '',
     qr/reads param.id, which no route of location "\/plain" has/])
{
    my ($server, $http, $error) = @$case;
    my ($ok, $output) = check($server, $http);
    ok !$ok, "refused: $server $http";
    like $output, $error, '... with the reason';
}

my ($ok, $output) = check('location /p/ { civic_auth citizens;
    civic_require region=param.id; civic_route GET "/p/{id}"; return 200;
    if ($arg_x) { return 204; } limit_except GET { deny all; } }');
ok $ok, 'blocks within a location are its own' or diag $output;


my $gate = Civic::Gate->start(
    files => { $citizens->files },
    http => $citizens->block
            . 'civic_claim $given name.given; civic_claim $roles access.roles;'
            . 'civic_claim $url https://id.cn/x; civic_claim $Deep a.b.c;',
    server => 'location / { civic_auth optional citizens;
               return 200 "$given|$roles|$url|$deep"; }');


sub text {
    my (%claims) = @_;

    return $gate->get('/', $citizens->bearer(%claims))->{content};
}


is text(name => { given => 'Mei' }), 'Mei|||', 'a nested claim';
is text('name.given' => 'Li', name => { given => 'Mei' }), 'Li|||',
    'a name with dots wins';
is text(access => { roles => ['a', 'b'] }), '|["a","b"]||',
    'an array is JSON';
is text('https://id.cn/x' => 7), '||7|', 'a name may be a URL';
is text(a => { b => { c => JSON::PP::true } }), '|||true', 'and deep inside';
is text(a => { b => 1 }, name => 'x', access => []), '|||',
    'what leads nowhere is empty';
is text(name => { given => "a\r\nX: y" }), '|||',
    'a control byte makes it empty';
is $gate->get('/')->{content}, '|||', 'nobody has no claims';

done_testing;
