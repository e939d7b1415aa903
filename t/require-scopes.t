#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Scopes of civic_require and of routes: any of a line, all lines, those
# inherited too.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $conf = <<'END';
    civic_auth citizens;
    civic_require scope=read,admin;
    location /read { return 200; }
    location /write { civic_require scope=write; return 200; }
    location /fresh { civic_require off; return 200; }
    location /reset {
        civic_require off;
        civic_require scope=write;
        civic_require scope=sign;
        return 200;
    }
    location /guest {
        civic_auth optional citizens;
        return 200;
    }
    location /routed/ {
        civic_require off;
        civic_route GET "/routed/plain";
        civic_route GET "/routed/signed" scope=sign,seal;
        return 200;
    }
END
my $gate = Civic::Gate->start(
    files => { $citizens->files }, http => $citizens->block,
    server => "$conf add_header X-Line \$civic_refused_by always;");


sub ask {
    my ($path, $scope) = @_;

    return $gate->get($path, $citizens->bearer(scope => $scope));
}


for (['/read', 'read', 200], ['/read', 'admin', 200],
     ['/read', 'a read b', 200], ['/read', ['x', 'read'], 200],
     ['/read', '', 403], ['/read', undef, 403], ['/read', 'reader', 403],
     ['/read', 'rea', 403], ['/read', 'READ', 403], ['/read', 'read,', 403],
     ['/write', 'read write', 200], ['/write', 'write admin', 200],
     ['/write', 'write', 403], ['/write', 'read', 403],
     ['/fresh', undef, 200],
     ['/reset', 'write sign', 200], ['/reset', 'write', 403],
     ['/routed/plain', undef, 200], ['/routed/signed', 'seal', 200],
     ['/routed/signed', 'read', 403])
{
    my ($path, $scope, $status) = @$_;
    my $text = !defined $scope ? 'no scope'
               : ref $scope ? "scope [@$scope]" : "scope \"$scope\"";
    is ask($path, $scope)->{status}, $status, "$path with $text: $status";
}

my $res = ask('/read', 'nothing');
is $res->{headers}{'www-authenticate'},
    'Bearer error="insufficient_scope", scope="read admin"',
    'the refusal names the scopes, any of which would do';
is JSON::PP::decode_json($res->{content})->{code}, 'scope-denied',
    'the problem is scope-denied';

my $line = 0;
my ($stated) = map { $line++; /scope=read,admin/ ? $line : () }
               split /\n/, $gate->read('conf/nginx.conf');
like $res->{headers}{'x-line'}, qr/nginx\.conf:$stated$/,
    'the operator reads which line refused';

$res = ask('/routed/signed', 'x');
is $res->{headers}{'www-authenticate'},
    'Bearer error="insufficient_scope", scope="sign seal"',
    'a route names its scopes';

$res = $gate->get('/guest');
is $res->{status}, 401, 'who is not known is asked who he is';
is $res->{headers}{'www-authenticate'}, 'Bearer realm="civic"',
    'and told that a token is wanted';

for my $case (
    ['location / { civic_auth citizens; civic_require scope=; }',
     qr/"scope=" has no value/],
    ['location / { civic_auth citizens; civic_require scope=a,,b; }',
     qr/is not a scope/],
    ['location / { civic_auth citizens; civic_require "scope=a b"; }',
     qr/is not a scope/],
    ['location / { civic_auth citizens; civic_require "scope=a\""; }',
     qr/is not a scope/],
    ['location / { civic_auth citizens; civic_require off;'
     . ' civic_require off; }', qr/is duplicate/],
    ['location / { civic_auth off; civic_require scope=a; }',
     qr/where civic_auth is off: nobody is known there in .*:\d+/],
    ['civic_auth citizens; civic_require scope=a;'
     . 'location / { civic_auth off; }', qr/where civic_auth is off/],
    ['location / { civic_require scope=a; }',
     qr/where civic_auth is not stated/],
    ['location /a/ { civic_auth off; civic_route GET "/a/b" scope=x; }',
     qr/civic_route has a scope=, but civic_auth is off .*:\d+/],
    ['location /a/ { civic_auth citizens;'
     . 'civic_route GET "/a/b" "scope=x y"; }', qr/is not a scope in .*:\d+/])
{
    my ($server, $error) = @$case;
    my ($ok, $output) = Civic::Gate->check(
        files => { $citizens->files }, http => $citizens->block,
        server => $server);
    ok !$ok, "refused: $server";
    like $output, $error, '... with the reason';
}

done_testing;
