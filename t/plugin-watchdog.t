# Copyright (C) Civic Gate
#
# A worker that does not come back from a plugin's Lua is killed as the last
# resort; the gate lives on, and the plugin has it on its account.  Nothing
# that a plugin can do is known to take so long, so t/module/spin does it.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use POSIX ();
use Test::More;
use Time::HiRes ();

my $spin = (split /\n/, qx(t/module/build spin))[-1];
my $gate = Civic::Plugin->start(
    main => "load_module $spin;",
    server => 'location = /spin { civic_probe_spin health/hello; }',
    allow_log => qr/exited on signal 9/);
mkdir $gate->dir . '/plugins';
Civic::Plugin->write($gate, 'health/hello');
Civic::Plugin->await($gate, 'health/hello',
                     sub { ($_[0]{state} // '') eq 'ready' });
Time::HiRes::sleep(0.3);


sub worker {
    return (grep { $gate->log =~ /start worker process $_$/m }
            $gate->pids)[-1];
}


# one that gets no time from the machine is not the plugin's fault

my $worker = worker();
if (my $client = fork // die "fork: $!\n") {
    Time::HiRes::sleep(0.3);
    kill STOP => $worker;
    Time::HiRes::sleep(3.5);
    unlike $gate->log, qr/is inside the Lua/,
           'a worker that is not allowed to work is left alone';
    kill CONT => $worker;
    waitpid $client, 0;

} else {
    $gate->get('/spin');
    POSIX::_exit(0);
}
Time::HiRes::sleep(0.5);

$worker = worker();
is $gate->get('/spin')->{status}, 599, 'the request ends, with its worker';
is $gate->get('/health/hello/x')->{status}, 404, 'the gate answers on';
like $gate->log, qr/worker $worker is inside the Lua of "health\/hello"/,
     'the log says why';

my $metrics = $gate->get('/metrics')->{content};
like $metrics, qr/^civic_plugin_kills_total\{plugin="health\/hello"\} 2$/m,
     'and the plugin has it on its account';
like $metrics, qr/^civic_plugin_route_kills_total\{plugin="health\/hello",
                  route="GET[ ]\/"\}[ ]2$/mx, 'so has the route';

done_testing;
