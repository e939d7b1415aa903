# Copyright (C) Civic Gate
#
# civic.call end to end: another plugin's route, by its own rules, for the
# plugin that calls and for nobody else.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Civic::Redis;
use Civic::Upstream;
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = Civic::Redis->start;
my $server = $redis->server;
my $slow = Civic::Upstream->start(sub { sleep 1; return [204, {}] });

my $gate = Civic::Plugin->start(
    http => "civic_redis main { server $server; }\n"
            . 'civic_remote slow { url http://' . $slow->addr . '; }',
    departments => <<'END');
civic_department health {
    path    %DIR%/plugins/health;
    prefix  /health;
    allow   calls=data/pay,data/late,data/none,health/loop;
    timeout 2s;
}
civic_department data {
    path    %DIR%/plugins/data;
    prefix  /data;
    allow   store http=slow;
    timeout 5s;
}
END

Civic::Host->plugin($gate, 'data/pay', <<'END',
local m = {}

function m.show(r) return 200, r end
function m.make(r)
    local n = civic.store.at("n"):incr("n")
    return 201, { n = n, body = r.body }, { ["X-N"] = "1" }
end
function m.taken(r) civic.problem("taken", { slot = "a" }) end
function m.fails(r) error("no") end
function m.slow(r)
    for i = 1, 3 do civic.http("slow") end
    return 204
end
function m.text(r) return 200, "text" end

return m
END
    needs => { store => JSON::PP::true, http => ['slow'] },
    problems => { taken => { status => 409, zh => "已被预约",
                             en => "Taken" } },
    routes => {
        'GET /orders/{id:[0-9]+}/{rest...}' => { auth => ['plugins'],
            run => 'show', query => { type => 'object', properties => {
                n => { type => 'integer' } } } },
        'POST /orders' => { auth => ['plugins'], run => 'make',
            once => JSON::PP::true, body => { type => 'object',
                required => ['a'], properties => { a => {
                    type => 'integer' } } } },
        'GET /taken' => { auth => ['plugins'], run => 'taken' },
        'GET /fails' => { auth => ['plugins'], run => 'fails' },
        'GET /slow' => { auth => ['plugins'], run => 'slow' },
        'GET /text' => 'text',
        'GET,PUT,POST /several' => { auth => ['plugins'], run => 'show' },
        'any /several/{id}' => { auth => ['plugins'], run => 'show' },
        'DELETE /several/{id}' => { auth => ['plugins'], run => 'taken' },
    });

my @calls = map { "data/pay:$_" } 'GET /orders/{id:[0-9]+}/{rest...}',
            'POST /orders', 'GET /taken', 'GET /fails', 'GET /slow',
            'GET /text', 'GET /gone', 'GET /data/pay/text', 'PUT /several',
            'DELETE /several', 'PATCH /several/{id}', 'DELETE /several/{id}';
push @calls, 'data/late:GET /', 'data/none:GET /';

Civic::Host->plugin($gate, 'health/caller', <<'END',
local m = {}
local orders = "data/pay:GET /orders/{id:[0-9]+}/{rest...}"

local function told(...)
    local ok, a = pcall(civic.call, ...)
    return 200, { ok = ok, answer = ok and a or nil,
                  err = not ok and tostring(a) or nil }
end

function m.show(r)
    return told(orders, { params = { id = 7, rest = "a b/c" },
                          query = { n = 3 } })
end
function m.param(r)
    return told(orders, { params = { id = "x", rest = "a" } })
end
function m.lacks(r) return told(orders, { params = { id = 7 } }) end
function m.query(r)
    return told(orders, { params = { id = 7, rest = "a" },
                          query = { n = "x" } })
end
function m.make(r)
    return told("data/pay:POST /orders", { body = { a = 1 } })
end
function m.once(r)
    return told("data/pay:POST /orders", { body = { a = 1 }, once = "k" })
end
function m.mismatch(r)
    return told("data/pay:POST /orders", { body = { a = 2 }, once = "k" })
end
function m.body(r)
    return told("data/pay:POST /orders", { body = { a = "x" } })
end
function m.nobody(r) return told("data/pay:POST /orders") end
function m.taken(r) return told("data/pay:GET /taken") end
function m.fails(r) return told("data/pay:GET /fails") end
function m.slow(r) return told("data/pay:GET /slow") end
function m.text(r) return told("data/pay:GET /text") end
function m.whole(r) return told("data/pay:GET /data/pay/text") end
function m.several(r) return told("data/pay:PUT /several") end
function m.unlisted(r) return told("data/pay:DELETE /several") end
function m.any(r)
    return told("data/pay:PATCH /several/{id}", { params = { id = "x" } })
end
function m.listed(r)
    return told("data/pay:DELETE /several/{id}", { params = { id = "x" } })
end
function m.gone(r) return told("data/pay:GET /gone") end
function m.other(r) return told("data/other:GET /") end
function m.late(r) return told("data/late:GET /") end
function m.none(r) return told("data/none:GET /") end

return m
END
    needs => { calls => \@calls },
    routes => { map { ("GET /$_" => $_) } qw(show param lacks query make once
                mismatch body nobody taken fails slow text whole gone other
                several unlisted any listed late none) });


