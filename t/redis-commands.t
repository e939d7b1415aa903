# Copyright (C) Civic Gate
#
# civic_redis: commands and scripts, many at once, each with its own reply.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use Civic::Gate;
use Civic::Metrics;
use Civic::Redis;

my $redis = Civic::Redis->start;
my $server = $redis->server;
my $gate = Civic::Gate->start(
    workers => 2, main => Civic::Redis->probe,
    http => <<"END", server => <<'END2');
    civic_redis main  { server $server; timeout 2s; }
    civic_redis other { server $server; timeout 2s; database 3; connections 1; }
    civic_zone 2m;
END
    civic_auth off;
    location /main { civic_probe_redis main; }
    location /other { civic_probe_redis other; }
    location = /metrics { civic_metrics; }
END2

sub ask   { return Civic::Redis::ask($gate, '/main', @_) }
sub reply { return ask(@_)->{reply} }

sub parallel {
    my ($n, $do) = @_;

    my @pipes;
    for my $i (1 .. $n) {
        my $pid = open(my $pipe, '-|') // die "fork: $!\n";
        if ($pid == 0) {
            my $text = eval { $do->($i) } // "died: $@";
            syswrite STDOUT, $text;
            POSIX::_exit(0);
        }
        push @pipes, $pipe;
    }
    return map { local $/; my $text = <$_>; close $_; $text } @pipes;
}


