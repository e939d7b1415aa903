#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# if, set, return and rewrite of the server come before the router and keep
# their effect.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    map $arg_move $moved { default ""; 1 1; }
END
    civic_auth off;
    set $place "server";
    set $early "$civic_route";

    if ($arg_stop) { return 418 "stopped"; }
    if ($moved)    { rewrite ^/old/(.*)$ /svc/$1; }
    rewrite ^/legacy/(.*)$ /svc/$1 last;
    rewrite ^/stay/(.*)$   /svc/$1 break;
    rewrite ^/away/(.*)$   /gone/$1 permanent;
    rewrite ^/same/(.*)$   /same/$1 last;

    location @service {
        civic_route GET "/svc/{id}" name=thing;
        civic_route GET "/old/{id}" name=old;
        civic_route GET "/same/{id}" name=same;
        set $place "$place, location";
        return 200 "$civic_route $civic_param_id $place [$early] $request_uri";
    }
    location / { return 200 "ordinary $uri"; }
END2

sub content { return $gate->get($_[0])->{content} }

is(content('/svc/1'), 'thing 1 server, location [] /svc/1',
   'set of the server is seen in the service, and was run before the router');
is($gate->get('/svc/1?stop=1')->{status}, 418,
   'return of the server answers before the router');
is(content('/legacy/2'), 'thing 2 server, location [] /legacy/2',
   'rewrite last of the server decides the route');
is(content('/stay/3'), 'thing 3 server, location [] /stay/3',
   'so does rewrite break');
is(content('/old/4'), 'old 4 server, location [] /old/4',
   'a condition that does not hold changes nothing');
is(content('/old/5?move=1'), 'thing 5 server, location [] /old/5?move=1',
   'one that holds rewrites before the router');
is(content('/same/6'), 'same 6 server, location [] /same/6',
   'a rewrite to the same path is no loop');
my $res = $gate->get('/away/7');
is($res->{status}, 301, 'a redirect of the server is sent');
like($res->{headers}{location}, qr{/gone/7$}, 'to where it says');
is(content('/legacy/a/b'), 'ordinary /svc/a/b',
   'what is rewritten to no route goes the ordinary way');

done_testing;
