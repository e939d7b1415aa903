#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Methods: 405 with Allow, HEAD by GET, OPTIONS, any, unknown ones.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    log_format code "$request_method $uri $status $civic_code";
    access_log code.log code;
END
    civic_auth off;
    access_log %DIR%/code.log code;

    location @service {
        civic_route GET,POST "/things" name=things;
        civic_route DELETE "/things" name=remove;
        civic_route GET "/things/{id}" name=thing;
        civic_route PUT "/things/new" name=new;
        civic_route OPTIONS,GET "/own" name=own;
        civic_route any "/any" name=any;
        civic_route HEAD "/head" name=head;
        civic_route POST "/head" name=post;
        civic_route PROPFIND,MKCOL,LOCK,UNLOCK,COPY,MOVE,PROPPATCH "/dav";
        return 200 "$civic_route $request_method";
    }
    location / { return 200 "ordinary $request_method"; }
END2


sub allow { return $_[0]{headers}{allow} }


is($gate->request('POST', '/things')->{content}, 'things POST',
   'each method of a list leads to the route');
is($gate->request('DELETE', '/things')->{content}, 'remove DELETE',
   'another line may take another method of the same path');

my $res = $gate->request('PATCH', '/things');
is($res->{status}, 405, 'a known path with another method is 405');
is(allow($res), 'GET, HEAD, POST, DELETE, OPTIONS',
   'Allow lists the methods of all lines');
like($res->{content}, qr/"code":"method-not-allowed"/, 'as a problem');

is($gate->request('GET', '/things/new')->{content}, 'thing GET',
   'a less specific pattern with the method is preferred to 405');
is(allow($gate->request('POST', '/things/new')), 'GET, HEAD, PUT, OPTIONS',
   'Allow lists the methods of all patterns that know the path');

$res = $gate->request('HEAD', '/things');
is($res->{status}, 200, 'HEAD goes where GET goes');
is($res->{content}, '', 'and has no body');
is($gate->request('GET', '/head')->{status}, 405,
   'a route for HEAD alone takes no GET');
is(allow($gate->request('GET', '/head')), 'HEAD, POST, OPTIONS',
   'and says so');
is($gate->request('HEAD', '/head')->{status}, 200, 'but HEAD');
$res = $gate->request('HEAD', '/things/a/b');
is($res->{status}, 200, 'an unknown path goes the ordinary way');

$res = $gate->request('OPTIONS', '/things');
is($res->{status}, 204, 'OPTIONS is answered by the gate');
is(allow($res), 'GET, HEAD, POST, DELETE, OPTIONS', 'with the methods');
is($res->{content}, '', 'and no body');
ok(!exists $res->{headers}{'content-type'}, 'nor a type of it');
is($gate->request('OPTIONS', '/own')->{content}, 'own OPTIONS',
   'a route that lists OPTIONS gets it');
is($gate->request('OPTIONS', '/any')->{content}, 'any OPTIONS',
   'so does a route for any method');

is($gate->request($_, '/any')->{content}, "any $_", "any takes $_")
    for qw(GET POST PUT PATCH DELETE PROPFIND BREW M-SEARCH);
is($gate->request('BREW', '/things')->{status}, 405,
   'an unknown method is 405 elsewhere');
is($gate->request('GET', '/dav')->{status}, 405,
   'the methods of WebDAV are known');
is(allow($gate->request('GET', '/dav')), 'OPTIONS, MKCOL, COPY, MOVE, '
   . 'PROPFIND, PROPPATCH, LOCK, UNLOCK', 'all of them');
is($gate->request($_, '/dav')->{status}, 200, "$_ is routed")
    for qw(PROPFIND MKCOL LOCK UNLOCK COPY MOVE PROPPATCH);
is($gate->request('get', '/things')->{status}, 400,
   'methods are told apart by case, says nginx');
is($gate->request('TRACE', '/any')->{status}, 405, 'TRACE is never served');

my @all = Civic::Gate::parse_all($gate->raw(
    "OPTIONS /things HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    . "PATCH /things HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    . "GET /things HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
is_deeply([map { $_->{status} } @all], [204, 405, 200],
          'the connection stays usable after OPTIONS and 405 with bodies');

$gate->stop;
my $log = $gate->read('code.log');
like($log, qr{^PATCH /things 405 method-not-allowed$}m,
     'the log has the code of a refusal');
like($log, qr{^OPTIONS /things 204 -$}m, 'and none for OPTIONS');

done_testing;
