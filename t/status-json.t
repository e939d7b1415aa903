# Copyright (C) Civic Gate
#
# civic_status: live, ready and full are JSON, and full agrees with
# civic_metrics.

use strict;
use warnings;
use utf8;

use lib 't/lib';

use IO::Socket::INET ();
use JSON::PP qw(decode_json);
use Test::More;

use Civic::Gate;
use Civic::Metrics;

my $gate = Civic::Gate->start(server => <<'END');
civic_auth off;

location '/a"b/' {
    civic_route GET '/a"b/x';
    return 200 "x";
}

location /health/ {
    civic_route GET "/health/studies";
    return 200 "studies";
}

location = /status { civic_status; }
location = /status/full { civic_status full; }
location = /status/live { civic_status live; }
location = /status/ready { civic_status ready; }
location = /metrics { civic_metrics; }
END

for my $word (qw(live ready)) {
    my $res = $gate->get("/status/$word");
    is($res->{status}, 200, "a worker that runs is $word");
    is_deeply(decode_json($res->{content}), { status => $word },
              "$word says so");
    is($res->{headers}{'content-type'}, 'application/json', "$word is JSON");
    is($res->{headers}{'cache-control'}, 'no-store', "$word is not cached");
}

$gate->get('/health/studies') for 1 .. 4;
$gate->get('/health/none');
$gate->get('/a"b/x');

my $full = decode_json($gate->get('/status')->{content});
my $metrics = Civic::Metrics->of($gate);

is($full->{status}, 'ready', 'the full status says that the gate is ready');
like($full->{version}, qr/^\d+\.\d+\.\d+$/, 'it names the version');
is_deeply([sort @{ $full->{services} }], ['/a"b/', '/health/'],
          'it lists the services, whatever their names hold');
is($full->{zone}{services}{used}, 2, 'it says how full the zone is');
cmp_ok($full->{zone}{slots}, '>=', 8, 'it says for how many workers it is');
is(decode_json($gate->get('/status/full')->{content})->{version},
   $full->{version}, 'full is what civic_status shows when nothing is said');

my ($studies) = grep { $_->{service} eq '/health/' && $_->{status} eq '200' }
                @{ $full->{metrics}{civic_requests_total} };
is($studies->{value}, 4, 'requests are counted by service and status');

my $gate_seconds = $full->{metrics}{civic_gate_seconds};
is($gate_seconds->{buckets}[-1]{value}, $gate_seconds->{count},
   'the last bucket of the histogram holds everything');
cmp_ok($gate_seconds->{sum}, '>', 0, 'its sum is in seconds');

is_deeply([sort keys %{ $full->{metrics} }], [sort keys %{ $metrics->types }],
          'both renderers show the same families');
is($metrics->value('civic_refusals_total', code => 'no-route'),
   (grep { $_->{code} eq 'no-route' }
    @{ $full->{metrics}{civic_refusals_total} })[0]{value},
   'both renderers show the same numbers');

my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                 PeerPort => $gate->port);
print {$sock} "GET /status/ready HTTP/1.1\r\nHost: a\r\n";
$gate->get('/status/live');             # by now the worker has read that
$gate->reload;
print {$sock} "Connection: close\r\n\r\n";
my $answer = join '', <$sock>;

like($answer, qr{^HTTP/1\.1 503 }, 'a worker that shuts down is not ready');
like($answer, qr/\{"status":"stopping"\}/, 'and says that it is stopping');
is($gate->get('/status/ready')->{status}, 200, 'its successor is');

$gate->stop;
done_testing();
