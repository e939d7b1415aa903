# Copyright (C) Civic Gate

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use Civic::Cli;

my $cli = Civic::Cli->new;

my ($status, $help) = $cli->run('help');
is $status, 0, 'help succeeds';
for my $command (qw(up down token why build test bench help)) {
    like $help, qr/^  $command\b/m, "help names $command";
}
like $help, qr/令牌/, 'help speaks Chinese';
like $help, qr/mint a development token/, 'help speaks English';

my $said;
($status, $said) = $cli->run;
is $said, $help, 'no command at all is a question for help';

($status, $said) = $cli->run('upp');
is $status, 1, 'an unknown command fails';
like $said, qr/no such command: upp$/, 'an unknown command is named';

($status, $said) = $cli->run('up', '-x');
is $status, 1, 'up refuses an option that it does not know';
like $said, qr/usage: \.\/civic up/, 'up says how it is used';

($status, $said) = $cli->run('why');
is $status, 1, 'why wants a trace id';

($status, $said) = $cli->run('down');
is $status, 0, 'down is content when nothing runs';
like $said, qr/not running/, 'down says that nothing runs';

done_testing;
