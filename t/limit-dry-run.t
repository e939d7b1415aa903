#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# With civic_limit_dry_run a policy is tried on real traffic: what it would
# refuse is logged and counted, and passes.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Metrics;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_limit_policy one key=$arg_k rate=1r/h burst=1;
    civic_limit_policy named key=$arg_n rate=1r/h anonymous=deny;
    log_format limit "$uri $civic_limit_status $civic_code";
    civic_limit_dry_run on;
END
    access_log %DIR%/limit.log limit;
    location /dry { civic_limit one; return 200; }
    location /deny { civic_limit named; return 200; }
    location /wet { civic_limit_dry_run off; civic_limit one; return 200; }
    location = /metrics { civic_metrics; access_log off; }
END2

for (1 .. 4) {
    my $res = $gate->get('/dry?k=a');
    is($res->{status}, 200, 'in dry run every request passes');
    is($res->{headers}{$_}, undef, "without $_")
        for qw(ratelimit ratelimit-policy retry-after);
}
is($gate->get('/deny')->{status}, 200, 'those without a key too');
is($gate->get('/wet?k=a')->{status}, 429,
   'what passed within the limit was charged');

is(join(' ', map { s{^/\w+ }{}r } split /\n/, $gate->read('limit.log')),
   'passed - passed - dry_run - dry_run - dry_run - refused rate-limited',
   '$civic_limit_status says what would have happened');

my @lines = $gate->log =~ /(civic limit: .*? in dry run)/g;
is_deeply(\@lines, [('civic limit: policy "one" refused in dry run') x 2,
                    'civic limit: policy "named" refused in dry run'],
          'so does the log');

my $metrics = Civic::Metrics->of($gate);
is($metrics->value('civic_limit_total', result => 'dry_run'), 3,
   'dry refusals are counted apart');
is($metrics->value('civic_limit_total', result => 'refused'), 1,
   'from real ones');

done_testing();
