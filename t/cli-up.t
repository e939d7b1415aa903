# Copyright (C) Civic Gate

use strict;
use warnings;

use lib 't/lib';
use File::Temp ();
use IO::Socket::INET ();
use Test::More;
use Civic::Cli;
use Civic::Revoke;

my $cli = Civic::Cli->new;
my $gate = $cli->gate;


sub pid {
    my ($name) = @_;

    open my $in, '<', $cli->home . "/run/$name.pid" or return;
    return <$in> + 0;
}


my ($status, $said) = $cli->run('up', '-d');
is $status, 0, 'up -d succeeds' or BAIL_OUT($said);
is scalar(my @parts = grep { defined } map { pid($_) }
          qw(up redis orthanc nginx)), 4, 'it says who runs';
cmp_ok scalar(my @here = $cli->left), '>=', 3, 'Redis, Orthanc and nginx run';
like $said, qr{^Civic Gate  http://127\.0\.0\.1:${\ $cli->port}$}m,
     'it says where the gate is';
is scalar(my @curl = $said =~ /^  curl /mg), 3, 'it gives three lines to try';
like $said, qr{\./civic down}, 'it says how to stop';

is $gate->get('/status')->{status}, 200, 'the gate answers';
is $gate->get('/health/imaging/v1/studies')->{status}, 401,
   'the demo service wants a token';
ok -S $cli->home . '/redis/redis.sock', 'Redis listens on a unix socket';
like qx(redis-cli -s @{[ $cli->home ]}/redis/redis.sock config get port),
     qr/^port\n0$/m, 'Redis listens nowhere else';
ok -d $cli->home . '/redis/appendonlydir', 'Redis keeps an append-only file';

my $again;
($status, $again) = $cli->run('up');
is $status, 1, 'up fails where a gate already runs';
like $again, qr/\Aalready running|\n.*already running/,
     'and says that it does';
is scalar(split /\n/, $again), 2, 'in one sentence of each language';

my $answer = $gate->get('/health/imaging/v1/studies');
like $answer->{content}, qr/"trace/, 'a refusal has a trace id';
my ($trace) = $answer->{content} =~ /([0-9a-f]{32})/;
($status, my $why) = $cli->run('why', $trace);
is $status, 0, 'why explains the refusal' or diag $why;
like $why, qr/credentials-missing/, 'with the reason';
like $why, qr/nginx\.conf:\d+/, 'and the line that refused';

($status, $why) = $cli->run('why', '0' x 32);
is $status, 1, 'why fails for an answer that it does not know';
like $why, qr/no recent answer/, 'and says so';

my $token = $cli->token('imaging:read');
sub asked {
    return $gate->get('/health/imaging/v1/studies',
                      { Authorization => "Bearer $token" })->{status};
}
is asked(), 200, 'a token lets one in';
my $file = File::Temp->new(TMPDIR => 1);
print {$file} $token;
close $file;
($status, $said) = $cli->run('token', 'revoke', '--token-file', "$file");
is $status, 0, 'it can be revoked' or diag $said;
ok defined Civic::Revoke->await(sub { asked() == 401 }), 'and is no good';

my $rival = Civic::Cli->new(port => $cli->port);
($status, $said) = $rival->run('up', '-d');
is $status, 1, 'up fails on a port that is taken';
like $said, qr/port \d+ is taken/, 'and says which';
is scalar(split /\n/, $said), 2, 'in one sentence of each language';
ok !-e $rival->home . '/run/up.pid', 'and leaves nothing running';

($status, $said) = $cli->run('down');
is $status, 0, 'down succeeds';
is_deeply [$cli->left], [], 'down leaves no process behind';
is_deeply [grep { defined readlink "/proc/$_/cwd" } @parts], [],
          'not even the one that watches';
is $gate->get('/status')->{status}, 599, 'the port is free again';

($status, $why) = $cli->run('why', $trace);
is $status, 1, 'why fails where no gate runs';
like $why, qr/does not answer/, 'and says so';

($status, $said) = $cli->run('up', '-d');
is $status, 0, 'up starts again on what it had kept' or diag $said;
kill 'KILL', pid('redis');
$cli->await('run/up.pid', 'gone');
is_deeply [$cli->left], [], 'when a part dies, the others are stopped';
open my $log, '<', $cli->home . '/log/up.log';
like join('', <$log>), qr/redis has stopped/, 'and the log says which it was';

done_testing;
