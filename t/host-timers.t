# Copyright (C) Civic Gate
#
# Timers and schedules end to end: each due time once over all workers, again
# where a worker dies, later and later where it fails, never after a cancel.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Civic::Redis;
use Civic::Upstream;
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = Civic::Redis->start;
my $server = $redis->server;
my $slow = Civic::Upstream->start(sub { sleep 1.5; return [204, {}] });

my $gate = Civic::Plugin->start(workers => 2,
    allow_log => qr/exited on signal 9/,
    http => "civic_redis main { server $server; }\n"
            . 'civic_remote slow { url http://' . $slow->addr . '; }',
    department => 'allow store http=slow; timeout 2s;');

Civic::Host->plugin($gate, 'health/timers', <<'END',
local m = {}
local s = civic.store.at("log")

local function note(list, text) s:rpush(list, text) end

function m.set(r)
    civic.timers.at(r.query.id, civic.time.now() + r.query.after, r.query.run,
                    { x = r.query.id })
    return 204
end
function m.cancel(r) return 200, { was = civic.timers.cancel(r.query.id) } end
function m.wrong(r)
    local told = {}
    for i, f in ipairs({
        function() civic.timers.at("@x", 1, "noted") end,
        function() civic.timers.at("x", 1, "nothing") end,
        function() civic.timers.at("x", -1, "noted") end,
        function() civic.timers.at(("x"):rep(200), 1, "noted") end })
    do
        local ok, err = pcall(f)
        told[i] = tostring(err)
    end
    return 200, told
end

function m.noted(data, timer)
    note("noted", data.x .. " " .. timer.id .. " " .. timer.due)
end
function m.slow(data, timer)
    note("begun", timer.fence)
    civic.http("slow")
    note("ended", timer.fence)
end
function m.fails(data) note("fails", tostring(civic.time.now())) error("no") end
function m.tick(data, timer) note("ticks", tostring(timer.due)) end

return m
END
    needs => { store => JSON::PP::true, http => ['slow'] },
    schedule => [ { run => 'tick', every => '1s' } ],
    routes => {
        'POST /set' => { run => 'set', query => { type => 'object',
            required => ['id', 'after', 'run'], properties => {
            id => { type => 'string' }, after => { type => 'number' },
            run => { type => 'string' } } } },
        'POST /cancel' => { run => 'cancel', query => { type => 'object',
            properties => { id => { type => 'string' } } } },
        'GET /wrong' => 'wrong',
    });


sub list { return @{ $redis->command('LRANGE',
                     "civic:{health/timers:log}:$_[0]", 0, -1) } }

sub set {
    my ($id, $after, $run) = @_;

    return $gate->request('POST',
                          "/health/timers/set?id=$id&after=$after&run=$run",
                          { content => '' })->{status};
}


is set("t$_", 0.5, 'noted'), 204, "timer $_ is set" for 1 .. 12;
is set('later', 3600, 'noted'), 204, 'one for later, too';
is set('moved', 0.3, 'noted'), 204, 'one for soon';
is set('moved', 3600, 'noted'), 204, 'is moved';
is set('gone', 0.5, 'noted'), 204, 'one is set';
is Civic::Host::body($gate->request('POST', '/health/timers/cancel?id=gone',
                                    { content => '' }))->{was},
   JSON::PP::true, 'and cancelled';
is Civic::Host::body($gate->request('POST', '/health/timers/cancel?id=gone',
                                    { content => '' }))->{was},
   JSON::PP::false, 'which can be done once';

$redis->wait_until(sub { list('noted') >= 12 });
sleep 1.2;
my @noted = sort map { (split / /)[1] } list('noted');
is_deeply \@noted, [sort map { "t$_" } 1 .. 12], 'each runs, once';
like +(list('noted'))[0], qr/^(t\d+) \1 \d+\.\d+$/,
     'with its data, its id and when it was due';

my $wrong = $gate->get('/health/timers/wrong');
my $told = eval { JSON::PP->new->decode($wrong->{content}) } // [];
like $told->[0], qr/does not begin with "@"/, 'an id of the schedule is refused'
    or diag $wrong->{content}, $gate->log;
like $told->[1], qr/no function "nothing"/, 'a function there is not, too';
like $told->[2], qr/no number of seconds/, 'a time before time, too';
like $told->[3], qr/1 to 128 bytes/, 'a long id, too';


# the schedule

$redis->wait_until(sub { list('ticks') >= 3 });
my @ticks = list('ticks');
my %seen;
$seen{$_}++ for @ticks;
is_deeply [grep { $seen{$_} > 1 } keys %seen], [],
          'each tick of a schedule runs once over all workers';
ok !(grep { $_ != int $_ } @ticks), 'at even seconds';


# a worker dies in the middle

is set('slow', 0, 'slow'), 204, 'a slow one begins';
$redis->wait_until(sub { list('begun') >= 1 });
my @pids = $gate->pids;
my $killed = 0;
for my $pid (@pids) {
    open my $in, '<', "/proc/$pid/cmdline" or next;
    next if (<$in> // '') !~ /worker/;
    kill 'KILL', $pid;
    $killed++;
}
is $killed, 2, 'the workers are killed';
for (1 .. 60) {
    last if list('ended') >= 1;
    sleep 0.25;
}
is list('ended') + 0, 1, 'it is run to its end by another'
    or diag join ',', list('begun');
is list('begun') + 0, 2, 'when the lease has lapsed';
isnt +(list('begun'))[0], (list('begun'))[1], 'with another fence';
ok +(list('begun'))[0] < (list('begun'))[1], 'a higher one';


# failures

is set('fails', 0, 'fails'), 204, 'one that fails is set';
for (1 .. 60) {
    last if list('fails') >= 3;
    sleep 0.2;
}
my @times = list('fails');
cmp_ok scalar @times, '>=', 3, 'is tried again';
cmp_ok $times[2] - $times[1], '>', 1.5, 'later and later';
like $gate->log,
     qr{"fails" of "health/timers" failed \(plugin-failed\), try 2},
     'and the log says so';
like $gate->get('/metrics')->{content},
     qr/civic_plugin_timers_total\{result="done"\} \d/, 'runs are counted';

done_testing;
