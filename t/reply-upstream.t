#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Errors behind a route: the service's own pass untouched; those that nginx
# makes become problems, unless the operator has a page for them.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return "HTTP/1.1 200 OK\r\nbro\0ken: x\r\n\r\n"
        if $req->{uri} =~ /nonsense/;
    if ($req->{uri} =~ /slow/) {
        sleep 3;
        return '';
    }
    my ($status) = $req->{uri} =~ /(\d{3})/;
    return [$status, { 'Content-Type' => 'text/x-own', 'X-Own' => 'yes' },
            "own $status"];
});

my $gate = Civic::Gate->start(
    http => 'upstream service { server ' . $up->addr . '; }'
            . 'log_format code "$request_uri $status $civic_code";',
    server => <<'END',
    civic_auth off;
    access_log %DIR%/code.log code;

    location /svc/ {
        civic_route any "/svc/{rest...}" name=svc;
        proxy_read_timeout 500ms;
        proxy_pass http://service/;
    }
    location /down/ {
        civic_route any "/down/{id}" name=down;
        proxy_pass http://127.0.0.1:1;
    }
    location /files/ {
        civic_route any "/files/{id}" name=files;
        root html;
    }
    location /paged/ {
        civic_route any "/paged/{id}" name=paged;
        error_page 502 /sorry.txt;
        error_page 504 = @page;
        proxy_pass http://127.0.0.1:1;
    }
    location /status/ {
        civic_route any "/status/{id}" name=status;
        return 503;
    }
    location /sorry.txt { root html; }
    location @page { return 200 page; }
    location /ordinary/ { proxy_pass http://127.0.0.1:1; }
END
    files => { '../html/sorry.txt' => "sorry\n",
               '../html/files/a' => "a file\n" });

for my $status (400, 401, 403, 404, 405, 413, 429, 500, 502, 503, 504) {
    my $res = $gate->get("/svc/$status");
    is_deeply([@$res{qw(status content)},
               @{ $res->{headers} }{qw(content-type x-own)}],
              [$status, "own $status", 'text/x-own', 'yes'],
              "a service's own $status passes untouched");
}

my %problem = (
    '/down/1'       => [502, 'bad-gateway', 'bad-gateway'],
    '/svc/nonsense' => [502, 'bad-gateway', 'bad-gateway'],
    '/svc/slow'     => [504, 'gateway-timeout', 'gateway-timeout'],
    '/files/none'   => [404, 'not-found', 'not-found'],
    '/status/1'     => [503, 'unavailable', 'unavailable'],
);

for my $path (sort keys %problem) {
    my ($status, $shown) = @{ $problem{$path} };
    my $res = $gate->get($path, { 'Accept-Language' => 'en' });
    is($res->{status}, $status, "$path is $status");
    is($res->{headers}{'content-type'}, 'application/problem+json',
       'as a problem');
    like($res->{content},
         qr/"status":$status,"code":"$shown".*"trace":"[0-9a-f]{32}"}\n$/,
         'with code and trace id, and nothing of nginx');
    is($res->{headers}{'content-length'}, length $res->{content},
       'of the length that is announced');
}

my $res = $gate->get('/down/1', { Accept => 'text/html' });
like($res->{content}, qr/<html lang="zh">.*bad-gateway/s,
     'a browser gets a page');
unlike($res->{content}, qr/nginx/, 'which is not that of nginx');
is($gate->request('HEAD', '/down/1')->{content}, '', 'HEAD gets no body');

is($gate->get('/paged/1')->{content}, "sorry\n",
   "the operator's error_page wins");
unlike($gate->get('/ordinary/1')->{content}, qr/problem/,
       "what came by no route has nginx's page");

my @all = Civic::Gate::parse_all($gate->raw(
    "GET /down/1 HTTP/1.1\r\nHost: a\r\n\r\n"
    . "GET /files/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
is_deeply([map { $_->{status} } @all], [502, 200],
          'the connection is kept after such an answer');

$gate->stop;
my $log = $gate->read('code.log');
like($log, qr{^\Q$_\E $problem{$_}[0] $problem{$_}[2]$}m,
     "$_ has its code in the log") for sort keys %problem;
like($log, qr{^/svc/500 500 -$}m, "a service's own error has none");

done_testing;
