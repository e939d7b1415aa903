#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Assertions that could not be made or checked are errors, with file and
# line; no error quotes a key.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

sub pem { return scalar qx(openssl genpkey @_ 2>/dev/null) }

my $ec = pem('-algorithm EC -pkeyopt ec_paramgen_curve:P-256');
my %files = (
    'ec.pem'    => $ec,
    'ed.pem'    => pem('-algorithm ED25519'),
    'p384.pem'  => pem('-algorithm EC -pkeyopt ec_paramgen_curve:P-384'),
    'rsa.pem'   => pem('-algorithm RSA'),
    'lock.pem'  => pem('-algorithm ED25519 -aes128 -pass pass:x'),
    'empty.pem' => '',
    'none.json' => '{"kty":"EC","crv":"P-256","d":"secret-secret"',
    'half.json' => '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AAAA"}',
);
my $key = 'civic_assertion_key ec.pem issuer=i';

umask 027;

for (["$key;"],
     ["$key kid=a.b_c-1; civic_assertion_key ed.pem;"],
     ["$key; civic_assertion_key ed.pem issuer=i kid=x;"],
     ["$key;", 'civic_assertion aud=a ttl=10m claims=a,b.c;'],
     ["$key; civic_assertion aud=a;", 'civic_assertion off;'],
     ["$key;", 'location /k { civic_jwks; }'],

     ['civic_assertion_key ec.pem;', '', 'the first civic_assertion_key has'],
     ['civic_assertion_key ec.pem issuer=;', '',
      '"issuer=" in civic_assertion_key has an empty value'],
     ['civic_assertion_key ec.pem "issuer=a b";', '', 'has a space'],
     ["$key issuer=i;", '', '"issuer=" comes twice in civic_assertion_key'],
     ["$key; civic_assertion_key ed.pem issuer=j;", '',
      'issuer "j" of civic_assertion_key is not the first one\'s'],
     ["$key kid=;", '', '"kid=" in civic_assertion_key has an empty'],
     ["$key kid=a/b;", '', '"kid=a/b" in civic_assertion_key is not at most'],
     ["$key; $key;", '', 'civic_assertion_key has the kid "'],
     ["$key kid=a; civic_assertion_key ed.pem kid=a;", '', 'the kid "a" twice'],
     [join(' ', map { "$key kid=k$_;" } 1 .. 5), '',
      'more than 4 civic_assertion_key lines'],
     ["$key use=sig;", '',
      'unknown word "use=sig" in civic_assertion_key; it knows issuer='],
     (map { ["civic_assertion_key $_->[0] issuer=i;", '', $_->[1]] }
          ['missing.pem', 'missing.pem" cannot be opened: No such file'],
          ['.', 'is not a file'],
          ['empty.pem', 'empty.pem" is empty in'],
          ['p384.pem', 'holds neither of P-256 (ES256) nor of Ed25519'],
          ['rsa.pem', 'holds neither of P-256 (ES256) nor of Ed25519'],
          ['lock.pem', 'holds no private key in PEM without a password'],
          ['none.json', 'holds not JSON'],
          ['half.json', 'holds "x" is not 32 bytes long']),

     ["$key;", 'civic_assertion ttl=10s;', 'does not say "aud="'],
     ["$key;", 'civic_assertion aud=;', '"aud=" in civic_assertion has an em'],
     ["$key;", 'civic_assertion "aud=a b";', 'or has a space'],
     ["$key;", 'civic_assertion aud=a aud=b;', '"aud=" comes twice in civic_'],
     (map { ["$key;", "civic_assertion aud=a ttl=$_;",
             "\"ttl=$_\" in civic_assertion is not a time from 10s to 10m"] }
          '9s', '11m', 'x'),
     (map { ["$key;", "civic_assertion aud=a claims=$_;",
             '"claims=" in civic_assertion names no claim, one twice or more'] }
          'a,', 'a,b,a', join(',', 'a' .. 'q')),
     ["$key;", 'civic_assertion aud=a alg=none;', 'unknown word "alg=none" in'],
     ["$key;", 'civic_assertion aud=a off;',
      '"off" in civic_assertion stands alone'],
     ["$key;", 'civic_assertion off; civic_assertion off;', 'is duplicate'],
     ['', 'civic_assertion aud=a;',
      'civic_assertion needs a civic_assertion_key'],
     ['', 'location /k { civic_jwks; }', 'civic_jwks needs a civic_assertion_'],
     ["$key;", 'location /k { civic_status; civic_jwks; }',
      'civic_jwks shares its location with another content handler'])
{
    my ($http, $server, $error) = @$_;
    my ($ok, $output) = Civic::Gate->check(http => $http,
                                           server => $server // '',
                                           files => \%files);
    my $title = join ' ', grep { length } $http, $server // '';

    if (!defined $error) {
        ok $ok, "accepted: $title" or diag $output;
        next;
    }
    ok !$ok, "refused: $title";
    like $output, qr/\Q$error\E.*nginx\.conf:\d+/, '... with the reason';
    unlike $output, qr/secret-secret/, '... and no key';
}

umask 022;
my ($ok, $output) = Civic::Gate->check(http => "$key;", files => \%files);
ok !$ok, 'a key that everybody may read is refused';
like $output, qr/ec\.pem" holds a secret, and everybody may read or write it/,
    '... with the reason';

done_testing;
