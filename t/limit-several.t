#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Several policies are charged together or not at all.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_limit_policy wide key=$arg_w rate=1r/h burst=3;
    civic_limit_policy narrow key=$arg_n rate=1r/d burst=1;
END
    location /both { civic_limit wide narrow; return 200; }
    location /wide { civic_limit wide; return 200; }
END2

sub status { return $gate->get($_[0])->{status} }

is($gate->get('/both?w=a&n=a')->{headers}{'ratelimit-policy'},
   '"wide";q=4;w=14400, "narrow";q=2;w=172800',
   'RateLimit-Policy lists all policies, in order');
is(status('/both?w=a&n=a'), 200, 'a request that both allow passes');

my $res = $gate->get('/both?w=a&n=a');
is($res->{status}, 429, 'one that the narrow one refuses does not');
like($res->{headers}{ratelimit}, qr/^"wide";r=2;t=\d+, "narrow";r=0;t=\d+$/,
     'RateLimit tells the state of each');
like($res->{headers}{'retry-after'}, qr/^8[56]\d\d\d$/,
     'Retry-After is that of the policy that refused');
is(status('/both?w=a&n=a'), 429, 'and again') for 1 .. 5;

is(status('/wide?w=a'), 200, 'what was refused has not cost the other policy')
    for 1 .. 2;
is(status('/wide?w=a'), 429, 'which has counted what passed, and only that');

$res = $gate->get('/both?w=a&n=a');
like($res->{headers}{'retry-after'}, qr/^8[56]\d\d\d$/,
     'with two refusals Retry-After is the longer one');
like($gate->log, qr/policy "narrow" refused, retry after 8\d{4}s/,
     'and its policy is named');

done_testing();
