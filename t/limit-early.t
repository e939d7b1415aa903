#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Early limits run before authentication: who fails to log in pays for it.
# The others run after it: their counters are for those who are known.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Token;

my $key = Civic::Token->key('ES256', kid => 'k1');

my $gate = Civic::Gate->start(
    files => { 'keys.json' => Civic::Token->jwks($key) },
    http => <<'END', server => <<'END2');
    civic_issuer citizens {
        issuer https://id.example;
        audience services;
        keys keys.json;
        algorithms ES256;
    }
    civic_limit_policy attempts key=$arg_a rate=1r/h burst=2;
    civic_limit_policy citizen key=$civic_caller rate=1r/h burst=1;
    civic_limit_policy reader key=$civic_caller rate=1r/h burst=1;
END
    civic_auth citizens;
    civic_limit attempts early;

    location / { civic_limit citizen; return 200; }
    location /scoped { civic_limit reader; civic_require scope=read;
                       return 200; }
END2

sub as {
    my ($sub, $path, $scope) = @_;

    my $token = $key->token({ iss => 'https://id.example', sub => $sub,
                              aud => 'services', exp => time + 600,
                              scope => $scope // 'none' },
                            { kid => 'k1', typ => 'JWT' });
    return $gate->get($path, { Authorization => "Bearer $token" });
}

my $res = $gate->get('/?a=1');
is($res->{status}, 401, 'without a token it is 401');
like($res->{headers}{ratelimit}, qr/^"attempts";r=2;t=\d+$/,
     'yet the early policy was charged, and only that');
is($gate->get('/?a=1')->{status}, 401, 'once more');
is(as('zhang', '/?a=1')->{status}, 200, 'a good token passes');
is(as('zhang', '/?a=1')->{status}, 429,
   'then even a good token is refused, before it is looked at');
is($gate->get('/?a=1')->{status}, 429, 'as is none');

$res = as('zhang', '/?a=2');
is($res->{status}, 200, 'from elsewhere the same person may');
like($res->{headers}{ratelimit}, qr/^"attempts";r=2;.*, "citizen";r=0;/,
     'and has been charged by both policies');
is(as('zhang', '/?a=2')->{status}, 429, 'up to the limit of the person');

$res = as('zhang', '/?a=3');
like($res->{headers}{ratelimit}, qr/^"attempts";r=2;/,
     'an early charge stays when a later policy refuses');
is(as('li', '/?a=3')->{status}, 200, 'another person has another counter');

is(as('wang', '/scoped?a=4')->{status}, 403,
   'who may not do a thing is refused') for 1 .. 2;
is(as('wang', '/scoped?a=5', 'read')->{status}, 200,
   'which has cost no late policy anything') for 1 .. 2;
is(as('wang', '/scoped?a=5', 'read')->{status}, 429, 'but what passed has');

done_testing();
