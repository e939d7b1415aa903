# Copyright (C) Civic Gate
#
# Plugins that take all the memory they can get, in their VM and on the ways
# into and out of it.

use strict;
use warnings;

use lib 't/lib';
use Civic::Hostile;
use Test::More;

my $hostile = Civic::Hostile->start(server => 'client_max_body_size 20m;');
my $gate = $hostile->gate;
my @ended = (503, 'plugin-budget-exceeded');
my @failed = (500, 'plugin-failed');


# kilobytes of all workers

sub resident {
    my $sum = 0;
    for my $pid ($gate->pids) {
        open my $in, '<', "/proc/$pid/status" or next;
        $sum += /^RssAnon:\s+(\d+)/ ? $1 : 0 for <$in>;
    }
    return $sum;
}


$hostile->cases({ head => <<'END' },
local function deep() local t = {} for i = 1, 200 do t = { t } end return t end
END
    ['a string doubled', 'local s = "x" while true do s = s .. s end',
     @ended],
    ['a string doubled under pcall',
     'local s = "x" while true do pcall(function() s = s .. s end) end',
     @ended],
    ['string.rep', 'return 200, ("x"):rep(1e9)', @ended],
    ['string.rep under pcall',
     'while true do pcall(string.rep, "x", 1e9) end', @ended],
    ['table.concat',
     'local s = ("x"):rep(1e6) local t = {} for i = 1, 1000 do t[i] = s end'
     . ' return 200, table.concat(t)', @ended],
    ['string.format', 'local s = ("x"):rep(1e6) for i = 1, 1000 do'
     . ' s = ("%s%s"):format(s, s) end', @ended],
    ['gsub', 'return 200, ((("x"):rep(1e5)):gsub("x", ("y"):rep(1e5)))',
     @ended],
    ['a table grown to the cap',
     'local t = {} for i = 1, 1e9 do t[i] = { i } end', @ended],
    ['closures', 'local t = {} for i = 1, 1e9 do t[i] = function()'
     . ' return t, i end end', @ended],
    ['an error while there is no memory', 'local t = {} pcall(function()'
     . ' while true do t[#t + 1] = {} end end) error(t)', @ended],
    ['a thousand errors, each a large string',
     'while true do pcall(error, ("x"):rep(1e5)) end', @ended],
    ['text that is large when it is code', 'local f = "1" while true do f ='
     . ' f .. "," .. f load("return {" .. f .. "}") end', @ended],

    ['an answer of 100 MB', 'return 200, ("x"):rep(1e8)', @ended],
    ['an answer of 10 MB', 'return 200, ("x"):rep(1e7)', @ended],
    ['a list of a million', 'local t = {} for i = 1, 3e5 do t[i] = i end'
     . ' return 200, t', @failed],
    ['an answer that is small in Lua and large outside of it',
     'local s, t = ("x"):rep(1e6), {} for i = 1, 60000 do t[i] = s end'
     . ' return 200, t', @failed],
    ['an answer nested deeply', 'return 200, deep()', @failed],
    ['a problem nested deeply', 'civic.problem("odd", deep())', @failed],
    ['JSON nested deeply', 'return 200, (civic.json.decode(("["):rep(1e6)))'
     . ' == nil and "refused"', qr/refused/],
    ['JSON written from it', 'civic.json.encode(deep())', @failed],
    ['JSON of a hundred thousand lists', 'local s = "[" .. ("[],"):rep(1e6)'
     . ' .. "[]]" while true do civic.json.decode(s) end', @ended],
    ['operations that carry much', 'local s = ("x"):rep(4e6)'
     . ' while true do civic.log.info(s) end', @ended],
    ['operations that carry much, in tables', 'local s, t = ("x"):rep(1e5), {}'
     . ' for i = 1, 70 do t[i] = s end'
     . ' while true do pcall(civic.timers.at, "x", 1, "f", t) end', @ended],
    ['names of metrics', 'for i = 1, 500 do civic.metric("name" .. i, 1) end'
     . ' return 200, "x"', @failed],
);
$hostile->quiet;


# requests that are large

$hostile->cases({ routes => {
    'POST /raw' => { run => 'case0', body => 'raw', max_body => '16m' },
    'POST /json' => { run => 'case1', max_body => '16m' },
    'POST /small' => { run => 'case1' } } },
    ['a body', 'return 200, tostring(r.raw and #r.raw)', qr/nil/],
    ['JSON', 'return 200, type(r.body)', qr/nil/],
);

sub post {
    my ($path, $content, $type) = @_;

    return $hostile->ask($path, method => 'POST', content => $content,
        headers => { 'Content-Type' => $type // 'application/json' });
}


for (['small', 'x' x 10_000_000, [413]],
     ['raw', 'x' x 10_000_000, [200, 503], 'text/plain'],
     ['json', '"' . 'x' x 10_000_000 . '"', [400, 413]],
     ['json', '[' . '[],' x 2_000_000 . '1]', [400]],
     ['json', '[' x 1_000_000, [400]],
     ['json', '{' . join(',', map { "\"k$_\":$_" } 1 .. 100_000) . '}',
      [400]])
{
    my ($path, $content, $statuses, $type) = @$_;
    my $title = length($content) . ' bytes of ' . substr $content, 0, 9;
    for (1 .. 3) {
        my $status = post($path, $content, $type)->{status};
        next if grep { $_ == $status } @$statuses;
        fail "$title: $status";
    }
    is $hostile->ask('fine')->{status}, 200, "$title, and then it serves on";
}
$hostile->quiet('the neighbours saw nothing of large bodies');

my $before = resident();
for (1 .. 10) {
    post('json', '[' . '[],' x 300_000 . '1]');
    post('raw', 'x' x 5_000_000, 'text/plain');
}
cmp_ok resident() - $before, '<', 40_000, 'memory is given back'
    or diag "$before KB before";
$hostile->same;
$hostile->quiet;

done_testing;
