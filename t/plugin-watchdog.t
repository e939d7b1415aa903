# Copyright (C) Civic Gate
#
# A worker that does not come back from a plugin's Lua is killed as the last
# resort; the gate lives on, and the plugin has it on its account.  Nothing
# that a plugin can do is known to take so long: this one is stopped while a
# pattern is matched, which cannot give way.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Test::More;
use Time::HiRes ();

my $gate = Civic::Plugin->start(
    department => 'cpu 1s; instructions 10000m;',
    allow_log => qr/exited on signal 9/);
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
my $start = Time::HiRes::time();
my $sock = Civic::Host->open($gate, '/health/hello/');
Time::HiRes::sleep(0.3);
kill 'STOP', $before[0];
sysread $sock, my $answer, 100;
cmp_ok Time::HiRes::time() - $start, '<', 5,
       'the request ends, with its worker';
is $answer // '', '', 'without an answer';
is $gate->get('/health/hello/x')->{status}, 404, 'the gate answers on';
like $gate->log, qr/worker $before[0] is inside the Lua of "health\/hello"/,
     'the log says why';
like $gate->get('/metrics')->{content},
     qr/^civic_plugin_kills_total\{plugin="health\/hello"\} 1$/m,
     'and the plugin has it on its account';

done_testing;
