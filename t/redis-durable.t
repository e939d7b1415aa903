# Copyright (C) Civic Gate
#
# durable: a write that asks for it is answered when as many replicas have
# it as its block says, and says so when they have not.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time sleep);

use Civic::Gate;
use Civic::Redis;

my $port = Civic::Gate::free_port();
my $redis = Civic::Redis->start(port => $port);
my $replica = Civic::Redis->start(config => "replicaof 127.0.0.1 $port\n");
my $server = $redis->server;
my $gate = Civic::Gate->start(
    main => Civic::Redis->probe, http => <<"END", server => <<'END2');
    civic_redis alone { server $server; timeout 1s; }
    civic_redis pair {
        server $server;
        timeout 1s;
        durable replicas=1 timeout=200ms;
    }
    civic_redis usual {
        server $server;
        timeout 50ms;
        durable replicas=1;
    }
    civic_redis rounds {
        server $server;
        timeout 500ms;
        durable replicas=1 timeout=200ms;
    }
END
    location /usual { civic_probe_redis usual; }
    location /rounds { civic_probe_redis rounds; }
    location /alone { civic_probe_redis alone; }
    location /pair { civic_probe_redis pair; }
END2

sub ask { return Civic::Redis::ask($gate, @_) }

sub errors {
    my %seen;
    $seen{ $_->{error} }++ for @_;
    return \%seen;
}

sub waits {
    my ($n) = $redis->command('INFO', 'commandstats')
              =~ /cmdstat_wait:calls=(\d+)/;
    return $n // 0;
}


ok($redis->wait_until(sub {
    ask('/pair', c => 'SET', a => ['k', 0], durable => 1)->{error} eq 'ok'
}), 'there is a replica');
my $before = waits();

is_deeply(ask('/alone', c => 'SET', a => ['k', 1], durable => 1),
          { error => 'ok', reply => 'OK' },
          'without replicas a durable write is a write');
is(waits(), $before, 'and waits for nobody');

is_deeply(ask('/pair', c => 'SET', a => ['k', 2], durable => 1),
          { error => 'ok', reply => 'OK' },
          'with a replica a durable write is answered');
is($replica->command('GET', 'k'), 2, 'when the replica has it');
is(waits(), $before + 1, 'by one WAIT');

$before = waits();
is_deeply(errors(@{ ask('/pair', c => 'INCR', a => 'n', durable => 1,
                        times => 500) }), { ok => 500 },
          'five hundred at once are durable');
cmp_ok(waits() - $before, '<', 20, 'with a WAIT for many of them');
is($replica->command('GET', 'n'), 500, 'the replica has all');

is(ask('/pair', script => 'return redis.call("INCR", KEYS[1])', keys => 1,
       a => 's', durable => 1)->{reply}, 1, 'scripts are durable too');
$redis->command('SCRIPT', 'FLUSH');
is_deeply(errors(@{ ask('/pair', durable => 1, keys => 1, a => 's', times => 9,
        script => 'return redis.call("INCR", KEYS[1])') }), { ok => 9 },
   'also where they have to be sent again');
is($replica->command('GET', 's'), 10, 'and are done once');
is_deeply(ask('/pair', c => 'INCR', a => 'x', durable => 1, cancel => 1),
          undef, 'one that is given up is answered by nobody');


# plain commands do not wait for those that wait

$replica->pause;
my $pid = fork // die "fork: $!\n";
if ($pid == 0) {
    ask('/pair', c => 'SET', a => ['k', 3], durable => 1);
    POSIX::_exit(0);
}
sleep 0.05;
my $start = time;
is(ask('/pair', c => 'GET', a => 'k')->{reply}, 3,
   'a plain command sees what waits for its replica');
cmp_ok(time - $start, '<', 0.1, 'and does not wait behind it');
waitpid $pid, 0;

$start = time;
is_deeply(ask('/pair', c => 'SET', a => ['k', 4], durable => 1),
          { error => 'not-durable', reply => 'OK' },
          'where the replica is silent a write is not durable');
my $took = time - $start;
cmp_ok($took, '>', 0.15, 'after it was waited for');
cmp_ok($took, '<', 0.6, 'as long as the block says');
is(ask('/pair', c => 'NOSUCH', durable => 1)->{error}, 'refused',
   'what was refused is refused all the same');

$replica->resume;
ok($redis->wait_until(sub {
    ask('/pair', c => 'SET', a => ['k', 5], durable => 1)->{error} eq 'ok'
}), 'when the replica goes on, writes are durable again');

$replica->stop;
is_deeply(errors(map { ask('/pair', c => 'SET', a => ['k', 6], durable => 1) }
                 1 .. 8), { 'not-durable' => 8 },
          'a replica that is missing does not open the breaker');

is_deeply(errors(map { ask('/usual', c => 'INCR', a => 'u', durable => 1) }
                 1 .. 8), { 'not-durable' => 8 },
          'nor does it with the times that hold unless said');
is_deeply(errors(@{ ask('/rounds', c => 'INCR', a => 'r', durable => 1,
                        times => 600) }), { 'not-durable' => 600 },
          'nor do those time out that had to wait for others');
unlike($gate->log, qr/timed out|no answer/, 'no connection is lost by it');

$redis->pause;
is(ask('/pair', c => 'SET', a => ['k', 7], durable => 1)->{error}, 'timeout',
   'nobody knows of a durable write to a Redis that hangs');
$redis->resume;

$gate->stop;
done_testing;
