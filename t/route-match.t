#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Which route takes a request, what the variables say about it, and that any
# content handler may stand behind a route.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start;
my $http = 'upstream service { server ' . $up->addr . '; keepalive 4; }';


sub seen { return JSON::PP::decode_json($_[0]{content}) }

sub sent {
    my ($res, $name) = @_;

    return scalar Civic::Upstream::header(seen($res), $name);
}


my @routes = (
    'GET "/api/studies" name=studies',
    'GET "/api/studies/{study:[0-9.]+}" name=number',
    'GET "/api/studies/{word}" name=word',
    'GET "/api/studies/latest" name=literal',
    'GET "/api/studies/{study:[0-9.]+}/{rest...}" name=below',
    'GET "/api/compare/{base}...{head}" name=compare',
    'GET "/api/{kind}/all" name=all',
    'GET "/api/files/v{major}.{minor}.zip" name=release',
    'GET "/api/{rest...}" name=tail',
    'GET "~^/api/.*$" name=regex',
);

my %expected = (
    '/api/studies'              => 'studies',
    '/api/studies/1.2.840'      => 'number study=1.2.840',
    '/api/studies/abc'          => 'word word=abc',
    '/api/studies/1.2x'         => 'word word=1.2x',
    '/api/studies/latest'       => 'literal',
    '/api/studies/latest2'      => 'word word=latest2',
    '/api/studies/lat'          => 'word word=lat',
    '/api/studies/1.2/series/3' => 'below study=1.2 rest=series/3',
    '/api/studies/x/series/3'   => 'tail rest=studies/x/series/3',
    '/api/compare/main...topic' => 'compare base=main head=topic',
    '/api/compare/main..topic'  => 'tail rest=compare/main..topic',
    '/api/studies/all'          => 'word word=all',
    '/api/rooms/all'            => 'all kind=rooms',
    '/api/files/v1.22.zip'      => 'release major=1 minor=22',
    '/api/other'                => 'tail rest=other',
);


# the same lines in another order choose the same

for my $order (['as written', @routes], ['backwards', reverse @routes]) {
    my ($title, @lines) = @$order;

    my @names = qw(study word rest base head kind major minor);
    my $text = join ' ', '$civic_route', map { "$_=\$civic_param_$_" } @names;
    my $gate = Civic::Gate->start(server => <<"END");
        civic_auth off;
        location /api/ {
            @{[ join "\n", map { "civic_route $_;" } @lines ]}
            return 200 "$text";
        }
END

    for my $path (sort keys %expected) {
        my $got = $gate->get($path)->{content};
        $got =~ s/ \w+=(?= |$)//g;
        is($got, $expected{$path}, "$path, lines $title");
    }
    $gate->stop;
}


my $gate = Civic::Gate->start(http => $http, server => <<'END',
    civic_auth off;

    location /imaging/v1/ {
        civic_route GET "/imaging/v1/studies/{study}" name=study;
        civic_route GET "/imaging/v1/{rest...}";
        proxy_set_header X-Route $civic_route;
        proxy_set_header X-Study $civic_param_study;
        proxy_set_header X-Rest $civic_param_rest;
        proxy_pass http://service/dicom-web/;
        add_header X-Answered-By $civic_route;
    }

    location @legacy {
        civic_route GET,POST "~^/legacy/(?<Id>\d+)$";
        civic_route GET "/Case/{Number}";
        proxy_set_header X-Route $civic_route;
        proxy_set_header X-Id $civic_param_id;
        proxy_set_header X-Number $civic_param_Number;
        proxy_set_header X-None $civic_param_none;
        proxy_pass http://service;
    }

    location /plain/ {
        civic_route any "/plain/{rest...}";
        root html;
    }

    location /alias/ {
        civic_route GET "/alias/{name}";
        alias html/plain/;
    }

    location = /exact { civic_route GET "/exact"; return 200 exact; }
    location @fastcgi { civic_route GET "/fastcgi"; fastcgi_pass 127.0.0.1:1; }
    location @uwsgi   { civic_route GET "/uwsgi"; uwsgi_pass 127.0.0.1:1; }
    location @scgi    { civic_route GET "/scgi"; scgi_pass 127.0.0.1:1; }
    location @grpc    { civic_route any "/grpc"; grpc_pass 127.0.0.1:1; }
    location @gif     { civic_route GET "/gif"; empty_gif; }
    location @put {
        civic_route PUT "/stored/{file}";
        root html;
        dav_methods PUT;
        create_full_put_path on;
    }
    location /unrouted { return 200 "route=$civic_route param=$civic_param_a"; }
END
    files => { '../html/plain/a.txt' => "a file\n" });

my $res = $gate->get('/imaging/v1/studies/1.2?q=%20a');
is(seen($res)->{uri}, '/dicom-web/studies/1.2?q=%20a',
   'proxy_pass with a path replaces the name of the prefix location');
is(sent($res, 'X-Route'), 'study', 'the service may be told the route');
is(sent($res, 'X-Study'), '1.2', 'the service may be told a parameter');
is(sent($res, 'X-Rest'), undef, 'a parameter of another route is empty');
is($res->{headers}{'x-answered-by'}, 'study',
   '$civic_route is there when the answer is sent');

is(sent($gate->get('/imaging/v1/a/b/c'), 'X-Rest'), 'a/b/c',
   'a tail takes several segments');

$res = $gate->get('/legacy/42');
is(sent($res, 'X-Id'), '42', 'a group of a regular expression is a parameter');
is(sent($res, 'X-Route'), '~^/legacy/(?<Id>\d+)$',
   'a route without a name is called by its pattern');
is($gate->get('/legacy/x')->{status}, 404,
   'a regular expression takes nothing else');
is(sent($gate->get('/Case/7'), 'X-Number'), '7',
   'the name of a parameter may have capitals');
is(sent($gate->get('/Case/7'), 'X-None'), undef,
   'a parameter that no route has is empty');
isnt($gate->get('/case/7')->{status}, 200, 'paths are told apart by case');

is(sent($gate->get('/Case/%E5%8F%B7'), 'X-Number'), "\xe5\x8f\xb7",
   'a parameter is decoded once');
is(sent($gate->get('/Case/%2525'), 'X-Number'), '%25',
   'and not twice');

is($gate->get('/plain/a.txt')->{content}, "a file\n", 'files stand behind');
is($gate->get('/alias/a.txt')->{content}, "a file\n", 'alias works as well');
is($gate->get('/alias/b.txt')->{status}, 404, 'a missing file is 404');
is($gate->get('/exact')->{content}, 'exact', 'an exact location has routes');
like($gate->get('/gif')->{content}, qr/^GIF89a/, 'any handler stands behind');
is($gate->get("/$_")->{status}, 502, "$_ is behind its route")
    for qw(fastcgi uwsgi scgi grpc);
is($gate->request('PUT', '/stored/x', { content => 'text' })->{status}, 201,
   'a service may take bodies');
is($gate->read('html/stored/x'), 'text', 'and gets them whole');

is($gate->get('/unrouted')->{content}, 'route= param=',
   'in an ordinary location the variables are empty');

done_testing;
