#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Preflights: answered for the route that the method would take, before
# anybody is authenticated, after early limits; left to services that take
# OPTIONS themselves.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    return [200, { 'Access-Control-Allow-Origin' => 'https://own.example' },
            'the service'];
});
my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files => { $citizens->files },
    http => $citizens->block . <<"END", server => <<'END2');
    upstream service { server @{[$up->addr]}; }
    civic_limit_policy few key=\$arg_who rate=1r/d burst=1 anonymous=skip;
END
    civic_auth citizens;
    civic_limit few early;

    location @pages {
        civic_cors origin=https://a.example headers=X-Trace,Content-Type
                   max_age=1h;
        civic_route GET,POST "/things" name=things;
        civic_route DELETE "/things/{id}";
        civic_route any "/any";
        civic_route GET,OPTIONS "/own";
        civic_route GET "/split";
        proxy_pass http://service;
    }
    location @narrow {
        civic_cors origin=https://a.example methods=GET,PUT credentials;
        civic_route GET,POST,PUT "/narrow";
        proxy_pass http://service;
    }
    location @strict {
        civic_cors origin=https://b.example;
        civic_route PUT "/split";
        proxy_pass http://service;
    }
    location @silent {
        civic_route PATCH "/split";
        civic_route GET "/silent";
        civic_route any "/any-silent";
        proxy_pass http://service;
    }
    location /files/ {
        civic_cors origin=*;
        proxy_pass http://service;
    }
    location /files/more/ {
        civic_cors origin=* methods=GET,DELETE;
        proxy_pass http://service;
    }
END2


sub ask {
    my ($path, $method, $origin, %header) = @_;

    my $res = $gate->request('OPTIONS', $path, { headers => {
        Origin => $origin // 'https://a.example',
        'Access-Control-Request-Method' => $method, %header } });
    my $h = $res->{headers};
    return join '; ', $res->{status},
           map { /^access-control-(.*)/ ? ucfirst "$1: $h->{$_}" : () }
           sort keys %$h;
}

sub offer {
    my ($methods, %more) = @_;

    my %said = ('Allow-headers' => 'Authorization, Content-Type',
                'Allow-methods' => $methods,
                'Allow-origin' => 'https://a.example', 'Max-age' => 600,
                %more);
    return join '; ', 204, map { "$_: $said{$_}" } sort keys %said;
}


my %pages = ('Allow-headers' => 'X-Trace, Content-Type', 'Max-age' => 3600);

is ask('/things', 'POST'), offer('GET, HEAD, POST', %pages),
    'a preflight is answered with the methods of the path';
is ask('/things', 'GET'), offer('GET, HEAD, POST', %pages), 'for each of them';
is ask('/things/7', 'DELETE'), offer('DELETE', %pages), 'path by path';
is ask('/things', 'PUT'), '204', 'a method without a route is not offered';
is ask('/things', 'BREW'), '204', 'nor one that nobody knows';
is ask('/things', 'post'), '204', 'methods are told apart by case';
is ask('/things', 'POST', 'https://c.example'), '204',
    'another origin is told nothing';
is ask('/things', 'POST', 'null'), '204', 'nor is null';
is ask('/things', 'POST', ['https://a.example', 'https://a.example']), '204',
    'nor two origins at once';

my $res = $gate->request('OPTIONS', '/things', { headers => {
    Origin => 'https://a.example',
    'Access-Control-Request-Method' => 'GET' } });
is $res->{headers}{allow}, 'GET, HEAD, POST, OPTIONS', 'Allow says it, too';
is $res->{headers}{vary}, 'Origin', 'the answer varies by Origin';
is $res->{content}, '', 'and has no body';

is ask('/narrow', 'PUT'),
    offer('GET, HEAD, PUT', 'Allow-credentials' => 'true'),
    'methods= cuts down what routes have';
is ask('/narrow', 'POST'), '204', '... and offers nothing else';

is ask('/split', 'GET'), offer('GET, HEAD', %pages),
    'what leads to another location is not offered';
is ask('/split', 'PUT'), '204', 'each location has its own origins';
is ask('/split', 'PUT', 'https://b.example'),
    offer('PUT', 'Allow-origin' => 'https://b.example'), '... and answers';
is ask('/split', 'PATCH'), '204', 'one that says nothing gives no leave';
is ask('/silent', 'GET'), '204', '... on no path';

is ask('/any', 'PUT'),
    offer('GET, HEAD, POST, PUT, PATCH, DELETE, MKCOL, COPY, MOVE, PROPFIND, '
          . 'PROPPATCH, LOCK, UNLOCK', %pages),
    'a route for any method has its preflights answered';
is $up->count, 0, 'no service was asked so far';

my %bearer = %{ $citizens->bearer };
is $gate->request('OPTIONS', '/any', { headers => { %bearer } })->{content},
    'the service', 'other OPTIONS are its own';
is ask('/any-silent', 'PUT', undef, %bearer),
    '200; Allow-origin: https://own.example',
    'and all of them where no civic_cors is in force';
is ask('/own', 'GET', undef, %bearer), '200; Allow-origin: '
    . 'https://own.example', 'a route that lists OPTIONS gets preflights';
is ask('/own', 'GET'), '401; Allow-origin: https://a.example',
    '... if whoever asks may come';

is ask('/files/a', 'POST'), offer('GET, HEAD, POST', 'Allow-origin' => '*'),
    'without routes three methods are offered';
is ask('/files/a', 'DELETE'), '204', '... no more';
is ask('/files/more/a', 'DELETE'),
    offer('GET, HEAD, DELETE', 'Allow-origin' => '*'), '... but by methods=';
is $gate->request('OPTIONS', '/files/a', { headers => {
        Origin => 'https://a.example' } })->{status}, 401,
    'OPTIONS that ask about no method are no preflight';
is $gate->request('OPTIONS', '/files/a', { headers => {
        'Access-Control-Request-Method' => 'GET' } })->{status}, 401,
    'nor without an origin';

is ask('/things?who=x', 'GET'), offer('GET, HEAD, POST', %pages),
    'early limits count preflights' for 1 .. 2;
like ask('/things?who=x', 'GET'), qr/^429; Allow-origin/, '... and refuse them';

done_testing;
