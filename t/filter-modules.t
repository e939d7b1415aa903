# Copyright (C) Civic Gate
#
# civic_filter among nginx's own modules: redirects into and out of filtered
# locations, caches, subrequests, slices.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Civic::Upstream;
use Test::More;
use Time::HiRes qw(sleep);

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;
    my ($to) = $req->{uri} =~ m{/to=([^?]*)};
    return [200, { 'X-Accel-Redirect' => $to }, 'sent on'] if $to;
    my $range = Civic::Upstream::header($req, 'Range');
    return [206, { 'Content-Range' => "bytes $1-$2/30",
                   'Content-Type' => 'text/plain' },
            substr('0123456789' x 3, $1, $2 - $1 + 1)]
        if ($range // '') =~ /bytes=(\d+)-(\d+)/;
    return [500, {}, 'secret'] if $req->{uri} =~ /fails/;
    return [200, { 'Content-Type' => 'text/plain',
                   ($req->{uri} =~ /cached/
                    ? ('Cache-Control' => 'max-age=60', ETag => '"1"') : ()) },
            "secret of $req->{method} $req->{uri}"];
});
my $addr = $up->addr;

my $gate = Civic::Plugin->start(
    allow_log => qr/civic (?:filter|route)/,
    http => <<"END",
proxy_cache_path %DIR%/cache keys_zone=one:1m;
log_format why '\$uri \$status "\$civic_code"';
access_log %DIR%/why.log why;
server {
    listen 127.0.0.1:%PORT%;
    server_name all;
    civic_auth off;
    civic_filter data/mask;
    error_page 500 502 /sorry;
    error_page 404 = \@none;
    location / { proxy_pass http://$addr; }
    location /small/ { client_max_body_size 1; proxy_pass http://$addr; }
    location /up/ { proxy_pass http://$addr; }
    location /down/ { proxy_pass http://127.0.0.1:1; }
    location /again/ { rewrite ^/again/(.*) /x/\$1 last; }
    location /try/ { root html; try_files \$uri /x\$uri; }
    location /none/ { return 404; }
    location \@none { proxy_pass http://$addr; }
    location /sorry { civic_filter off; return 200 sorry; }
    location /if/ {
        if (\$arg_i) { add_header X-If 1; }
        proxy_pass http://$addr;
    }
    if (\$arg_at = server) { return 200 "by the server"; }
    if (\$arg_at = away) { return 302 /away; }
}
server {
    listen 127.0.0.1:%PORT%;
    server_name early;
    civic_auth off;
    civic_filter data/none;
    error_page 503 /sorry;
    location / { proxy_pass http://$addr; }
    location /sorry { civic_filter off; return 200 sorry; }
}
END
    departments => <<'END', server => <<"END");
civic_department data { path %DIR%/plugins/data; prefix /data; }
END
server_name 127.0.0.1;
civic_accel_redirect on;
location /on/ { civic_filter data/mask; proxy_pass http://$addr/; }
location /plain/ { proxy_pass http://$addr/; }
location /files/ { internal; root html; gzip on; gzip_min_length 1;
                   gzip_types text/plain; }
location /masked/ { civic_filter data/mask; proxy_pass http://$addr; }
location /route/ { civic_filter data/mask; civic_route GET "/route/{id}";
                   proxy_pass http://$addr; }
location /dead/ { civic_filter data/mask; civic_route GET "/dead/{id}";
                  proxy_pass http://127.0.0.1:1; }
location /cached/ {
    proxy_cache one;
    proxy_cache_key cached;
    proxy_cache_valid 1m;
    proxy_pass http://$addr;
    location /cached/masked/ {
        civic_filter data/mask;
        proxy_pass http://$addr;
    }
}
location /ask/ { auth_request /masked/auth; proxy_pass http://$addr; }
location /asking/ {
    civic_filter data/mask;
    auth_request /plain/auth;
    proxy_pass http://$addr;
}
location /ssi/ { ssi on; ssi_types text/plain; root html; }
location /ssi/masked/ { ssi on; ssi_types text/plain; civic_filter data/mask;
                         root html; }
location /mirrored/ { mirror /masked/mirror; proxy_pass http://$addr; }
location /slice/ {
    civic_filter data/mask;
    slice 10;
    proxy_set_header Range \$slice_range;
    proxy_pass http://$addr;
}
location /added/ {
    civic_filter data/mask;
    add_after_body /plain/after;
    addition_types *;
    proxy_pass http://$addr;
}
END
$gate->write('html/files/a.txt' => 'secret file');
$gate->write('html/ssi/a.txt' => '[<!--# include virtual="/plain/b" -->]');
$gate->write('html/ssi/b.txt' => '[<!--# include virtual="/masked/b" -->]');
$gate->write('html/ssi/masked/a.txt' =>
             'secret <!--# include virtual="/plain/b" -->');
$gate->write('html/try/a.txt' => 'secret tried');

Civic::Host->plugin($gate, 'data/mask', <<'END',
local m = {}
function m.check(q) return { headers = { ["X-Checked"] = q.path } } end
function m.mask(q, r)
    return r.status, (r.raw:gsub("secret", "masked")) .. " for "
                     .. (q.headers["x-who"] or "")
end
return m
END
    filter => { access => 'check', response => 'mask' });


sub get {
    my ($path, %header) = @_;

    return $gate->get($path, { Host => '127.0.0.1', %header });
}


sub content { return get(@_)->{content} }


sub status_of { return get(@_)->{status} }


# redirects

is content('/on/a'), 'masked of GET /a for ', 'a filtered location';
is content('/on/to=/files/a.txt'), 'secret file',
   'a redirect out of it leads to what is not filtered';
is get('/on/to=/files/a.txt', 'Accept-Encoding' => 'gzip')
   ->{headers}{'content-encoding'}, 'gzip', 'with what the client wanted';
is get('/on/to=/files/a.txt', Range => 'bytes=0-5')->{content}, 'secret',
   'ranges, too';
is content('/plain/to=/masked/a'), 'masked of GET /masked/a for ',
   'a redirect into it to what is';
is content('/on/to=/masked/a'), 'masked of GET /masked/a for ',
   'from one to another filters once';
is content('/on/to=/on/b'), 'masked of GET /b for ', 'as to the same';
my ($last) = reverse $up->requests;
is_deeply [Civic::Upstream::header($last, 'X-Checked')], ['/on/b'],
          'which is checked again';
is $gate->request('HEAD', '/on/to=/files/a.txt',
                  { headers => { Host => '127.0.0.1' } })
   ->{headers}{'content-length'}, 11, 'HEAD is HEAD behind a redirect';

my %all = (Host => 'all');
is content('/a', %all), 'masked of GET /a for ', 'a whole server is filtered';
is content('/again/a', %all), 'masked of GET /x/a for ', 'rewritten or not';
is content('/try/b', %all), 'masked of GET /x/try/b for ', 'by try_files';
is content('/try/a.txt', %all), 'masked tried for ', 'or found by it';
is content('/if/a?i=1', %all), 'masked of GET /if/a?i=1 for ', 'or by `if`';
is content('/a?at=server', %all), 'by the server',
   'what the server says itself is not';
is status_of('/a?at=away', %all), 302, 'nor where it sends to';
is status_of('/up', %all), 301, 'nor does nginx';
is $gate->request('POST', '/small/', { content => 'xx', headers => \%all })
   ->{status}, 413, 'nor what it refuses';
is status_of('/down/', %all), 502, 'errors have their page';
is content('/down/', %all), 'sorry', 'of the operator';
is content('/fails', %all), 'masked for ', 'unless they are the service\'s';
is content('/none/a', %all), 'masked of GET /none/a for ',
   'a page that a service gives is filtered';
is status_of('/a', Host => 'early'), 503, 'a missing plugin';
is content('/a', Host => 'early'), 'sorry', 'has a page as well';

is content('/route/1'), 'masked of GET /route/1 for ', 'routes are filtered';
like content('/dead/1'), qr/"code":"bad-gateway"/,
     'the gate says itself that a service is away';


# caches

my $count = $up->count;
is content('/cached/masked/a', 'X-Who' => 'me'),
   'masked of GET /cached/masked/a for me', 'an answer is cached';
is content('/cached/masked/a', 'X-Who' => 'you'),
   'masked of GET /cached/masked/a for you', 'before it is filtered';
is content('/cached/b'), 'secret of GET /cached/masked/a',
   'as those see who may';
is $up->count, $count + 1, 'the service was asked once';
is $gate->request('HEAD', '/cached/masked/a', { headers => {
       Host => '127.0.0.1' } })->{headers}{'content-length'},
   length 'masked of GET /cached/masked/a for ', 'HEAD out of the cache';
is status_of('/cached/masked/a', 'If-None-Match' => '"1"'), 304,
   'a client that has it is told so';


# subrequests

is status_of('/ask/a'), 500, 'auth_request cannot ask a filtered location';
is content('/asking/a'), 'masked of GET /asking/a for ',
   'but stands beside filters';
is content('/ssi/a.txt'), '[secret of GET /b]', 'SSI works without filters';
is content('/ssi/masked/a.txt'), 'masked secret of GET /b for ',
   'behind them it includes what is not filtered';
unlike content('/ssi/b.txt'), qr/secret|masked of/,
       'and includes nothing that is filtered';
is content('/mirrored/a'), 'secret of GET /mirrored/a',
   'mirror harms nobody';
ok !grep({ $_->{uri} =~ m{^/masked/(?:mirror|auth|b)} } $up->requests),
   'and no service is asked for any of these';
is content('/added/a'), 'masked of GET /added/a for secret of GET /after',
   'what is added to an answer is not part of it';
unlike $gate->raw("GET /slice/a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 2),
       qr/\d{6}/, 'slices do not pass by';
like $gate->log, qr/civic filter: an answer that no filter has asked for/,
     'which the log tells';
is content('/on/a'), 'masked of GET /a for ', 'and all goes on';

done_testing;
