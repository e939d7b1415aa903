#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Assertions checked by others, npm's jose, with nothing but the published
# keys, while keys are exchanged; and carried to services of other kinds.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::INET ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Npm;
use Civic::Upstream;

plan skip_all => $Civic::Npm::missing if !Civic::Npm::folder();

umask 027;

# RFC 8037 appendix A.1: a JWK; and a key in PEM

my $okp = '{"kty":"OKP","crv":"Ed25519",'
          . '"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",'
          . '"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}';
my $ec = qx(openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256);

my $up = Civic::Upstream->start(sub {
    return [200, {}, scalar Civic::Upstream::header($_[0],
                                                    'X-Civic-Assertion')];
});
my $raw = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1')
    or die "$!\n";
my $there = '127.0.0.1:' . $raw->sockport;
my $citizens = Civic::Issuer->new;

sub configuration {
    my ($first, $second) = @_;

    return (files => { $citizens->files, 'keys/ec.pem' => $ec,
                       'keys/okp.json' => $okp },
            http => $citizens->block . <<"END", server => <<"END2");
civic_assertion_key keys/$first issuer=https://gate.example;
civic_assertion_key keys/$second issuer=https://gate.example;
END
    civic_auth citizens;
    civic_assertion aud=service;
    location / { proxy_pass http://@{[$up->addr]}; }
    location /fastcgi {
        fastcgi_pass $there;
        fastcgi_param SCRIPT_NAME a;
    }
    location /uwsgi { uwsgi_pass $there; uwsgi_param SCRIPT_NAME a; }
    location = /.well-known/civic-jwks.json { civic_auth off; civic_jwks; }
END2
}

my $gate = Civic::Gate->start(configuration('ec.pem', 'okp.json'));
my $keys = 'http://127.0.0.1:' . $gate->port . '/.well-known/civic-jwks.json';


# what jose finds in it, or why it refuses it

sub verified {
    my ($token, $audience) = @_;

    return Civic::Npm::run(<<'END', "'$token'", $audience, $keys);
import { createRemoteJWKSet, jwtVerify } from 'jose';
const [token, audience, url] = process.argv.slice(2);
try {
    const { payload, protectedHeader } = await jwtVerify(
        token, createRemoteJWKSet(new URL(url)),
        { issuer: 'https://gate.example', audience,
          typ: 'civic-assertion+jwt' });
    console.log(protectedHeader.alg, payload.sub);
} catch (error) {
    console.log(error.code);
}
END
}

sub assertion {
    return $gate->get('/', $citizens->bearer(sub => '7'))->{content};
}


my $first = assertion();
is verified($first, 'service'), "ES256 7\n", 'jose accepts an assertion';
is verified($first, 'another'), "ERR_JWT_CLAIM_VALIDATION_FAILED\n",
    '... not for another service';
is verified($first =~ s/\.\K./_/r, 'service'),
    "ERR_JWS_SIGNATURE_VERIFICATION_FAILED\n", '... nor when altered';

my %next = configuration('okp.json', 'ec.pem');
$gate->write('conf/nginx.conf' => Civic::Gate->configuration(%next));
ok $gate->reload, 'the keys are exchanged';

my $second = assertion();
is verified($second, 'service'), "EdDSA 7\n", 'the other one signs';
is verified($first, 'service'), "ES256 7\n", '... and the first is known still';


# FastCGI and uwsgi have request headers as variables

for my $kind ('fastcgi', 'uwsgi') {
    my $pid = fork // die "$!\n";
    if ($pid == 0) {
        $gate->get("/$kind", $citizens->bearer(sub => '7'));
        POSIX::_exit(0);
    }
    my $peer = $raw->accept;
    sysread $peer, my $bytes, 65536;
    close $peer;
    waitpid $pid, 0;
    like $bytes, qr/HTTP_X_CIVIC_ASSERTION.{0,8}\Q$second\E/s,
        "$kind carries it, too";
}

done_testing;
