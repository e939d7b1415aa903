#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What a worker saw last it remembers itself: the same answer as from the
# memory that all share, never past the token's end, not under other keys,
# and the same caller whoever came before.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep);

use Civic::Gate;
use Civic::Issuer;
use Civic::Token;

my $key = Civic::Token->key('ES256', kid => 'k');
my @shared = (iss => 'https://id.example.gov.cn', key => $key);
my $citizens = Civic::Issuer->new(name => 'citizens', aud => 'a', @shared);
my $officers = Civic::Issuer->new(name => 'officers', aud => 'b', @shared);
my $others = Civic::Issuer->new(name => 'others');
my $gate = Civic::Gate->start(
    files => { map { $_->files } $citizens, $officers, $others },
    http => join('', map { $_->block("leeway 0;\n") }
                     $citizens, $officers, $others),
    server => <<'END',
    add_header X-Seen "$civic_auth_status|$civic_caller|$civic_scope" always;
    location /citizens { civic_auth citizens; return 200; }
    location /officers { civic_auth officers; return 200; }
    location /both { civic_auth citizens officers; return 200; }
    location /any { civic_auth citizens others; return 200; }
    location /claims {
        civic_auth citizens;
        add_header X-Claim "$civic_claim_note|$civic_region|$civic_issuer";
        return 200;
    }
END
);


sub ask {
    my ($path, $token) = @_;

    return $gate->get($path, { Authorization => "Bearer $token" });
}

sub seen { return ask(@_)->{headers}{'x-seen'} }


my $token = $citizens->token(sub => 'a', scope => 'x y', region => '350000',
                             note => 'n');
is seen('/citizens', $token), 'verified|citizens:a|x y', 'it is verified';
is seen('/citizens', $token), 'cached|citizens:a|x y', "$_ it is remembered"
    for 'then', 'and again', 'and again';
is ask('/claims', $token)->{headers}{'x-claim'}, 'n|350000|citizens',
    'with all that it says';
is seen('/any', $token), 'cached|citizens:a|x y',
    'where others are accepted as well, too';
is seen('/officers', $token), 'refused||', 'not where only others are';

# the memory is found by the token's end: all before it must be the same

for my $at (0, 30, 100, length($token) - 9) {
    my $other = $token;
    substr($other, $at, 1) =~ tr/A-Za-z0-9_-/B-ZAb-za1-90a-/;
    isnt $other, $token, "another character at $at";
    is seen('/citizens', $other), 'refused||', '... is another token';
}
is seen('/citizens', $token), 'cached|citizens:a|x y', 'which is as it was';

my $end = time + 2;
my $short = $citizens->token(exp => $end, sub => 'b');
seen('/citizens', $short) for 1 .. 2;
is seen('/citizens', $short), 'cached|citizens:b|', 'a token that ends soon';
sleep 0.1 while time <= $end;
is ask('/citizens', $short)->{status}, 401, '... is not accepted past its end';

# a token for two issuers of one "iss": the first that accepts it has it

my $two = $citizens->token(sub => 'c', aud => ['a', 'b']);
seen('/officers', $two) for 1 .. 3;
is seen('/officers', $two), 'cached|officers:c|', 'a token of two issuers';
is seen('/both', $two), 'verified|citizens:c|',
    'where both are accepted it is the first one\'s, whoever asked before';
is seen('/both', $two), 'cached|citizens:c|', '... and remembered as such';
is seen('/officers', $two), 'cached|officers:c|', '... without the other\'s';
is seen('/both', $two), 'cached|citizens:c|', '... being taken for it';

my $second = $officers->token(sub => 'd');
seen('/officers', $second) for 1 .. 2;
is seen('/both', $second), 'verified|officers:d|',
    'of a token that the second alone accepts, the first is asked';
is seen('/both', $second), 'cached|officers:d|',
    '... and has refused it for the next seconds';

$gate->write('conf/keys/citizens.json',
             Civic::Token->jwks(Civic::Token->key('ES256', kid => 'new')));
ok $gate->reload, 'the keys of the first change';
is seen('/citizens', $token), 'refused||', '... and its tokens are refused';

$gate->stop;
done_testing;
