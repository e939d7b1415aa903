#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Requests that nginx clones behind our phases, for slices and background
# updates of a cache, go on as the request they were cloned from: what they
# fetch as Alice is not kept for others.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($request) = @_;

    my $caller = Civic::Upstream::header($request, 'X-Civic-Caller') // '';
    my $range = Civic::Upstream::header($request, 'Range') // '';
    my $who = $caller =~ /alice/ ? 'A' : $caller =~ /bob/ ? 'B' : 'N';

    return [200, { 'Cache-Control' => 'max-age=1' }, "$who $request->{uri}"]
        if $range !~ /(\d+)-(\d+)/;

    my ($from, $to) = ($1, $2 > 19 ? 19 : $2);
    return [206, { 'Content-Range' => "bytes $from-$to/20",
                   'Cache-Control' => 'max-age=100' },
            $who x ($to - $from + 1)];
});

my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files  => { $citizens->files },
    http   => $citizens->block . 'upstream service { server ' . $up->addr
              . '; } proxy_cache_path %DIR%/cache keys_zone=c:1m;',
    server => <<'END');
    civic_auth optional citizens;
    proxy_cache c;
    proxy_cache_key "$uri$slice_range $civic_caller";

    location /slices {
        civic_route GET "/slices";
        slice 10;
        proxy_set_header Range $slice_range;
        proxy_pass http://service;
    }
    location /item/ {
        civic_route GET "/item/{id}";
        proxy_cache_use_stale updating;
        proxy_cache_background_update on;
        proxy_pass http://service/i/$civic_param_id;
    }
END


sub get {
    my ($path, $name) = @_;

    my $token = $name && $citizens->token(sub => $name);
    return $gate->get($path, $token ? { Authorization => "Bearer $token" }
                                    : {})->{content};
}


is(get('/slices', 'alice'), 'A' x 20, 'the first caller gets her slices');
is(get('/slices', 'bob'), 'B' x 20, 'and the second all of his own');
is(get('/slices'), 'N' x 20, 'so does who has no name');

is(get('/item/7', 'alice'), 'A /i/7', 'an answer is fetched and kept');
sleep 2;
is(get('/item/7', 'alice'), 'A /i/7', 'and served while it is updated');
select undef, undef, undef, 0.3;
is(get('/item/7'), 'N /i/7', 'nobody else finds what the update fetched');

is_deeply([grep { $_->{uri} !~ m{^/(slices|i/7)$} } $up->requests], [],
          'the update has the parameters of the route');

done_testing();
