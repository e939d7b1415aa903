#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A full zone drops the counters that were least recently used, and says in
# a metric when one of them was still in use.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Metrics;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_zone 2m;
    civic_limit_policy slow key=$arg_k rate=1r/h;
    civic_limit_policy fast key=$arg_k rate=1000000r/s;
    keepalive_requests 100000;
    keepalive_timeout 60s;
    log_format none "";
    access_log off;
END
    location /slow { civic_limit slow; return 204; }
    location /fast { civic_limit fast; return 204; }
    location = /metrics { civic_metrics; }
END2

# 1m of counters are fewer than 16,384 cells of 64 bytes

sub flood {
    my ($path, $from, $to) = @_;

    my $host = "Host: gate\r\n";
    my $text = join '', map { "GET $path?k=$_ HTTP/1.1\r\n$host\r\n" }
                        $from .. $to - 1;
    $text .= "GET $path?k=$to HTTP/1.1\r\n${host}Connection: close\r\n\r\n";
    my $answers = $gate->raw($text, 30);
    my $passed = () = $answers =~ m{^HTTP/1\.1 204}mg;
    return $passed;
}

sub evicted {
    return Civic::Metrics->of($gate)->value('civic_limit_evictions_total');
}

is(flood('/slow', 1, 10_000), 10_000, '10,000 callers have room');
is(evicted(), 0, 'and none is dropped');
is($gate->get('/slow?k=1')->{status}, 429, 'the first is still known');

is(flood('/slow', 10_001, 24_000), 14_000, '14,000 more pass as well');
cmp_ok(evicted(), '>', 24_000 - 16_384, 'old ones were dropped for them');
is($gate->get('/slow?k=1')->{status}, 429,
   'not the first, which was used again later');
is($gate->get('/slow?k=2')->{status}, 204, 'but the second');
is($gate->get('/slow?k=24000')->{status}, 429, 'the latest is known');

my $before = evicted();
is(flood('/fast', 1, 16_384), 16_384, 'other counters take all the room');
cmp_ok(evicted(), '>', $before + 10_000, 'from those still in use');

$before = evicted();
is(flood('/fast', 20_000, 24_000), 4001, 'and new ones take theirs');
cmp_ok(evicted() - $before, '<', 100,
   'a counter that was paid for long ago is dropped without a word');

done_testing();
