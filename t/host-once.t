# Copyright (C) Civic Gate
#
# "once": true end to end: the first answer again, another body refused, two
# at once told apart, and a key that is free again after a failure.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Civic::Redis;
use Civic::Upstream;
use IO::Socket::INET ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $slow = Civic::Upstream->start(sub { sleep 0.6; return [204, {}] });
my $redis = Civic::Redis->start;
my $server = $redis->server;

my $gate = Civic::Plugin->start(workers => 2,
    http => "civic_redis main { server $server; timeout 300ms; }\n"
            . 'civic_remote slow { url http://' . $slow->addr . '; }',
    department => 'allow store http=slow; timeout 3s;');

Civic::Host->plugin($gate, 'health/once', <<'END',
local m = {}
local s = civic.store.at("count")

function m.order(r)
    if r.params.id then return 201, { id = r.params.id } end
    local n = s:incr("n")
    if r.query.slow then
        civic.http("slow", {})
    end
    if r.query.fail then error("no") end
    if r.query.taken then civic.problem("taken", { n = n }) end
    if r.query.id then return 200, { once = r.once or "none" } end
    if r.query.odd then return 201, "odd", { ["X-N"] = "\255" } end
    if r.query.much then return 201, ("x"):rep(3.5e6) end
    if r.query.field then civic.problem("taken", { n = "\255" }) end
    if r.query.text then return 202, "bytes \0\255", { ["X-N"] = n } end
    return 201, { n = n }, { ["X-N"] = n }
end

return m
END
    needs => { store => JSON::PP::true, http => ['slow'] },
    problems => { taken => { status => 409, zh => '已被预约',
                             en => 'It is taken' } },
    routes => { 'POST /orders' => { run => 'order', once => JSON::PP::true },
                'POST /orders/{id}/pay' => { run => 'order',
                                             once => JSON::PP::true } });


sub post {
    my ($key, $query, $content) = @_;

    return $gate->request('POST', "/health/once/orders$query",
        { content => $content // '{}', headers => {
          'Content-Type' => 'application/json', 'Accept-Language' => 'en',
          defined $key ? ('Idempotency-Key' => $key) : () } });
}


