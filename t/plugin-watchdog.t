# Copyright (C) Civic Gate
#
# A worker that does not come back from a plugin's Lua, because one C
# function there works for ever, is killed as the last resort; the gate
# lives on, and the plugin has it on its account.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use POSIX ();
use Test::More;
use Time::HiRes ();

my $gate = Civic::Plugin->start(allow_log => qr/exited on signal 9/);
mkdir $gate->dir . '/plugins';
Civic::Plugin->write($gate, 'health/hello', Civic::Plugin->files('',
    manifest => { routes => { 'GET /' => { auth => ['public'],
                                           run => 'bomb' } } }),
    'plugin.lua' => <<'END');
local M = {}
function M.bomb()
    return 200, tostring(("a"):rep(3000):find((".-"):rep(60) .. "b"))
end
return M
END
Civic::Plugin->await($gate, 'health/hello',
                     sub { ($_[0]{state} // '') eq 'ready' });
Time::HiRes::sleep(0.3);

my @before = grep { $gate->log =~ /start worker process $_$/m } $gate->pids;

# one that gets no time from the machine is not the plugin's fault

if (my $client = fork // die "fork: $!\n") {
    Time::HiRes::sleep(0.3);
    kill STOP => $before[0];
    Time::HiRes::sleep(3.5);
    unlike $gate->log, qr/is inside the Lua/,
           'a worker that is not allowed to work is left alone';
    kill CONT => $before[0];
    waitpid $client, 0;

} else {
    $gate->get('/health/hello/');
    POSIX::_exit(0);
}
Time::HiRes::sleep(0.5);
@before = grep { $gate->log =~ /start worker process $_$/m } $gate->pids;

my $start = Time::HiRes::time();
my $res = $gate->get('/health/hello/');
my $took = Time::HiRes::time() - $start;

SKIP: {
    skip 'this pattern costs nothing here', 5 if $res->{status} != 599;
    cmp_ok $took, '<', 4, 'the request ends, with its worker';
    is $gate->get('/health/hello/x')->{status}, 404, 'the gate answers on';
    like $gate->log, qr/worker $before[0] is inside the Lua of "health\/hello"/,
         'the log says why';
    my $metrics = $gate->get('/metrics')->{content};
    like $metrics,
         qr/^civic_plugin_kills_total\{plugin="health\/hello"\} 2$/m,
         'and the plugin has it on its account';
    like $metrics, qr/^civic_plugin_route_kills_total\{plugin="health\/hello",
                      route="GET[ ]\/"\}[ ]2$/mx, 'so has the route';
}

done_testing;
