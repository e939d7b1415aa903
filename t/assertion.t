#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# X-Civic-Assertion: whom it names, for which service, for how long; made
# once for many requests, never for another caller or service, and never
# taken from a client.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use MIME::Base64 qw(decode_base64url);
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Token;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;
    my @all = Civic::Upstream::header($req, 'X-Civic-Assertion');
    my ($to) = $req->{uri} =~ /to=(\S+)/;
    return [200, $to ? { 'X-Accel-Redirect' => $to } : {}, join ' ', @all];
});
umask 027;

my $citizens = Civic::Issuer->new;
my $key = qx(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256);
my $gate = Civic::Gate->start(
    workers => 1,
    files => { $citizens->files, 'keys/gate.pem' => $key },
    http => $citizens->block("roles roles;\nlevel acr;") . <<"END",
    civic_assertion_key keys/gate.pem issuer=https://gate.example kid=one;
    upstream service { server @{[$up->addr]}; }
END
    server => <<'END2');
    underscores_in_headers on;
    civic_auth citizens;
    civic_assertion aud=service;
    location / { proxy_pass http://service; }
    location /other {
        civic_assertion aud=other ttl=10m;
        proxy_pass http://service;
    }
    location /short {
        civic_assertion aud=short ttl=10s;
        proxy_pass http://service;
    }
    location /claims {
        civic_assertion aud=claims claims=level,home.code,none;
        proxy_pass http://service;
    }
    location /none { civic_assertion off; proxy_pass http://service; }
    location /nobody { civic_auth off; proxy_pass http://service; }
    location /optional {
        civic_auth optional citizens;
        proxy_pass http://service;
    }
    location /scope { civic_require scope=x; proxy_pass http://service; }
    location /accel { civic_accel_redirect on; proxy_pass http://service; }
    location = /keys { civic_auth off; civic_jwks; }
END2


sub assertion {
    my ($path, %header) = @_;

    my $res = $gate->get($path, \%header);
    return $res->{status} == 200 ? $res->{content} : $res->{status};
}

# the members of one, its header first

sub members {
    my ($header, $payload) = map { JSON::PP::decode_json(decode_base64url $_) }
                             (split /\./, $_[0])[0, 1];
    return ($header, $payload);
}


my $now = time;
my %bearer = %{ $citizens->bearer(sub => '7', scope => 'read write',
    region => '350400', roles => ['doctor', 'clerk'], acr => '3',
    client_id => 'web', level => 2, home => { code => [1, 'x'] }) };
my ($header, $said) = members(assertion('/', %bearer));

is_deeply $header, { typ => 'civic-assertion+jwt', alg => 'ES256',
                     kid => 'one' }, 'the header names type and key';
my ($jti, $iat, $exp) = delete @$said{qw(jti iat exp)};
is_deeply $said, { iss => 'https://gate.example', aud => 'service',
                   sub => '7', caller => 'citizens:7', client_id => 'web',
                   scope => 'read write', region => '350400', acr => '3',
                   roles => ['doctor', 'clerk'] },
    'it says who is calling, and what he may';
like $jti, qr/^[A-Za-z0-9_-]{22}$/, '... has a name';
ok $iat >= $now && $iat <= time, '... and a date';
is $exp, $iat + 60, '... and is good for a minute';

my $first = assertion('/', %bearer);
is assertion('/', %bearer), $first, 'it serves for many requests';

($header, $said) = members(assertion('/other', %bearer));
is $said->{aud}, 'other', 'another service gets one of its own';
cmp_ok $said->{exp}, '<=', $now + 301, '... that does not outlive the token';
($header, $said) = members(assertion('/short', %bearer));
is $said->{exp}, $said->{iat} + 10, 'ttl= makes it shorter';

my %seen;
for (1 .. 3) {
    ($header, $said) = members(assertion('/',
                                         %{ $citizens->bearer(sub => "s$_") }));
    is $said->{sub}, "s$_", 'another caller is told apart';
    ok !$seen{ $said->{jti} }++, '... and gets another one';
}
($header, $said) = members(assertion('/', %{ $citizens->bearer(sub => '7') }));
ok !exists $said->{scope}, 'so is the same with a token that may less';

($header, $said) = members(assertion('/claims', %bearer));
is_deeply $said->{claims}, { level => 2, 'home.code' => [1, 'x'] },
    'claims that the service is to know are told';

is assertion('/none', %bearer), '', 'off: none';
is assertion('/nobody', %bearer), '', 'none of nobody';
is assertion('/optional'), '', '... whether he could be somebody or not';
isnt assertion('/optional', %bearer), '', '... but of who is known';
is assertion('/scope', %bearer), 403, 'who is refused goes nowhere';

($header, $said) = members(assertion('/accel?to=/other', %bearer));
is $said->{aud}, 'other', 'after a redirect there is one: of the last location';
is assertion('/accel?to=/none', %bearer), '', '... or none';
is assertion('/accel?to=/nobody', %bearer), '', '... where nobody is known';

for my $name ('X-Civic-Assertion', 'x-civic-assertion', 'X_Civic_Assertion',
              'X-Civic_Assertion')
{
    for my $path ('/none', '/nobody', '/optional') {
        is assertion($path, $name => $first,
                     $path eq '/none' ? %bearer : ()), '',
            "$path: a forged $name does not arrive";
    }
    is assertion('/', %bearer, $name => ['forged', 'twice']), $first,
        '... nor beside ours';
}

my $res = $gate->get('/keys');
is $res->{status}, 200, 'the keys are published';
is $res->{headers}{'content-type'}, 'application/jwk-set+json', '... by type';
is $res->{headers}{'cache-control'}, 'public, max-age=300', '... to be kept';
my $set = JSON::PP::decode_json($res->{content});
is_deeply [sort keys %{ $set->{keys}[0] }], [qw(alg crv kid kty use x y)],
    '... without the private half';
is $gate->request('POST', '/keys')->{status}, 405, 'they are only read';
is $gate->request('HEAD', '/keys')->{content}, '', 'HEAD is answered';

$gate->stop;
my ($secret) = $key =~ /\n(\S{20,})\n/;
unlike $gate->log . $gate->read('access.log'), qr/\Q$secret\E|\Q$first\E/,
    'neither key nor assertion is in a log';

done_testing;
