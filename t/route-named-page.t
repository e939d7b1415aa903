#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What a route asks for holds where it leads, and not in the page that the
# operator shows when it is refused; other pages of the operator leave the
# gate's own as they are.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files  => { $citizens->files },
    http   => $citizens->block,
    server => <<'END');
    civic_auth citizens;

    location /a { civic_route GET "/a" scope=x; return 200;
                  error_page 401 403 @page; }
    location /b { civic_route GET "/b" scope=x;
                  proxy_pass http://127.0.0.1:1;
                  error_page 502 = @page; }
    location @page { civic_auth off; return 200 "operator"; }

    location /c { civic_route GET "/c/{id}"; civic_auth off;
                  error_page 403 /denied; root %DIR%/nothing; }
    location /d { civic_route GET "/d/{id}"; civic_auth off;
                  error_page 403 /denied; proxy_pass http://127.0.0.1:1; }
    location = /denied { civic_auth off; return 200; }
END

my $res = $gate->get('/a', $citizens->bearer);
is("$res->{status} $res->{content}", '403 operator',
   'a caller without the scope of the route sees the page for 403');

$res = $gate->get('/a');
is("$res->{status} $res->{content}", '401 operator',
   'one without a token sees it for 401');

$res = $gate->get('/b', $citizens->bearer(scope => 'x'));
is($res->{content}, 'operator',
   'one whose service is gone sees the page for that');

for my $case (['/c/1', 404], ['/d/1', 502]) {
    my ($path, $status) = @$case;

    $res = $gate->get($path);
    is("$res->{status} $res->{headers}{'content-type'}",
       "$status application/problem+json",
       "$status is a problem although there is a page for another status");
}

done_testing();
