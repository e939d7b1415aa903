#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# The building blocks as plugins see them: civic.capacity, civic.intervals
# and civic.once, in a gate.  What their scripts do is in blocks-*.t.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Host;
use Civic::Plugin;
use Civic::Redis;

my $redis = Civic::Redis->start;
my $gate = Civic::Plugin->start(
    http => 'civic_redis main { server ' . $redis->server . '; }',
    department => 'redis main; allow store;');

Civic::Host->plugin($gate, 'health/blocks', <<'END',
local capacity = require "civic.capacity"
local intervals = require "civic.intervals"
local once = require "civic.once"

local m = {}


local function list(...)
    local all = { ... }
    for i = 1, select("#", ...) do
        if all[i] == nil then all[i] = "nil" end
    end
    return 200, { got = civic.json.array(all) }
end


function m.capacity()
    local s = civic.store.at("clinic:1")
    local names = { "a", "b" }
    capacity.open(s, names, { capacity = 1 })

    local pool = capacity.pool(s, "a")
    local number, lapses = pool:hold("h1", 1000, 500, "n")
    local _, taken = pool:hold("h2", 1000, 500)
    local _, already, same = pool:hold("h1", 1000, 500)
    local late = pool:confirm("h1", number, 1500)
    local second = pool:hold("h2", 1500, 0, "x")
    local place = pool:of("h2", 1500)
    local noted = pool:note(second, "x", "y")
    local kept, is = pool:release("h2", second, 1500, "z", "x")
    local counts = capacity.count(s, { "a", "b", "c" }, 1500)
    local found, after = pool:list(1500, 0, 10)
    local gone = pool:release("h2", second, 1500, "z")

    capacity.open(s, names, { closed = true })
    local _, closed = pool:hold("h3", 1500, 0)

    return list(number, lapses, taken, already, same, late, second,
                place.state, noted, kept, is, counts[1].free, counts[2].free,
                counts[3], #found, found[1].note, after, gone, closed,
                pool:find(second, 1500).note)
end


function m.intervals()
    local book = intervals.book(civic.store.at("room:1"), "book")
    local first = book:hold("a", 0, { from = 1000, to = 2000, group = "g" })
    local no, why, other = book:hold("b", 0, { from = 1500, to = 2500 })
    local settled = book:settle("a", 0, "data")
    local all = book:list(0)

    return list(first, no, why, other.id, other.state, settled, #all,
                all[1].data, book:release("a"), book:release("a", "data"))
end


function m.once()
    local s = civic.store.at("once:1")
    local what, fence = once.begin(s, "k", "d", 1000, 5000)
    local busy, ms = once.begin(s, "k", "d", 1000, 5000)
    local _, later = once.begin(s, "k", "d", 1000, 6000)
    local late = once.finish(s, "k", fence, "late", 60000)
    local done = once.finish(s, "k", later, "answer", 60000)
    local again, answer = once.begin(s, "k", "d", 1000, 9000)

    return list(what, busy, ms, late, done, again, answer,
                once.free(s, "k", later), once.nonce(s, "n", 60000),
                once.nonce(s, "n", 60000), once.issue(s, "c", "v", 60000),
                once.issue(s, "c", "w", 60000), once.redeem(s, "c"),
                once.redeem(s, "c"), once.number(s, "i"),
                once.number(s, "i"))
end


return m
END
    routes => { 'GET /capacity' => 'capacity', 'GET /once' => 'once',
                'GET /intervals' => 'intervals' },
    needs => { store => JSON::PP::true });


sub got {
    my ($path) = @_;

    my $res = $gate->get("/health/blocks/$path");
    diag $res->{content} if $res->{status} != 200;
    return join ' ', map { ref ? ($_ ? 'true' : 'false') : $_ }
                     @{ Civic::Host::body($res)->{got} };
}


is got('capacity'), join(' ', 1, 1500, 'taken', 'already', 1, 'false', 2,
                         'confirmed', 'true', 'false', 'y', 0, 1, 'false', 1,
                         'y', 'nil', 'true', 'closed', 'z'),
   'places are held, confirmed, noted, counted, listed and given back';

is got('intervals'), join(' ', 'true', 'false', 'conflict', 'a', 'firm',
                          'true', 1, 'data', 'false', 'true'),
   'a stretch of time is held, settled, listed and released';

is got('once'), join(' ', 'begin', 'busy', 1000, 'false', 'true', 'done',
                     'answer', 'false', 'true', 'false', 'true', 'false',
                     'v', 'nil', 1, 2),
   'what happens once happens once: leases, nonces, codes, numbers';

done_testing;
