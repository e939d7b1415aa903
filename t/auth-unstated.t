#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# In a server with routes nothing stands open by omission.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $routed = <<'END';
    location /a/ {
        civic_auth citizens;
        civic_route GET "/a/b";
        return 200;
    }
END


sub check {
    my ($server, $http) = @_;

    return Civic::Gate->check(
        files => { $citizens->files },
        http => $citizens->block . ($http // ''), server => $server);
}


sub open_by_omission {
    my ($title, $server, $name) = @_;

    my ($ok, $output) = check($server);
    ok !$ok, "$title is refused";
    like $output, qr/location "\Q$name\E" in a server with routes states /,
        '... and named';

    my $line = 0;
    my $conf = Civic::Gate->configuration(
        http => $citizens->block, server => $server);
    my ($at) = map { $line++; /MARK/ ? $line : () } split /\n/, $conf;
    like $output, qr/nginx\.conf:$at$/m, '... with its line';
}


open_by_omission('an ordinary location', "$routed
    location /open { # MARK
        return 200;
    }", '/open');
open_by_omission('a location before the routes', "
    location = /open { # MARK
        return 200;
    }
    $routed", '/open');
open_by_omission('a named location', "$routed
    location \@open { # MARK
        return 200;
    }", '@open');
open_by_omission('a regular expression', "$routed
    location ~ \\.php\$ { # MARK
        return 200;
    }", '\.php$');
open_by_omission('a service', '
    location /a/ { # MARK
        civic_route GET "/a/b";
    }', '/a/');
open_by_omission('a location around a stated one', "$routed
    location /x/ { # MARK
        location /x/y { civic_auth off; }
    }", '/x/');

for (['stated at the server', "civic_auth off; $routed location /x { }"],
     ['stated at the http block', "$routed location /x { }",
      'civic_auth citizens;'],
     ['stated around it',
      "$routed location /x { civic_auth off; location /x/y { } }"],
     ['an if block is part of its location', "$routed
      location /x { civic_auth off; if (\$arg_a) { return 204; } }"],
     ['limit_except too', "$routed
      location /x { civic_auth off; limit_except GET { deny all; } }"],
     ['an if block of the server is no location',
      "if (\$arg_a) { return 204; } $routed"],
     ['a server without routes', 'location /x { }'])
{
    my ($title, $server, $http) = @$_;
    my ($ok, $output) = check($server, $http);
    ok $ok, "accepted: $title" or diag $output;
}

my $gate = Civic::Gate->start(
    files => { $citizens->files }, http => $citizens->block,
    server => "root %DIR%/html; $routed");
$gate->write('html/index.html', 'page');

for my $path ('/', '/index.html', '/nothing') {
    my $res = $gate->get($path, $citizens->bearer);
    is $res->{status}, 404,
        "$path: the server's own level does not answer where none is stated";
    like $res->{content}, qr/"not-found"/, "$path: it is the gate that says so";
}
is $gate->get('/a/b', $citizens->bearer)->{status}, 200, 'the route answers';

done_testing;
