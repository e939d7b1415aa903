# Copyright (C) Civic Gate
#
# A Redis that is slow, hung, gone or in a bad way: every command gets an
# answer in time, and no reply goes astray.

use strict;
use warnings;

use lib 't/lib';

use IO::Socket::INET ();
use Test::More;
use Time::HiRes qw(time sleep);

use Civic::Gate;
use Civic::Metrics;
use Civic::Redis;

my $redis = Civic::Redis->start(config => "enable-debug-command yes\n");
my $server = $redis->server;
my $gate = Civic::Gate->start(
    main => Civic::Redis->probe, http => <<"END", server => <<'END2');
    civic_redis main {
        server $server;
        timeout 100ms;
        breaker failures=5 cooldown=500ms;
    }
    civic_redis one {
        server $server;
        timeout 100ms;
        connections 1;
        breaker failures=1000 cooldown=10ms;
    }
    civic_zone 2m;
END
    civic_auth off;
    location /main { civic_probe_redis main; }
    location /one { civic_probe_redis one; }
    location = /metrics { civic_metrics; }
END2

sub ask { return Civic::Redis::ask($gate, '/main', @_) }
sub one { return Civic::Redis::ask($gate, '/one', @_) }

sub timed {
    my ($do) = @_;

    my $start = time;
    my $result = $do->();
    return ($result, time - $start);
}

sub errors {
    my %seen;
    $seen{ $_->{error} }++ for @_;
    return \%seen;
}

sub counted {
    my ($metric, @labels) = @_;

    return Civic::Metrics->of($gate)->value("civic_redis_$metric", @labels);
}


# slow

one(c => 'PING', timeout => 5000);
my ($res, $took) = timed(sub { one(c => 'DEBUG', a => ['SLEEP', '0.3'],
                                   timeout => 60) });
is($res->{error}, 'timeout', 'a slow command times out');
cmp_ok($took, '<', 0.28, 'when its own timeout says');
sleep 0.4;
is(one(c => 'ECHO', a => 'mine')->{reply}, 'mine',
   'the reply that comes too late is nobody\'s');
is(counted('reconnects_total'), 1, 'since its connection is not used again');

($res, $took) = timed(sub { one(c => 'DEBUG', a => ['SLEEP', '0.3'],
                                timeout => 1000, cancel => 20) });
sleep 0.05;
is(one(c => 'ECHO', a => 'mine', timeout => 1000)->{reply}, 'mine',
   'a command that is given up does not hold its place\'s reply')
    for 1 .. 2;


# the client leaves

for my $at (0.01, 0.05) {
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $gate->port);
    print {$sock} "GET /one?c=DEBUG&a=SLEEP&a=0.08&timeout=1000&times=3 "
                  . "HTTP/1.1\r\nHost: a\r\n\r\n";
    sleep $at;
    close $sock;
    is(one(c => 'ECHO', a => 'mine', timeout => 2000)->{reply}, 'mine',
       "a client that left after $at s takes nothing with it");
}


# gone, and back

is(ask(c => 'SET', a => ['k', 'v'])->{error}, 'ok', 'Redis is there');
my $opened = counted('breaker_opened_total');
$redis->stop;
($res, $took) = timed(sub { ask(c => 'GET', a => 'k') });
is($res->{error}, 'unavailable', 'without Redis a command is unavailable');
cmp_ok($took, '<', 0.3, 'in time');
ask(c => 'GET', a => 'k') for 1 .. 6;
is(counted('breaker_opened_total'), $opened + 1, 'the breaker opens');
($res, $took) = timed(sub { ask(c => 'GET', a => 'k', times => 500) });
is_deeply(errors(@$res), { unavailable => 500 }, 'all are answered');
cmp_ok($took, '<', 0.09, 'and at once');
$redis->restart;
ok($redis->wait_until(sub { (ask(c => 'GET', a => 'k')->{reply} // '')
                            eq 'v' }), 'with Redis the breaker closes');
like($gate->log, qr/civic redis "main": breaker closed/, 'the log says so');


# killed in the middle

my @pids;
for my $i (1 .. 4) {
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        my %seen;
        my $until = time + 3;
        while (time < $until) {
            my $text = "$i-" . rand;
            for (@{ one(c => 'ECHO', a => $text, times => 20) }) {
                $seen{ $_->{error} }++;
                POSIX::_exit(1) if $_->{error} eq 'ok'
                                   && $_->{reply} ne $text;
            }
        }
        POSIX::_exit($seen{ok} && !grep({ !/^(ok|unavailable|timeout)$/ }
                                        keys %seen) ? 0 : 2);
    }
    push @pids, $pid;
}
for (1 .. 4) {
    sleep 0.4;
    $redis->restart;
}
my @bad = grep { waitpid($_, 0); $? } @pids;
is(scalar @bad, 0, 'restarts amid traffic mix up no reply and hang nobody');
ok($redis->wait_until(sub { one(c => 'PING')->{error} eq 'ok' }),
   'and are over when they are over');


# hung

ok($redis->wait_until(sub { ask(c => 'PING')->{error} eq 'ok' }),
   'all is well');
$redis->pause;
($res, $took) = timed(sub { ask(c => 'INCR', a => 'hung', times => 10) });
is_deeply(errors(@$res), { timeout => 10 },
          'commands that a hung Redis was sent time out');
cmp_ok($took, '<', 0.3, 'in time');
($res, $took) = timed(sub { ask(c => 'INCR', a => 'hung') });
is($res->{error}, 'unavailable',
   'those after it are never sent: it does not answer the greeting');
ask(c => 'INCR', a => 'hung') for 1 .. 5;
($res, $took) = timed(sub { ask(c => 'INCR', a => 'hung', times => 100) });
cmp_ok($took, '<', 0.09, 'then the breaker is open');
sleep 0.6;
($res) = timed(sub { ask(c => 'INCR', a => 'hung', times => 100) });
is_deeply(errors(@$res), { unavailable => 100 },
          'after the cool-down one goes first, in vain');
$redis->resume;
ok($redis->wait_until(sub { ask(c => 'PING')->{error} eq 'ok' }),
   'when Redis goes on, so do commands');
cmp_ok($redis->command('GET', 'hung') // 0, '<=', 10,
       'what was unavailable was not done');


# in a bad way

$redis->command('CONFIG', 'SET', 'maxmemory', '1');
is(ask(c => 'SET', a => ['k', 'v'])->{error}, 'unavailable',
   'a Redis whose memory is full takes no writes, whoever asks');
$redis->command('CONFIG', 'SET', 'maxmemory', '0');
$redis->command('REPLICAOF', '127.0.0.1', '1');
is(ask(c => 'SET', a => ['k', 'v'])->{error}, 'unavailable',
   'a replica is not the server that was meant');
$redis->command('REPLICAOF', 'NO', 'ONE');
is(ask(c => 'SET', a => ['k', 'v'])->{error}, 'ok', 'until it is');
$redis->command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
sleep 0.05;
is(ask(c => 'GET', a => 'k')->{reply}, 'v',
   'that Redis closes what is idle, nobody notices');

unlike($gate->log, qr/\[crit\]/, 'none of this is critical');
$gate->stop;
done_testing;
