#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# error_page and routes: the operator's page wins over ours, and a page that
# is itself routed is answered by its own handler.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return [$req->{uri} =~ m{/(\d{3})$} ? $1 : 200, {}, "up $req->{uri}"];
});

my $gate = Civic::Gate->start(
    http => 'upstream service { server ' . $up->addr . '; }'
            . 'log_format code "$request_uri $status $civic_code";',
    server => <<'END',
    civic_auth off;
    access_log %DIR%/code.log code;
    error_page 405 /pages/405.html;
    error_page 400 =422 /pages/400.html;

    location /pages/ {
        civic_route any "/pages/{name}" name=page;
        root html;
    }
    location /svc/ {
        civic_route GET "/svc/{rest...}" name=svc;
        proxy_intercept_errors on;
        error_page 404 /pages/404.html;
        error_page 410 /pages/none.html;
        error_page 500 = @fallback;
        error_page 503 /svc/200;
        proxy_pass http://service/;
    }
    location /deep/ {
        civic_route GET "/deep/{rest...}" name=deep;
        proxy_intercept_errors on;
        recursive_error_pages on;
        error_page 500 /deep/404;
        error_page 404 /pages/404.html;
        proxy_pass http://service/;
    }
    location /closed/ {
        civic_route GET "/closed/{id}" name=closed;
        error_page 404 /pages/404.html;
        error_page 413 /pages/413.html;
        client_max_body_size 1;
        return 200 closed;
    }
    location /down/ {
        civic_route GET "/down/{id}" name=down;
        error_page 502 /pages/502.html;
        proxy_pass http://127.0.0.1:1;
    }
    location @fallback { return 200 "fallback [$civic_route]"; }
END
    files => { map { ("../html/pages/$_.html" => "page $_\n") }
                   400, 404, 405, 413, 502 });

my $res = $gate->get('/svc/404');
is($res->{content}, "page 404\n",
   'a page in a routed file location is not asked of the old proxy');
is($res->{status}, 404, 'and keeps the status');
is($up->count, 1, 'the service was asked once');

is($gate->get('/svc/500')->{content}, 'fallback [svc]',
   'a named page still knows the route');
$res = $gate->get('/svc/410');
is($res->{status}, 404, 'a page that is missing is 404');
unlike($res->{content}, qr/problem/, "in nginx's words: it is not a service");
is($gate->get('/svc/503')->{content}, 'up /200',
   'a page may be a route of the same service');

is($gate->get('/deep/500')->{content}, "page 404\n",
   'recursive_error_pages goes on to the next page');

$res = $gate->request('POST', '/svc/x');
is($res->{status}, 405, 'a refusal of the router has the status');
is($res->{content}, "page 405\n", "and the operator's page");
is($res->{headers}{allow}, 'GET, HEAD, OPTIONS', 'and still its Allow');
$res = $gate->get('/svc/a//b');
is($res->{status}, 422, 'the path rule lets the operator answer');
is($res->{content}, "page 400\n", 'with the page of the server');

is($gate->get('/closed/1/2')->{content}, "page 404\n",
   'a closed location may have a page of its own');
is($gate->request('GET', '/closed/1', { content => 'abc' })->{content},
   "page 413\n", 'a large body too');
is($gate->get('/down/1')->{content}, "page 502\n",
   'and a service that cannot be reached');

$gate->stop;
my $log = $gate->read('code.log');
like($log, qr{^/svc/x 405 method-not-allowed$}m,
     "the code is kept under the operator's page");
like($log, qr{^/closed/1/2 404 no-route$}m, 'of the closed location too');

done_testing;
