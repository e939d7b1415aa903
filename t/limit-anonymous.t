#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Requests whose key is empty: anonymous=address, skip or deny.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_limit_policy default key=$arg_k rate=1r/h burst=1;
    civic_limit_policy address key=$arg_k rate=1r/h burst=1 anonymous=address;
    civic_limit_policy skip key=$arg_k rate=1r/h burst=1 anonymous=skip;
    civic_limit_policy deny key=$arg_k rate=1r/h burst=1 anonymous=deny;
    civic_limit_policy beside key=$arg_b rate=1r/h;
END
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    location /default { civic_limit default; return 200; }
    location /address { civic_limit address; return 200; }
    location /skip { civic_limit skip; return 200; }
    location /deny { civic_limit beside deny; return 200; }
    location /early { civic_limit deny early; return 200; }
    location /shown { civic_limit deny; error_page 403 /sorry; return 200; }
    location /sorry { civic_limit deny; return 200 "sorry"; }
END2

sub from {
    my ($ip, $path) = @_;

    return $gate->get($path, { 'X-Real-IP' => $ip });
}

for my $path ('/default', '/address') {
    is(from('10.0.0.1', $path)->{status}, 200, "$path counts by address")
        for 1 .. 2;
    is(from('10.0.0.1', $path)->{status}, 429, "$path limits the address");
    is(from('10.0.0.2', $path)->{status}, 200, "$path lets another one in");
    is(from('10.0.0.1', "$path?k=10.0.0.1")->{status}, 200,
       "$path: a key that looks like the address is not the address");
    is(from('2001:db8::1', $path)->{status}, 200, "$path counts IPv6 too");
}

for (1 .. 4) {
    my $res = from('10.0.0.1', '/skip');
    is($res->{status}, 200, 'skip lets requests without a key pass');
    is($res->{headers}{ratelimit}, undef, 'and says nothing of limits');
}

is(from('10.0.0.1', '/skip?k=a')->{status}, 200, 'others are counted')
    for 1 .. 2;
is(from('10.0.0.1', '/skip?k=a')->{status}, 429, 'and limited');

my $res = from('10.0.0.1', '/deny?b=1');
is($res->{status}, 403, 'deny refuses requests without a key');
is(JSON::PP::decode_json($res->{content})->{code}, 'anonymous-denied',
   'with a code of its own');
is($res->{headers}{'retry-after'}, undef, 'and nothing to wait for');
is(from('10.0.0.1', '/deny?k=a&b=1')->{status}, 200,
   'a policy beside it was not charged for that');

is(from('10.0.0.1', '/early')->{status}, 403, 'an early policy denies too');
is(from('10.0.0.1', '/shown')->{content}, 'sorry',
   'a page of the operator is shown, though the policy holds there as well');
like($gate->log, qr/civic limit: policy "deny" refused, no key/,
     'a denial is logged');

done_testing();
