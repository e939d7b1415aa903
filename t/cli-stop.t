# Copyright (C) Civic Gate
#
# Nothing of ours outlives an interruption, and nobody else is killed.

use strict;
use warnings;

use lib 't/lib';
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);
use Civic::Cli;

my $cli = Civic::Cli->new;


# a process that has a number of ours, and even a name

my $other = fork // die "fork: $!\n";
if ($other == 0) {
    exec { 'sleep' } 'nginx', '60' or POSIX::_exit(127);
}
mkdir $cli->home . '/run';
for my $name (qw(up nginx orthanc redis)) {
    open my $out, '>', $cli->home . "/run/$name.pid" or die;
    print {$out} "$other\n";
}
my ($status, $said) = $cli->run('down');
like $said, qr/not running/, 'a number given to another process is not ours';
is waitpid($other, POSIX::WNOHANG()), 0, 'and that process is not stopped';
kill 'KILL', $other;
waitpid $other, 0;


unlink glob $cli->home . '/run/*.pid';
my $job = $cli->begin('up', '-d');
ok $cli->await('run/orthanc.pid'), 'up -d is about to start the parts';
kill 'INT', $job->{pid};
($status) = $cli->end($job);
is $status, 1, 'Ctrl-C during up -d ends it';
is_deeply [$cli->left], [], 'and leaves nothing running';


$job = $cli->begin('up');
ok $cli->await('run/ready'), 'up runs in the foreground';
for (1 .. 6) {
    kill 'INT', $job->{pid};
    sleep 0.1;
}
$cli->end($job);
is_deeply [$cli->left], [], 'Ctrl-C more than once stops everything too';
ok !-e $cli->home . '/run/up.pid', 'and nothing says that it runs';

done_testing;
