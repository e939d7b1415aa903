#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# ./civic plugin test: a plugin's specs run against a gate of their own, with
# stubs for all that it calls, and leave nothing running.

use strict;
use warnings;

use File::Path ();
use File::Temp ();
use JSON::PP ();
use Test::More;

# what else runs now may have specs of its own

my $root = File::Temp->newdir('civic-specs-XXXXXX', TMPDIR => 1);
my $own = File::Temp->newdir('civic-specs-XXXXXX', TMPDIR => 1);
chmod 0755, $own;
$ENV{TMPDIR} = $own;
my $json = JSON::PP->new->canonical;


sub write_file {
    my ($name, $text) = @_;

    my $path = "$root/$name";
    File::Path::make_path($path =~ s{/[^/]*$}{}r);
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $text;
    close $out or die "$path: $!\n";
}


sub specs {
    my ($plugin, @words) = @_;

    my $output = qx(./civic plugin test $plugin --path $root/care @words 2>&1);
    return $? >> 8, $output;
}


write_file('care/visits/manifest.json', $json->encode({
    title => { zh => 'a', en => 'a' }, version => '1.0.0',
    prefix => ['/care/visits'],
    needs => { store => JSON::PP::true, http => ['his'], claims => ['sub'],
               calls => ['data/credit:GET /facts/{id}', 'care/pay:POST /o'] },
    routes => {
        'GET /mine' => { auth => ['citizens'], run => 'mine' },
        'GET /officer' => { auth => ['officers'], limit => ['calm'],
                            require => ['scope=care:read'], run => 'mine' },
        'GET /his/{id}' => { auth => ['public'], run => 'his' },
        'GET /credit' => { auth => ['public'], run => 'credit' },
        'POST /pay' => { auth => ['public'], run => 'pay' },
        'POST /one' => { auth => ['public'], run => 'one' },
        'GET /time' => { auth => ['public'], run => 'time' },
    },
    schedule => [ { run => 'sweep', every => '1h' } ],
}));
write_file('care/visits/plugin.lua', <<'END');
local m = {}
local count = function() return civic.store.at("count") end

function m.mine(request) return 200, { sub = request.claims.sub } end
function m.his(request)
    local path = "/patients/" .. request.params.id
    local answer = assert(civic.http("his", { path = path }))
    return 200, { status = answer.status, name = answer.body.name }
end
function m.credit()
    local target = "data/credit:GET /facts/{id}"
    return 200, civic.call(target, { params = { id = "7" } }).body
end
function m.pay()
    return 200, civic.call("care/pay:POST /o", { body = { fen = 5 } }).body
end
function m.one() return 200, { n = count():incr("n") } end
function m.time() return 200, { now = civic.time.now() } end
function m.sweep(data) count():set("swept", data and data.why or "clock") end

return m
END
write_file('care/visits/spec/visits_spec.lua', <<'END');
local test = require "civic.test"

describe("visits", function()
    local gate

    before_each(function() gate = test.gate() end)

    it("knows callers", function()
        local zhang = gate:citizen { sub = "zhang" }
        assert.equal("zhang", zhang:get("/care/visits/mine").body.sub)
        assert.equal(401, gate:anyone():get("/care/visits/mine").status)
        local officer = gate:caller("officers", { scope = "care:read" })
        assert.equal(200, officer:get("/care/visits/officer").status)
        assert.equal(401, zhang:get("/care/visits/officer").status)
    end)

    it("is answered by stubs of remotes", function()
        test.remote("his", "GET /patients/7", { body = { name = "李四" } })
        assert.equal("李四", gate:anyone():get("/care/visits/his/7").body.name)
        assert.equal(404, gate:anyone():get("/care/visits/his/8").body.status)
        assert.equal("/his/patients/7", test.requests()[1].path)
    end)

    it("is answered by stubs of plugins", function()
        test.plugin("data/credit:GET /facts/7", { body = { facts = 3 } })
        assert.equal(3, gate:anyone():get("/care/visits/credit").body.facts)
        test.plugin("care/pay:POST /o", { body = { paid = true } })
        assert.is_true(gate:anyone():post("/care/visits/pay", {}).body.paid)
        assert.equal(5, test.requests("care/pay")[1].body.fen)
    end)

    it("begins each time with an empty store", function()
        local seen = test.parallel(40, function()
            return gate:anyone():post("/care/visits/one", {}).body.n
        end)
        table.sort(seen)
        assert.equal(1, seen[1])
        assert.equal(40, seen[40])
    end)

    it("moves the clock and runs what the clock would run", function()
        local function now()
            return gate:anyone():get("/care/visits/time").body.now
        end
        local before = now()
        test.advance(86400)
        assert.is_true(now() >= before + 86400)
        test.run("sweep", { why = "spec" })
        assert.equal("spec",
                     test.redis("GET", "civic:{care/visits:count}:swept"))
    end)
end)
END

my ($status, $output) = specs('care/visits');
is $status, 0, 'specs that hold pass' or diag $output;
like $output, qr/5 successes/, 'all of them ran';

write_file('care/visits/spec/wrong_spec.lua', <<'END');
it("is wrong", function() assert.equal(1, 2) end)
END
($status, $output) = specs('care/visits');
isnt $status, 0, 'a spec that does not hold fails the run';
like $output, qr/is wrong/, 'and is named';

write_file('care/visits/plugin.lua', "local m = {}\nretrun m\n");
($status, $output) = specs('care/visits');
isnt $status, 0, 'a plugin that does not load fails the run';
like $output, qr/plugin\.lua:2/, 'with file and line';

write_file('care/visits/manifest.json', '{');
($status, $output) = specs('care/visits');
isnt $status, 0, 'a manifest that is not JSON fails the run';
like $output, qr/manifest\.json/, 'and is named';

($status, $output) = specs('care/none');
isnt $status, 0, 'no such plugin';
like $output, qr{no such plugin: \S+care/none}, 'is said';

($status, $output) = specs('nonsense');
like $output, qr/usage: /, 'a name without its department is refused';

is_deeply [grep { (readlink($_) // '') =~ m{^\Q$own\E/civic-spec\.} }
           glob '/proc/[0-9]*/cwd'], [], 'nothing is left running';
is_deeply [glob "$own/civic-spec.*"], [], 'nor lying about';

done_testing;
