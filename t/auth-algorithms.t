#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Every algorithm, end to end: a token of openssl's is accepted, one with a
# changed byte is not, and neither is one signed by another algorithm.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my @algorithms = qw(RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512
                    EdDSA HS256 HS384 HS512 SM2);
my %issuer = map { $_ => Civic::Issuer->new(name => lc $_, alg => $_) }
             @algorithms;

# keys of HS* are secret: their files may not be anybody's to read
my $mask = umask 0077;
my $gate = Civic::Gate->start(
    files => { map { $_->files } values %issuer },
    http => join('', map { $_->block } values %issuer),
    server => join '', map {
        my $name = lc;
        "location /$name { civic_auth $name; return 200; }\n"
    } @algorithms);
umask $mask;

for my $alg (@algorithms) {
    my $token = $issuer{$alg}->token;
    my $path = '/' . lc $alg;

    my $res = $gate->get($path, { Authorization => "Bearer $token" });
    is $res->{status}, 200, "a token signed with $alg is accepted";

    my $at = rindex($token, '.') + 10;
    substr $token, $at, 1, substr($token, $at, 1) eq 'A' ? 'B' : 'A';
    $res = $gate->get($path, { Authorization => "Bearer $token" });
    is $res->{status}, 401, "with one changed character of $alg it is not";

    my $other = $alg eq 'ES256' ? 'SM2' : 'ES256';
    $token = $issuer{$other}->token(iss => $issuer{$alg}->iss);
    $res = $gate->get($path, { Authorization => "Bearer $token" });
    is $res->{status}, 401, "nor is $other in the place of $alg";
}

done_testing;
