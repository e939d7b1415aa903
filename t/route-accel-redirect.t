#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# X-Accel-Redirect: an upstream may send a request elsewhere only where the
# operator says so, and even then not into a closed location.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    my ($to) = $req->{uri} =~ m{/to=(.*)$};
    $to = "/routed/1%0a2026/01/01 [info] forged" if $req->{uri} =~ /forge/;
    my $status = $req->{uri} =~ /gone/ ? 404 : 200;
    return [$status, { ($to ? ('X-Accel-Redirect' => $to) : ()),
                       'Set-Cookie' => 'a=b', 'Cache-Control' => 'public' },
            "up $req->{uri}"];
});

my $gate = Civic::Gate->start(
    http => 'upstream service { server ' . $up->addr . '; }'
            . 'log_format code "$status $civic_code";',
    allow_log => qr/X-Accel-Redirect refused/,
    server => <<'END',
    civic_auth off;
    access_log %DIR%/code.log code;

    location /off/ {
        civic_route GET "/off/{to...}" name=off;
        proxy_pass http://service/;
    }
    location /on/ {
        civic_route GET "/on/{to...}" name=on;
        civic_accel_redirect on;
        proxy_pass http://service/;
    }
    location /ignored/ {
        civic_route GET "/ignored/{to...}" name=ignored;
        proxy_ignore_headers X-Accel-Redirect;
        proxy_intercept_errors on;
        error_page 404 = @gone;
        proxy_pass http://service/;
    }
    location /ordinary/ { proxy_pass http://service/; }

    location @gone   { return 200 "gone"; }
    location /files/ { internal; root html; }
    location @named  { return 200 "named"; }
    location @closed { civic_route GET "/closed/{id}"; return 200 closed; }
    location /more/ {
        civic_route GET "/more/{to...}" name=more;
        proxy_pass http://service/;
    }
    location /routed/ { civic_route GET "/routed/{id}" name=routed;
                        return 200 "routed $civic_param_id"; }
END
    files => { '../html/files/a.txt' => "a file\n" });

my $res = $gate->get('/off/to=/files/a.txt');
is($res->{status}, 502, 'a redirect is refused unless allowed');
like($res->{content}, qr/"code":"bad-gateway"/, 'as a bad gateway');
unlike($res->{content}, qr/a file/, 'and nothing of the file is sent');
is($gate->get('/off/to=@named')->{status}, 502,
   'so is one to a named location');
is($gate->get('/off/to=/routed/1')->{status}, 502, 'and one to a route');
is($gate->get('/ordinary/to=/files/a.txt')->{status}, 502,
   'ordinary locations of a routed server are no exception');
is($gate->get('/off/x')->{content}, 'up /x', 'other answers pass');

is($gate->get('/on/to=/files/a.txt')->{content}, "a file\n",
   'it is followed where civic_accel_redirect is on');
is($gate->get('/on/to=@named')->{content}, 'named', 'to a named location too');
is($gate->get('/on/to=/routed/1')->{content}, 'routed 1', 'and to a route');
is($gate->get('/on/to=/routed/1/2')->{status}, 404,
   'but not into a location that is closed');
is($gate->get('/on/forge')->{status}, 404, 'whatever its path is');
is($gate->get('/on/to=@closed')->{status}, 404, 'named or not');
is($gate->get('/on/to=/more/to=/files/a.txt')->{status}, 502,
   'each service must have the permission itself');
is($gate->get('/on/to=/more/x')->{content}, 'up /x',
   'the service behind a redirect answers');

is($gate->get('/ignored/to=/files/a.txt')->{content},
   'up /to=/files/a.txt', 'an ignored header is ignored');
is($gate->get('/ignored/gone/to=/files/a.txt')->{content}, 'gone',
   'and does not harm error_page');

$gate->stop;
like($gate->read('code.log'), qr/^502 accel-redirect-refused$/m,
     'the refusal has its code');
like($gate->log, qr/\[error\].*civic route: X-Accel-Redirect refused/,
     'and an error in the log');

like($gate->log, qr/no route leads "\/routed\/1%0A2026/,
     'a path is logged as it would be written');
unlike($gate->log, qr/^2026\/01\/01 /m, 'and forges no line');

# a server that has no routes is not ours to judge

$gate = Civic::Gate->start(
    http => 'server { listen 127.0.0.1:%PORT%;'
            . 'location /a/ { proxy_pass http://' . $up->addr . '/; }'
            . 'location /files/ { internal; root html; } }',
    allow_log => qr/X-Accel-Redirect refused/,
    server => <<"END",
    server_name routed;
    civic_auth off;
    error_page 502 /sorry.txt;
    location /b/ {
        civic_route GET "/b/{to...}";
        proxy_pass http://@{[ $up->addr ]}/;
    }
    location / { root html; }
END
    files => { '../html/files/a.txt' => "a file\n",
               '../html/sorry.txt' => "sorry\n" });
is($gate->get('/a/to=/files/a.txt')->{content}, "a file\n",
   'a server without routes follows redirects as ever');
is($gate->get('/b/to=/files/a.txt', { Host => 'routed' })->{content},
   "sorry\n", "the server's error_page may answer for the refusal");

done_testing;
