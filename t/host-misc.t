# Copyright (C) Civic Gate
#
# Operations that are answered at once: counters, secrets, the clock, random
# bytes and digests, and one that there is not.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use Test::More;

my $gate = Civic::Plugin->start(workers => 2,
    http => 'civic_clock_file clock;',
    department => 'secret key file=%DIR%/conf/key;',
    files => { key => "of ours\n" }, mode => { key => 0600 });

Civic::Host->plugin($gate, 'health/misc', <<'END',
local m = {}

local function hex(s)
    return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function told(f)
    local ok, err = pcall(f)
    return tostring(err)
end

function m.all(r)
    local c = civic.crypto
    return 200, {
        secret = civic.secret("key"),
        now = civic.time.now(),
        random = #c.random(20),
        sha = hex(c.digest("sha256", "abc")),
        sm3 = hex(c.digest("sm3", "abc")),
        hmac = hex(c.hmac("sha256", "k", "abc")),
        nosecret = told(function() civic.secret("other") end),
        noalgorithm = told(function() c.digest("md5", "abc") end),
        toomany = told(function() c.random(100000) end),
        noevents = told(function() civic.events.publish("a", "b") end),
    }
end

function m.count(r)
    civic.metric("booked")
    civic.metric("fen", 250)
    local wrong = told(function() civic.metric("fen", 1.5) end)
    local name = told(function() civic.metric('a"b') end)
    local many
    for i = 1, 20 do
        many = told(function() civic.metric("m" .. i) end)
    end
    return 200, { wrong = wrong, name = name, many = many }
end

return m
END
    routes => { 'GET /all' => 'all', 'GET /count' => 'count' });


my $all = Civic::Host::body($gate->get('/health/misc/all'));
is $all->{secret}, 'of ours', 'a secret' or diag explain $all, $gate->log;
cmp_ok abs($all->{now} - time), '<', 3, 'the time';
is $all->{random}, 20, 'random bytes';
is $all->{sha}, sha256_hex('abc'), 'SHA-256';
is $all->{sm3}, '66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba'
                . '8e0', 'SM3, as GM/T 0004 has it';
is $all->{hmac}, hmac_sha256_hex('abc', 'k'), 'HMAC';
like $all->{nosecret}, qr/"health" has no secret "other"/,
     'a secret that was not given';
like $all->{noalgorithm}, qr/no algorithm "md5"/, 'an algorithm too weak';
like $all->{toomany}, qr/1 to 4096/, 'too many bytes';
like $all->{noevents}, qr/./, 'what there is not is an error';

$gate->write('conf/clock' => '86400.5');
$all = Civic::Host::body($gate->get('/health/misc/all'));
cmp_ok abs($all->{now} - time - 86400), '<', 3, 'a test moves the clock';
like $gate->log . $gate->read('nginx.out'),
     qr/\[warn\].*civic_clock_file .* for tests only/, 'which nginx says';

my $wrong;
$wrong = Civic::Host::body($gate->get('/health/misc/count')) for 1 .. 3;
like $wrong->{wrong}, qr/no whole number/, 'a counter counts whole things';
like $wrong->{name}, qr/a name has/, 'by plain names';
like $wrong->{many}, qr/at most 16/, 'and not too many of them';
my $metrics = $gate->get('/metrics')->{content};
like $metrics,
     qr{_plugin_counter_total\{plugin="health/misc",name="booked"\} 3\n},
     'they are among the metrics';
like $metrics, qr/name="fen"\} 750\n/, 'as sums';

done_testing;
