#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# The identity provider that the demo and the tests have does what theirs
# rely on.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 ();
use Test::More;

use lib 't/lib';
use Civic::Provider;

if (my $why = Civic::Provider->missing) {
    plan skip_all => $why;
}

my $idp = Civic::Provider->start;


subtest 'access tokens are JWTs for social-services' => sub {
    my ($header, $claims) = read_jwt($idp->token(scope => 'imaging:read'));

    is $header->{typ}, 'at+jwt', 'their type is that of RFC 9068';
    is $header->{alg}, 'ES256', 'signed with ECDSA';
    is $claims->{aud}, 'social-services', 'the audience';
    is $claims->{iss}, $idp->issuer, 'the issuer';
    is $claims->{scope}, 'imaging:read', 'the scope';
};


subtest 'opaque tokens are introspected until they are revoked' => sub {
    my $token = $idp->opaque_token(scope => 'imaging:read');
    unlike $token, qr/\./, 'it is no JWT';

    my $said = $idp->post('/token/introspection', token => $token,
                          client => 'civic-gate');
    ok $said->{json}{active}, 'it is active';
    is $said->{json}{scope}, 'imaging:read', 'and has its scope';

    $idp->revoke($token);
    $said = $idp->post('/token/introspection', token => $token,
                       client => 'civic-gate');
    ok !$said->{json}{active}, 'and no more, once revoked';
};


subtest 'keys rotate, and old ones are withdrawn' => sub {
    my ($old) = $idp->kids;
    $idp->rotate;
    my ($new, @kept) = $idp->kids;

    isnt $new, $old, 'a new key comes first';
    is_deeply \@kept, [$old], 'the old one is kept';
    is((read_jwt($idp->token))[0]{kid}, $new, 'the new one signs');

    $idp->withdraw;
    is_deeply [$idp->kids], [$new], 'the old one is gone';
    ok $idp->seen('/jwks') >= 3, 'what was asked for is counted';
};


subtest 'a provider that starts again has other keys on its port' => sub {
    my ($old) = $idp->kids;
    my $issuer = $idp->issuer;
    $idp->stop;
    ok !eval { $idp->token; 1 }, 'stopped, it answers nobody';

    $idp->restart;
    is $idp->issuer, $issuer, 'the same address';
    isnt(($idp->kids)[0], $old, 'another key');
};


sub read_jwt {
    my ($token) = @_;

    return map { JSON::PP::decode_json(MIME::Base64::decode_base64url($_)) }
           (split /\./, $token)[0, 1];
}


done_testing();
