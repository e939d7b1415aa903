# Copyright (C) Civic Gate
#
# civic_metrics: what is counted, and that the text is what a scraper reads.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use Civic::Gate;
use Civic::Metrics;

my $gate = Civic::Gate->start(server => <<'END');
civic_auth off;

location /health/ {
    civic_route GET "/health/studies";
    civic_route GET "/health/gone";
    if ($uri = /health/gone) { return 418; }
    return 200 "studies";
}

location /plain { return 204; }

location = /metrics { civic_metrics; }
location = /status/live { civic_status live; }
END

my $before = Civic::Metrics->of($gate);

$gate->get('/health/studies') for 1 .. 3;
$gate->get('/health/gone');
$gate->get('/health/unknown');
$gate->get('/plain');
$gate->raw("GET / HTTP/1.1\r\nHost: a b\r\n\r\n");

my $res = $gate->get('/metrics');
my $after = Civic::Metrics->parse($res->{content});

sub moved {
    my ($sample, @labels) = @_;

    return $after->value($sample, @labels) - $before->value($sample, @labels);
}


is($res->{status}, 200, 'a scrape is answered');
is($res->{headers}{'content-type'},
   'text/plain; version=0.0.4; charset=utf-8',
   'the content type names the version of the format');
is($res->{headers}{'cache-control'}, 'no-store',
   'no cache keeps a scrape');
is($res->{headers}{'content-length'}, length $res->{content},
   'the length is announced');

is(moved('civic_requests_total', service => '/health/', status => 200), 3,
   'answers are counted by service and status');
is(moved('civic_requests_total', service => '/health/', status => 'other'),
   1, 'a status that few servers send is counted as other');
is(moved('civic_requests_total', service => '', status => 204), 1,
   'a request outside all services is counted under the empty service');
is(moved('civic_requests_total', service => '', status => 400), 1,
   'a request that nginx itself could not read is counted');
is(moved('civic_refusals_total', code => 'no-route'), 1,
   'a refusal is counted by its code');
is(moved('civic_refusals_total', code => 'token-expired'), 0,
   'a reason that did not occur has not moved');

my @buckets = grep { $_->[0] eq 'civic_gate_seconds_bucket' } $after->samples;
is($buckets[-1][1]{le}, '+Inf', 'the last bucket has no bound');
is($buckets[-1][2], $after->value('civic_gate_seconds_count'),
   'the last bucket holds every request');
is(scalar(grep { $buckets[$_][2] < $buckets[$_ - 1][2]
                 || $buckets[$_][1]{le} <= $buckets[$_ - 1][1]{le} }
          1 .. $#buckets), 0,
   'buckets ascend, in their bounds and in what they hold');
cmp_ok($after->value('civic_gate_seconds_sum'), '>',
       $before->value('civic_gate_seconds_sum'),
       'the time in the gate adds up');

is(join(' ', grep { !/^civic_[a-z_]+[a-z]$/ } keys %{ $after->types }), '',
   'every family begins with civic_');
is(scalar(grep { ($after->types->{$_} eq 'counter') != /_total$/ }
          keys %{ $after->types }), 0,
   'counters, and nothing else, end in _total');
is_deeply([sort keys %{ $after->types }], [sort keys %{ $after->help }],
          'every family has a type and a help text');
is((grep { $_->[0] eq 'civic_info' } $after->samples)[0][2], 1,
   'the version is a label of a sample that is 1');
cmp_ok($after->value('civic_uptime_seconds'), '<', 60,
       'the counters began when the gate did');

my $head = $gate->request('HEAD', '/metrics');
is($head->{status} . $head->{content}, '200', 'HEAD has no body');
cmp_ok($head->{headers}{'content-length'}, '>', 1000,
       'HEAD announces the length of the text');

$res = $gate->request('POST', '/metrics', { content => 'x' });
is($res->{status}, 405, 'POST is not allowed');
is($res->{headers}{allow}, 'GET, HEAD', 'the answer says what is');

$gate->stop;

my $other = Civic::Gate->start(
    http   => 'charset utf-8; charset_types *;',
    server => 'location = /metrics { civic_metrics; }');
is($other->get('/metrics')->{headers}{'content-type'},
   'text/plain; version=0.0.4; charset=utf-8',
   'the charset is named once, where nginx would add it too');
$other->stop;

done_testing();
