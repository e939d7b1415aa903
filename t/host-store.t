# Copyright (C) Civic Gate
#
# civic.store end to end: keys of one plugin only, commands of the list only,
# scripts where they are granted, and a store that is away.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Civic::Redis;
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = Civic::Redis->start;
my $server = $redis->server;

my $gate = Civic::Plugin->start(
    http => "civic_redis main { server $server; timeout 500ms; }",
    departments => <<'END');
civic_department health {
    path    %DIR%/plugins/health;
    prefix  /health;
    allow   store scripts;
    timeout 2s;
}
civic_department bare {
    path    %DIR%/plugins/bare;
    prefix  /bare;
}
civic_department plain {
    path    %DIR%/plugins/plain;
    prefix  /plain;
    allow   store;
}
END

my $lua = <<'END';
local m = {}

local function told(f)
    local ok, err = pcall(f)
    return 200, { ok = ok, err = tostring(err) }
end

function m.get(r)
    local s = civic.store.at("slot:1")
    return 200, { value = s:get("a"), none = s:get("zz") == nil }
end

function m.set(r)
    local s = civic.store.at("slot:1")
    s:set("a", r.query.v)
    s:hset("h", "f", 1)
    s:mset("x", 1, "y", 2)
    return 200, { all = s:hgetall("h"), n = s:incr("n"),
                  two = s:mget("x", "y") }
end

function m.run(r)
    local s = civic.store.at("slot:1")
    return 200, { own = s:run("own", { "k" }, { "v" }) }
end

function m.none(r)
    return told(function() civic.store.at("a"):run("nil_such", {}) end)
end
function m.theirs(r)
    return told(function()
        civic.store.at("a"):run("signin_close", { "k" }, { "x:" })
    end)
end
function m.keys(r)
    return told(function() civic.store.at("a"):keys("*") end)
end
function m.block(r)
    return told(function() civic.store.at("a"):blpop("a", 0) end)
end
function m.error(r)
    return told(function()
        local s = civic.store.at("a")
        s:set("t", "x")
        s:lpush("t", 1)
    end)
end
function m.name(r)
    return told(function() civic.store.at("a}b"):get("x") end)
end
function m.away(r) civic.store.at("a"):get("x") return 200, {} end
function m.caught(r)
    return told(function() civic.store.at("a"):get("x") end)
end
function m.plain(r) return 200, "here" end
function m.long(r)
    for i = 1, 900 do civic.store.at("a"):set("x", ("y"):rep(100000)) end
    return 200, "done"
end

return m
END

my %routes = map { ("GET /$_" => $_) }
             qw(get run none theirs keys block error name away caught plain
                long);
my %needs = (needs => { store => JSON::PP::true });

Civic::Host->plugin($gate, 'health/store', $lua,
    routes => { %routes, 'GET /set' => { run => 'set', query => {
        type => 'object', properties => { v => { type => 'string' } } } } },
    needs => { store => JSON::PP::true, scripts => JSON::PP::true },
    files => { 'redis/own.lua' =>
        'redis.call("SET", KEYS[1], ARGV[1]) return {KEYS[1], ARGV[1]}' });
Civic::Host->plugin($gate, 'plain/store', $lua, routes => \%routes, %needs);
Civic::Host->plugin($gate, 'health/needless', $lua, routes => \%routes);


sub get { return $gate->get($_[0]) }
sub body { return Civic::Host::body(get($_[0])) }


my $set = body('/health/store/set?v=b');
is_deeply $set, { all => ['f', '1'], n => 1, two => ['1', '2'] },
          'commands are answered'
    or diag explain $set, $gate->log;
is $redis->command('GET', 'civic:{health/store:slot:1}:a'), 'b',
   'a key is the plugin, the aggregate and the part';
is_deeply body('/health/store/get'), { value => 'b', none => JSON::PP::true },
          'what is not there is nil';
is_deeply body('/health/store/run'),
          { own => ['civic:{health/store:slot:1}:k', 'v'] },
          'a script of its own runs, with its keys';
is_deeply body('/health/store/run'),
          { own => ['civic:{health/store:slot:1}:k', 'v'] },
          'and again';

for (['/health/store/none', qr/redis\/nil_such\.lua cannot be read/],
     ['/health/store/keys', qr/"keys": no command that plugins may send/],
     ['/health/store/block', qr/"blpop": no command/],
     ['/health/store/error', qr/WRONGTYPE/],
     ['/health/store/name', qr/neither blanks nor braces/],
     ['/plain/store/run', undef],
     ['/plain/store/none', qr/civic_department lacks "scripts"/],
     ['/plain/store/theirs', qr/there is no script "signin_close"/],
     ['/health/needless/caught',
      qr/manifest\.json lacks "store": true in its "needs"/])
{
    my ($path, $err) = @$_;
    my $told = body($path);
    if (defined $err) {
        ok !$told->{ok}, "$path is refused";
        like $told->{err}, $err, 'and told why';
    } else {
        is get($path)->{status}, 500, "$path fails";
    }
}


# it is away

sub leave {
    my ($path) = @_;

    my $sock = Civic::Host->open($gate, $path);
    sleep 0.15;
    close $sock;
    return;
}


$redis->pause;
leave('/health/store/away') for 1 .. 5;
my $from = time;
my $res = get('/health/store/away');
is $res->{status}, 503, 'a store that does not answer is 503';
is Civic::Host::body($res)->{code}, 'store-unavailable', 'by its code';
ok $res->{headers}{'retry-after'}, 'that may be tried again';
cmp_ok time - $from, '<', 1.5, 'after its deadline';
like body('/health/store/caught')->{err}, qr/store-unavailable/,
     'a plugin can catch it';
is get('/health/store/plain')->{status}, 200, 'who needs no store is served';
$redis->resume;
sleep 1.2;
is get('/health/store/away')->{status}, 200, 'when it is back all is well';

is get('/health/store/long')->{status}, 503,
   'operations cannot carry bytes without end';
is get('/health/store/plain')->{status}, 200, 'the next is served';

like $gate->get('/metrics')->{content},
     qr/civic_plugin_operations_total\{operation="store\.command"\} [1-9]/,
     'operations are counted';
like $gate->get('/metrics')->{content},
     qr/_operation_failures_total\{operation="store\.command"\} [1-9]/,
     'failures, too';

done_testing;