is_deeply(ask(c => 'SET', a => ['k', qq(a"\r\n\0b)]),
          { error => 'ok', reply => 'OK' }, 'a simple string is a string');
is(reply(c => 'GET', a => 'k'), qq(a"\r\n\0b), 'bytes come back as they went');
is(reply(c => 'STRLEN', a => 'k'), 6, 'an integer is a number');
is_deeply(ask(c => 'GET', a => 'none'), { error => 'ok', reply => undef },
          'nil is nil');
is_deeply(reply(c => 'MGET', a => ['none', 'none']), [undef, undef],
          'nil in an array keeps its place');
is_deeply(reply(c => 'KEYS', a => 'nothing*'), [],
          'an empty array is an array');
is_deeply(ask(c => 'NOSUCH'), { error => 'refused', reply =>
    "ERR unknown command 'NOSUCH', with args beginning with: " },
    'an error reply is refused, with its text');
is(reply(c => 'SET', a => ['', '']), 'OK', 'keys and values may be empty');

is(ask(c => $_)->{error}, 'refused', "$_ does not get onto a connection")
    for qw(MULTI subscribe Monitor WAIT BLPOP CLIENT HELLO SELECT);
is(ask()->{error}, 'refused', 'nor does a command of no words');
is(reply(c => 'PING'), 'PONG', 'and the connection is what it was');


# scripts

my $script = 'return {KEYS[1], ARGV[1], redis.call("DBSIZE"), false, '
             . '{{1}}, redis.error_reply("MINE inside")}';
is_deeply(reply(script => $script, keys => 1, a => ['a', 'b']),
          ['a', 'b', 2, undef, [[1]], { err => 'MINE inside' }],
          'a script runs where Redis has never seen it');
like($redis->command('INFO', 'commandstats'), qr/cmdstat_eval:calls=1/,
     'it was sent once');
is(reply(script => $script, keys => 1, a => ['c', 'd'])->[0], 'c',
   'it runs again');
like($redis->command('INFO', 'commandstats'), qr/cmdstat_eval:calls=1/,
     'by its digest alone');
$redis->command('SCRIPT', 'FLUSH');
is_deeply([map { "$_->{error} $_->{reply}[0]" }
           @{ ask(script => $script, keys => 1, a => ['e', 'f'],
                  times => 50) }],
          [('ok e') x 50], 'after SCRIPT FLUSH fifty at once find it again');
is_deeply(ask(script => 'return redis.error_reply("MINE no")', keys => 0),
          { error => 'refused', reply => 'MINE no' },
          'the error of a script is an error reply');
is(ask(script => 'return redis.error_reply("NOSCRIPT ha")', keys => 0)
   ->{error}, 'refused', 'a script that says NOSCRIPT itself ends');
is(ask(script => 'return {{{{{{{{{{1}}}}}}}}}}', keys => 0)->{error},
   'timeout', 'a reply that is too deep ends its connection');
is(reply(c => 'PING'), 'PONG', 'and the next command has a new one');


# databases

Civic::Redis::ask($gate, '/other', c => 'SET', a => ['where', 'three']);
is(reply(c => 'GET', a => 'where'), undef,
   'a database of its own is not seen from another');
is(Civic::Redis::ask($gate, '/other', c => 'GET', a => 'where')->{reply},
   'three', 'but from itself');


# sizes

is(length reply(script => 'return string.rep("x", 3000000)', keys => 0),
   3000000, 'a large reply arrives whole');
is(ask(script => 'return string.rep("x", 9 * 1024 * 1024)', keys => 0)
   ->{error}, 'too-large', 'one of more than 8 MB is too large');
is(ask(script => 'local t = {} for i = 1, 400000 do t[i] = i end return t',
       keys => 0)->{error}, 'too-large',
   'so is an array that would take as much');
is(ask(c => 'SET', a => 'big', b => 7 * 1024 * 1024)->{error}, 'ok',
   'a large command goes');
is(ask(c => 'SET', a => 'big', b => 8 * 1024 * 1024)->{error}, 'too-large',
   'one of more than 8 MB does not');
is(reply(c => 'STRLEN', a => 'big'), 7 * 1024 * 1024, 'nothing of it is done');
is_deeply({ map { $_->{error} => 1 } @{ ask(c => 'SET', a => 'big',
                                           b => 1024 * 1024, times => 64,
                                           timeout => 20000) } },
          { ok => 1, unavailable => 1 },
          'what would queue more than 32 MB is refused at once');


# many

is_deeply([sort { $a <=> $b }
           map { $_->{reply} } @{ ask(c => 'INCR', a => 'n', times => 3000) }],
          [1 .. 3000], 'three thousand commands have three thousand replies');

my @lost = grep { $_ ne 'good' } parallel(12, sub {
    my ($i) = @_;
    for my $n (1 .. 40) {
        my $text = "$i-$n";
        my $got = ask(c => 'ECHO', a => $text, times => 5);
        return "$text: $_->{error}"
            for grep { ($_->{reply} // '') ne $text } @$got;
    }
    return 'good';
});
is_deeply(\@lost, [], 'replies never reach another than who asked');

@lost = grep { $_ ne 'good' } parallel(8, sub {
    my ($i) = @_;
    for my $n (1 .. 30) {
        my $text = "$i-$n";
        ask(script => 'local x = 0 for i = 1, 100000 do x = x + i end '
                      . 'return "given up"', keys => 0, cancel => $n % 3);
        my $got = ask(c => 'ECHO', a => $text);
        return "$text: $got->{error}" if ($got->{reply} // '') ne $text;
    }
    return 'good';
});
is_deeply(\@lost, [], 'nor are they moved by commands that are given up');

my $clients = $redis->command('CLIENT', 'LIST', 'TYPE', 'normal');
my $open = () = $clients =~ /\bcmd=(?!client)/g;
cmp_ok($open, '<=', 2 * (2 + 1), 'a worker keeps as many connections as said');

my $metrics = Civic::Metrics->of($gate);
cmp_ok($metrics->value('civic_redis_commands_total', result => 'ok'), '>', 3000,
       'commands are counted');
cmp_ok($metrics->value('civic_redis_commands_total', result => $_), '>=', 1,
       "$_ is counted") for qw(refused timeout too_large unavailable);
cmp_ok($metrics->value('civic_redis_reconnects_total'), '>=', 1,
       'new connections for lost ones are counted');

$gate->stop;
done_testing;
