# Copyright (C) Civic Gate
#
# civic_admin: where it may stand, who reaches it, and what it makes of
# requests that are not quite right.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $staff = Civic::Issuer->new(name => 'staff', alg => 'ES256');
my $issuer = $staff->block;
my %files = $staff->files;


# nginx -t

my @wrong = (
    ['civic_admin;', qr/civic_admin in location "\/admin\/" stands open/],
    ['civic_admin; civic_auth off;', qr/stands open/],
    ['civic_admin; civic_auth staff;', qr/stands open/],
    ['civic_admin; civic_auth optional staff; civic_require scope=admin;',
     qr/stands open/],
    ['civic_admin; civic_auth staff; civic_require scope=admin for=clerk;',
     qr/stands open/],
    ['civic_admin; civic_auth staff; civic_require scope=admin; '
     . 'civic_require_dry_run on;', qr/stands open/],
    ['civic_admin; civic_admin local;', qr/is duplicate/],
    ['civic_admin remote;', qr/civic_admin "remote" is not "local"/],
    ['civic_admin local; proxy_pass http://127.0.0.1:1;',
     qr/shares its location with another content handler/],
    ['civic_status; civic_admin local;',
     qr/shares its location with another content handler/],
);
for (@wrong) {
    my ($words, $error) = @$_;
    my ($ok, $said) = Civic::Gate->check(http => $issuer, files => \%files,
        server => "location /admin/ { $words }");
    ok !$ok && $said =~ $error && $said =~ /nginx\.conf:\d+/,
        "\"$words\" is refused" or diag $said;
}
for my $location ('= /admin', '/admin', '~ ^/admin/', '= /admin/') {
    my ($ok, $said) = Civic::Gate->check(
        server => "location $location { civic_admin local; }");
    ok !$ok && $said =~ /wants a location that is a prefix and ends with/,
        "location $location is refused" or diag $said;
}


my $gate = Civic::Gate->start(http => $issuer, files => \%files,
    server => <<'END');
    listen unix:%DIR%/gate.sock;
    underscores_in_headers on;
    civic_auth off;
    set_real_ip_from 127.0.0.1;
    location /admin/ { civic_admin local; civic_auth off; }
    location /staff/ { civic_admin; civic_auth staff;
                       civic_require scope=admin; }
    location /moved/ { rewrite ^ /admin/ last; }
    location /broken/ { civic_admin local; rewrite ^ /x break; }
    location /proxy/ { proxy_pass http://127.0.0.1:%PORT%/admin/;
                       proxy_set_header X-Forwarded-For $remote_addr; }
    location /plain/ { proxy_pass http://127.0.0.1:%PORT%/admin/; }
END

sub code { return JSON::PP::decode_json($_[0]{content})->{code} // '' }

my $res = $gate->get('/admin/');
is $res->{status}, 200, 'this machine is answered';
like $res->{headers}{'content-type'}, qr{^application/json}, 'in JSON';
is $res->{headers}{'cache-control'}, 'no-store', 'which nobody keeps';
like $res->{content}, qr/"GET "/, 'with a list of what there is';

is $gate->get('/admin/', { Host => "localhost:" . $gate->port })->{status},
    200, 'by the name of localhost, too';
for (['X-Forwarded-For' => '127.0.0.1'], ['X-Real-IP' => '127.0.0.1'],
     ['X-Forwarded-Proto' => 'http'], ['X_Forwarded_For' => '127.0.0.1'],
     [Forwarded => 'for=127.0.0.1'], [Via => '1.1 proxy'],
     [Host => 'gate.example'], [Host => '10.0.0.1'])
{
    my ($name, $value) = @$_;
    $res = $gate->get('/admin/', { $name => $value });
    is "$res->{status} " . code($res), '404 not-found',
        "whoever comes with $name: $value is nobody of this machine";
}
is $gate->get('/proxy/')->{status}, 404,
    'nor is whoever comes by a proxy on it';
is $gate->get('/plain/')->{status}, 404, '... an nginx that adds no word, too';
is $gate->get('/moved/')->{status}, 404, 'nor whoever was led here';
is $gate->get('/broken/')->{status}, 404,
    'a path that was rewritten is no resource';

$res = $gate->get('/staff/');
is $res->{status}, 401, 'elsewhere one says who one is';
$res = $gate->get('/staff/', $staff->bearer(scope => 'read'));
is $res->{status}, 403, 'and may it';
$res = $gate->get('/staff/', { %{ $staff->bearer(scope => 'admin') },
                               Via => '1.1 proxy' });
is $res->{status}, 200, 'from wherever one comes';


# requests that are not quite right

my %json = ('Content-Type' => 'application/json');
my @requests = (
    ['GET', '/admin/nothing', {}, undef, 404, 'not-found'],
    ['GET', '/admin/a/b/c/d/e', {}, undef, 404, 'not-found'],
    ['GET', '/admin/a%01b', {}, undef, 404, 'not-found'],
    ['POST', '/admin/', \%json, '{}', 405, 'method-not-allowed'],
    ['HEAD', '/admin/', {}, undef, 405, undef],
    ['GET', '/admin/?x=1', {}, undef, 422, 'invalid-body'],
    ['GET', '/admin/', \%json, '{}', 400, 'malformed'],
    ['GET', '/admin/', { Origin => 'https://evil.example' }, undef, 403,
     'origin-refused'],
    ['GET', '/admin/', { Origin => 'null' }, undef, 403, 'origin-refused'],
    ['GET', '/admin/', { 'Sec-Fetch-Site' => 'cross-site' }, undef, 403,
     'origin-refused'],
);
for (@requests) {
    my ($method, $path, $headers, $content, $status, $code) = @$_;
    $res = $gate->request($method, $path,
                          { headers => $headers, content => $content });
    is $res->{status}, $status, "$method $path: $status";
    is code($res), $code, "and says $code" if defined $code;
}
$res = $gate->request('POST', '/admin/', { content => '{}' });
is $res->{headers}{allow}, 'GET', 'a 405 says which methods would do';
is $gate->get('/admin/', { Origin => 'http://127.0.0.1:' . $gate->port })
    ->{status}, 200, 'a page of ours may ask';
is $gate->request('GET', '/admin/', { content => 'x' x 70_000 })->{status},
    413, 'a large body is refused at once';
is $gate->request('GET', '/admin/', { content => "11170\r\n" . 'x' x 70_000
        . "\r\n0\r\n\r\n",
    headers => { 'Transfer-Encoding' => 'chunked' } })->{status},
    413, 'and where its length is not said, too';

$gate->request('DELETE', '/admin/a%0Ab%20"x"?secret=word');
like $gate->log, qr{asked for DELETE "/admin/a%0Ab%20"x"": 404},
    'nobody writes lines of his own into the log';
unlike $gate->log, qr/secret=word"?:/, '... nor what he asks of whom';

$gate->stop;
done_testing;
