#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A page of another origin, in a real browser: what it may ask, and read.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Chromium;
use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

plan skip_all => $_ for grep { defined } Civic::Chromium->missing;

my $page = Civic::Upstream->start(sub {
    return [200, { 'Content-Type' => 'text/html' }, '<p>a page</p>'];
});
my $up = Civic::Upstream->start(sub {
    return [200, { 'Content-Type' => 'text/plain' }, "$_[0]{method} done"];
});
my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files => { $citizens->files },
    http => $citizens->block . "upstream service { server @{[$up->addr]}; }",
    server => <<"END");
    civic_auth citizens;
    location \@open {
        civic_cors origin=http://@{[$page->addr]} expose=X-Trace
                   headers=Authorization,Content-Type,X-Own;
        civic_route GET,POST,DELETE "/things";
        add_header X-Trace seen;
        proxy_pass http://service;
    }
    location \@other {
        civic_cors origin=https://other.example;
        civic_route GET "/other";
        proxy_pass http://service;
    }
    location \@silent { civic_route GET "/silent"; proxy_pass http://service; }
END

my $web = Civic::Chromium->start;
$web->go('http://' . $page->addr . '/');


# what a script of the page learns of a request: status, text and a header

sub asked {
    my ($path, $option) = @_;

    my $url = 'http://127.0.0.1:' . $gate->port . $path;
    $web->run('window.said = null; fetch(arguments[0], arguments[1])'
              . '.then(async (r) => { window.said = [r.status, '
              . 'r.ok ? await r.text() : (await r.json()).code, '
              . 'r.headers.get("x-trace")].join(" "); })'
              . '.catch(() => { window.said = "kept from the page"; });',
              $url, { headers => {}, %{ $option // {} } });
    my $said;
    $web->wait(sub { $said = $web->run('return window.said') });
    return $said;
}


my %token = %{ $citizens->bearer };
my $kept = 'kept from the page';

is asked('/things', { headers => \%token }), '200 GET done seen',
    'a page may ask with a token, and read the answer';
is asked('/things', { method => 'DELETE', headers => \%token }),
    '200 DELETE done seen', '... by any method of the path';
is asked('/things', { method => 'POST', body => '{}', headers => {
    %token, 'Content-Type' => 'application/json', 'X-Own' => 1 } }),
    '200 POST done seen', '... with headers that are listed';
like asked('/things'), qr/^401 unauthenticated/,
    'it may read why it is refused';

my $count = $up->count;
is asked('/things', { method => 'PUT', headers => \%token }), $kept,
    'a method that no route takes is not sent';
is asked('/things', { headers => { %token, 'X-Unlisted' => 1 } }), $kept,
    '... nor a header that is not listed';
is asked('/other', { headers => \%token }), $kept,
    '... nor anything where another origin is listed';
is asked('/silent', { headers => \%token }), $kept, '... or none';
is $up->count, $count, 'the service saw none of them';

done_testing;