sub ask { return Civic::Host::body($gate->get("/health/caller/$_[0]",
                                   { Authorization => 'Bearer a',
                                     @_[1 .. $#_] })) }


my $told = ask('show');
ok $told->{ok}, 'a route is called' or diag explain $told, $gate->log;
my $seen = $told->{answer}{body};
is $told->{answer}{status}, 200, 'and its status comes back';
is $seen->{path}, '/data/pay/orders/7/a b/c', 'it sees a path';
is_deeply $seen->{params}, { id => '7', rest => 'a b/c' }, 'its params';
is_deeply $seen->{query}, { n => 3 }, 'the query, typed';
is $seen->{caller}{plugin}, 'health/caller', 'the plugin is the caller';
is $seen->{caller}{id}, 'plugin:health/caller', 'by an id of its own';
is_deeply $seen->{headers}, {}, 'and nothing of the client';
like $seen->{trace}, qr/^[0-9a-f]{32}$/, 'but its trace';
cmp_ok $seen->{deadline} - time, '<', 2.5, "within the caller's deadline";

like ask('param')->{err}, qr/params do not fit/, 'a param is checked';
like ask('lacks')->{err}, qr/lack "rest"/, 'one that is not there, too';
like ask('query')->{err}, qr{query /n}, 'the query, too';
like ask('body')->{err}, qr{body /a}, 'the body, too';
like ask('nobody')->{err}, qr/needs a body/, 'one that is not there, too';

is_deeply ask('make')->{answer}, { status => 201, body => { n => 1,
          body => { a => 1 } }, headers => { 'X-N' => '1' } },
          'a body is given, the answer comes whole';
is ask('once')->{answer}{body}{n}, 2, 'with a key it is done';
is ask('once')->{answer}{body}{n}, 2, 'once';
is ask('mismatch')->{answer}{status}, 422, 'for one body';

is_deeply ask('taken')->{answer}, { status => 409, body => { status => 409,
          code => 'taken', slot => 'a' } }, 'a problem is an answer';
is_deeply ask('fails')->{answer}, { status => 500, body => { status => 500,
          code => 'plugin-failed' } }, 'a failure, too';
is ask('text')->{answer}{body}, 'text', 'a public route may be called';
is ask('whole')->{answer}{body}, 'text', 'by its whole path as well';

$seen = ask('several', 'Accept-Language' => 'en')->{answer}{body};
is $seen->{method}, 'PUT', 'of a route for several the callee sees the one';
is $seen->{language}, 'en', 'and the language of who asked first';
is ask('several')->{answer}{body}{language}, 'zh', 'which is zh if none said';
like ask('unlisted')->{err}, qr/no route "DELETE/, 'a method must be listed';
is ask('any')->{answer}{body}{method}, 'PATCH', 'a route for any has them all';
is ask('listed')->{answer}{status}, 409, 'but one that lists it goes first';

like ask('gone')->{err}, qr/has no route "GET \/gone"/, 'not one there is not';
like ask('other')->{err}, qr/manifest\.json lacks/, 'nor one not named';
like ask('none')->{err}, qr/there is no plugin "data\/none"/,
     'nor one whose plugin is not there';
is $gate->get('/data/pay/taken')->{status}, 404,
   'for a client a route for plugins is not there';

my $from = time;
my $res = $gate->get('/health/caller/slow');
cmp_ok time - $from, '<', 2.8, 'a slow one is cut off in time';
ok $res->{status} == 503 || Civic::Host::body($res)->{answer}{status} == 503,
   'as a failure';

for (1 .. 4) {
    my $sock = Civic::Host->open($gate, '/health/caller/slow');
    sleep 0.1;
    close $sock;
}
sleep 0.1;
is ask('text')->{answer}{body}, 'text', 'clients may leave';


# one that is there, but not loaded: what a client gets

Civic::Plugin->write($gate, 'data/late', 'manifest.json' => '{');
Civic::Plugin->await($gate, 'data/late', sub { ($_[0]{reason} // '') ne '' });
is Civic::Host::body($gate->get('/data/late/'))->{code}, 'plugin-not-loaded',
   'a plugin that is not loaded, for a client';
is_deeply ask('late'), { ok => JSON::PP::true, answer => { status => 503,
          body => { status => 503, code => 'plugin-not-loaded' } } },
          'for a plugin that is an answer as well';

Civic::Plugin->write($gate, 'data/late', Civic::Plugin->files('there',
    name => 'late', manifest => { prefix => ['/data/late'] }));
Civic::Plugin->await($gate, 'data/late', sub { $_[0]{state} eq 'ready' });
for (1 .. 100) {
    $told = ask('late');
    last if $told->{ok} && $told->{answer}{status} == 200;
    sleep 0.05;
}
is $told->{answer}{body}, 'there', 'which is another once it is loaded';


# one that calls itself

Civic::Host->plugin($gate, 'health/loop', <<'END',
local m = {}
function m.go(r)
    local ok, a = pcall(civic.call, "health/loop:GET /go")
    if not ok then return 200, { depth = 1, err = tostring(a) } end
    a.body.depth = a.body.depth + 1
    return 200, a.body
end
return m
END
    needs => { calls => ['health/loop:GET /go'] },
    routes => { 'GET /go' => 'go' });

$told = Civic::Host::body($gate->get('/health/loop/go'));
is $told->{depth}, 4, 'calls go three deep';
like $told->{err}, qr/at most 3 deep/, 'and no deeper';

done_testing;
