#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# client_max_body_size is that of the service's location, although the
# router passes over the phase in which nginx looks at it.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return [200, {}, "$req->{method} " . length $req->{body}];
});

my $gate = Civic::Gate->start(
    http => 'upstream service { server ' . $up->addr . '; }'
            . 'log_format code "$uri $status $civic_code";',
    server => <<'END');
    civic_auth off;
    access_log %DIR%/code.log code;
    client_max_body_size 100;

    location /small/ {
        civic_route any "/small/{id}";
        client_max_body_size 10;
        proxy_pass http://service;
    }
    location /large/ {
        civic_route any "/large/{id}";
        client_max_body_size 1000;
        proxy_pass http://service;
    }
    location /server/ {
        civic_route any "/server/{id}";
        proxy_pass http://service;
    }
    location /endless/ {
        civic_route any "/endless/{id}";
        client_max_body_size 0;
        proxy_pass http://service;
    }
    location /stream/ {
        civic_route any "/stream/{id}";
        client_max_body_size 10;
        proxy_request_buffering off;
        proxy_http_version 1.1;
        proxy_pass http://service;
    }
    location /if/ {
        civic_route any "/if/{id}";
        client_max_body_size 10;
        if ($arg_x) { set $y 1; }
        proxy_pass http://service;
    }
    location /redirect/ { rewrite ^/redirect/(.*)$ /small/$1 last; }
    location /ordinary/ { proxy_pass http://service; }
END


sub chunked {
    my ($body) = @_;

    return { headers => { 'Transfer-Encoding' => 'chunked' },
             content => sprintf("%x\r\n%s\r\n0\r\n\r\n", length $body, $body) };
}


sub status {
    my ($path, $size) = @_;

    my $body = 'x' x $size;
    return [$gate->request('POST', $path, { content => $body })->{status},
            $gate->request('POST', $path, chunked($body))->{status}];
}


is_deeply(status('/small/1', 10), [200, 200], 'a body of the size passes');
is_deeply(status('/small/1', 11), [413, 413], 'one byte more does not');
is_deeply(status('/small/1', 90), [413, 413],
          'a smaller limit than the server has holds');
is_deeply(status('/large/1', 900), [200, 200],
          'so does a larger one');
is_deeply(status('/large/1', 1001), [413, 413], 'up to its end');
is_deeply(status('/server/1', 100), [200, 200], "the server's own is");
is_deeply(status('/server/1', 101), [413, 413], 'inherited');
is_deeply(status('/endless/1', 100_000), [200, 200], 'zero means no limit');
is_deeply(status('/stream/1', 11), [413, 413],
          'without buffering it holds too');
is_deeply(status('/if/1?x=1', 11), [413, 413], 'and under an if block');
is_deeply(status('/redirect/1', 11), [413, 413], 'and after rewrite last');
is_deeply(status('/ordinary/1', 101), [413, 413], 'nginx keeps its own part');
is($gate->request('POST', '/small/1', { content => '' })->{content}, 'POST 0',
   'an empty body passes');

my $res = $gate->request('POST', '/small/1', { content => 'x' x 11 });
like($res->{headers}{'content-type'}, qr{^application/problem\+json},
     'a body that is announced as too large is a problem');
like($res->{content}, qr/"code":"body-too-large"/, 'with its code');
$res = $gate->request('POST', '/small/1', chunked('x' x 11));
like($res->{content}, qr/"code":"body-too-large"/,
     'and so is one that grows too large');

# what follows on the connection

my @all = Civic::Gate::parse_all($gate->raw(
    "POST /small/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n"
    . "GET /ordinary/smuggled HTTP/1.1\r\nHost: a\r\n\r\n"));
is_deeply([map { $_->{status} } @all], [413],
          'a refused body is never read as a request');
is($all[0]{headers}{connection}, 'close', 'the connection is closed');

@all = Civic::Gate::parse_all($gate->raw(
    "POST /small/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345"
    . "POST /small/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    . "Content-Length: 6\r\n\r\n123456"));
is_deeply([map { $_->{content} } @all], ['POST 5', 'POST 6'],
          'after a body that fits the connection goes on');

my $bytes = $gate->raw("POST /small/1 HTTP/1.1\r\nHost: a\r\n"
                       . "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n");
like($bytes, qr{^HTTP/1\.1 413 }, 'who asks first is refused at once');
unlike($bytes, qr/100 Continue/, 'and not told to go on');
$bytes = $gate->raw("POST /small/1 HTTP/1.1\r\nHost: a\r\nConnection: close"
                    . "\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n"
                    . 'x' x 10);
like($bytes, qr{^HTTP/1\.1 100 Continue\r\n\r\nHTTP/1\.1 200 },
     'unless the body fits');

ok(!(grep { $_->{uri} =~ /smuggled/ } $up->requests),
   'no service saw what was smuggled');
$gate->stop;
like($gate->read('code.log'), qr{^/small/1 413 body-too-large$}m,
     'the refusal has its code');

done_testing;
