# Copyright (C) Civic Gate
#
# The status tells of each Redis; one that is down degrades the gate, which
# stays ready.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP qw(decode_json);
use Test::More;

use Civic::Gate;
use Civic::Redis;

my $redis = Civic::Redis->start;
my $server = $redis->server;
my $gate = Civic::Gate->start(
    main => Civic::Redis->probe, http => <<"END", server => <<'END2');
    civic_redis main  { server $server; breaker failures=2 cooldown=300ms; }
    civic_redis never { server unix:/nonexistent/redis.sock; }
END
    civic_auth off;
    location /main { civic_probe_redis main; }
    location = /status { civic_status; }
    location = /ready { civic_status ready; }
END2

sub status {
    my $res = $gate->get($_[0] // '/ready');
    my $json = decode_json($res->{content});
    return "$res->{status} $json->{status} "
           . join ' ', map { "$_->{name}=$_->{state}" } @{ $json->{redis} };
}


is(status(), '200 ready main=up never=up', 'what was never asked is not down');
Civic::Redis::ask($gate, '/main', c => 'PING');
is(status(), '200 ready main=up never=up', 'a Redis that answers is up');
$redis->stop;
ok($redis->wait_until(sub {
    Civic::Redis::ask($gate, '/main', c => 'PING');
    status() eq '200 degraded main=down never=up';
}), 'one that is gone is down, and the gate degraded');
is(status('/status'), '200 degraded main=down never=up',
   'the full status says the same');
$redis->restart;
ok($redis->wait_until(sub { status() eq '200 ready main=up never=up' }),
   'it is seen when it is back, though nobody asked');
is(Civic::Redis::ask($gate, '/main', c => 'PING')->{error}, 'ok',
   'and then it is asked');
$gate->stop;
done_testing;
