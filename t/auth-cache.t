#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Verified tokens are remembered: by all workers, never past their end, not
# under other keys or rules, and not without bound.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Time::HiRes qw(sleep);

use Civic::Gate;
use Civic::Issuer;
use Civic::Token;

my $old = Civic::Issuer->new(kid => 'k1');
my $new = Civic::Issuer->new(key => Civic::Token->key('ES256', kid => 'k2'));
my %conf = (
    files => { $old->files },
    http => 'civic_zone 2m;' . $old->block("leeway 0;\n"),
    server => <<'END',
    add_header X-Seen "$civic_auth_status|$civic_caller|$civic_scope|" always;
    add_header X-More "$civic_region|$civic_claim_note|$civic_issuer" always;
    location / { civic_auth citizens; return 200; }
    location /metrics { civic_auth off; civic_metrics; }
END
);
my $gate = Civic::Gate->start(%conf);


sub ask {
    my ($token) = @_;

    return $gate->get('/', { Authorization => "Bearer $token" });
}

sub seen { return ask(@_)->{headers}{'x-seen'} =~ s/\|.*//r }


my $token = $old->token(sub => 'a', scope => 'x y', region => '310000',
                        note => 'n' x 3000);
my ($first, $second) = (ask($token), ask($token));
is $first->{headers}{'x-seen'}, 'verified|citizens:a|x y|',
    'the first request has its token verified';
is $second->{headers}{'x-seen'}, 'cached|citizens:a|x y|',
    'the second finds it remembered, with caller and scope';
is $second->{headers}{'x-more'}, $first->{headers}{'x-more'},
    'and with region, claims and issuer';
like $second->{headers}{'x-more'}, qr/^310000\|n{3000}\|citizens$/,
    'which are those of the token, however long';

is seen($old->token(sub => 'b')), 'verified', 'another token is another';
is seen($token =~ s/.\z/$& eq 'A' ? 'Q' : 'A'/er), 'refused',
    'a changed signature is not found';
is seen($token . '='), 'refused', 'nor is a token with something added';

my $end = time + 2;
my $short = $old->token(exp => $end);
is seen($short), 'verified', 'a token that ends soon is accepted';
is seen($short), 'cached', '... and remembered';
sleep 0.1 while time <= $end;
is ask($short)->{status}, 401, '... but not past its end';

ok $gate->reload, 'the gate reloads';
is seen($token), 'cached', 'what is remembered outlives a reload';

$gate->write('conf/nginx.conf', Civic::Gate->configuration(%conf,
    http => $conf{http} =~ s/audience .*?;/audience taxes;/r));
ok $gate->reload, 'the gate reloads with another audience';
is seen($token), 'refused', 'what was verified under other rules is not found';

$gate->write('conf/nginx.conf', Civic::Gate->configuration(%conf));
ok $gate->reload, 'the gate reloads with the first rules';
is seen($token), 'cached', 'under the same rules it is found again';

my %file = $new->files;
$gate->write("conf/$_", $file{$_}) for keys %file;
ok $gate->reload, 'the gate reloads with another key';
is seen($token), 'refused', 'a token of the key that is gone is refused';
is seen($new->token), 'verified', 'a token of the new key is accepted';

$gate->write('conf/keys/citizens.json', 'no keys');
ok !$gate->reload, 'a broken key file stops a reload';
is seen($new->token(sub => 'c')), 'verified', 'what ran keeps running';
$gate->write("conf/$_", $file{$_}) for keys %file;

# 512 kB hold about 150 such tokens

my $first_of_many = $new->token(sub => 'first', note => 'n' x 2000);
is seen($first_of_many), 'verified', 'the first of many is verified';
seen($new->token(sub => "many-$_", note => 'n' x 2000)) for 1 .. 250;
like $gate->get('/metrics')->{content},
    qr/^civic_token_cache_evictions_total [1-9]/m,
    'a full cache says that it makes room';
is seen($first_of_many), 'verified', 'the oldest had to go';

my $last = $gate->{allow};
$gate->{allow} = qr/keys\/citizens\.json/;
$gate->stop;
$gate->{allow} = $last;

done_testing;
