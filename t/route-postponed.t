#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A module that moves itself to the end of REWRITE with its first request,
# as headers-more does, moves none of the gate's checks behind `return`.

use strict;
use warnings;

use lib 't/lib';
use Cwd ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $other = '/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so';
my $ours = Cwd::abs_path($ENV{CIVIC_MODULE}
                         // 'build/ngx_http_civic_module.so');

plan(skip_all => 'headers-more is for another nginx') if $ENV{CIVIC_NGINX};
ok(-e $other, 'headers-more is installed');

my $citizens = Civic::Issuer->new;
local $ENV{CIVIC_MODULE} = 'none';

for my $order ([$other, $ours], [$ours, $other]) {
    my $name = $order->[0] eq $ours ? 'after ours' : 'before ours';
    my $gate = Civic::Gate->start(
        main   => join('', map { "load_module $_;\n" } @$order),
        files  => { $citizens->files },
        http   => $citizens->block,
        server => <<'END');
    civic_auth citizens;
    more_set_input_headers "X-More: yes";
    location /secret { return 200 "$http_x_more"; }
    location /svc/ { civic_route GET "/svc/{id}"; return 200; }
END
    is($gate->get('/secret')->{status}, 401, "$name: refused at first");
    is($gate->get('/secret', $citizens->bearer)->{content}, '',
       "$name: who may comes in") for 1, 2;
    is($gate->get('/secret')->{status}, 401, "$name: refused afterwards");
    is($gate->get('/svc/1')->{status}, 401, "$name: at a route too");
}

done_testing();
