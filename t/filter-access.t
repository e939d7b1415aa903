# Copyright (C) Civic Gate
#
# "access" functions of civic_filter: before the service is asked.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Issuer;
use Civic::Plugin;
use Civic::Redis;
use Civic::Upstream;
use Test::More;
use Time::HiRes qw(sleep time);

my $citizens = Civic::Issuer->new;
my $redis = Civic::Redis->start;
my $server = $redis->server;
my $up = Civic::Upstream->start;
my $addr = $up->addr;

my $gate = Civic::Plugin->start(
    files => { $citizens->files, '../html/sorry.html' => 'sorry' },
    allow_log => qr/civic filter/,
    http => $citizens->block . <<"END",
civic_redis main { server $server; timeout 3s; }
log_format why '\$uri \$status "\$civic_code"';
access_log %DIR%/why.log why;
civic_limit_policy few key=\$http_x_who rate=1r/m burst=3;
END
    departments => <<'END', server => <<"END");
civic_department health {
    path    %DIR%/plugins/health;
    prefix  /health;
    allow   store;
}
civic_department data {
    path    %DIR%/plugins/data;
    prefix  /data;
}
END
location /svc/ { civic_filter health/check; proxy_pass http://$addr; }
location /two/ {
    civic_filter health/check data/second;
    proxy_pass http://$addr;
}
location /mine/ {
    civic_auth citizens;
    civic_filter health/check;
    proxy_pass http://$addr;
}
location /few/ {
    civic_limit few;
    civic_filter health/check;
    proxy_pass http://$addr;
}
location /none/ { civic_filter health/none; proxy_pass http://$addr; }
location /page/ {
    civic_filter health/check;
    error_page 403 /sorry.html;
    proxy_pass http://$addr;
}
location = /sorry.html { root html; }
location /main/ {
    auth_request /svc/auth;
    proxy_pass http://$addr;
}
location /ssi/ { ssi on; root html; }
location /rewritten/ { civic_filter health/check; rewrite ^ /svc/r last; }
END

my $lua = <<'END';
local m = {}

local returns = {
    none = function() end,
    risk = function()
        return { headers = { ["X-Risk"] = "low", ["X-Level"] = 3 } }
    end,
    civic = function() return { headers = { ["X-Civic-Caller"] = "me" } } end,
    accel = function() return { headers = { ["x-accel-redirect"] = "/a" } } end,
    real = function() return { headers = { ["X-Real-IP"] = "1.1.1.1" } } end,
    cookie = function() return { headers = { Cookie = "a=b" } } end,
    underscore = function() return { headers = { ["X_Risk"] = "b" } } end,
    split = function() return { headers = { ["X-A"] = "b\r\nC: d" } } end,
    list = function() return { headers = { ["X-A"] = { "b" } } } end,
    other = function() return { status = 200 } end,
    more = function() return { headers = {}, body = "x" } end,
    word = function() return "ok" end,
    problem = function()
        civic.problem("watched", { detail = "not now", retry_after = 7 })
    end,
    error = function() error("secret of ours") end,
    loop = function() while true do end end,
    wait = function()
        civic.store.at("s"):get("a")
        return { headers = { ["X-Risk"] = "waited" } }
    end,
}

function m.check(r)
    if r.query.told then
        return { headers = { ["X-Told"] = civic.json.encode({
            method = r.method, path = r.path, body = r.body, raw = r.raw,
            auth = r.headers.authorization, a = r.headers["x-a"],
            caller = r.caller and r.caller.id, trace = #r.trace,
            civic = r.headers["x-civic-caller"] }) } }
    end
    return returns[r.query.what or "none"]()
end

function m.page() return 204 end

return m
END

my %manifest = (needs => { store => JSON::PP::true },
    filter => { access => 'check' },
    problems => { watched => { status => 403, zh => '已被关注',
                               en => 'Watched' } });

Civic::Host->plugin($gate, 'health/check', $lua, %manifest);
Civic::Host->plugin($gate, 'data/second', <<'END',
local m = {}
function m.check(r)
    local risk = tostring(r.headers["x-risk"])
    return { headers = { ["X-Second"] = "after " .. risk,
                         ["X-Risk"] = "second" } }
end
return m
END
    filter => { access => 'check' });


sub get {
    my ($path, %header) = @_;

    return $gate->get($path, { 'Accept-Language' => 'en', %header });
}


sub seen { return Civic::Host::body($_[0]) }
sub body { return Civic::Host::body($_[0]) }


# what it may do

my $res = get('/svc/a');
is $res->{status}, 200, 'nothing returned lets the request pass';
is seen($res)->{uri}, '/svc/a', 'to its service';

$res = get('/svc/a?what=risk', 'X-Risk' => 'none', 'X_RISK' => 'none',
           'x-risk' => 'none', 'X-Riska' => 'other');
is_deeply [Civic::Upstream::header(seen($res), 'X-Risk')], ['low'],
          'a header is set, in the place of what the client sent';
is_deeply [grep { $_->[0] =~ /^x.risk$/i } @{ seen($res)->{headers} }],
          [['X-Risk', 'low']], 'however that was spelled';
is scalar Civic::Upstream::header(seen($res), 'X-Riska'), 'other',
   'another name is another header';
is scalar Civic::Upstream::header(seen($res), 'X-Level'), '3',
   'a number is text';

$res = get('/two/a?what=risk');
is scalar Civic::Upstream::header(seen($res), 'X-Second'), 'after low',
   'the second plugin sees what the first one set';
is scalar Civic::Upstream::header(seen($res), 'X-Risk'), 'second',
   'and may replace it';

my $told = JSON::PP::decode_json(Civic::Upstream::header(seen(
    $gate->request('POST', '/mine/a?told=1', { content => '{"a":1}',
        headers => { %{ $citizens->bearer }, 'X-A' => 'b',
                     'X-Civic-Caller' => 'me',
                     'Content-Type' => 'application/json' } })), 'X-Told'));
is $told->{method}, 'POST', 'it is told the method';
is $told->{path}, '/mine/a', 'the path';
is $told->{a}, 'b', 'the headers';
is $told->{trace}, 32, 'the trace id';
like $told->{caller}, qr/^citizens:/, 'who calls';
ok !exists $told->{$_}, "but no $_" for qw(auth body raw civic);
is seen($gate->request('POST', '/svc/a?what=risk', { content => 'x' x 100000 }))
   ->{body}, 'x' x 100000, 'the service gets the body';

is get('/mine/a')->{status}, 401, 'it comes after authentication';
like $gate->read('why.log'), qr{^/mine/a 401 "credentials-missing"$}m,
     'whose refusal it is';


# what it may not

for my $what (qw(civic accel real cookie underscore split list other more
                 word))
{
    $res = get("/svc/a?what=$what");
    is $res->{status}, 500, "\"$what\" is 500";
    is body($res)->{code}, 'plugin-failed', 'of the plugin';
}

my $count = $up->count;
$res = get('/svc/a?what=problem');
is $res->{status}, 403, 'it refuses with a problem of its own';
is body($res)->{code}, 'watched', 'by its code';
is body($res)->{title}, 'Watched', 'its title';
is body($res)->{detail}, 'not now', 'its detail';
is $res->{headers}{'retry-after'}, 7, 'and Retry-After';
like $gate->read('why.log'), qr{^/svc/a 403 "watched"$}m, 'which is logged';

$res = get('/page/a?what=problem');
is $res->{status}, 403, 'the operator has a page for it';
is $res->{content}, 'sorry', 'which is sent';

$res = get('/svc/a?what=error');
is $res->{status}, 500, 'an error is 500';
unlike $res->{content}, qr/secret/, 'and tells nothing';
get('/svc/a');
$res = get('/svc/a?what=loop');
is $res->{status}, 503, 'a loop is 503';
is body($res)->{code}, 'plugin-budget-exceeded', 'over its budget';
is $res->{headers}{'retry-after'}, 1, 'to be tried again';
$res = get('/svc/a?q=%FF');
is $res->{status}, 400, 'a query that no plugin could read is 400';
is body($res)->{code}, 'invalid-query', 'by its code';
is $up->count, $count + 1, 'the service saw nothing of these';

$res = get('/none/a');
is $res->{status}, 503, 'a plugin that is not there refuses';
is body($res)->{code}, 'plugin-not-loaded', 'by its code';

is get('/main/a')->{status}, 500, 'a filtered location has no subrequests';
like $gate->log, qr/civic filter: a location with civic_filter answers no/,
     'which the log tells';

$res = get('/rewritten/a?what=risk');
is $res->{status}, 200, 'a request that is sent on is checked again';
is seen($res)->{uri}, '/svc/r?what=risk', 'and arrives';


# waiting

sub few {
    return get('/few/a?what=wait', 'X-Who' => $_[0])->{status};
}

$redis->pause;
my $sock = Civic::Host->open($gate, '/svc/a?what=wait');
my $pid = fork // die "$!\n";
if ($pid == 0) {
    sleep 0.4;
    $redis->resume;
    POSIX::_exit(0);
}
$res = get('/svc/b?what=wait');
waitpid $pid, 0;
is $res->{status}, 200, 'one that waits for its store goes on';
is scalar Civic::Upstream::header(seen($res), 'X-Risk'), 'waited',
   'with what it decided';
ok sysread($sock, my $head, 4096), 'so do others that waited with it';
like $head, qr{^HTTP/1.1 200 }, 'and get their answer';
close $sock;

is_deeply [map { few('a') } 1 .. 5], [200, 200, 200, 200, 429],
          'limits count a request once that waited';

$redis->pause;
$count = $up->count;
my @gone = map { Civic::Host->open($gate, "/svc/gone$_?what=wait") } 1 .. 5;
sleep 0.2;
close $_ for @gone;
sleep 0.2;
$redis->resume;
sleep 0.3;
is $up->count, $count, 'of a client that left the service hears nothing';
like $gate->read('why.log'), qr{^/svc/gone1 499 "-"$}m, 'and 499 is logged';
is get('/svc/a?what=wait')->{status}, 200, 'the next is served';


# states

sub fails { return get("/svc/a?what=$_[0]") }

Civic::Host->plugin($gate, 'health/check',
    $lua =~ s/"waited"/"new"/r, %manifest);
is scalar Civic::Upstream::header(seen(fails('wait')), 'X-Risk'), 'new',
   'a new version is asked at once';

fails('error') for 1 .. 5;
$res = fails('none');
is $res->{status}, 503, 'one that kept failing rests';
is body($res)->{code}, 'plugin-quarantined', 'by its code';
ok $res->{headers}{'retry-after'}, 'for a while';
sleep 1.2;
is fails('none')->{status}, 200, 'and is asked again';

Civic::Host->write($gate, 'health/check', $lua,
    %manifest, filter => undef, needs => { store => JSON::PP::true },
    version => '2.0.0');
Civic::Host->plugin($gate, 'health/check', $lua,
    needs => { store => JSON::PP::true },
    problems => $manifest{problems},
    routes => { 'GET /' => 'page' });
$res = fails('none');
is $res->{status}, 503, 'one that is a filter no more refuses';
like $gate->log, qr/manifest of plugin "health\/check" has no "filter"/,
     'and the log tells why';

done_testing;
