# Copyright (C) Civic Gate
#
# Two hundred versions go live while clients ask: no request fails, each
# answer is of one version or the next, and memory stays flat.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use POSIX ();
use Test::More;
use Time::HiRes ();

my ($plugins, $rounds) = (20, $ENV{CIVIC_ROUNDS} // 10);
my $gate = Civic::Plugin->start(workers => 2);
mkdir $gate->dir . '/plugins';
my @names = map { "p$_" } 1 .. $plugins;


# all at once, and until all are live

sub version {
    my ($n) = @_;

    for my $name (@names) {
        Civic::Plugin->write($gate, "health/$name", Civic::Plugin->files(
            "$name $n", name => $name, version => "1.0.$n"));
    }
    Civic::Plugin->await($gate, "health/$_",
                         sub { ($_[0]{version} // '') eq "1.0.$n" })
        for @names;
    return;
}


# memory of the workers that is theirs alone (KB)

sub memory {
    my $sum = 0;
    for my $pid (grep { $gate->log =~ /start worker process $_$/m }
                 $gate->pids)
    {
        open my $in, '<', "/proc/$pid/smaps_rollup" or next;
        while (my $line = <$in>) {
            $sum += $1 if $line =~ /^Private_(?:Dirty|Clean): +(\d+)/;
        }
    }
    return $sum;
}


# a client that asks until it is told to end; says how many answers were
# not what they should be

sub client {
    my ($seed) = @_;

    pipe my $in, my $out or die;
    my $pid = fork // die;
    return ($pid, $in) if $pid;

    my ($end, $all, $bad, $last) = (0, 0, 0, '');
    $SIG{TERM} = sub { $end = 1 };
    while (!$end) {
        my $name = $names[($seed + $all++) % @names];
        my $res = $gate->get("/health/$name/");
        next if $res->{status} == 200 && $res->{content} =~ /^$name \d+$/;
        last if $end;                   # the signal came in between
        $bad++;
        $last = "$res->{status} $res->{content}";
    }
    print {$out} "$all $bad $last";
    close $out;
    POSIX::_exit(0);
}

version(0);
Time::HiRes::sleep(0.4);
my @clients = map { [client($_ * 7)] } 1 .. 2;

my $warm;
for my $n (1 .. $rounds) {
    version($n);
    $warm = memory() if $n == int $rounds / 2;
}
Time::HiRes::sleep(0.5);
my $end = memory();

kill 'TERM', $_->[0] for @clients;
for my $client (@clients) {
    my ($all, $bad, $last) = split / /, readline($client->[1]), 3;
    waitpid $client->[0], 0;
    cmp_ok $all, '>', 100, 'a client asked all the while';
    is $bad, 0, 'and each answer was right' or diag $last;
}

cmp_ok $end - $warm, '<', 3000, 'memory is flat: ' . ($end - $warm) . ' KB'
    . " after $warm KB";
my $loads = () = $gate->log =~ /is live/g;
cmp_ok $loads, '>=', $plugins * ($rounds + 1), 'all versions went live';

done_testing;
