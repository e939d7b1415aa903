# Copyright (C) Civic Gate
#
# Plugins that will not end: each of their requests is ended by its budget,
# nobody else's is touched, and the worker lives.

use strict;
use warnings;

use lib 't/lib';
use Civic::Hostile;
use Test::More;

my $hostile = Civic::Hostile->start;
my @ended = (503, 'plugin-budget-exceeded');
my @failed = (500, 'plugin-failed');

$hostile->cases({ head => <<'END' },
local function forever() while true do end end
local function text(f) return setmetatable({}, { __tostring = f }) end
END
    ['an endless loop', 'while true do end', @ended],
    ['a loop of goto', '::again:: goto again', @ended],
    ['tail calls', 'local function f() return f() end return f()', @ended],
    ['recursion', 'local function f() return 1 + f() end return f()', @failed],
    ['recursion with pcall',
     'local function f() pcall(f) return f() end return f()', @ended],
    ['pcall around a loop', 'while true do pcall(forever) end', @ended],
    ['pcall around recursion', 'local function f() return 1 + f() end'
     . ' while true do pcall(f) end', @ended],
    ['xpcall around a loop, and a handler that loops',
     'while true do xpcall(forever, forever) end', @ended],
    ['a handler that calls itself',
     'local function h() xpcall(h, h) end h() while true do h() end', @ended],
    ['__index that loops',
     'return setmetatable({}, { __index = forever }).x', @ended],
    ['an error object whose __tostring loops',
     'error(text(forever))', @failed],
    ['an error object whose metamethods all loop',
     'error(setmetatable({}, { __tostring = forever, __index = forever,'
     . ' __concat = forever, __metatable = false }))', @failed],
    ['tostring of it', 'while true do pcall(tostring, text(forever)) end',
     @ended],
    ['a log line of it', 'while true do pcall(civic.log.info, text(forever))'
     . ' end', @ended],
    ['a callback of gsub', 'return (("x"):gsub(".", forever))', @ended],
    ['gsub within gsub',
     'local function f() return (("x"):gsub(".", f)) end return f()',
     @failed],
    ['table.sort with a comparator that lies',
     'local t = {} for i = 1, 1e5 do t[i] = i % 7 end'
     . ' table.sort(t, function() return true end)', @ended],
    ['an iterator without end',
     'for _ in function() return 1 end do end', @ended],
    ['code made in a loop',
     'for i = 1, math.huge do load("return " .. i)() end', @ended],
    ['a million log lines',
     'for i = 1, 1e6 do civic.log.error("line " .. i) end', @ended],
    ['a million calls of the clock',
     'for i = 1, 1e6 do civic.time.now() end', @ended],
);
$hostile->quiet;
$hostile->same;
my $lines = () = $hostile->gate->log =~ /says: line/g;
my $runs = () = $hostile->gate->log =~ /logs too much/g;
cmp_ok $lines, '<=', 100 * $runs, 'a run logs 100 lines and no more';


# work that is long for each of its instructions

$hostile->cases({ head => <<'END' },
local million = ("x"):rep(1e6)
END
    ['long strings compared',
     'local a, b = million .. "a", million .. "b"'
     . ' while true do local c = a < b end', @ended],
    ['a large table that is empty, searched by next',
     'local t = {} for i = 1, 2e5 do t["k" .. i] = i end'
     . ' for k in next, t do t[k] = nil end while true do next(t) end',
     @ended],
    ['a long string searched', 'while true do million:find("[yz]") end',
     @ended],
    ['a long string turned round',
     'while true do local s = million:reverse() end', @ended],
    ['a long list unpacked',
     'local t = {} for i = 1, 7000 do t[i] = i end'
     . ' while true do select("#", unpack(t)) end', @ended],
    ['a table shifted from its beginning',
     'local t = {} for i = 1, 3e5 do t[i] = i end'
     . ' while true do table.insert(t, 1, 0) table.remove(t, 1) end', @ended],
    ['a pattern that backtracks',
     'return 200, ("a"):rep(1e5):find((".-"):rep(20) .. "b")', @ended],
    ['the same under pcall, and in gsub', 'while true do pcall(string.gsub,'
     . ' ("a"):rep(1e5), ("a*"):rep(20) .. "b", "") end', @ended],
    ['a set that is long', 'return 200, ("a"):rep(1e5):find("["'
     . ' .. ("b-c"):rep(1e5) .. "]")', @ended],
    ['JSON read in a loop',
     'local s = "[" .. ("1,"):rep(1e5) .. "1]"'
     . ' while true do civic.json.decode(s) end', @ended],
    ['JSON written in a loop',
     'local t = {} for i = 1, 5e4 do t[i] = 1.5 end'
     . ' while true do civic.json.encode(t) end', @ended],
    ['digests of a large string', 'while true do'
     . ' civic.crypto.digest("sm3", million) end', @ended],
    ['characters counted', 'while true do civic.text.length(million) end',
     @ended],
    ['hexadecimal', 'while true do civic.crypto.hex(million) end', @ended],
    ['two long strings, equal to the last byte', 'local a = million .. ""'
     . ' while true do civic.crypto.equal(million, a) end', @ended],
);
$hostile->quiet('the neighbours saw nothing of long instructions');
$hostile->same;

done_testing;
