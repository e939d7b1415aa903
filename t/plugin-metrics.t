# Copyright (C) Civic Gate
#
# What each route of a plugin did and cost: over all workers, over versions
# and reloads, and when there are more routes than there is room for.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Metrics;
use Civic::Plugin;
use Civic::Redis;
use Civic::Upstream;
use Test::More;
use Time::HiRes ();

my ($slots, $most) = (4096, 256);
my ($metrics, $plugin);
my @outcomes = qw(answered failed killed overstayed abandoned);

my %run = (auth => ['public']);
my %routes = (
    'GET /good' => { %run, run => 'good' },
    'GET /bad' => { %run, run => 'bad' },
    'GET /loop' => { %run, run => 'loop' },
    'GET /own' => { %run, run => 'own' },
    'GET /large' => { %run, run => 'large' },
    'POST /body' => { %run, run => 'good' },
    'GET /unused' => { %run, run => 'good' });
my $lua = <<'END';
local M = {}
function M.good() return 200, "good" end
function M.bad() error("of its own") end
function M.loop() while true do end end
function M.own() civic.problem("taken") end
function M.large(r)
    local t = {}
    for i = 1, tonumber(r.query.n) do t[i] = { i } end
    return 200, tostring(#t)
end
return M
END

my $redis = Civic::Redis->start;
my $slow = Civic::Upstream->start(sub { sleep 1; return [204, {}] });
my $gate = Civic::Plugin->start(
    workers => 2, department => 'allow store http=slow; timeout 300ms;',
    http => 'civic_redis main { server ' . $redis->server . "; }\n"
            . 'civic_remote slow { url http://' . $slow->addr . '; }');
mkdir $gate->dir . '/plugins';


sub publish {
    my ($name, $version, $routes, %more) = @_;

    my %files = Civic::Plugin->files('', name => $name =~ s{.*/}{}r,
        manifest => { version => $version, routes => $routes, %more });
    Civic::Plugin->write($gate, $name, %files, 'plugin.lua' => $lua);
    return;
}


sub await {
    my ($name, $version) = @_;

    Civic::Plugin->await($gate, $name, sub {
        ($_[0]{version} // '') eq $version && $_[0]{state} eq 'ready' });
    return;
}


sub ask {
    my ($path, $times) = @_;

    return map { $gate->get("/health/hello/$path")->{status} }
           1 .. $times // 1;
}


sub requests {
    my ($route, $outcome) = @_;

    return $metrics->value('civic_plugin_route_requests_total',
                           plugin => $plugin, route => $route,
                           outcome => $outcome);
}


sub value {
    my ($name, $route) = @_;

    return $metrics->value("civic_plugin_route_$name", plugin => $plugin,
                           route => $route);
}


sub look { $metrics = Civic::Metrics->of($gate); return }


# of that route in civic_status full

sub row {
    my ($route) = @_;

    my $all = Civic::Plugin->status($gate, $plugin)->{routes};
    return (grep { $_->{route} eq $route } @$all)[0];
}

my %problems = (problems => { taken => { status => 409, zh => '已占用',
                                         en => 'Taken' } });
$plugin = 'health/hello';
publish($plugin, '1.0.0', \%routes, %problems);
await($plugin, '1.0.0');
Time::HiRes::sleep(0.3);

is row('GET /good')->{answered}, 0, 'a route is there before its requests';
look();
is_deeply [grep { $_->[0] =~ /plugin_route_/ } $metrics->samples], [],
          'and among the metrics with the first of them';

ask('good', 40);
ask('own', 3);
is_deeply [ask('bad', 2)], [500, 500], 'a route that fails';
is_deeply [ask('good')], [200], 'one that does not';
isnt +(ask('loop'))[0], 200, 'and one that is killed';
ask('good');
look();

is requests('GET /good', 'answered'), 42, 'the workers\' counts add up';
is requests('GET /own', 'answered'), 3, 'problems of its own are answers';
is requests('GET /bad', 'failed'), 2, 'failures are their own route\'s';
is requests('GET /loop', 'killed'), 1, 'kills are their own route\'s';
is requests('GET /loop', 'failed') + requests('GET /bad', 'killed'), 0,
   'and are told apart';
is scalar(grep { ($_->[1]{route} // '') eq 'GET /unused' } $metrics->samples),
   0, 'what was never asked for has no sample';

cmp_ok value('lua_seconds_total', 'GET /loop'), '>',
       10 * value('lua_seconds_total', 'GET /bad'),
       'a loop has its time on its account';
cmp_ok value('lua_seconds_total', 'GET /good'), '>', 0, 'an answer too';
cmp_ok value('seconds_total', $_), '>=', value('lua_seconds_total', $_) * 0.9,
       "from begin to end $_ took no less"
    for 'GET /good', 'GET /loop';

my $sum = 0;
$sum += $_->[2] for grep { $_->[0] eq 'civic_plugin_route_requests_total' }
                    $metrics->samples;
my $total = 0;
$total += $metrics->value('civic_plugin_requests_total',
                          plugin => $plugin, outcome => $_) for @outcomes;
is $sum, $total, 'routes add up to what the plugin has';


# the routes of a plugin share its VM, and each has its own on its account

is_deeply [ask('large?n=10000', 6)], [(200) x 6], 'it answers';
look();
my $large = value('allocated_bytes_total', 'GET /large');
my $largest = value('allocated_bytes_max', 'GET /large');
cmp_ok $largest, '>', 10_000 * 32, 'a route that allocates much';
cmp_ok $large, '>=', 6 * 10_000 * 32, 'all of its runs';
cmp_ok $large, '<=', 6 * $largest, 'and no more';
cmp_ok value('allocated_bytes_max', 'GET /good'), '<', $largest / 10,
       'its neighbour in the same VM allocates little';
cmp_ok value('allocated_bytes_total', 'GET /good'), '>', 0, 'but something';
ask('large?n=20000');
ask('large?n=10');
look();
cmp_ok value('allocated_bytes_max', 'GET /large'), '>', 1.5 * $largest,
       'the largest run is told';
$gate->request('POST', '/health/hello/body', { content => 'x' x 100_000,
    headers => { 'Content-Type' => 'text/plain' } });
look();
cmp_ok value('allocated_bytes_max', 'POST /body'), '>', 100_000,
       'what a request brings counts';
is row('GET /large')->{allocated_bytes_max},
   value('allocated_bytes_max', 'GET /large'), 'the status has it too';

my $row = row('GET /loop');
is $row->{killed}, 1, 'the status has them too';
cmp_ok $row->{lua_seconds}, '>', 0, 'with their time';
is_deeply [sort keys %$row],
          [sort @outcomes, qw(allocated_bytes allocated_bytes_max kills
                              lua_seconds rests route seconds)],
          'and nothing else';


# a new version, without one route, with another

my %next = (%routes, 'GET /new' => { %run, run => 'good' });
delete $next{'GET /bad'};
publish($plugin, '1.0.1', \%next, %problems);
await($plugin, '1.0.1');
Time::HiRes::sleep(0.5);
ask('good', 10);
ask('new', 4);
look();
is requests('GET /good', 'answered'), 52, 'a new version keeps the numbers';
is requests('GET /new', 'answered'), 4, 'a new route begins';
is value('allocated_bytes_max', 'GET /large'), 0,
   'what the largest run was begins anew';
cmp_ok value('allocated_bytes_total', 'GET /large'), '>', $large,
       'what was allocated does not';
is requests('GET /bad', 'failed'), 2, 'one that is gone is not forgotten yet';
is row('GET /bad')->{failed}, 2, 'nor in the status';


# a reload

ok $gate->reload, 'nginx is reloaded';
ask('good', 10);
look();
is requests('GET /good', 'answered'), 62, 'a reload keeps the numbers';
is requests('GET /loop', 'killed'), 1, 'all of them';
is requests('other', $_), 0, "no other is $_" for @outcomes;


# waits that end otherwise, and what runs without a route

$plugin = 'health/waits';
Civic::Host->plugin($gate, $plugin, <<'END',
local M = {}
function M.slow() civic.http("slow") return 204 end
function M.tick() civic.metric("ticks") end
return M
END
    needs => { http => ['slow'], store => JSON::PP::true },
    schedule => [ { run => 'tick', every => '1s' } ],
    routes => { 'GET /long' => 'slow', 'GET /left' => 'slow' });
Time::HiRes::sleep(0.3);
is $gate->get('/health/waits/long')->{status}, 503, 'a wait that is too long';
my $client = Civic::Host->open($gate, '/health/waits/left');
Time::HiRes::sleep(0.1);
close $client;

for (1 .. 100) {
    look();
    last if requests('', 'answered') && requests('GET /left', 'abandoned');
    Time::HiRes::sleep(0.1);
}
is requests('GET /long', 'overstayed'), 1, 'is told as one';
cmp_ok value('seconds_total', 'GET /long'), '>', 0.25, 'with its wait';
cmp_ok value('lua_seconds_total', 'GET /long'), '<', 0.1,
       'which is no time in Lua';
is requests('GET /left', 'abandoned'), 1, 'whom a client left is told apart';
cmp_ok requests('', 'answered'), '>', 0, 'what has no route counts for none';
is row('')->{failed}, 0, 'in the status, too';
system 'rm', '-rf', $gate->dir . '/plugins/health/waits';


# plugins with more routes than there is room for

my @many = map { "many$_" } 1 .. $slots / $most;
for my $name (@many) {
    publish("health/$name", '1.0.0', {
        map { ("GET /r$_" => { %run, run => 'good' }) } 1 .. $most });
}
await("health/$_", '1.0.0') for @many;
Time::HiRes::sleep(1);

my $lost = 0;
for my $name (@many) {
    my $all = Civic::Plugin->status($gate, "health/$name")->{routes};
    $lost++ if @$all < $most;
}
is $lost, 1, 'the last that came finds no room for some';
my ($last) = $gate->log =~ /no[ ]room[ ]for[ ]the[ ]numbers[ ]of[ ]\d+
                            [ ]routes[ ]of[ ]"health\/(\w+)"/x;
ok $last, 'the log says which' or $last = $many[-1];
is scalar(() = $gate->log =~ /no room for the numbers/g), 1, 'once';

is scalar(grep { $gate->get("/health/$last/r$_")->{status} == 200 }
          1 .. $most), $most, 'its routes answer';
$plugin = "health/$last";
look();
my $other = requests('other', 'answered');
cmp_ok $other, '>', 0, 'and some of them are counted as other';
$sum = 0;
$sum += $_->[2] for grep { $_->[0] eq 'civic_plugin_route_requests_total'
                           && $_->[1]{plugin} eq $plugin } $metrics->samples;
is $sum, $most, 'so that nothing is lost';

$plugin = 'health/hello';
is requests('GET /good', 'answered'), 62, 'who was there has his numbers';


# one goes: its room is given away

my ($gone) = grep { $_ ne $last } @many;
system 'rm', '-rf', $gate->dir . "/plugins/health/$gone";
for (1 .. 400) {
    last if !Civic::Plugin->status($gate, "health/$gone");
    Time::HiRes::sleep(0.05);
}
Time::HiRes::sleep(1);
ask('good');
$plugin = "health/$last";
$gate->get("/health/$last/r$_") for 1 .. $most;
look();
is requests('other', 'answered'), $other, 'who had no room has it now';

my $start = Time::HiRes::time();
my $bytes = length $gate->get('/status')->{content};
my $took = Time::HiRes::time() - $start;
cmp_ok $took, '<', 0.5, "all routes are told in a moment ($bytes bytes)";

done_testing;
