# Copyright (C) Civic Gate
#
# A plugin's route, end to end: what the plugin is handed of a request, and
# what becomes of its answer.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Test::More;

my $gate = Civic::Plugin->start(department => 'memory 4m;', http => <<'END');
    log_format code '$uri $status "$civic_code" "$civic_plugin_time"';
    access_log %DIR%/code.log code;
END

my %object = (type => 'object', required => ['name'],
              properties => { name => { type => 'string' } });

my %query = (type => 'object', properties => { n => { type => 'integer' } });

Civic::Host->plugin($gate, 'health/echo', <<'END',
local m = {}

function m.show(r) return 200, r end
function m.make(r)
    return 201, { got = r.body }, { ["X-Name"] = r.body.name }
end
function m.raw(r) return 200, r.raw, { ["Content-Type"] = "text/x" } end
function m.any(r) return 200, { length = r.raw and #r.raw or -1 } end

local answers = {
    nothing = function() end,
    table = function() return nil, { a = 1 } end,
    string = function() return 200, "text" end,
    empty = function() return 204 end,
    list = function()
        return 200, "x", { ["Set-Cookie"] = { "a=1", "b=2" }, ETag = '"1"' }
    end,
    status = function() return 199, {} end,
    word = function() return "ok" end,
    split = function() return 200, "x", { A = "b\r\nC: d" } end,
    connection = function() return 200, "x", { Connection = "close" } end,
    civic = function() return 200, "x", { ["X-Civic-Caller"] = "me" } end,
    length = function() return 200, "x", { ["Content-Length"] = 3 } end,
    problem = function()
        civic.problem("taken", { slot = "a", status = 200, retry_after = 7,
                                 detail = "by \"x\"" })
    end,
    unknown = function() civic.problem("nothing-of-the-kind") end,
    error = function() error("secret of ours") end,
    loop = function() while true do end end,
    memory = function()
        local t = {}
        for i = 1, 1e9 do t[i] = { i } end
    end,
    cycle = function() local t = {} t.t = t return 200, t end,
    binary = function() return 200, { a = "\255" } end,
    operation = function()
        for i = 1, 5000 do civic.time.now() end
    end,
    log = function()
        for i = 1, 200 do
            civic.log.warn("line " .. i .. " 110105194912310021")
        end
        return 200, "x"
    end,
}

function m.answer(r)
    return answers[r.params.kind](r)
end

return m
END
    problems => { taken => { status => 409, zh => '已被预约',
                             en => 'It is taken' } },
    routes => {
        'GET /items/{id}' => { run => 'show', query => \%query },
        'POST /items' => { run => 'make', body => \%object },
        'POST /raw' => { run => 'raw', body => 'raw' },
        'POST /any' => { run => 'any', max_body => '2m' },
        'GET /answer/{kind}' => 'answer',
    });


sub get {
    my ($kind, %header) = @_;

    return $gate->get("/health/echo/answer/$kind", \%header);
}


sub body { return Civic::Host::body(@_) }


# what it is handed

my $res = $gate->get('/health/echo/items/a%20b?n=3',
    { Authorization => 'Bearer x', Cookie => 'a=b', 'X-A' => ['1', '2'],
      'X-Civic-Subject' => 'me', 'Accept-Language' => 'en' });
my $seen = body($res);
is $res->{status}, 200, 'a route answers';
is $res->{headers}{'content-type'}, 'application/json', 'a table is JSON';
is $seen->{method}, 'GET', 'it sees the method';
is $seen->{path}, '/health/echo/items/a b', 'the path';
is_deeply $seen->{params}, { id => 'a b' }, 'its parameters, decoded once';
is_deeply $seen->{query}, { n => 3 }, 'the query in the types of its schema';
is $seen->{headers}{'x-a'}, '1, 2', 'headers, joined';
ok !exists $seen->{headers}{$_}, "no $_"
    for qw(authorization cookie connection x-civic-subject);
is $seen->{language}, 'en', 'the language';
like $seen->{trace}, qr/^[0-9a-f]{32}$/, 'the trace id';
cmp_ok abs($seen->{deadline} - time - 5), '<', 3, 'the deadline';
ok !exists $seen->{caller}, 'nobody calls';

$res = $gate->get('/health/echo/items/a?n=x', { 'Accept-Language' => 'en' });
is $res->{status}, 400, 'a query against its schema is 400';
is body($res)->{code}, 'invalid-query', 'by its code';
like body($res)->{detail}, qr{^/n: }, 'which says where';

$res = $gate->request('HEAD', '/health/echo/items/a');
is $res->{status}, 200, 'HEAD is answered by GET';
is $res->{content}, '', 'without a body';
ok $res->{headers}{'content-length'} > 50, 'but with its length';


# bodies

sub post {
    my ($path, $content, $type) = @_;

    return $gate->request('POST', "/health/echo$path",
        { content => $content, headers => {
          $type ? ('Content-Type' => $type) : () } });
}


$res = post('/items', '{"name":"a"}', 'application/json; charset=utf-8');
is $res->{status}, 201, 'a body that fits is taken';
is_deeply body($res), { got => { name => 'a' } }, 'and given';
is $res->{headers}{'x-name'}, 'a', 'a header of the plugin is sent';

for (['{"name":1}', 'application/json', 422, 'invalid-body', qr{^/name: }],
     ['{}', 'application/json', 422, 'invalid-body', qr{name}],
     ['{"a":1,"a":2}', 'application/json', 400, 'malformed', qr/JSON/],
     ['{', 'application/json', 400, 'malformed', qr/JSON/],
     ['', 'application/json', 400, 'malformed', qr/empty/],
     ['{"name":"a"}', 'text/plain', 415, 'unsupported-media-type', qr/./],
     ['{"name":"a"}', undef, 415, 'unsupported-media-type', qr/./],
     ['{"name":"' . 'a' x 1100000 . '"}', 'application/json', 413,
      'body-too-large', qr/./])
{
    my ($content, $type, $status, $code, $detail) = @$_;
    $res = post('/items', $content, $type);
    my $what = length $content > 40 ? 'a large body' : "\"$content\"";
    is $res->{status}, $status, "$what is $status";
    is body($res)->{code}, $code, "by its code $code";
    like body($res)->{detail} // '', $detail, 'with a detail';
}

is post('/raw', "a\0b", 'text/plain')->{content}, "a\0b",
   'raw bytes come as they are';
is body(post('/any', 'x' x 900000))->{length}, 900000,
   'from a temporary file, too';


# answers

is get('nothing')->{status}, 204, 'nothing is 204';
is get('table')->{status}, 200, 'a body without a status is 200';
$res = get('string');
is $res->{headers}{'content-type'}, 'text/plain', 'a string is text';
is $res->{content}, 'text', 'as it is';
$res = get('empty');
is $res->{status}, 204, '204 is sent';
ok !exists $res->{headers}{'content-length'}, 'without a length';
$res = get('list');
is_deeply $res->{headers}{'set-cookie'}, ['a=1', 'b=2'],
          'a list is a header for each';

for my $kind (qw(status word split connection civic length unknown error
                 cycle binary))
{
    $res = get($kind);
    is $res->{status}, 500, "\"$kind\" is 500";
    is body($res)->{code}, 'plugin-failed', 'of the plugin';
    unlike $res->{content}, qr/secret/, 'and tells nothing';
    get('string');                      # or it would be quarantined
}
my $said = qr{"health/echo" failed in "answer" \(GET /answer/\S+\)};
like $gate->log, qr/$said, trace [0-9a-f]{32}: .*secret of ours/,
     'the log tells what, of which route and request';

for my $kind (qw(loop memory operation)) {
    $res = get($kind);
    is $res->{status}, 503, "\"$kind\" is 503";
    is body($res)->{code}, 'plugin-budget-exceeded', 'over its budget';
    ok $res->{headers}{'retry-after'}, 'and may be tried again';
    is get('string')->{status}, 200, 'the next request is served';
}

$res = get('problem', 'Accept-Language' => 'en');
is $res->{status}, 409, 'a problem of the manifest has its status';
is $res->{headers}{'content-type'}, 'application/problem+json', 'and type';
is $res->{headers}{'retry-after'}, 7, 'Retry-After from its fields';
my $problem = body($res);
is $problem->{type}, 'urn:civicgate:problem:taken', 'a type of its own';
is $problem->{title}, 'It is taken', 'the title in English';
is $problem->{status}, 409, 'a field cannot say another status';
is $problem->{slot}, 'a', 'other fields are members';
is $problem->{detail}, 'by "x"', 'its detail';
is $problem->{code}, 'taken', 'its code';
is body(get('problem'))->{title}, '已被预约', 'Chinese otherwise';
like get('problem', Accept => 'text/html')->{content},
     qr/<h1>已被预约/, 'people get a page';

get('log');
my @lines = $gate->log =~ /says: (line \d+ .*)/g;
is @lines, 100, 'a run logs 100 lines';
like $lines[0], qr/^line 1 110\*+21/, 'with long numbers masked';
like $lines[0], qr/, trace: [0-9a-f]{32}/, 'and the trace, which is not';

$gate->get('/health/echo/answer/problem');
like $gate->read('code.log'),
     qr{/answer/problem 409 "taken" "\d+\.\d{6}"},
     '$civic_code and $civic_plugin_time are logged';

# a body that is small as text, and larger in Lua than its VM may be

$res = $gate->request('POST', '/health/echo/any', { content =>
    '[' . ('[],' x 30_000) . '[]]',
    headers => { 'Content-Type' => 'application/json' } });
is $res->{status}, 413, 'a body of very many parts is too large';
is body($res)->{code}, 'body-too-large', 'by its code';
is get('string')->{status}, 200, 'and the plugin lives';

done_testing;
