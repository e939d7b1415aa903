# Copyright (C) Civic Gate
#
# The civic_redis block: who gets in, and what nginx -t refuses, by line.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use POSIX ();
use Test::More;

use Civic::Gate;
use Civic::Redis;

umask 027;                             # nobody else may read a password

sub refused {
    my ($text, $pattern, $name, %option) = @_;

    my ($ok, $output) = Civic::Gate->check(http => $text, %option);
    ok(!$ok, "$name is refused");
    like($output, $pattern, 'and the error says why');
    like($output, qr/ in \S+nginx\.conf:\d+/, 'and where');
}

sub word {
    my ($text, $pattern, %option) = @_;

    refused("civic_redis main { server 127.0.0.1:1; $text }", $pattern,
            $text, %option);
}


refused('civic_redis main { }', qr/civic_redis "main" does not say "server"/,
        'a block without a server');
refused('civic_redis "a b" { server 127.0.0.1; }', qr/"a b" cannot name/,
        'a name of two words');
refused('civic_redis a { server 127.0.0.1; } civic_redis a { server b; }',
        qr/"a" is defined already in \S+:\d+,/, 'a second block of one name');
refused('civic_redis a { server no.such.host.invalid; }',
        qr/server "no\.such\.host\.invalid" of civic_redis "a": host not found/,
        'a host that cannot be resolved');
refused('civic_redis a { server 127.0.0.1:70000; }', qr/invalid port/,
        'a port that is none');
refused('civic_redis a { server 127.0.0.1:1/x; }', qr/invalid host/,
        'a server with a path');
refused('civic_redis a { server unix:; }', qr/civic_redis "a": no path/,
        'a socket without a path');

word("$_ x;", qr/this version does not have "$_" yet/)
    for qw(sentinel cluster tls);
word('nosuch 1;', qr/unknown word "nosuch" in .* server, .*, durable in/);
word('server 127.0.0.1:2;', qr/"server" comes twice/);
word('timeout 1s 2s;', qr/"timeout" in civic_redis "main" takes one value/);
word('timeout;', qr/takes one value/);
word('timeout "";', qr/has an empty value/);
word("timeout $_;", qr/"timeout $_" in .* is not a time from 1ms to 60s/)
    for qw(0 61s soon -1s);
word("connections $_;", qr/"connections $_" in .* is not a number from 1 to/)
    for qw(0 17 two);
word('database 65536;', qr/"database 65536" in .* is not a number/);
word('breaker failures=0;', qr/"failures=0" in .* is not a number/);
word('breaker cooldown=0;', qr/"cooldown=0" in .* is not a time/);
word('breaker 5;', qr/unknown word "5" in "breaker" of civic_redis "main"/);
word('breaker failures=1 failures=2;',
     qr/"failures=" comes twice in "breaker" of/);
word('durable replicas=x;', qr/"replicas=x" in .* is not a number from 0/);
word('durable replicas=1 wait=1s;',
     qr/unknown word "wait=1s" in "durable" of .* knows replicas=, timeout=/);
word('user civic;', qr/has a "user" and no "password_file"/);
word('password_file none;', qr/password_file "\S+\/none" cannot be opened: No/);
word('password_file empty;', qr/password_file "\S+" is empty/,
     files => { empty => "\n" });
word('password_file .;', qr/password_file "\S+" is not a file/);

# a pipe neither: somebody writes to it, so whoever read it would not wait

my $pipes = File::Temp->newdir;
POSIX::mkfifo("$pipes/password", 0600) or die "mkfifo: $!";
open my $writer, '+<', "$pipes/password" or die "$pipes/password: $!";
syswrite $writer, "of a pipe\n";
word("password_file $pipes/password;", qr/password_file "\S+" is not a file/);
close $writer;

word('password_file open;', qr/password_file "\S+" holds a secret, and everyb/,
     files => { open => 'x' }, mode => { open => 0644 });
word('password_file long;', qr/password_file "\S+" is larger than 1 kB/,
     files => { long => 'x' x 1025 });

my ($ok, $output) = Civic::Gate->check(http => <<'END');
    civic_redis all {
        server localhost:6379;
        timeout 20ms;
        connections 2;
        breaker cooldown=1s failures=5;
        database 0;
        durable timeout=50ms replicas=0;
    }
END
ok($ok, 'a whole block is accepted') or diag $output;


# who gets in

my $port = Civic::Gate::free_port();
my $redis = Civic::Redis->start(port => $port, config => <<'END');
requirepass master-key
user gate on >s3cret~* +@all ~*
END
my $server = $redis->server;
my %files = (gate => "s3cret~*\n", master => "master-key");
my $gate = Civic::Gate->start(
    files => \%files, main => Civic::Redis->probe, http => <<"END",
    civic_redis user {
        server $server;
        user gate;
        password_file gate;
        timeout 1s;
        database 2;
    }
    civic_redis default {
        server 127.0.0.1:$port;
        password_file master;
        timeout 1s;
    }
    civic_redis wrong { server $server; user gate; password_file master; }
    civic_redis none { server $server; }
    civic_redis far { server $server; password_file master; database 99; }
END
    server => <<'END2');
    location /user { civic_probe_redis user; }
    location /default { civic_probe_redis default; }
    location /wrong { civic_probe_redis wrong; }
    location /none { civic_probe_redis none; }
    location /far { civic_probe_redis far; }
END2

sub ask { return Civic::Redis::ask($gate, @_) }

is(ask('/user', c => 'ACL', a => 'WHOAMI')->{reply}, 'gate',
   'with user and password it is that user');
is(ask('/default', c => 'ACL', a => 'WHOAMI')->{reply}, 'default',
   'with a password alone the default one, over TCP');
is(ask($_, c => 'PING')->{error}, 'unavailable', "$_ does not get in")
    for qw(/wrong /none /far);

my $log = $gate->log;
like($log, qr/\[error\].*civic redis "wrong" \(unix:.*\) refused: WRONGPASS/,
     'the log says that the password is wrong');
like($log, qr/civic redis "none" .* refused: NOAUTH/,
     'that there should be one');
like($log, qr/civic redis "far" .* refused: ERR DB index is out of range/,
     'that there is no such database');
unlike($log, qr/s3cret|master-key/, 'and never a password');
$gate->stop;
done_testing;
