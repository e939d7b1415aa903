#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A request that nginx refuses before any phase, and sends to an error_page,
# comes there as clean as any other: identity headers stripped, a trace id
# made.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $up = Civic::Upstream->start;
my $citizens = Civic::Issuer->new;
my $service = 'upstream service { server ' . $up->addr . '; }';

my $gate = Civic::Gate->start(
    files  => { $citizens->files },
    http   => $citizens->block . $service . <<'END',
    server {
        listen 127.0.0.1:%PORT%;
        server_name named;
        civic_auth off;
        error_page 405 = @named;
        location / { civic_route GET "/a"; return 200; }
        location @named { proxy_pass http://service; }
    }
END
    server => <<'END');
    civic_auth off;
    error_page 400 /bad;
    location /a { civic_route GET "/a"; return 200; }
    location /bad { civic_auth optional citizens; proxy_pass http://service; }
END

my $forged = "X-Civic-Caller: citizens:victim\r\nX_Civic_Scope: all\r\n";
my $token = 'Authorization: Bearer ' . $citizens->token(sub => 'alice');


sub seen {
    my ($request) = @_;

    my ($body) = $gate->raw($request) =~ /\r\n\r\n.*?(\{.*\})/s;
    my %headers;
    push @{ $headers{lc $_->[0]} }, $_->[1]
        for @{ JSON::PP::decode_json($body // '{}')->{headers} || [] };
    return \%headers;
}


my $headers = seen("GET /x HTTP/1.1\r\n${forged}Connection: close\r\n\r\n");
is($headers->{'x-civic-caller'}, undef,
   'a forged caller does not reach the page for a missing Host');
like("@{ $headers->{traceparent} || [] }", qr/^00-[0-9a-f]{32}-/,
     'which gets a trace id');

$headers = seen("GET /x HTTP/1.1\r\n$forged$token\r\n"
                . "Connection: close\r\n\r\n");
is_deeply($headers->{'x-civic-caller'}, ['citizens:alice'],
          'with a token, the page sees the one caller that was verified');

$headers = seen("TRACE /x HTTP/1.1\r\nHost: named\r\n$forged"
                . "Connection: close\r\n\r\n");
is($headers->{'x-civic-caller'}, undef,
   'nor does it reach a named page for a refused method');
is(scalar @{ $headers->{traceparent} || [] }, 1, 'which gets a trace id too');

done_testing();
