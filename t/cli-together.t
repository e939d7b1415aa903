# Copyright (C) Civic Gate
#
# Commands that are given at the same time, on a CIVIC_HOME that was never
# used.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Civic::Cli;

my $cli = Civic::Cli->new;
my @jobs = map { $cli->begin('up', '-d') } 1 .. 2;
my @ends = sort { $a->[0] <=> $b->[0] } map { [$cli->end($_)] } @jobs;

is "$ends[0][0] $ends[1][0]", '0 1', 'of two first runs, one succeeds'
    or diag map { $_->[1] } @ends;
like $ends[1][1], qr/^already running/m, 'and the other says why it does not';
is $cli->gate->get('/health/imaging/v1/studies',
    { Authorization => 'Bearer ' . $cli->token('imaging:read') })->{status},
   200, 'the one that runs accepts a token';

open my $pid, '<', $cli->home . '/run/up.pid' or die;
kill 'KILL', <$pid>;
my ($status, $said) = $cli->run('up', '-d');
is $status, 1, 'what a killed supervisor left behind still runs';
like $said, qr/^already running/m, 'and up says so';
($status) = $cli->run('down');
is_deeply [$cli->left], [], 'down stops it';
($status, $said) = $cli->run('up', '-d');
is $status, 0, 'then up starts anew' or diag $said;
$cli->run('down');


my $fresh = Civic::Cli->new;
my $keys = $fresh->home . '/conf/keys';
@jobs = map { $fresh->begin('token', '--sub', $_) } 1 .. 4;

for my $job (@jobs) {
    my ($status, $token) = $fresh->end($job);
    is $status, 0, 'one of four first tokens is minted' or diag $token;
    open my $verify, '|-',
         "build/jws-verify $keys/citizens.jwks.json > /dev/null" or die;
    print {$verify} $token =~ s/\n//r;
    ok close $verify, 'and verifies with the key that stays';
}

is_deeply [sort map { s{.*/}{}r } glob "$keys/*"],
          [qw(citizens.jwks.json citizens.pem lock)],
          'nothing else is left beside the keys';

done_testing;
