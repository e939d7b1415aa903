# Copyright (C) Civic Gate
#
# Plugins whose answers and problems are none: each is a failure of that one
# request, and nothing of it reaches the client.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Hostile;
use Test::More;

my $hostile = Civic::Hostile->start;
my @failed = (500, 'plugin-failed');


sub header {
    my ($name, $value) = @_;

    return ["a header $name = $value", "return 200, 'x', { [$name] = $value }",
            @failed];
}


$hostile->cases({ head => 'local evil = setmetatable({ "x" }, { __index ='
    . ' error, __tostring = error, __len = error, __call = error })' },
    (map { ["a status $_", "return $_, 'x'", @failed] }
        qw(99 100 101 199 600 700 -1 0 1e308 0/0 1/0 200.5 "abc" {} true)),
    ['a status "200"', 'return "200x", "x"', @failed],
    (map { ["a body $_", "return 200, $_", @failed] }
        qw(0/0 1 true false), 'function() end', '{ 0/0 }', '{ 1/0 }',
        '{ -1/0 }', '{ function() end }', '{ a = civic }', '{ "\255" }',
        '{ ["\255"] = 1 }', '{ [{}] = 1 }', '{ [1.5] = 1 }', '{ 1, a = 2 }',
        'civic.store', 'civic.json.null'),
    ['a body that contains itself',
     'local t = {} t.t = t return 200, t', @failed],
    ['two that contain each other',
     'local a, b = {}, {} a.b, b.a = b, a return 200, { a, b }', @failed],
    ['a body of a thousand places of one table', 'local t = {} for i = 1, 17'
     . ' do t = { t, t } end return 200, t', @failed],
    ['a body with metamethods', 'return 200, evil', qr/^\["x"\]/],
    ['a body where there can be none', 'return 204, "x"', @failed],
    ['headers that are a string', 'return 200, "x", "A: b"', @failed],
    ['headers that are a list', 'return 200, "x", { "A: b" }', @failed],
    ['a thousand headers', 'local h = {} for i = 1, 1000 do h["X-" .. i] = "x"'
     . ' end return 200, "x", h', @failed],
    header('"A"', '"b\r\nSet-Cookie: c=d"'), header('"A"', '"b\nc"'),
    header('"A"', '"b\0c"'), header('"A"', '{ "b", "c\r\n\r\nbody" }'),
    header('"A"', '{ {} }'), header('"A"', 'true'), header('"A\r\nB"', '"c"'),
    header('"A: b"', '"c"'), header('""', '"c"'), header('"A "', '"c"'),
    header('1', '"c"'), header('"A"', '("x"):rep(1e5)'),
    (map { header("\"$_\"", '"x"') } qw(Content-Length Transfer-Encoding
        Connection Upgrade Server Date X-Accel-Redirect X-Civic-Caller
        x-accel-expires TRAILER)),
    ['a hundred results', 'return unpack({ 200, "x", nil, 1, 2, 3 }, 1, 100)',
     qr/^x$/],
    ['an error of nothing', 'error()', @failed],
    ['an error with another\'s status', 'error({ status = 200 })', @failed],
    ['an error that tells', 'error("tell-nobody \r\n\27[2J secret")',
     @failed],
);
$hostile->quiet;
unlike $hostile->gate->log, qr/\e/, 'no control byte reaches the log';


# problems

my %problems = (odd => { status => 409, zh => '怪', en => 'Odd' });

$hostile->cases({ problems => \%problems },
    ['fields that would be the gate\'s', 'civic.problem("odd", { status = 200,'
     . ' type = "x", title = "x", trace = "x", code = "x", instance = "x" })',
     409, 'odd'],
    ['fields of all kinds', 'civic.problem("odd", { a = { 1, { b = "c" } },'
     . ' ["\"\r\n"] = "\r\n\0", detail = {}, retry_after = 1e308 })',
     409, 'odd'],
    ['a detail that is a page', 'civic.problem("odd",'
     . ' { detail = "<script>x</script>" })', 409, 'odd'],
    ['a detail that is no UTF-8', 'civic.problem("odd",'
     . ' { detail = "\255\0" })', 409, 'odd'],
    (map { ["Retry-After $_", "civic.problem('odd', { retry_after = $_ })",
            409, 'odd'] } qw(-1 0 0/0 1e18 "x\r\ny" {})),
    ['a list of fields', 'civic.problem("odd", { 1, 2 })', 409, 'odd'],
    (map { ["fields $_", "civic.problem('odd', $_)", 409, 'odd'] }
        '{ a = 0/0 }', '{ "\255" }', '"text"', '5',
        '{ a = ("x"):rep(1e6) }'),
    ['a function as a field',
     'civic.problem("odd", { a = function() end })', @failed],
    ['fields that contain themselves',
     'local t = {} t.t = t civic.problem("odd", t)', @failed],
    (map { ["a problem $_", "civic.problem($_)", @failed] }
        '"plugin-failed"', '"no-such"', '""', '{}', '1', 'nil', '"o\0dd"'),
    ['a problem caught and changed', 'local _, p = pcall(civic.problem, "odd",'
     . ' {}) p.code = "plugin-stopped" error(p, 0)', @failed],
    ['a problem caught and thrown again, its fields changed',
     'local _, p = pcall(civic.problem, "odd", { a = 1 }) p.fields.a = p'
     . ' error(p, 0)', @failed],
    ['a problem in tostring', 'return 200, tostring(select(2,'
     . ' pcall(civic.problem, "odd")))', qr/^problem odd$/],
    ['a problem as a body', 'return 200, select(2, pcall(civic.problem,'
     . ' "odd"))', @failed],
);

my $page = $hostile->ask('case2', headers => { Accept => 'text/html' });
unlike $page->{content}, qr/<script>/, 'a page escapes what a plugin says';
unlike $hostile->ask('case1')->{content}, qr/[\r\n](?!\z)/,
       'a problem is one line of JSON';
$hostile->same;
$hostile->quiet;

done_testing;
