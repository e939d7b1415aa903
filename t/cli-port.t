# Copyright (C) Civic Gate
#
# Which ports the demo takes.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Civic::Cli;

for my $port ('0', '65536', '99999999999999999999', '8o80', '-1', '08080') {
    my ($status, $said) = Civic::Cli->new(port => $port)->run('up');
    is $status, 1, "CIVIC_PORT=$port is refused";
    like $said, qr/\A.*1 到 65535: \Q$port\E\n.* 1 to 65535: \Q$port\E\n\z/,
         'in one sentence of each language';
}

my ($status) = Civic::Cli->new(port => 65535)->run('help');
is $status, 0, 'CIVIC_PORT=65535 is accepted';

# the search for Orthanc's port begins at one that follows from the process

my $cli = Civic::Cli->new(port => 0);
my $home = $cli->home;
my $said = qx(sh -c 'CIVIC_HOME=$home CIVIC_PORT=\$((20000 + \$\$ % 10000))
                     export CIVIC_HOME CIVIC_PORT; exec ./civic up -d' 2>&1);
is $?, 0, 'the gate may have the port that Orthanc would have had'
    or diag $said;
$cli->{port} = $1 if $said =~ /127\.0\.0\.1:(\d+)/;
is $cli->gate->get('/status')->{status}, 200, 'and answers there';
is $cli->gate->get('/health/imaging/v1/studies',
    { Authorization => 'Bearer ' . $cli->token('imaging:read') })->{status},
   200, 'as does Orthanc behind it';

done_testing;
