# Copyright (C) Civic Gate
#
# Plugins that wait for ever, ask for everything at once, or call
# themselves: deadlines and bounds end them, and nobody else waits.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Hostile;
use Civic::Redis;
use IO::Socket::INET ();
use Test::More;
use Time::HiRes qw(sleep time);

# a remote that takes connections, and never says anything

my $hung = IO::Socket::INET->new(Listen => 500, LocalAddr => '127.0.0.1')
    or die "$!\n";
my $redis = Civic::Redis->start;
my $hostile = Civic::Hostile->start(
    http => 'civic_redis main { server ' . $redis->server . '; }'
            . 'civic_remote hung { url http://127.0.0.1:'
            . $hung->sockport . '; }',
    allow => 'allow store http=hung calls=bad/plugin; timeout 1s;'
             . 'instructions 50m; cpu 500ms;');
my $gate = $hostile->gate;
my @ended = (503, 'plugin-budget-exceeded');
my @late = (503, 'plugin-timeout');

my @calls = map { "bad/plugin:GET /case$_" } 0 .. 20;
my %needs = (store => JSON::PP::true, http => ['hung'], calls => \@calls);

$hostile->cases({ needs => \%needs },
    ['a remote that never answers', 'civic.http("hung")', @late],
    ['the same, caught, and again and again',
     'while true do pcall(civic.http, "hung", { timeout = 1000 }) end',
     @late],
    ['a route that calls itself',
     'return 200, civic.call("bad/plugin:GET /case2").body', qr/./],
    ['a route that calls itself, and does not care', 'for i = 1, 30 do pcall('
     . 'civic.call, "bad/plugin:GET /case3") end return 200, "x"', @late],
    ['two routes that call each other',
     'local ok, e = pcall(civic.call, "bad/plugin:GET /case5")'
     . ' return 200, tostring(ok)', qr/^true$/],
    ['the other', 'pcall(civic.call, "bad/plugin:GET /case4") return 200, "x"',
     qr/^x$/],
    ['a call of a route that never answers',
     'return 200, civic.call("bad/plugin:GET /case0").status .. ""', @late],
    ['a call of a route that loops',
     'return 200, civic.call("bad/plugin:GET /case8").status .. ""',
     qr/^503$/],
    ['a loop', 'while true do end', @ended],
    ['a store that is asked for ever',
     'while true do civic.store.at("x"):incr("n") end', @ended],
    ['a store that is filled', 'local s, v = civic.store.at("x"),'
     . ' ("x"):rep(1e4) for i = 1, 1e6 do s:set("x" .. i % 5, v) end',
     503],
    ['a reply that is large', 'local s = civic.store.at("x") for i = 1, 400 do'
     . ' s:rpush("list", ("x"):rep(1e4)) end'
     . ' return 200, tostring(pcall(s.lrange, s, "list", 0, -1))', qr/./],
    ['timers without end',
     'for i = 1, 1e6 do civic.timers.at("t" .. i, 4e9, "fine") end', 503],
    ['one timer, over and over', 'for i = 1, 1e6 do civic.timers.at("t", 4e9,'
     . ' "fine", { i = i }) end', 503],
    ['a script that is asked for ever', 'while true do pcall(function()'
     . ' civic.store.at("x"):run("capacity_count", { "a" }) end) end', 503],
);
$hostile->quiet;
$hostile->same;


# many at once, most of whose clients leave

my $from = time;
my @socks = map { Civic::Host->open($gate, '/bad/plugin/case0') } 1 .. 200;
sleep 0.3;
close $_ for @socks[0 .. 149];
is $hostile->ask('fine')->{status}, 200, 'a plugin that waits serves on';
$hostile->quiet('the neighbours saw nothing of two hundred that wait');
for my $sock (@socks[150 .. 199]) {
    my $answer = '';
    sysread $sock, $answer, 65536;
    $answer =~ m{^HTTP/1.1 (?:204|503) } or fail "not ended: $answer";
}
cmp_ok time - $from, '<', 8, 'those that stay are answered when it is time';


# many at once that loop

@socks = map { Civic::Host->open($gate, '/bad/plugin/case8') } 1 .. 30;
sleep 0.5;
$hostile->quiet('the neighbours are served between thirty loops');
for my $sock (@socks) {
    sysread $sock, my $answer, 12;
    ($answer // '') =~ m{^HTTP/1.1 503} or fail 'not ended';
}


# timers that are due at once, and loop: the plugin itself may be left alone
# for a while, nobody else

$hostile->plugin(<<'END', needs => \%needs, routes => { 'GET /set' => 'set' });
local M = {}
function M.set()
    for i = 1, 100 do civic.timers.at("t" .. i, 1e9, "loop") end
    return 200, "set"
end
function M.loop() while true do end end
return M
END
$hostile->ask('set') for 1 .. 5;
sleep 2;
$hostile->same;
$hostile->quiet;

done_testing;