sub count { return $redis->command('GET', 'civic:{health/once:count}:n') // 0 }


my $first = post('a', '');
is $first->{status}, 201, 'the first is done'
    or diag $first->{content}, $gate->log;
ok !exists $first->{headers}{'idempotency-replayed'}, 'and says nothing else';
my $again = post('a', '');
is $again->{status}, 201, 'the same again has the same status';
is $again->{content}, $first->{content}, 'the same body';
is $again->{headers}{'x-n'}, 1, 'the same headers';
is $again->{headers}{'content-type'}, 'application/json', 'the same type';
is $again->{headers}{'idempotency-replayed'}, 'true', 'and says so';
is count(), 1, 'it was done once';
my $ttl = $redis->command('PTTL', @{ $redis->command('KEYS', 'civic:once:*') });
cmp_ok $ttl, '>', 86_000_000, 'it is kept for a day';

my $res = post('a', '', '{"b":1}');
is $res->{status}, 422, 'the key with another body is 422';
is Civic::Host::body($res)->{code}, 'idempotency-mismatch', 'by its code';
is post('a', '?b=1')->{status}, 422, 'with another query, too';

my %pay = (headers => { 'Idempotency-Key' => 'pay' });
$res = $gate->request('POST', '/health/once/orders/1/pay', \%pay);
is $res->{status}, 201, 'a thing in the path is done';
$res = $gate->request('POST', '/health/once/orders/2/pay', \%pay);
is $res->{status}, 422, 'the key for another thing of the route is 422';

is post('b', '')->{status}, 201, 'another key is another thing';
is count(), 2, 'which is done';
is post(undef, '')->{status}, 201, 'without a key nothing is kept';
is post(undef, '')->{status}, 201, 'and it is done again';
is count(), 4, 'each time';
is post('', '')->{status}, 400, 'an empty key is 400';
is post('x' x 129, '')->{status}, 400, 'a long one, too';
is post('a b', '')->{status}, 400, 'one with a blank, too';

is post('c', '?taken=1')->{status}, 409, 'a problem below 500 is an answer';
$res = post('c', '?taken=1');
is Civic::Host::body($res)->{n}, 5, 'that is given again';
is $res->{headers}{'idempotency-replayed'}, 'true', 'and says so';
is Civic::Host::body($res)->{title}, 'It is taken', 'in the language asked for';

is post('d', '?fail=1')->{status}, 500, 'a failure';
is post('d', '?fail=1')->{status}, 500, 'frees the key';
is count(), 7, 'so that it is tried again';

is post('e', '?text=1')->{status}, 202, 'bytes';
$res = post('e', '?text=1');
is $res->{content}, "bytes \0\xff", 'come again as they were';
is $res->{headers}{'content-type'}, 'text/plain', 'with their type';


# the request's name: what is left of it when its record is gone

sub id {
    my ($key) = @_;

    my $id = Civic::Host::body(post($key, '?id=1'))->{once};
    my $records = $redis->command('KEYS', 'civic:once:*');
    $redis->command('DEL', @$records) if @$records;
    return $id;
}

my $before = count();
my $id = id('n');
like $id, qr/^[0-9a-f]{64}$/, 'a plugin is told a name of the request';
is id('n'), $id, 'which is the same when it comes again';
isnt id('o'), $id, 'and another for another key';
is id(undef), 'none', 'without a key there is none';
$redis->command('SET', 'civic:{health/once:count}:n', $before);


# two at once

my $pid = fork // die;
if ($pid == 0) {
    post('f', '?slow=1');
    POSIX::_exit(0);
}
$redis->wait_until(sub { count() == 9 });
$res = post('f', '?slow=1');
is $res->{status}, 409, 'a second one while the first is at work is 409';
is Civic::Host::body($res)->{code}, 'idempotency-conflict', 'by its code';
is $res->{headers}{'retry-after'}, 1, 'to be tried soon';
waitpid $pid, 0;
$res = post('f', '?slow=1');
is $res->{status}, 201, 'then it gets the answer';
is Civic::Host::body($res)->{n}, 9, 'of the first';


# a client that leaves

my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                 PeerPort => $gate->port) or die;
syswrite $sock, "POST /health/once/orders?slow=1 HTTP/1.1\r\nHost: a\r\n"
    . "Idempotency-Key: g\r\nContent-Type: application/json\r\n"
    . "Content-Length: 2\r\n\r\n{}";
$redis->wait_until(sub { count() == 10 });
close $sock;
sleep 0.1;
for (1 .. 50) {
    $res = post('g', '?slow=1');
    last if $res->{status} != 409;
    sleep 0.1;
}
is $res->{status}, 201, 'what a client has left goes on';
is $res->{headers}{'idempotency-replayed'}, 'true',
   'and its answer waits for the client to come back';
is count(), 10, 'done once';


# many at once

$redis->command('SET', 'civic:{health/once:count}:n', 100);
my @pids;
for (1 .. 12) {
    my $child = fork // die;
    if ($child == 0) {
        for (1 .. 40) {
            last if post('h', '')->{status} == 201;
            sleep 0.05;
        }
        POSIX::_exit(0);
    }
    push @pids, $child;
}
waitpid $_, 0 for @pids;
is count(), 101, 'of twelve at once over two workers one is done';


# an answer that cannot be kept: it is not done again

$before = count();
for my $case (['odd', 201], ['much', 201], ['field', 409]) {
    my ($query, $status) = @$case;
    is post($query, "?$query=1")->{status}, $status, "$query: is answered";
    $res = post($query, "?$query=1");
    is $res->{status}, 409, 'and not done again';
    is Civic::Host::body($res)->{code}, 'idempotency-answer-lost',
       'but told why';
}
is count(), $before + 3, 'each was done once';


# without the store

$redis->command('SET', 'civic:{health/once:count}:n', 101);
$redis->pause;
$res = post('i', '');
is $res->{status}, 503, 'without the store nothing is begun';
is Civic::Host::body($res)->{code}, 'store-unavailable', 'by its code';
$redis->resume;
is $redis->command('GET', 'civic:{health/once:count}:n'), 101,
   'and nothing was done';

like $gate->get('/metrics')->{content},
     qr/civic_idempotency_total\{result="replayed"\} [1-9]/,
     'it is counted what became of them';

done_testing;
