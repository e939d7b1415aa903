#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A cache under civic_auth that would serve one caller's page to another is
# refused, wherever its words stand.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $citizens = Civic::Issuer->new;
my $zones = join '', map { "${_}_cache_path %DIR%/$_ keys_zone=$_:1m;\n" }
            qw(proxy fastcgi uwsgi scgi);
my $http = $citizens->block . $zones;
my $mine = 'proxy_cache_key $civic_caller$request_uri;';
my $pass = 'proxy_pass http://127.0.0.1:1;';


sub check {
    my ($server, $more) = @_;

    return Civic::Gate->check(files => { $citizens->files },
                              http => $http . ($more // ''),
                              server => $server);
}


sub refused {
    my ($title, $server, $more) = @_;

    my ($ok, $output) = check($server, $more);
    ok !$ok, "refused: $title";
    like $output, qr/would serve one caller's answers .* in \S+conf:\d+$/m,
        '... with the reason, file and line';
}


sub accepted {
    my ($title, $server, $more) = @_;

    my ($ok, $output) = check($server, $more);
    ok $ok, "accepted: $title" or diag $output;
}


refused('a cache and nothing else',
    "location /a { civic_auth citizens; proxy_cache proxy; $pass }");
refused('a key without the caller',
    "location /a { civic_auth citizens; proxy_cache proxy;
                   proxy_cache_key \$uri\$civic_scope; $pass }");
refused('a key with another variable',
    "location /a { civic_auth citizens; proxy_cache proxy;
                   proxy_cache_key \$civic_callers; $pass }");
refused('optional', "location /a { civic_auth optional citizens;
                                   proxy_cache proxy; $pass }");
refused('a cache stated at the server', "proxy_cache proxy;
    location /a { civic_auth citizens; $pass }");
refused('a cache stated at the http block',
    "location /a { civic_auth citizens; $pass }", 'proxy_cache proxy;');
refused('civic_auth stated at the http block',
    "location /a { proxy_cache proxy; $pass }", 'civic_auth citizens;');
refused('a key that a location replaces', "$mine
    location /a { civic_auth citizens; proxy_cache proxy;
                  proxy_cache_key \$uri; $pass }");
refused('a zone by variable',
    "location /a { civic_auth citizens; proxy_cache \$arg_zone; $pass }");
refused('a location inside', "civic_auth citizens; location /a {
    location /a/b { proxy_cache proxy; $pass } }");
refused('proxy_pass in an if block', "location /a {
    civic_auth citizens; proxy_cache proxy;
    if (\$arg_a) { $pass } }");
refused('public again private', "civic_cache public;
    location /a { civic_auth citizens; civic_cache private;
                  proxy_cache proxy; $pass }");

for my $family (qw(fastcgi uwsgi scgi)) {
    refused($family, "location /a { civic_auth citizens;
        ${family}_cache $family; ${family}_cache_key \$uri;
        ${family}_pass 127.0.0.1:1; }");
    accepted("$family with the caller", "location /a { civic_auth citizens;
        ${family}_cache $family; ${family}_cache_key \$uri\$civic_caller;
        ${family}_pass 127.0.0.1:1; }");
}

accepted('the caller in the key',
    "location /a { civic_auth citizens; proxy_cache proxy; $mine $pass }");
accepted('the caller in braces', "location /a { civic_auth citizens;
    proxy_cache proxy; proxy_cache_key '\${civic_caller}x'; $pass }");
accepted('a key that is inherited', "$mine
    location /a { civic_auth citizens; proxy_cache proxy; $pass }");
accepted('civic_cache public', "location /a { civic_auth citizens;
    civic_cache public; proxy_cache proxy; $pass }");
accepted('civic_auth off',
    "location /a { civic_auth off; proxy_cache proxy; $pass }");
accepted('no civic_auth', "location /a { proxy_cache proxy; $pass }");
accepted('a cache that is off again', "proxy_cache proxy;
    location /a { civic_auth citizens; proxy_cache off; $pass }");
accepted('a cache that nothing behind it uses', "proxy_cache proxy;
    location /a { civic_auth citizens; return 200; }");

for (['civic_cache shared;', qr/invalid value "shared"/],
     ['civic_cache public; civic_cache public;', qr/is duplicate/])
{
    my ($server, $error) = @$_;
    my ($ok, $output) = check($server);
    ok !$ok, "refused: $server";
    like $output, qr/$error.*nginx\.conf:\d+/, '... with the reason';
}

# nginx's own directives work as before, also after reloads, good and bad

my $n = 0;
my $up = Civic::Upstream->start(sub { return [200, {}, 'page ' . ++$n] });
my %conf = (files => { $citizens->files }, http => $http, server => "
    location / {
        civic_auth citizens;
        proxy_cache proxy;
        proxy_cache_valid 1m;
        $mine
        proxy_pass http://" . $up->addr . ";
    }");
my $gate = Civic::Gate->start(%conf,
                              allow_log => qr/would serve|unknown directive/);


sub page {
    my ($who) = @_;

    return $gate->get('/', $citizens->bearer(sub => $who))->{content};
}


my $a = page('a');
like $a, qr/^page \d+$/, 'a page comes from the service';
is page('a'), $a, 'the second time it comes from the cache';
isnt page('b'), $a, 'another caller gets another page';

my $broken = Civic::Gate->configuration(%conf,
    server => "location / { civic_auth citizens; proxy_cache proxy; $pass }");
my $torn = Civic::Gate->configuration(%conf, server => "$conf{server} bad;");
my $good = Civic::Gate->configuration(%conf);

for my $round (1, 2) {
    $gate->write('conf/nginx.conf', $broken);
    ok !$gate->reload, "round $round: a reload that mixes callers is refused";
    $gate->write('conf/nginx.conf', $torn);
    ok !$gate->reload, "round $round: so is one that is cut short";
    $gate->write('conf/nginx.conf', $good);
    ok $gate->reload, "round $round: and the good one is taken after them";
    is page('a'), $a, "round $round: the cache still works";
}

my $plain = Civic::Gate->configuration(%conf, http => $zones, server =>
    'location / { proxy_cache proxy; proxy_pass http://' . $up->addr . '; }')
    =~ s/^load_module.*//mr;
$gate->write('conf/nginx.conf', $plain);
ok $gate->reload, 'nginx reloads without the module';
like page('a'), qr/^page/, '... and serves without it';
$gate->write('conf/nginx.conf', $good);
ok $gate->reload, 'and with it again';
is page('a'), $a, '... and the cache still works';

done_testing;
