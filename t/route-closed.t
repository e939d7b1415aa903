#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A service's location answers only what came by one of its routes; whatever
# way nginx offers around them is closed.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return [403, {}, 'no'] if $req->{uri} =~ m{^/no};
    return [200, { 'X-From' => 'upstream' }, "$req->{method} $req->{uri}"];
});

my $gate = Civic::Gate->start(
    http => 'upstream service { server ' . $up->addr . '; }'
            . 'log_format code "$uri $status $civic_code $civic_refused_by";',
    server => <<'END',
    civic_auth off;
    access_log %DIR%/code.log code;

    location /svc/ {
        civic_route GET "/svc/open/{id}" name=open;
        civic_route GET "/svc/deny" name=deny;
        civic_route GET "/svc/if/{id}" name=if;
        civic_route POST "/svc/post" name=post;
        limit_except GET POST { deny all; }
        if ($arg_stop) { return 418 "stopped $civic_route"; }
        if ($arg_go)   { set $gone "$civic_route"; }
        proxy_pass http://service/;
    }
    location @named { civic_route GET "/named/{id}"; return 200 named; }
    location @other { civic_route GET "/other/{id}"; return 200 other; }

    location /try/        { try_files /none /svc/secret; }
    location /try-open/   { try_files /none /svc/open/7; }
    location /try-named/  { try_files /none @named; }
    location /page/       { error_page 418 /svc/secret; return 418; }
    location /page-open/  { error_page 418 = /svc/open/8; return 418; }
    location /page-named/ { error_page 418 = @named; return 418; }
    location /last/       { rewrite ^/last/(.*)$ /svc/$1 last; }
    location /break/      { rewrite ^/break/(.*)$ /svc/$1 break;
                            proxy_pass http://service; }
    location /inner/      { civic_route GET "/inner/{x}/{y}" name=inner;
                            rewrite ^/inner/(.*)/(.*)$ /svc/$1/$2 last; }
    location /again/      { civic_route GET "/again/{x}" name=again;
                            civic_route GET "/again/{x}/done" name=done;
                            rewrite ^/again/(\w+)$ /again/$1/done last;
                            return 200 "$civic_route $civic_param_x"; }
    location /loop/       { civic_route GET "/loop/{x}" name=loop;
                            rewrite ^/loop/(.*)$ /loop/x$1 last; }
    location /within/     { civic_route GET "/within/{x}" name=within;
                            rewrite ^ /svc/open/$civic_param_x break;
                            proxy_pass http://service; }
    location /private/    { civic_route GET "/private/{id}" name=private;
                            internal; return 200 private; }
    location /to-private/ { rewrite ^/to-private/(.*)$ /private/$1 last; }

    location /outer/ {
        civic_route GET "/outer/{id}" name=outer;
        return 200 outer;
        location /outer/nested/ {
            civic_route GET "/outer/nested/{id}" name=nested;
            return 200 nested;
        }
        location ~ \.php$ { return 200 php; }
    }
    location /folder/ { civic_route GET "/folder/index.html";
                        civic_route GET "/folder/" name=folder; root html; }
    location /bare/   { civic_route GET "/bare/" name=bare; root html; }
    location / { root html; }
END
    files => { '../html/folder/index.html' => "index\n",
               '../html/bare/index.html' => "index\n" });

sub status  { return $gate->get($_[0])->{status} }
sub content { return $gate->get($_[0])->{content} }

is(content('/svc/open/1'), 'GET /open/1', 'a route leads in');
is(status('/svc/secret'), 404, 'the prefix of a service is no way in');
like(content('/svc/secret'), qr/"code":"not-found"/, 'says the gate');
is(status('/svc/'), 404, 'nor is its name');
is(status('/svc/open/1/2'), 404, 'nor what only looks like a route');

is(status('/try/x'), 404, "a neighbour's try_files finds it closed");
is(content('/try-open/x'), 'GET /open/7',
   'try_files may lead to a route, which is then looked up');
is(status('/try-named/x'), 404,
   'try_files finds a named service closed to what did not match');
is(status('/page/x'), 404, 'error_page finds it closed');
is(content('/page-open/x'), 'GET /open/8', 'error_page may lead to a route');
is(status('/page-named/x'), 404, 'error_page finds a named service closed');
is(status('/named/1/2'), 404, 'a named service has no other way in');

is(status('/last/secret'), 404, 'rewrite last finds it closed');
is(content('/last/open/9'), 'GET /open/9', 'rewrite last may lead to a route');
is(content('/break/secret'), 'GET /svc/secret',
   'rewrite break stays in its own, ordinary location');
is(content('/inner/open/3'), 'GET /open/3',
   "a service's rewrite last is looked up again");
is(status('/inner/not/3'), 404, 'and finds the other service closed');
is(content('/again/a'), 'done a',
   'a rewrite inside of one service changes route and parameters');
is(status('/loop/x'), 500, "nginx's own bound ends a loop of rewrites");
is(content('/within/5'), 'GET /svc/open/5',
   'rewrite break inside of a service does what nginx does');

is($gate->request('POST', '/svc/post')->{status}, 200,
   'limit_except lets pass what it lets pass');
is($gate->get('/svc/if/1?stop=1')->{content}, 'stopped if',
   'an if block is its service');
is(content('/svc/if/1?go=1'), 'GET /if/1?go=1',
   'an if block with a proxied service works');
is(status('/svc/secret?stop=1'), 404, 'and is as closed');

is(status('/private/1'), 404, 'internal is kept');
is(content('/to-private/1'), 'private', 'and means what it means');

is(content('/outer/1'), 'outer', 'a location around others is a service');
is(content('/outer/nested/1'), 'nested', 'so is one inside of it');
is(content('/outer/x.php'), 'outer',
   'a route does not fall into a nested regular expression');
is(status('/outer/nested/1/2'), 404, 'the nested one is closed');
is(status('/outer/a/b'), 404, 'and so is the outer one');

is(content('/folder/'), "index\n", 'index needs a route of its own');
is(status('/bare/'), 404, 'and is closed without');

$gate->stop;
my $log = $gate->read('code.log');
like($log, qr{^/svc/secret 404 no-route \S+/nginx\.conf:\d+$}m,
     'the log names the line of the location that is closed');
like($log, qr{^/private/1 404 internal-location \S+/nginx\.conf:\d+$}m,
     'an internal one has a code of its own');
like($log, qr{^/svc/open/1 200 - -$}m, 'what passed has no code');
like($gate->log, qr{\[info\].*civic route: no route leads "/svc/secret" into},
     'the error log says what was closed');

done_testing;
