# Copyright (C) Civic Gate
#
# civic_redis over reloads and exits: old workers finish what they have
# begun, and no idle connection keeps one.

use strict;
use warnings;

use lib 't/lib';

use Test::More;
use Time::HiRes qw(time sleep);

use Civic::Gate;
use Civic::Redis;

my $redis = Civic::Redis->start(config => "enable-debug-command yes\n");
my $server = $redis->server;
my %option = (
    workers => 2, main => Civic::Redis->probe,
    http => <<"END", server => <<'END2');
    civic_redis main {
        server $server;
        timeout 2s;
        durable replicas=0;
    }
END
    location /main { civic_probe_redis main; }
END2

my $gate = Civic::Gate->start(%option);

sub ask { return Civic::Redis::ask($gate, '/main', @_) }

sub gone {
    my (@pids) = @_;

    return $redis->wait_until(sub {
        my %here = map { $_ => 1 } $gate->pids;
        return !grep { $here{$_} } @pids;
    });
}


ask(c => 'PING') for 1 .. 20;
my @old = $gate->pids;
my $start = time;
ok($gate->reload, 'a gate with idle connections reloads');
ok(gone(@old), 'its old workers exit');
cmp_ok(time - $start, '<', 1.5, 'soon');

my $pid = open(my $pipe, '-|') // die "fork: $!\n";
if ($pid == 0) {
    my $res = ask(script => 'return ARGV[1]', keys => 0, a => 'first');
    $res = ask(c => 'DEBUG', a => ['SLEEP', '0.8']);
    syswrite STDOUT, "$res->{error} $res->{reply}";
    POSIX::_exit(0);
}
sleep 0.2;
@old = $gate->pids;
ok($gate->reload, 'it reloads while a command runs');
is(<$pipe>, 'ok OK', 'the command is answered');
close $pipe;
ok(gone(@old), 'and its worker exits');


# under load

my @pids;
for my $i (1 .. 3) {
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        my ($n, $until) = (0, time + 3);
        while (time < $until) {
            my $got = ask(c => 'ECHO', a => "$i-$n", times => 10);
            POSIX::_exit(1)
                if ref $got ne 'ARRAY'
                   || grep { ($_->{reply} // '') ne "$i-$n" } @$got;
            $n++;
        }
        POSIX::_exit($n > 10 ? 0 : 2);
    }
    push @pids, $pid;
}
my $reloads = 0;
for (1 .. 6) {
    sleep 0.3;
    $reloads += $gate->reload;
}
is($reloads, 6, 'it reloads under load');
is(scalar(grep { waitpid($_, 0); $? } @pids), 0, 'and no command fails');


# a Redis that hangs does not hold a worker, nor does one that is gone

$redis->pause;
@old = $gate->pids;
ok($gate->reload, 'it reloads while Redis hangs');
my $res = ask(c => 'GET', a => 'k');
like($res->{error}, qr/^(timeout|unavailable)$/, 'a new worker asks in vain');
ok(gone(@old), 'the old ones exit');
@old = $gate->pids;
ok($gate->reload, 'it reloads with connections that hang');
ok(gone(@old), 'their workers exit');
$redis->resume;

$redis->stop;
ask(c => 'GET', a => 'k', timeout => 100) for 1 .. 3;
@old = $gate->pids;
ok($gate->reload, 'it reloads without Redis');
ok(gone(@old), 'the pause before another attempt keeps no worker');

$gate->write('conf/nginx.conf',
             Civic::Gate->configuration(main => $option{main}));
ok($gate->reload, 'the block may go');
$gate->stop;
done_testing;
