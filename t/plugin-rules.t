# Copyright (C) Civic Gate
#
# Who may call a plugin's route, and how often, is said in its manifest;
# methods are treated as for civic_route lines.  Two servers that mount the
# same departments serve the same.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use Civic::Issuer;
use Test::More;

my $citizens = Civic::Issuer->new;
my $officers = Civic::Issuer->new(name => 'officers');
my %run = (run => 'hello');

my $gate = Civic::Plugin->start(
    files => { $citizens->files, $officers->files },
    http => $citizens->block . $officers->block
        . "civic_limit_policy slow key=\$civic_caller rate=1r/m burst=1;\n"
        . "civic_limit_policy wide key=\$remote_addr rate=100r/s burst=99;\n"
        . "server { listen 127.0.0.1:%PORT%; server_name other;\n"
        . "    civic_auth off; location /health/ { civic_mount all; } }\n",
    server => 'server_name 127.0.0.1;', mount => <<'END');
location @plugins {
    civic_mount health;
    civic_limit wide;
    add_header X-Plugin "$civic_plugin|$civic_route|$civic_param_id" always;
}
END
mkdir $gate->dir . '/plugins';
Civic::Plugin->write($gate, 'health/hello', Civic::Plugin->files('hi',
    manifest => { routes => {
        'GET /'         => { %run, auth => ['public'] },
        'GET /of/{id}'  => { %run, auth => ['citizens'] },
        'GET /both'     => { %run, auth => ['citizens', 'officers'] },
        'GET /maybe'    => { %run, auth => ['optional', 'citizens'] },
        'GET /read'     => { %run, auth => ['citizens'],
                             require => ['scope=a,b', 'scope=c'] },
        'GET /slow'     => { %run, auth => ['citizens'], limit => ['slow'] },
        'POST /slow'    => { %run, auth => ['public'] },
        'GET /inner'    => { %run, auth => ['plugins'] },
    } }));
Civic::Plugin->await($gate, 'health/hello',
                     sub { ($_[0]{state} // '') eq 'ready' });
Time::HiRes::sleep(0.3);


sub status {
    my ($path, $headers, $method) = @_;

    my $res = $gate->request($method // 'GET', "/health/hello$path",
                             { headers => $headers // {} });
    return wantarray ? ($res->{status}, $res) : $res->{status};
}

my $citizen = $citizens->bearer;

is status('/'), 200, 'a public route is open';
is status('/of/7'), 401, 'one for citizens is not';
is status('/of/7', $officers->bearer), 401, 'not to an officer either';
my ($code, $res) = status('/of/7', $citizen);
is $code, 200, 'but to a citizen';
is $res->{headers}{'x-plugin'}, 'health/hello|GET /of/{id}|7',
   'variables name the plugin, the route and its parameters';
is status('/both', $_->bearer), 200, 'either of two issuers will do'
    for $citizens, $officers;
is status('/maybe'), 200, 'optional needs no token';
is status('/maybe', $citizen), 200, 'takes a good one';
is status('/maybe', { Authorization => 'Bearer x' }), 401,
   'and refuses a bad one';

is status('/read', $citizens->bearer(scope => 'a')), 403,
   'all requirements count';
is status('/read', $citizens->bearer(scope => 'b c')), 200,
   'and any scope of each';
is status('/read'), 401, 'a caller without a token is asked for one';

is status('/slow', $citizen), 200, 'a policy of the route lets some pass'
    for 1, 2;
($code, $res) = status('/slow', $citizen);
is $code, 429, 'and then no more';
like $res->{headers}{'ratelimit-policy'}, qr/"wide".*"slow"/,
     'behind those of the location';
is status('/slow', $citizens->bearer(sub => 'another')), 200,
   'another caller has his own';
is status('/of/7', $citizen), 200, 'and another route has none';

($code, $res) = status('/', {}, 'HEAD');
is $code, 200, 'HEAD is answered where GET is';
($code, $res) = status('/', {}, 'DELETE');
is $code, 405, 'another method is not';
is $res->{headers}{allow}, 'GET, HEAD, OPTIONS', 'and Allow says which are';
($code, $res) = status('/slow', {}, 'OPTIONS');
is $code, 204, 'OPTIONS is answered';
is $res->{headers}{allow}, 'GET, HEAD, POST, OPTIONS', 'with all of them';

is status('/inner', $citizen), 404, 'a route for plugins is not there';
is status('/nowhere'), 404, 'nor is what no route knows';
is $gate->get('/health/hello/%2Fx')->{status}, 400,
   'the rule for paths holds here too';

$res = $gate->get('/health/hello/', { Host => 'other' });
is $res->{status}, 200, 'a second server serves the same';
is $res->{headers}{'x-plugin'}, undef, 'through its own location';
is $gate->get('/health/hello/of/1', { Host => 'other' })->{status}, 401,
   'with the same rules';
$res = $gate->get('/health/hello/slow',
                  { Host => 'other', %{ $citizens->bearer(sub => 'x') } });
like $res->{headers}{'ratelimit-policy'}, qr/^"slow"/,
     'and the limits of that location';

done_testing;
