# Copyright (C) Civic Gate
#
# Counters are exact over all workers and live through reloads.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use Civic::Gate;
use Civic::Metrics;

my %option = (workers => 2, server => <<'END');
civic_auth off;

location /health/ {
    civic_route GET "/health/studies";
    return 200 "studies";
}

location = /metrics { civic_metrics; }
END

my $gate = Civic::Gate->start(%option,
                              allow_log => qr/nonsense|exited on signal 9/);
my @sample = ('civic_requests_total', service => '/health/', status => 200);

sub load {
    my ($clients, $each) = @_;

    return map {
        my $pid = fork // die "fork: $!\n";
        if ($pid == 0) {
            $gate->get('/health/studies') for 1 .. $each;
            require POSIX;
            POSIX::_exit(0);
        }
        $pid;
    } 1 .. $clients;
}

my ($last, $back, $over) = (0, 0, 0);
my %waiting = map { $_ => 1 } load(4, 100);

while (%waiting) {
    my $now = Civic::Metrics->of($gate)->value(@sample);
    $back++ if $now < $last;
    $over++ if $now > 400;
    $last = $now;
    delete $waiting{$_} for grep { waitpid($_, 1) == $_ } keys %waiting;
}

is($back, 0, 'a counter that is scraped under load never goes back');
is($over, 0, 'and never runs ahead');
is(Civic::Metrics->of($gate)->value(@sample), 400,
   'the sum over two workers is exact');

ok($gate->reload, 'the gate reloads');
is(Civic::Metrics->of($gate)->value(@sample), 400, 'counters are kept');
is(Civic::Metrics->of($gate)->value('civic_reloads_total'), 1,
   'the reload is counted');

$option{server} =~ s{^(?=location /health)}{location /first/ {
    civic_route GET "/first/x";
    return 200 "x";
}
}m;
$gate->write('conf/nginx.conf', Civic::Gate->configuration(%option,
                                                           workers => 3));

ok($gate->reload, 'a service and a worker more are taken over');
$gate->get('/health/studies') for 1 .. 10;
$gate->get('/first/x') for 1 .. 5;

my $metrics = Civic::Metrics->of($gate);
is($metrics->value(@sample), 410,
   'a service counts on where it did, wherever it stands now');
is($metrics->value('civic_requests_total', service => '/first/',
                   status => 200), 5, 'a new service counts for itself');

$gate->write('conf/nginx.conf', 'nonsense;');
ok(!$gate->reload, 'a configuration with an error is refused');
$gate->get('/health/studies');
is(Civic::Metrics->of($gate)->value(@sample), 411,
   'and what ran counts on');
is(Civic::Metrics->of($gate)->value('civic_reloads_total'), 2,
   'a refused configuration is no reload');

my ($victim) = $gate->pids;
kill 'KILL', $victim;
for (1 .. 500) {
    last if $gate->log =~ /worker process $victim exited/;
    select undef, undef, undef, 0.02;
}
$gate->get('/health/studies');
is(Civic::Metrics->of($gate)->value(@sample), 412,
   'a worker that is killed takes no counts with it');

$gate->stop;
done_testing();
