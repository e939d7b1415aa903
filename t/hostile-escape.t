# Copyright (C) Civic Gate
#
# Plugins that look for what is not theirs: the real globals, files, other
# requests, other plugins' data, the caller's credentials.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Hostile;
use Civic::Redis;
use Test::More;

my $redis = Civic::Redis->start;
my $server = $redis->server;
my $hostile = Civic::Hostile->start(allow => "allow store;\n"
        . 'secret key file=%DIR%/conf/key;',
    files => { key => "of this department\n" }, mode => { key => 0600 },
    http => "civic_redis main { server $server; }\n");
my $gate = $hostile->gate;
my @failed = (500, 'plugin-failed');
my $store = { needs => { store => JSON::PP::true } };


# what a name gives: "nil" or the like

sub gives {
    my ($expression, $wanted) = @_;

    return [$expression, "return 200, tostring($expression)",
            qr/^\Q$wanted\E$/];
}


$hostile->cases(
    (map { gives($_, 'nil') } qw(io os debug package ffi jit coroutine
        dofile loadfile collectgarbage newproxy getfenv setfenv module print
        _G _ENV arg ngx bit string.dump math.randomseed civic.base
        civic.native civic.test civic.operation), '("").dump',
        'rawget(_G or {}, "x")', '(require "civic.store").operation',
        'civic.store.at("x").operation ~= civic.store.at("x").operation'
        . ' or nil', '(getmetatable(civic.json.array()) or {}).__index'),
    (map { gives("getmetatable($_)", 'false') } '""', 'string', 'civic',
        'civic.config', 'civic.store', 'civic.store.at("x")',
        'select(2, pcall(civic.problem, "no")) and ""'),
    (map { gives("pcall(require, $_)", 'false') } '"../plugin"', '"../.."',
        '"/etc/passwd"', '".."', '"."', '""', '"a/b"', '"civic.base"',
        '"civic.test"', '"io"', '"ffi"', '"jit.util"', '"table.new"',
        '"plugin\\0"', '"civic.store\\0"', '{}'),
    (map { gives("pcall(setmetatable, $_, {})", 'false') } '""', 'string',
        'civic', 'civic.config', 'civic.store.at("x")', '1', 'nil'),
    (map { gives("pcall(rawset, $_, 1, 1)", 'false') } qw(string civic table
        math civic.config civic.store "")),
    (map { gives("pcall(table.insert, $_, 1)", 'false') } qw(string civic)),
    (map { gives("load($_)", 'nil') } '"\27LJ\2\0"', '"\27Lua"', '"\27"'),
    (map { gives("pcall(load, $_)", 'false') } 'function() end', '{}', 'nil'),
    gives('load("return io or os or debug or _G", "x", "b")()', 'nil'),
    gives('load("return x", "x", "t", { x = 1 })()', 'nil'),
    gives('load("local e = ... return e and 1")()', 'nil'),
    gives('pcall(load("x = 1"))', 'false'),
    ['a global set while a request runs', 'leak = r.query', @failed],
    ['a function of the library replaced', 'string.format = nil', @failed],
    ['civic replaced', 'civic.problem = nil', @failed],
    ['the handler of xpcall sees no stack',
     'local n = 0 xpcall(error, function(...) n = select("#", ...) end)'
     . ' return 200, "n" .. n', qr/^n1$/],
    ['tostring of a function names no file', 'return 200, tostring(civic.http)'
     . ' .. tostring(pcall) .. tostring(string)', qr{^[^/]*$}],
    ['an error names no file of the gate',
     'local _, e = pcall(civic.store.at) return 200, e',
     qr{^plugin\.lua:\d+: [^/]*$}],
    ['format reads no memory', 'return 200, tostring(pcall(string.format,'
     . ' "%n%p%*d", "x", "x", 1))', qr/^false$/],
    ['a number that is no date', 'local ok = pcall(civic.time.format, 1e308)'
     . ' return 200, "x"', qr/x/],
    ['a secret that is nobody\'s',
     'return 200, tostring(pcall(civic.secret, "../key"))', qr/^false$/],
    ['its own secret', 'return 200, civic.secret("key")', qr/^of this/],
);


# functions of civic, called with what they do not expect

my $everything = <<'END';
local odd = { 0, -1, 1e308, 0/0, "", ("x"):rep(1000), "\0", {}, { {} },
    setmetatable({}, { __index = error, __tostring = error, __len = error }),
    function() end, civic.json.null, true, civic, civic.store.at("x") }
