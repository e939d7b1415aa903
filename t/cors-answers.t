#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What answers say of the pages that may read them: those of services, those
# of the gate, and never more than a service that speaks for itself.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
           . "Upgrade: websocket\r\n\r\n" if $req->{uri} =~ /upgrade/;
    my %own = $req->{uri} =~ /own/
              ? ('access-control-allow-origin' => 'https://own.example') : ();
    $own{Vary} = 'Accept-Encoding' if $req->{uri} =~ /vary/;
    return [$req->{uri} =~ /missing/ ? 404 : 200, \%own, 'ok'];
});
my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files => { $citizens->files },
    http => $citizens->block . <<"END", server => <<'END2');
    upstream service { server @{[$up->addr]}; }
    civic_limit_policy few key=\$arg_who rate=1r/d burst=1 anonymous=skip;
END
    civic_auth off;
    civic_limit few early;

    location / {
        civic_cors origin=https://a.example,https://*.b.example credentials
                   expose=RateLimit,Retry-After;
        civic_route GET,POST "/things" name=things;
        civic_route GET "/own";
        civic_route GET "/vary";
        civic_route GET "/missing";
        civic_route GET "/upgrade";
        proxy_pass http://service;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";

        location /closed/ {
            civic_route GET "/closed/things";
            civic_auth citizens;
            civic_require scope=read;
            proxy_pass http://service;
        }
        location /off/ {
            civic_route GET "/off/things";
            civic_cors off;
            proxy_pass http://service;
        }
        location /anybody/ {
            civic_route GET "/anybody/things";
            civic_cors origin=*;
            proxy_pass http://service;
        }
        location /page/ {
            civic_route GET "/page/closed";
            civic_auth citizens;
            error_page 401 /refused;
            proxy_pass http://service;
        }
    }
    location = /refused { return 401 "a page of the operator"; }
    location = /plain { return 200 "plain"; }
    location = /tries {
        civic_cors origin=https://a.example;
        try_files /nothing @fallback;
    }
    location @fallback { proxy_pass http://service; }
END2


# the CORS headers of an answer, and whether it varies by Origin

sub cors {
    my ($path, $origin, %header) = @_;

    my $res = $gate->get($path, { Origin => $origin, %header });
    my $h = $res->{headers};
    my @said = map { /^access-control-(.*)/ ? "$1: $h->{$_}" : () }
               sort keys %$h;
    my $vary = $h->{vary} // [];
    push @said, 'varies' if grep { $_ eq 'Origin' } ref $vary ? @$vary : $vary;
    return join ', ', $res->{status}, @said;
}


my $yes = 'allow-credentials: true, allow-origin: https://a.example, '
          . 'expose-headers: RateLimit, Retry-After, varies';

for (['/things', 'https://a.example', "200, $yes", 'a listed origin may read'],
     ['/missing', 'https://a.example', "404, $yes", "a service's error"],
     ['/things', undef, '200, varies', 'who names none is told nothing'],
     ['/things', 'https://c.example', '200, varies', 'nor is a stranger'],
     ['/things', 'null', '200, varies', 'nor null'],
     ['/things', 'https://A.example', '200, varies', 'nor other capitals'],
     ['/things', 'https://a.example.evil', '200, varies', 'nor a longer name'],
     ['/things', 'http://a.example', '200, varies', 'nor another scheme'],
     ['/things', 'https://a.example:8443', '200, varies', 'nor a port'],
     ['/things', ['https://a.example', 'https://a.example'], '200, varies',
      'nor who names two'],
     ['/things', 'https://x.b.example', "200, " . $yes =~ s/a\.ex/x.b.ex/r,
      'one label may stand for the asterisk'],
     ['/things', 'https://x.y.b.example', '200, varies', 'but not two'],
     ['/things', 'https://b.example', '200, varies', 'nor none'],
     ['/anybody/things', 'https://c.example', '200, allow-origin: *, varies',
      'an asterisk is everybody'],
     ['/anybody/things', 'null', '200, varies', 'who has a name'],
     ['/own', 'https://a.example', '200, allow-origin: https://own.example',
      'a service that speaks for itself is not spoken for'],
     ['/off/things', 'https://a.example', '200', 'off says nothing'],
     ['/plain', 'https://a.example', '200', 'nor does a neighbour'],
     ['/tries', 'https://a.example',
      '200, allow-origin: https://a.example, varies',
      'an internal redirect takes it along'],
     ['/closed/things', 'https://a.example', "401, $yes",
      'a page may read why it is refused: 401'],
     ['/closed/things', 'https://c.example', '401, varies',
      '... not any page'],
     ['/page/closed', 'https://a.example', "401, $yes",
      "... nor are the operator's own pages kept from it"])
{
    my ($path, $origin, $says, $title) = @$_;
    is cors($path, $origin), $says, $title;
}

is cors('/closed/things', 'https://a.example', %{ $citizens->bearer }),
   "403, $yes", 'so it may for want of a scope';
is cors('/things?who=a', 'https://a.example'), "200, $yes", 'a call passes'
    for 1 .. 2;
is cors('/things?who=a', 'https://a.example'), "429, $yes",
    '... until it is limited';

my $res = $gate->get('/vary', { Origin => 'https://a.example' });
is_deeply $res->{headers}{vary}, ['Accept-Encoding', 'Origin'],
    'what a service varies by is kept';

$res = $gate->raw("GET /upgrade HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                  . "Connection: upgrade\r\nOrigin: https://a.example\r\n\r\n",
                  5);
like $res, qr{^HTTP/1\.1 101 }, 'an upgrade passes';
unlike $res, qr/^(?:access-control|vary)/mi, '... untouched';

done_testing;
