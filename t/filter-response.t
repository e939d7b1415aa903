# Copyright (C) Civic Gate
#
# "response" functions of civic_filter: what they see of a service's answer,
# what they make of it, and what becomes of answers that cannot be read.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Civic::Upstream;
use IO::Compress::Gzip ();
use IO::Uncompress::Gunzip ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->canonical;
my $person = '{"name":"Li","id":"110105194912310021"}';
my %json = ('Content-Type' => 'application/json');
my $gzip;
IO::Compress::Gzip::gzip(\$person, \$gzip);

my %answers = (
    person => [200, { %json, ETag => '"1"', 'X-Kept' => 'yes',
                      'Last-Modified' => 'Sun, 06 Nov 1994 08:49:37 GMT',
                      'Content-Digest' => 'sha-256=:x:',
                      'Accept-Ranges' => 'bytes',
                      'Set-Cookie' => ['a=1', 'b=2'], 'X-Two' => ['c', 'd'],
                    }, $person],
    chunked => [200, { %json, 'Transfer-Encoding' => 'chunked' },
                join '', map({ sprintf "1\r\n%s\r\n", $_ } split //, $person),
                         "0\r\n\r\n"],
    charset => [200, { 'Content-Type' =>
                       'application/fhir+json; charset=gbk' }, $person],
    text => [200, { 'Content-Type' => 'text/html; charset=gbk' }, "\xb2\xe2"],
    bare => [200, {}, "bytes\0"],
    empty => [200, \%json, ''],
    created => [201, { %json, Location => '/a' }, $person],
    missing => [404, \%json, '{"error":"none"}'],
    gone => [204, { 'X-Kept' => 'yes' }],
    same => [304, { ETag => '"1"' }],
    gzip => [200, { %json, 'Content-Encoding' => 'gzip' }, $gzip],
    part => [206, { %json, 'Content-Range' => 'bytes 0-3/40' }, '{"na'],
    broken => [200, \%json, '{"id":'],
    twice => [200, \%json, '{"id":"a","id":"b"}'],
    number => [200, \%json, '{"id":110105194912310021}'],
    large => [200, { 'Content-Type' => 'text/plain' }, 'x' x 70000],
    full => [200, { 'Content-Type' => 'text/plain' }, 'x' x 65536],
    long => [200, { 'Content-Type' => 'text/plain', 'X-Secret' => 'a' },
             'x' x 3000000],
    short => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
             . "Content-Length: 100\r\nX-Secret: a\r\n\r\nxxx",
    switch => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: a\r\n"
              . "Connection: upgrade\r\n\r\nsecret",
    slow => sub {
        my ($sock) = @_;
        syswrite $sock, "HTTP/1.1 200 OK\r\nContent-Type: application/json"
                        . "\r\nConnection: close\r\n\r\n";
        for (split /(?<=,)/, $person) { syswrite $sock, $_; sleep 0.2 }
    },
    endless => sub {
        my ($sock) = @_;
        syswrite $sock, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
        while (1) { syswrite $sock, 'x' x 10000 or last; sleep 0.01 }
    },
);
my $up = Civic::Upstream->start(sub {
    my ($req) = @_;
    my ($what) = $req->{uri} =~ m{^/[^/]+/(\w+)};
    return $answers{$what} // [200, \%json, $json->encode($req)];
});
my $addr = $up->addr;

my $gate = Civic::Plugin->start(
    allow_log => qr/civic filter/,
    http => <<'END',
log_format why '$uri $request_method $status "$civic_code"';
access_log %DIR%/why.log why;
civic_limit_policy some key=$remote_addr rate=1000r/s burst=1000;
END
    departments => <<'END', server => <<"END",
civic_department health { path %DIR%/plugins/health; prefix /health; }
civic_department data { path %DIR%/plugins/data; prefix /data; }
END
proxy_http_version 1.1;
location /svc/ { civic_filter health/mask; civic_filter_max_body 64k;
                 civic_limit some; proxy_pass http://$addr; }
location /raw/ { civic_filter health/mask; civic_filter_max_body 64k;
                 proxy_buffering off; proxy_pass http://$addr; }
location /two/ {
    civic_filter health/mask data/second;
    proxy_pass http://$addr;
}
location /zip/ { civic_filter health/mask; gzip on; gzip_min_length 1;
                 gzip_types application/json; gzip_static on;
                 add_header X-Added "\$status" always;
                 proxy_pass http://$addr; }
location /files/ { civic_filter health/mask; root html; gzip_static on; }
location /aio/ { civic_filter health/mask; aio threads; alias html/files/; }
location /said/ { civic_filter health/mask; return 200 said; }
location /return/ { civic_filter health/mask; return 404; }
location /ws/ { civic_filter health/mask; proxy_set_header Upgrade a;
                proxy_set_header Connection upgrade; proxy_pass http://$addr; }
END
    files => { '../html/files/a.txt' => 'id 110105194912310021',
               '../html/files/a.txt.gz' => 'not gzip at all' });

my $lua = <<'END';
local m = {}

local function masked(text)
    return (text:gsub(("%d"):rep(14), ("*"):rep(14)))
end

local returns = {
    nothing = function() end,
    mask = function(r)
        if not r.body then return end
        if type(r.body) == "string" then return r.status, masked(r.raw) end
        r.body.id = r.body.id and masked(r.body.id)
        return r.status, r.body
    end,
    body = function(r) return nil, { a = 1 } end,
    headers = function(r)
        return nil, nil, { ["X-Kept"] = "no", ETag = '"2"' }
    end,
    gone = function(r) return 204 end,
    status = function(r) return 403 end,
    all = function(r)
        return 202, "text", { ["Content-Type"] = "text/x", ETag = '"3"',
                              ["X-Kept"] = { "a", "b" } }
    end,
    wrong = function(r) return "ok" end,
    length = function(r) return 200, "x", { ["Content-Length"] = 3 } end,
    both = function(r)
        return 200, "x", { ["X-A"] = "b", Connection = "close" }
    end,
    problem = function(r) civic.problem("sealed", { retry_after = 9 }) end,
    error = function(r) error("secret of ours") end,
    loop = function(r) while true do end end,
    tell = function(r, q) return 200, { request = q, response = r } end,
}

function m.mask(q, r)
    return returns[q.query.what or "mask"](r, q)
end

return m
END

my %manifest = (filter => { response => 'mask' }, problems => {
    sealed => { status => 451, zh => '已封存', en => 'Sealed' } });
Civic::Host->plugin($gate, 'health/mask', $lua, %manifest);
Civic::Host->plugin($gate, 'data/second', <<'END',
local m = {}
function m.add(q, r)
    if q.query.second == "fails" then error("no") end
    return r.status, { seen = r.body, kept = r.headers["x-kept"] },
           { ["X-Second"] = "yes" }
end
return m
END
    filter => { response => 'add' });


sub get {
    my ($path, %header) = @_;

    return $gate->get($path, { 'Accept-Language' => 'en', %header });
}


sub body { return Civic::Host::body($_[0]) }
my $masked = { name => 'Li', id => '**************0021' };


# what it makes of an answer

for my $path (qw(/svc /raw)) {
    for my $what (qw(person chunked slow)) {
        my $res = get("$path/$what");
        is $res->{status}, 200, "$path/$what is answered";
        is_deeply body($res), $masked, 'masked';
        is $res->{headers}{'content-length'}, length $res->{content},
           'with its length';
    }
}

my $res = get('/svc/person');
is $res->{headers}{'content-type'}, 'application/json', 'the type stays';
is $res->{headers}{'x-kept'}, 'yes', 'so do other headers';
is_deeply $res->{headers}{'set-cookie'}, ['a=1', 'b=2'], 'and sessions';
ok $res->{headers}{'ratelimit'} || $res->{headers}{'ratelimit-policy'},
   'headers of limits are there';
ok !exists $res->{headers}{$_}, "$_ is gone with the old body"
    for qw(etag last-modified content-digest accept-ranges);

$res = get('/svc/person?what=nothing');
is $res->{content}, $person, 'nothing returned is the answer as it was';
is $res->{headers}{etag}, '"1"', 'with its ETag';

$res = get('/svc/person?what=body');
is $res->{content}, '{"a":1}', 'a body without a status';
is $res->{status}, 200, 'has that of the service';
is get('/svc/created?what=body')->{status}, 201, 'whatever it was';
$res = get('/svc/created');
is $res->{status}, 201, 'another status stays';
is $res->{headers}{location}, '/a', 'with its headers';
$res = get('/svc/missing');
is $res->{status}, 404, 'errors of the service are filtered';
is body($res)->{error}, 'none', 'as its answers';

$res = get('/svc/person?what=headers');
is $res->{content}, $person, 'headers alone leave the body';
is $res->{headers}{'x-kept'}, 'no', 'and replace those of the same name';
is $res->{headers}{etag}, '"2"', 'ETag too';
$res = get('/svc/person?what=all');
is $res->{status}, 202, 'status,';
is $res->{content}, 'text', 'body';
is $res->{headers}{'content-type'}, 'text/x', 'and headers, the type';
is $res->{headers}{etag}, '"3"', 'and ETag';
is_deeply $res->{headers}{'x-kept'}, ['a', 'b'], 'and lists among them';
$res = get('/svc/person?what=gone');
is $res->{status}, 204, 'it can be 204';
is $res->{content}, '', 'without a body';
$res = get('/svc/person?what=status');
is $res->{status}, 403, 'a status alone';
is $res->{content}, '', 'has no body left';

$res = get('/svc/charset?what=mask');
is $res->{headers}{'content-type'}, 'application/fhir+json',
   'a table is JSON in UTF-8, of the type it was';
$res = get('/svc/text?what=mask');
is $res->{headers}{'content-type'}, 'text/html; charset=gbk',
   'a string has the type it was';
is $res->{content}, "\xb2\xe2", 'bytes are bytes';
is get('/svc/bare')->{content}, "bytes\0", 'without a type too';
$res = get('/svc/empty');
is $res->{status}, 200, 'an empty answer passes';
is $res->{content}, '', 'empty';
is get('/svc/full')->{content}, 'x' x 65536, 'as does the largest';

$res = get('/svc/gone');
is $res->{status}, 204, '204 passes';
is $res->{headers}{'x-kept'}, 'yes', 'with its headers';
is get('/svc/same')->{status}, 304, 'so does 304';

my $told = body(get('/svc/person?what=tell&a=b', 'X-A' => 'c',
                    Cookie => 'd=e'));
is $told->{response}{status}, 200, 'it is told the status';
is $told->{response}{raw}, $person, 'the bytes';
is $told->{response}{body}{name}, 'Li', 'what they say';
is $told->{response}{headers}{'content-type'}, 'application/json', 'headers';
is_deeply $told->{response}{headers}{'x-two'}, ['c', 'd'], 'as lists';
ok !exists $told->{response}{headers}{'set-cookie'}, 'but no sessions';
is $told->{request}{query}{a}, 'b', 'and the request';
is $told->{request}{headers}{'x-a'}, 'c', 'with its headers';
ok !exists $told->{request}{headers}{cookie}, 'but no Cookie';

$res = get('/two/person');
is_deeply body($res), { seen => $masked, kept => 'yes' },
          'the second plugin sees what the first one made';
is $res->{headers}{'x-second'}, 'yes', 'and adds to it';


# HEAD, files, compression

$res = $gate->request('HEAD', '/svc/person');
is $res->{status}, 200, 'HEAD is answered';
is $res->{content}, '', 'without a body';
is $res->{headers}{'content-length'}, length(get('/svc/person')->{content}),
   'with the length of what GET gives';
my ($req) = reverse $up->requests;
like $gate->read('why.log'), qr{^/svc/person HEAD 200}m, 'and logged as HEAD';
is $gate->request('HEAD', '/svc/person?what=problem')->{status}, 451,
   'it can be refused';
$res = $gate->request('HEAD', '/files/a.txt');
is $res->{headers}{'content-length'}, 21, 'HEAD of a file, too';

is get('/files/a.txt')->{content}, 'id **************0021',
   'a file is filtered';
is get('/files/a.txt', Range => 'bytes=3-8')->{status}, 200, 'whole';
is get('/files/a.txt', 'Accept-Encoding' => 'gzip')->{content},
   'id **************0021', 'never the compressed one beside it';
is get('/aio/a.txt')->{content}, 'id **************0021',
   'read by a thread, too';
is get('/said/a')->{content}, 'said', '`return` too';
is get('/return/')->{status}, 404, 'pages of nginx are no answer of a service';

$res = get('/zip/person', 'Accept-Encoding' => 'gzip', Range => 'bytes=0-3');
is $res->{headers}{'content-encoding'}, 'gzip', 'nginx compresses for clients';
IO::Uncompress::Gunzip::gunzip(\$res->{content}, \my $plain);
is_deeply $json->decode($plain), $masked, 'what was masked';
is $res->{headers}{'x-added'}, 200, 'and adds headers';
my ($last) = reverse $up->requests;
ok !defined Civic::Upstream::header($last, $_), "the service saw no $_"
    for qw(Accept-Encoding Range);
ok !defined get('/zip/person')->{headers}{'content-encoding'},
   'only for those who want it';


# what is refused

my %refused = (gzip => 'is encoded', part => 'is partial',
               broken => 'not the JSON', twice => 'not the JSON',
               number => 'number is too large', large => 'larger than',
               long => 'larger than', endless => 'larger than');
for my $path (qw(/svc /raw)) {
    for my $what (sort keys %refused) {
        my $began = time;
        $res = get("$path/$what");
        is $res->{status}, 502, "$path/$what is 502";
        is body($res)->{code}, 'bad-gateway', 'for clients';
        ok !exists $res->{headers}{'x-secret'}, 'of whom nothing is told';
        cmp_ok time - $began, '<', 3, 'at once';
        like $gate->log, qr/civic filter: .*$refused{$what}/, 'but the log';
    }
    $res = get("$path/short");
    is $res->{status}, 502, "$path/short is 502";
    ok !exists $res->{headers}{'x-secret'}, 'of which nothing is left';
}
like $gate->read('why.log'), qr{^/svc/gzip GET 502 "answer-refused"}m,
     'by its code';
like $gate->read('why.log'), qr{^/svc/short GET 502 "bad-gateway"}m,
     'and what broke off by its own';
unlike $gate->raw("GET /ws/switch HTTP/1.1\r\nHost: a\r\nUpgrade: a\r\n"
                  . "Connection: upgrade\r\n\r\n", 1), qr/secret|^HTTP\S+ 101/,
     'no protocol is switched to';

for my $what (qw(wrong length both error)) {
    $res = get("/svc/person?what=$what");
    is $res->{status}, 500, "\"$what\" is 500";
    is body($res)->{code}, 'plugin-failed', 'of the plugin';
    ok !exists $res->{headers}{$_}, "without the service's $_"
        for qw(x-kept set-cookie x-a);
    ok $res->{headers}{'ratelimit'} || $res->{headers}{'ratelimit-policy'},
       'but with those of limits';
    unlike $res->{content}, qr/secret|Li/, 'and tells nothing';
    get('/svc/person');
}
$res = get('/svc/person?what=loop');
is $res->{status}, 503, 'a loop is 503';
is $res->{headers}{'retry-after'}, 1, 'to be tried again';
$res = get('/two/person?second=fails');
is $res->{status}, 500, 'the second may fail alone';
ok !exists $res->{headers}{'x-kept'}, 'for the whole';

$res = get('/svc/person?what=problem');
is $res->{status}, 451, 'a problem of its own';
is body($res)->{code}, 'sealed', 'by its code';
is $res->{headers}{'retry-after'}, 9, 'with Retry-After';
ok !exists $res->{headers}{$_}, "without the service's $_"
    for qw(x-kept set-cookie etag);
like $gate->read('why.log'), qr{^/svc/person GET 451 "sealed"}m, 'is logged';

my @all = Civic::Gate::parse_all($gate->raw(join('', map {
    "GET /svc/$_ HTTP/1.1\r\nHost: a\r\n\r\n"
} 'person', 'gzip', 'person?what=problem', 'gone', 'person'), 3));
is_deeply [map { $_->{status} } @all], [200, 502, 451, 204, 200],
          'a connection goes on after any of these';
is_deeply body($all[4]), $masked, 'filtered as before';

done_testing;
