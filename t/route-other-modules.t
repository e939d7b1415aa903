#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# The gate among other modules: in whatever order they are loaded, and
# unseen where no civic_ directive asks for it.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my $plain = 'location / { return 200 "$uri $civic_route$civic_code'
            . '$civic_trace_id$civic_param_x"; }';


# loaded, and not used

my $gate = Civic::Gate->start(server => $plain);
is($gate->get('/a/../%62')->{content}, '/b ',
   'without a civic_ directive nginx is as ever');
unlike($gate->log, qr/civic/, 'and nothing is said in the log');
is($gate->get('/%2F/..%2f')->{status}, 400, 'nginx has its own refusals');
unlike($gate->get('/..')->{content}, qr/problem/, 'in its own words');
ok($gate->reload, 'it can be reloaded');
$gate->stop;


# used in one server only

$gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    map $http_x_real $plain { default $remote_addr; }
    limit_req_zone $arg_key zone=slow:1m rate=1r/m;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real;
    server {
        listen 127.0.0.1:%PORT%;
        location / { return 200 "$uri $civic_route$civic_code"; }
        location = /missing { root html; }
    }
END
    server_name routed;
    civic_auth off;
    location /svc/ {
        civic_route GET "/svc/{id}" name=svc;
        limit_req zone=slow;
        limit_req_status 429;
        root html;
        try_files $uri =410;
    }
    location /who/ {
        civic_route GET "/who/{id}" name=who;
        return 200 "$remote_addr $civic_param_id";
    }
    location /denied/ {
        civic_route GET "/denied/{id}" name=denied;
        deny all;
        root html;
    }
    location /basic/ {
        civic_route GET "/basic/{id}" name=basic;
        auth_basic realm;
        auth_basic_user_file users;
        root html;
    }
    location /sub/ {
        civic_route GET "/sub/{id}" name=sub;
        sub_filter_types text/plain;
        sub_filter one two;
        root html;
    }
END2

sub routed { return $gate->get($_[0], { Host => 'routed', %{ $_[1] // {} } }) }

is($gate->get('/a//b')->{content}, '/a/b ',
   'a server without routes behaves as bare nginx');
my $res = $gate->get('/missing');
is($res->{status}, 404, 'its errors');
like($res->{content}, qr{<center>nginx}, "are nginx's");

is(routed('/who/1', { 'X-Real' => '192.0.2.7' })->{content},
   '192.0.2.7 1', 'realip works before a route');
is(routed('/svc/1?key=a')->{status}, 410, 'try_files answers behind one');
is(routed('/svc/1?key=a')->{status}, 429, 'limit_req counts behind one');
is(routed('/denied/1')->{status}, 403, 'access rules hold behind one');
is(routed('/basic/1')->{status}, 401, 'so does auth_basic');
$gate->stop;


# another dynamic module loaded before and after ours

SKIP: {
    my $dir = $ENV{CIVIC_OTHER_MODULES} // '/usr/lib/nginx/modules';
    my $other = "$dir/ngx_http_headers_more_filter_module.so";
    skip 'libnginx-mod-http-headers-more-filter is not installed', 4
        if !-e $other || ($ENV{CIVIC_MODULE} // '') eq 'none';

    my $ours = $ENV{CIVIC_MODULE} // 'build/ngx_http_civic_module.so';
    $ours = "$ENV{PWD}/$ours" if $ours !~ m{^/};
    my $server = <<'END';
        civic_auth off;
        if ($arg_stop) { return 418; }
        more_set_input_headers "X-More: yes";
        more_set_headers "X-Out: $civic_route";
        location /svc/ {
            civic_route GET "/svc/{id}" name=svc;
            return 200 "$civic_param_id";
        }
END

    local $ENV{CIVIC_MODULE} = 'none';
    for my $order ([$other, $ours], [$ours, $other]) {
        my $title = $order->[0] eq $ours ? 'after' : 'before';
        my $gate = Civic::Gate->start(server => $server, main =>
            join '', map { "load_module $_;\n" } @$order);
        is_deeply([map { $gate->get($_)->{status} }
                   '/svc/1', '/svc/1?stop=1', '/svc/1/2'], [200, 418, 404],
                  "the order of handlers holds with a module $title ours");
        is($gate->get('/svc/1')->{headers}{'x-out'}, 'svc',
           'and the other module works');
    }
}

done_testing;
