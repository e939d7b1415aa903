# Copyright (C) Civic Gate
#
# civic_status why: a recent decision is found by its trace id, with the
# line that refused, and with nothing that tells who asked.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use JSON::PP qw(decode_json);
use Test::More;

use Civic::Gate;
use Civic::Token;
use Civic::Upstream;

my $upstream = Civic::Upstream->start(sub { return [503, {}, 'busy'] });
my $port = $upstream->port;
my $key = Civic::Token->key('ES256', kid => 'k1');

my $gate = Civic::Gate->start(http => <<'END', server => <<"END",
civic_issuer citizens {
    issuer      https://id.example;
    audience    social-services;
    keys        keys/citizens.json;
    algorithms  ES256;
}
END
civic_auth off;

location /health/ {
    civic_route GET "/health/studies" name=studies;
    civic_auth  citizens;
    proxy_pass  http://127.0.0.1:$port;
}

location /open/ {
    civic_route GET "/open/{rest...}";
    return 200 "open";
}

location = /why { civic_status why; }
END
    files => { 'keys/citizens.json' => Civic::Token->jwks($key) });

my $n = 0;

sub traced {
    my ($path, %header) = @_;

    my $trace = sprintf '%032x', ++$n + 0xabc0;
    $gate->get($path, { %header,
                        Traceparent => "00-$trace-00000000000000aa-01" });
    my $res = $gate->get("/why?trace=$trace");
    return $res->{status} == 200
           ? @{ decode_json($res->{content})->{decisions} } : ();
}

sub line_of {
    my ($pattern) = @_;

    my @lines = split /\n/, $gate->read('conf/nginx.conf');
    return (grep { $lines[$_ - 1] =~ $pattern } 1 .. @lines)[0];
}


my ($decision) = traced('/health/studies?name=Zhang');

is($decision->{status}, 401, 'a refusal is found by its trace id');
is($decision->{code}, 'credentials-missing', 'it says why');
is($decision->{refused_by}{line}, line_of(qr/civic_auth  citizens/),
   'it says which line refused');
like($decision->{refused_by}{file}, qr{conf/nginx\.conf$},
     'and of which file');
is($decision->{method}, 'GET', 'it knows the method');
is($decision->{path}, '/health/studies',
   'it knows the path without its query string');
is($decision->{service}, '/health/', 'it knows the service');
is($decision->{route}, 'studies', 'it knows the route');
is($decision->{auth}, 'refused', 'it knows how authentication ended');
is($decision->{limit}, 'none', 'it knows that no limit was asked');
ok(!exists $decision->{upstream_status}, 'no upstream was asked');
like($decision->{time}, qr/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
     'the time is in ISO 8601');
like($decision->{title}{zh}, qr/登录/, 'there is a title in Chinese');
like($decision->{title}{en}, qr/Authentication/, 'and one in English');

my $token = $key->token({ iss => 'https://id.example', sub => 'Zhang',
                          aud => 'social-services', iat => time,
                          exp => time + 60 }, { kid => 'k1' });
($decision) = traced('/health/studies', Authorization => "Bearer $token");

is($decision->{status}, 503, 'an answer of the upstream is found too');
is($decision->{upstream_status}, 503, 'as what the upstream said');
is($decision->{auth}, 'verified', 'with the caller verified');
ok(!exists $decision->{code}, 'and not as a refusal of the gate');
unlike(JSON::PP->new->encode($decision), qr/Zhang|\Q$token\E/,
       'neither subject nor token is remembered');

($decision) = traced('/open/' . 'x' x 300);
is($decision->{status}, 200, 'a good answer is found');
is($decision->{path}, '/open/' . 'x' x 90, 'a long path is cut');
is($decision->{path_cut}, JSON::PP::true, 'and said to be');

($decision) = traced("/open/\xff\"<x>");
is($decision->{path}, "/open/\x{fffd}\"<x>",
   'bytes that are no text are no obstacle');

my $trace = 'f' x 32;
$gate->get('/open/x', { Traceparent => "00-${trace}-00000000000000aa-01" })
    for 1 .. 3;
my $res = $gate->get('/why?trace=' . uc $trace);
is(scalar @{ decode_json($res->{content})->{decisions} }, 3,
   'all requests of one trace are shown, however the id is spelled');

$res = $gate->get('/why?trace=' . '0' x 31 . '1');
is($res->{status}, 404, 'an unknown trace id is not found');
is(decode_json($res->{content})->{code}, 'trace-unknown', 'and JSON says so');

for my $args ('', '?trace=', '?trace=xyz', "?trace=$trace&trace=$trace",
              "?trace=${trace}0", '?trace=%00' . 'f' x 31)
{
    $res = $gate->get("/why$args");
    is($res->{status}, 400, "\"$args\" is no trace id");
    is(decode_json($res->{content})->{code}, 'trace-malformed',
       'and JSON says so');
}

$gate->get('/open/x') for 1 .. 3000;
$trace = sprintf '%032x', 0xabc1;
is($gate->get("/why?trace=$trace")->{status}, 200,
   'good traffic does not push a refusal out');

$gate->stop;
done_testing();
