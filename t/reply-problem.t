#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What the gate's own answers say, to whom, and in which language.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    log_format code "$request_uri $status $civic_trace_id $civic_code "
                    "$civic_refused_by";
END
    civic_auth off;
    access_log %DIR%/code.log code;
    gzip on;
    gzip_min_length 1;
    location /svc/ {
        civic_route GET "/svc/{id}" name=svc;
        return 200 "$civic_trace_id";
    }
END2

my $html = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

sub refused { return $gate->get('/svc/a/b', $_[0]) }

my $res = refused();
my $problem = JSON::PP::decode_json($res->{content});

is($res->{status}, 404, 'a refusal has a status');
is($res->{headers}{'content-type'}, 'application/problem+json',
   'and is problem+json');
is_deeply([sort keys %$problem],
          [sort qw(type title status code detail trace)],
          'with the members of RFC 9457, a code and a trace id');
is($problem->{status}, 404, 'status repeats the status');
is($problem->{code}, 'not-found', 'code is the public one');
is($problem->{type}, 'urn:civicgate:problem:not-found', 'type is made of it');
is($problem->{title}, '没有这个地址', 'title is Chinese unless asked');
like($problem->{trace}, qr/^[0-9a-f]{32}$/, 'trace is a trace id');
is($res->{headers}{vary}, 'Accept, Accept-Language',
   'Vary names what the answer was chosen by');
is($res->{headers}{'cache-control'}, 'no-store', 'nobody may keep it');
is($res->{headers}{'content-length'}, length $res->{content},
   'the length is right');
like($gate->get('/svc/1')->{content}, qr/^[0-9a-f]{32}$/,
     '$civic_trace_id is there for services too');

my %language = (
    'en'                        => 'en',
    'en-GB, en;q=0.9'           => 'en',
    'EN'                        => 'en',
    'zh-CN,zh;q=0.9,en;q=0.8'   => 'zh',
    'en;q=0.4, zh;q=0.5'        => 'zh',
    'en;q=0.5, zh;q=0.4'        => 'en',
    'en; q=0.5 , zh ; q=0.4'    => 'en',
    'en;q=0'                    => 'zh',
    'zh;q=0, *'                 => 'en',
    'en, zh'                    => 'zh',
    'fr'                        => 'zh',
    'fr, en;q=0.3'              => 'en',
    '*'                         => 'zh',
    'english'                   => 'zh',
    ''                          => 'zh',
    ';;q=,,,q=1;en'             => 'zh',
);

for my $accept (sort keys %language) {
    my $title = JSON::PP::decode_json(
        refused({ 'Accept-Language' => $accept })->{content})->{title};
    is($title eq 'Not found' ? 'en' : 'zh', $language{$accept},
       "Accept-Language \"$accept\" is answered in $language{$accept}");
}

my %media = (
    $html                                        => 'html',
    'text/html'                                  => 'html',
    'TEXT/HTML'                                  => 'html',
    'text/*'                                     => 'html',
    '*/*'                                        => 'json',
    'application/json'                           => 'json',
    'application/problem+json, text/html;q=0.9'  => 'json',
    'application/problem+json;q=0.1, text/html'  => 'html',
    'text/html;q=0'                              => 'json',
    'text/html;level=1;q=0.2, */*;q=0.5'         => 'json',
    'image/png'                                  => 'json',
    ''                                           => 'json',
);

for my $accept (sort keys %media) {
    my $type = refused({ 'Accept' => $accept })->{headers}{'content-type'};
    like($type, $media{$accept} eq 'html' ? qr{^text/html; charset=utf-8$}
                                          : qr{^application/problem\+json$},
         "Accept \"$accept\" is answered with $media{$accept}");
}

$res = refused({ Accept => $html });
utf8::decode($res->{content});
like($res->{content}, qr/<html lang="zh">.*没有这个地址.*[0-9a-f]{32}/s,
     'a browser gets a page for people, with the trace id');
$res = refused({ Accept => $html, 'Accept-Language' => 'en' });
like($res->{content}, qr/<html lang="en">.*Not found.*404 not-found/s,
     'in English too');
$res = refused({ Accept => $html, 'Accept-Encoding' => 'gzip' });
is($res->{headers}{'content-encoding'}, 'gzip', 'the page may be compressed');
like($res->{content}, qr/^\x1f\x8b/, 'and then is');

$res = $gate->get('/svc/<script>alert(1)</script>',
                  { Accept => 'text/html', Referer => '<script>' });
unlike($res->{content}, qr/script>/, 'nothing of the request is repeated');

$res = $gate->request('HEAD', '/svc/a/b');
is($res->{status}, 404, 'HEAD has the status');
is($res->{headers}{'content-type'}, 'application/problem+json', 'the type');
cmp_ok($res->{headers}{'content-length'}, '>', 0, 'the length');
is($res->{content}, '', 'and no body');

$gate->stop;
my $log = $gate->read('code.log');
like($log, qr{^/svc/1 200 [0-9a-f]{32} - -$}m,
     'a request that passed has a trace id and no code');
like($log, qr{^/svc/a/b 404 $problem->{trace} no-route \S+nginx\.conf:\d+$}m,
     'trace id, code and the line that refused are in the access log');

done_testing;
