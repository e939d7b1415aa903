#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Routes of plugins, which come and go, are offered like those of nginx.conf;
# a plugin that sends a header of CORS speaks for itself.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use Civic::Issuer;
use Test::More;

my $citizens = Civic::Issuer->new;
my $gate = Civic::Plugin->start(
    files => { $citizens->files }, http => $citizens->block,
    mount => <<'END');
location @plugins {
    civic_mount health;
    civic_cors origin=https://a.example;
}
END
mkdir $gate->dir . '/plugins';
Civic::Plugin->write($gate, 'health/hello', Civic::Plugin->files('hi',
    manifest => { routes => {
        'GET /'    => { run => 'hello', auth => ['citizens'] },
        'POST /'   => { run => 'hello', auth => ['citizens'] },
        'PUT /one' => { run => 'hello', auth => ['public'] },
    } }));
Civic::Plugin->await($gate, 'health/hello',
                     sub { ($_[0]{state} // '') eq 'ready' });


sub ask {
    my ($method, $path, %header) = @_;

    my $res = $gate->request($method, "/health/hello$path", { headers => {
        Origin => 'https://a.example', %header } });
    return join '; ', $res->{status},
           map { $res->{headers}{"access-control-allow-$_"} // '-' }
               qw(origin methods);
}

my %asks = ('Access-Control-Request-Method' => 'POST');

# a worker takes notice of a plugin in its own time
for (1 .. 100) {
    last if $gate->get('/health/hello/')->{status} == 401;
    Time::HiRes::sleep(0.1);
}

is ask('OPTIONS', '/', %asks), '204; https://a.example; GET, HEAD, POST',
    'the preflight of a route that asks for a token is answered';
is ask('OPTIONS', '/one', 'Access-Control-Request-Method' => 'PUT'),
    '204; https://a.example; PUT', 'path by path';
is ask('OPTIONS', '/one', %asks), '204; -; -', 'and no other method offered';
is ask('GET', '/'), '401; https://a.example; -', 'a refusal may be read';
is ask('GET', '/', %{ $citizens->bearer }), '200; https://a.example; -',
    'and so may the answer';

done_testing;
