# Copyright (C) Civic Gate
#
# civic.http and civic.forward end to end: what is sent, what comes back, who
# may not, and clients that leave or are slow.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Civic::Upstream;
use IO::Socket::INET ();
use Test::More;
use Time::HiRes qw(sleep time);

my $big = 50 * 1024 * 1024;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    my $uri = $req->{uri};
    return [200, { 'Content-Type' => 'text/x', 'X-A' => ['1', '2'],
                   'X-Civic-Caller' => 'me' }, "bytes \0"]
        if $uri =~ m{^/bytes};
    return [200, { 'Content-Type' => 'text/big' }, 'x' x $big]
        if $uri =~ m{^/big};
    return [404, {}, 'none'] if $uri =~ m{^/none};
    sleep 1 if $uri =~ m{^/slow};
    return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"
        if $uri =~ m{^/short};
    return Civic::Upstream::_echo($req);
});
my $addr = $up->addr;
my $dead = Civic::Gate->free_port;

my $gate = Civic::Plugin->start(
    http => <<"END",
civic_remote his { url http://$addr; timeout 5s; max_body 1m; }
civic_remote dead { url http://127.0.0.1:$dead; }
civic_remote other { url http://$addr; }
END
    department => 'allow http=his,dead; timeout 2s;');

Civic::Host->plugin($gate, 'health/http', <<'END',
local m = {}

local function told(f)
    local ok, err = pcall(f)
    return 200, { ok = ok, err = tostring(err) }
end

function m.get(r)
    return 200, civic.http("his", { path = "/a", query = { b = "c d&", n = 1 },
        headers = { ["X-B"] = "d" } }).body
end
function m.post(r)
    return 200, civic.http("his", { method = "POST", body = { a = 1 } }).body
end
function m.bytes(r)
    local a = civic.http("his", { path = "/bytes" })
    return a.status, a.body, { ["X-B"] = a.headers["x-a"] }
end
function m.dead(r)
    local a, code = civic.http("dead")
    return 200, { code = code }
end
function m.slow(r)
    local a, code = civic.http("his", { path = "/slow", timeout = 0.2 })
    return 200, { code = code }
end
function m.wait(r) return 200, civic.http("his", { path = "/slow?1" }).body end
function m.late(r)
    civic.http("his", { path = "/slow" })
    civic.http("his", { path = "/slow" })
    civic.http("his", { path = "/slow" })
    return 204
end
function m.large(r)
    local a, code = civic.http("his", { path = "/big" })
    return 200, { code = code }
end
function m.other(r) return told(function() civic.http("other") end) end
function m.grant(r) return told(function() civic.http("third") end) end
function m.split(r)
    local a, code = civic.http("his", { headers = { A = "b\r\nC: d" } })
    return 200, { code = code }
end
function m.forward(r)
    return civic.forward("his", { path = "/" .. r.params.what })
end
function m.nowhere(r) return civic.forward("dead") end

return m
END
    needs => { http => ['his', 'dead'] },
    routes => { 'GET /forward/{what}' => 'forward',
                map { ("GET /$_" => $_) } qw(get post bytes dead slow wait
                late large other grant split nowhere) });


sub get { return $gate->get("/health/http/$_[0]") }
sub body { return Civic::Host::body(get($_[0])) }


my $seen = body('get');
is $seen->{method}, 'GET', 'a remote is asked'
    or diag explain $seen, $gate->log;
like $seen->{uri}, qr{^/a\?(?:b=c%20d%26&n=1|n=1&b=c%20d%26)$},
     'with the query, encoded';
is Civic::Upstream::header($seen, 'X-B'), 'd', 'and headers';
$seen = body('post');
is $seen->{body}, '{"a":1}', 'a table is sent as JSON';
is Civic::Upstream::header($seen, 'Content-Type'), 'application/json',
   'and says so';
my $res = get('bytes');
is $res->{content}, "bytes \0", 'bytes come as they are';
is $res->{headers}{'x-b'}, '1, 2', 'headers are joined';
is body('dead')->{code}, 'remote-unreachable', 'a dead remote has a code';
is body('slow')->{code}, 'remote-timeout', 'a slow one, too';
is body('large')->{code}, 'remote-too-large', 'a large answer, too';
like body('other')->{err}, qr/manifest\.json lacks "other"/,
     'a remote that the manifest does not name is refused';
like body('grant')->{err}, qr/manifest\.json lacks "third"/,
     'one that nobody has, too';
is body('split')->{code}, 'remote-request', 'a header cannot be two';

my $from = time;
$res = get('late');
is $res->{status}, 503, 'a handler that waits beyond its deadline is ended';
is Civic::Host::body($res)->{code}, 'plugin-timeout', 'by its code';
cmp_ok time - $from, '<', 2.8, 'in time';
like $gate->log, qr/its time ran out in http\.request/, 'the log says where';

for (1 .. 3) {
    my $sock = Civic::Host->open($gate, '/health/http/wait');
    sleep 0.1;
    close $sock;
}
is get('grant')->{status}, 200, 'clients may leave while a remote is awaited';
for (1 .. 40) {
    last if get('get')->{status} == 200;
    sleep 0.2;
}


# streams

$res = get('forward/bytes');
is $res->{status}, 200, 'an answer is forwarded';
is $res->{content}, "bytes \0", 'as it is';
is_deeply $res->{headers}{'x-a'}, ['1', '2'], 'with its headers';
is $res->{headers}{'content-type'}, 'text/x', 'and type';
ok !exists $res->{headers}{'x-civic-caller'}, "but not the gate's own";
is get('forward/none')->{status}, 404, 'errors, too';
$res = get('nowhere');
is $res->{status}, 502, 'a dead remote is 502';
is Civic::Host::body($res)->{code}, 'bad-gateway', 'by its code';
$res = get('forward/short');
isnt length $res->{content}, 100, 'an answer that breaks off does so here';


sub memory {
    my ($pid) = $gate->pids;
    open my $in, '<', "/proc/$pid/status" or return 0;
    return { map { /^(\w+):\s+(\d+)/ ? ($1 => $2) : () } <$in> }->{VmRSS};
}


my $before = memory();
my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                 PeerPort => $gate->port) or die;
syswrite $sock, "GET /health/http/forward/big HTTP/1.1\r\nHost: a\r\n"
                . "Connection: close\r\n\r\n";
my ($got, $most) = (0, 0);
for my $n (0 .. 1e9) {
    my $bytes = sysread $sock, my $buffer, 262144;
    last if !$bytes;
    $got += $bytes;
    sleep 0.02 if $n < 40;
    $most = memory() if $n % 20 == 0 && memory() > $most;
}
cmp_ok $got, '>', $big, '50 MB come through to a slow client';
cmp_ok $most - $before, '<', 4096, 'in flat memory'
    or diag "$before kB, then $most kB";

$sock = Civic::Host->open($gate, '/health/http/forward/big');
sysread $sock, my $some, 1000;
close $sock;
sleep 0.2;
is get('get')->{status}, 200, 'a client may leave a stream';

done_testing;
