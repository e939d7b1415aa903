#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# One policy: a burst passes, then the gate refuses and says for how long.
# Rates are so low that nothing is paid for while the test runs.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Metrics;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_limit_policy citizen key=$arg_k rate=1r/h burst=2;
    civic_limit_policy fast key=all rate=10r/s burst=20;
    log_format limit "$uri $civic_limit_status $civic_code $civic_refused_by";
END
    access_log %DIR%/limit.log limit;
    location /free { return 200 free; }
    location /limited { civic_limit citizen; return 200 answer; }
    location /fast { civic_limit fast; return 200 answer; }
    location = /metrics { civic_metrics; access_log off; }
END2

for my $left (2, 1, 0) {
    my $res = $gate->get('/limited?k=a');

    is($res->{status}, 200, "a request that leaves $left more passes");
    is($res->{headers}{'ratelimit-policy'}, '"citizen";q=3;w=10800',
       'RateLimit-Policy tells the burst and its window');
    like($res->{headers}{ratelimit}, qr/^"citizen";r=$left;t=\d+$/,
         'RateLimit tells how many are left');
    is($res->{headers}{'retry-after'}, undef, 'there is nothing to wait for');
}

my $res = $gate->get('/limited?k=a', { 'Accept-Language' => 'en' });
my $problem = JSON::PP::decode_json($res->{content});

is($res->{status}, 429, 'the next one is refused');
is($res->{headers}{'content-type'}, 'application/problem+json',
   'in problem+json');
is($problem->{code}, 'rate-limited', 'with the public code');
is($res->{headers}{'ratelimit-policy'}, '"citizen";q=3;w=10800',
   'RateLimit-Policy is there too');
like($res->{headers}{ratelimit}, qr/^"citizen";r=0;t=(10800|107\d\d)$/,
     'RateLimit says that none is left');
like($res->{headers}{'retry-after'}, qr/^(3600|35\d\d)$/,
     'Retry-After says when the next one is due');

is($gate->get('/limited?k=b')->{status}, 200, 'another key has its own count');
is($gate->get('/free')->{headers}{'ratelimit-policy'}, undef,
   'a location without a policy says nothing of limits');

$res = $gate->get('/fast');
is($res->{headers}{'ratelimit-policy'}, '"fast";q=21;w=3',
   'the window is rounded up to seconds');
is($res->{headers}{ratelimit}, '"fast";r=20;t=1', 'so is the reset');

my $log = $gate->read('limit.log');
like($log, qr{^/limited passed - -$}m, '$civic_limit_status says "passed"');
like($log, qr{^/limited refused rate-limited \S+nginx\.conf:\d+$}m,
     'or "refused", and $civic_refused_by names the line');
like($log, qr{^/free - - -$}m, 'and is empty where no policy holds');

like($gate->log, qr/\[error\] .*civic limit: policy "citizen" refused, /,
     'a refusal is logged');
unlike($gate->log =~ s/, client:.*//gr, qr/k=a/,
       'without the key that it was counted by');

my $metrics = Civic::Metrics->of($gate);
is($metrics->value('civic_limit_total', result => 'passed'), 5,
   'those that passed are counted');
is($metrics->value('civic_limit_total', result => 'refused'), 1,
   'and those that did not');

done_testing();
