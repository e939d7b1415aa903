#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# One rule for paths: canonical, or 400.  What the policy read is what the
# service gets, byte for byte.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start;
my $gate = Civic::Gate->start(
    http => 'upstream service { server ' . $up->addr . '; }'
            . 'log_format code "$civic_code";',
    server => <<'END');
    civic_auth off;
    access_log %DIR%/code.log code;
    add_header X-Rest $civic_param_rest;
    location @service {
        civic_route GET "/a/{rest...}";
        civic_route GET "/.well-known/{rest...}";
        civic_route GET "/" name=root;
        proxy_pass http://service;
    }
END

my %seen_as = (
    '/a/b'                     => 'b',
    '/a/b%20c'                 => 'b c',
    '/a/%E4%B8%AD'             => "\xe4\xb8\xad",
    '/a/%e4%b8%ad'             => "\xe4\xb8\xad",
    "/a/\xe4\xb8\xad"          => "\xe4\xb8\xad",
    '/a/x%40y'                 => 'x@y',
    '/a/x@y'                   => 'x@y',
    '/a/%3Fq'                  => '?q',
    '/a/%3fq?q=%2F..%2F//..'   => '?q',
    '/a/%23x'                  => '#x',
    '/a/x;v=1'                 => 'x;v=1',
    '/a/x%3Bv'                 => 'x;v',
    '/a/x+y'                   => 'x+y',
    '/a/x:y,z!$&\'()*='        => 'x:y,z!$&\'()*=',
    '/a/%252F'                 => '%2F',
    '/a/%25'                   => '%',
    '/a/.hidden'               => '.hidden',
    '/a/...'                   => '...',
    '/a/..b'                   => '..b',
    '/a/b..'                   => 'b..',
    '/a/b.'                    => 'b.',
    '/.well-known/x'           => 'x',
);

for my $path (sort keys %seen_as) {
    my $res = $gate->get($path);
    my $uri = $res->{status} == 200 ? JSON::PP::decode_json($res->{content})
                                      ->{uri} : "status $res->{status}";
    is($uri, $path, "$path reaches the service as it was written");
    is($res->{headers}{'x-rest'}, $seen_as{$path}, 'and was read decoded');
}

my @refused = (
    '/a/%2Fb', '/a/%2fb', '/a%2fb', '/a/%5Cb', '/a/%5cb', '/a/b\\c', '/a\\b',
    '/a/%2e%2e/b', '/a/%2E/b', '/a/.%2e/b', '/a/../b', '/a/./b', '/a/..',
    '/a/.', '/./a', '//a/b', '/a//b', '/a/b//', '//', '/a/b/..',
    '/%61/b', '/a/%41', '/a/%30', '/a/%7Eb', '/a/%2Db', '/a/%5F', '/a/b%2Ec',
    '/a/b#c', '/a/b#', '/a/%01', '/a/%0a', '/a/%0D%0A', '/a/%09', '/a/%1f',
    '/a/%7F', '/a/..;/b', '/a/.;x=1/b', '/a/..;', '/a/..%3b/b', '/a/.%3B',
    'http://host/a/../b', 'http://host//a/b',
);

my $before = $up->count;

for my $path (@refused) {
    my $res = $gate->get($path);
    is($res->{status}, 400, "$path is refused");
    like($res->{content}, qr/"code":"malformed"/, 'by the gate');
}

# what nginx itself cannot parse

is($gate->get($_)->{status}, 400, "$_ is refused by nginx")
    for '/a/%00', '/a/%zz', '/a/%2', '/a/%', '/..', '/../a/b', '/a/../..',
        "/a/\x01b", "/a/\x7fb", '*', 'a/b';

is($up->count, $before, 'the service has seen none of them');

is(JSON::PP::decode_json($gate->get($_)->{content})->{uri}, $up->count && '/',
   "$_ has the path /")
    for '/', 'http://host', 'http://host/';

like(JSON::PP::decode_json($gate->get('http://host?a=b')->{content})->{uri},
     qr{^/?\?a=b$}, 'an empty path with a query is the root');
is(JSON::PP::decode_json($gate->get('http://host/a/b?c')->{content})->{uri},
   '/a/b?c', 'the absolute form is read like the other');

my $log = $gate->log;
like($log, qr/\[info\].*civic route: path is not in canonical form/,
     'the error log says why');
$gate->stop;
my $codes = () = $gate->read('code.log') =~ /^path-refused$/mg;
is($codes, scalar @refused, 'each refusal has its code');

# elsewhere nginx's own habits are left alone

$gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    server {
        listen 127.0.0.1:%PORT%;
        location /a/ { return 200 "$uri"; }
    }
END
    server_name routed;
    civic_auth off;
    location @service { civic_route any "/{rest...}"; return 200 $uri; }
END2

is($gate->get('/a//./b/../%63')->{content}, '/a/c',
   'a server without routes decodes and tidies as ever');
is($gate->get('/a//b', { Host => 'routed' })->{status}, 400,
   'the server that the Host header names decides');
$gate->stop;

$gate = Civic::Gate->start(server => <<'END');
    civic_auth off;
    merge_slashes off;
    location @service { civic_route any "/{rest...}"; return 200 $uri; }
END
is($gate->get('/a//b')->{content}, '/a//b',
   'where nginx does not merge slashes, both are there to be read');
is($gate->get('/a//../b')->{status}, 400,
   'but dot segments are refused there too');

done_testing;
