#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Subrequests (auth_request, SSI, mirror, addition) go through the router
# like requests, and leave the record of their client's request alone.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return [$req->{uri} =~ /no/ ? 403 : 200,
            { 'Content-Type' => 'text/html' }, "up $req->{uri}"];
});

my $gate = Civic::Gate->start(
    http => 'upstream service { server ' . $up->addr . '; }'
            . 'log_format code "$uri $status $civic_code $civic_route";',
    server => <<'END',
    civic_auth off;
    access_log %DIR%/code.log code;

    location /checks/ {
        civic_route GET "/checks/{verdict}" name=check;
        internal;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
        proxy_pass http://service;
    }
    location /yes/    { civic_route any "/yes/{id}" name=yes;
                        auth_request /checks/ok; root html; }
    location /no/     { civic_route any "/no/{id}" name=no;
                        auth_request /checks/no; root html; }
    location /closed/ { civic_route any "/closed/{id}" name=closed;
                        auth_request /checks/a/b; root html; }

    location /pages/ {
        civic_route GET "/pages/{name}" name=page;
        ssi on;
        root html;
    }
    location /parts/ {
        civic_route GET "/parts/{name}" name=part;
        return 200 "[$civic_route $civic_param_name]";
    }

    location /mirrored/ {
        civic_route any "/mirrored/{id}" name=mirrored;
        mirror /copies/a;
        mirror /copies/a/b;
        proxy_pass http://service;
    }
    location /copies/ {
        civic_route any "/copies/{id}" name=copy;
        internal;
        proxy_pass http://service/copy$request_uri;
    }
END
    files => {
        '../html/yes/a' => "a file\n", '../html/no/a' => "a file\n",
        '../html/closed/a' => "a file\n",
        '../html/pages/a.html' => '<<!--#include virtual="/parts/x" -->'
            . '<!--#include virtual="/parts/y" -->'
            . '<!--#include virtual="/parts/x/y" -->>',
    });

is($gate->get('/yes/a')->{content}, "a file\n",
   'auth_request asks a routed service');
is($gate->get('/no/a')->{status}, 403, 'whose answer counts');
is($gate->get('/closed/a')->{status}, 500,
   'an auth_request to a closed location passes nobody');
is($gate->get('/checks/ok')->{status}, 404, 'a client cannot ask it');

my $page = $gate->get('/pages/a.html')->{content};
like($page, qr/^<\[part x\]\[part y\]/,
     'SSI includes what routes lead to, each with its own parameters');
unlike($page, qr{part x/y}, 'and nothing else');
like($page, qr/>$/, 'the rest of the page follows');

my $res = $gate->request('POST', '/mirrored/1', { content => 'body' });
is($res->{content}, 'up /mirrored/1', 'a mirrored request is answered');
for (1 .. 100) {
    last if $up->count >= 4;
    select undef, undef, undef, 0.05;
}
my @copies = grep { $_->{uri} =~ /^.copy/ } $up->requests;
is_deeply([map { "$_->{method} $_->{uri} $_->{body}" } @copies],
          ['POST /copy/mirrored/1 body'],
          'its copy goes by a route, and only by one');

$gate->stop;
my $log = $gate->read('code.log');
like($log, qr{^/mirrored/1 200 - mirrored$}m,
     'a refused copy leaves no code on the request that passed');
like($log, qr{^/pages/a\.html 200 - page$}m, 'nor does a refused part');

done_testing;