local n = 0
local function try(f)
    for _, a in ipairs(odd) do
        pcall(f, a)
        for i = 1, 3 do
            pcall(f, a, odd[(n + i) % #odd + 1], odd[(n * i) % #odd + 1])
            n = n + 1
        end
    end
end
for _, name in ipairs { PLACE } do
    local place = civic[name] or r.lib[name]
    if type(place) == "function" then try(place) else
        for _, f in pairs(place) do
            if type(f) == "function" then try(f) end
        end
    end
end
return 200, "tried"
END

$hostile->cases({ head => 'local lib = { string = string, table = table,'
                          . ' math = math }', %$store },
    map { my $place = $_;
          ["odd arguments for $_", 'r.lib = lib '
           . $everything =~ s/PLACE/"$place"/r, qr/tried/] }
    qw(string table math json text time crypto log metric secret http call
       forward problem timers));
$hostile->same;


# keys of others

$redis->command('SET', 'civic:{quiet/hello:x}:part', 'quiet');
$redis->command('SET', 'part', 'bare');
my @names = ('x}:part', '{quiet/hello:x}', '../../quiet/hello:x', '}', '{',
             'a}b{c', "a\nb", "a\r\nGET part\r\n", "a\0b", 'x' x 500, '*', '');

$hostile->cases({ %$store, head => 'local names = { ' . join(', ',
        map { s/([^ -~]|["\\])/sprintf '\\%03d', ord $1/ger =~ s/.*/"$&"/sr }
        @names) . ' }' },
    ['names of aggregates', <<'END', qr/^no$/],
local got = "no"
for _, name in ipairs(names) do
    for _, part in ipairs(names) do
        local ok, value = pcall(function()
            return civic.store.at(name):get(part) end)
        if ok and (value == "quiet" or value == "bare") then got = value end
        pcall(function() civic.store.at(name):set(part, "mine") end)
    end
end
return 200, got
END
    ['commands that are not for plugins', <<'END', qr/^$/],
local done = {}
for _, name in ipairs { "keys", "scan", "flushall", "flushdb", "config",
    "eval", "evalsha", "script", "function", "fcall", "acl", "client",
    "shutdown", "debug", "module", "select", "swapdb", "migrate", "monitor",
    "subscribe", "publish", "multi", "exec", "wait", "randomkey", "dbsize",
    "info", "blpop", "replicaof", "auth", "hello", "reset", "quit", "object",
    "sort", "copy", "rename", "move", "restore", "dump", "get\r\nkeys",
    "GET part", "" } do
    if pcall(function() return civic.store.at("x"):command(name, { "part" })
             end) then done[#done + 1] = name end
end
return 200, table.concat(done, " ")
END
    ['scripts that are not there', <<'END', qr/^no$/],
for _, name in ipairs { "../capacity_hold", "timers_claim", "timers_done",
    "timers_at", "once_begin", "return 1", "" } do
    local ok, what = pcall(function()
        return civic.store.at("x"):run(name, { "{quiet/hello:x}:part" }, {})
    end)
    if ok then return 200, name end
end
return 200, "no"
END
);
is $redis->command('GET', 'civic:{quiet/hello:x}:part'), 'quiet',
   'the neighbour has its data';
is $redis->command('GET', 'part'), 'bare', 'and so has the gate';
my @foreign = grep { !/^civic:\{bad\/plugin:/s
                     && !/^(?:part|civic:\{quiet\/hello:x\}:part)$/ }
              @{ $redis->command('KEYS', '*') };
is "@foreign", '', 'all its keys have its name';


# callers

$hostile->cases(
    { head => 'local seen = {}' },
    ['a request kept', 'seen[#seen + 1] = r return 200, seen[1]', qr/trace/],
    ['all that is in it', 'local out = {} local function walk(t) for k, v in'
     . ' pairs(t) do out[#out + 1] = tostring(k) if type(v) == "table" then'
     . ' walk(v) else out[#out + 1] = tostring(v) end end end walk(r)'
     . ' return 200, table.concat(out, " ")', qr/trace/],
    ['a request changed', 'r.headers, r.caller, r.path = nil return 200, "x"',
     qr/x/],
);
my $credentials = { Authorization => 'Bearer tell-nobody',
    Cookie => 'a=tell-nobody', 'Proxy-Authorization' => 'tell-nobody',
    'X-Civic-Caller' => 'tell-nobody',
    'X-Civic-Subject' => 'tell-nobody' };
for (1 .. 5) {
    my $res = $hostile->ask("case1", headers => $credentials);
    unlike $res->{content}, qr/tell-nobody/, 'credentials are not for plugins';
}
$hostile->same;
$hostile->quiet;

done_testing;
