# Copyright (C) Civic Gate
#
# Filters that wait, clients that leave, plugins that change or go while a
# request is under way, and "log" functions, which nobody waits for.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Civic::Redis;
use Civic::Upstream;
use Test::More;
use Time::HiRes qw(sleep time);

my $redis = Civic::Redis->start;
my $server = $redis->server;
my $up = Civic::Upstream->start(sub {
    my ($req) = @_;
    return [200, { 'Content-Type' => 'application/json', 'X-Kept' => 'yes' },
            '{"id":"1101"}'] if $req->{uri} !~ /slow/;
    return sub {
        my ($sock) = @_;
        syswrite $sock, "HTTP/1.1 200 OK\r\n"
                        . "Content-Type: application/json\r\n\r\n{";
        sleep 0.7;
        syswrite $sock, '"id":"1101"}';
    };
});
my $addr = $up->addr;
my $port = Civic::Gate::free_port();

my $gate = Civic::Plugin->start(
    allow_log => qr/civic filter/,
    http => <<"END",
civic_redis main { server $server; timeout 3s; }
log_format why '\$uri \$status "\$civic_code" \$bytes_sent';
access_log %DIR%/why.log why;
server {
    listen 127.0.0.1:$port http2;
    civic_auth off;
    location /svc/ { civic_filter health/mask; proxy_pass http://$addr; }
}
END
    mount => "", departments => <<'END', server => <<"END");
civic_department health {
    path    %DIR%/plugins/health;
    prefix  /health;
    allow   store;
    timeout 2s;
}
END
location /svc/ { civic_filter health/mask; proxy_pass http://$addr; }
location /health/ { civic_filter health/mask; civic_mount all; }
location /page/ {
    civic_filter health/mask;
    proxy_intercept_errors on;
    error_page 451 500 502 503 /sorry.html;
    proxy_pass http://127.0.0.1:1;
}
location = /sorry.html { return 200 sorry; }
END

my $lua = <<'END';
local m = {}
local s = function() return civic.store.at("s") end

function m.check(q)
    if q.query.refuse then civic.problem("sealed") end
end

function m.mask(q, r)
    if q.query.what == "error" then error("no") end
    if q.query.what == "sealed" then s():get("a") civic.problem("sealed") end
    if q.query.what == "late" then s():get("a") error("late") end
    if q.query.what ~= "quick" then s():get("a") end
    return r.status, { id = "VERSION", was = r.raw, path = q.path }
end

function m.note(q, r)
    if q.query.note == "error" then error("of the note") end
    s():rpush("notes", q.path .. " " .. r.status .. " " .. tostring(r.body)
              .. " " .. tostring(r.headers["x-kept"]))
end

function m.show() return 200, { mine = true } end

return m
END

my %manifest = (needs => { store => JSON::PP::true },
    filter => { access => 'check', response => 'mask', log => 'note' },
    problems => { sealed => { status => 451, zh => '已封存', en => 'Sealed' } },
    routes => { 'GET /' => 'show' });


sub plugin {
    my ($version, $wait, %change) = @_;

    my $method = $wait ? 'plugin' : 'write';
    return Civic::Host->$method($gate, 'health/mask',
        $lua =~ s/VERSION/$version/r, %manifest, %change);
}


sub body { return Civic::Host::body($_[0]) }

# while the store is paused, which lasts for some time from now

sub paused {
    my ($seconds) = @_;

    $redis->pause;
    my $pid = fork // die "$!\n";
    if ($pid == 0) {
        sleep $seconds;
        $redis->resume;
        POSIX::_exit(0);
    }
    return $pid;
}


sub notes {
    my ($wanted) = @_;

    my $all;
    for (1 .. 100) {
        $all = $redis->command('LRANGE', 'civic:{health/mask:s}:notes', 0, -1);
        last if @$all >= $wanted;
        sleep 0.03;
    }
    $redis->command('DEL', 'civic:{health/mask:s}:notes');
    return @$all;
}

plugin('one', 1);

my $res = $gate->get('/svc/a');
is $res->{status}, 200, 'an answer waits for its filter';
is body($res)->{was}, '{"id":"1101"}', 'which has read it';
is_deeply [notes(1)], ['/svc/a 200 nil yes'],
          'afterwards "log" is told, without the body';

my $pid = paused(0.5);
$res = $gate->get('/svc/a');
waitpid $pid, 0;
is body($res)->{id}, 'one', 'however long that takes';
$pid = paused(0.5);
$res = $gate->request('HEAD', '/svc/a');
waitpid $pid, 0;
is $res->{status}, 200, 'HEAD too';
is $res->{headers}{'content-length'}, length($gate->get('/svc/a')->{content}),
   'with the length of GET';
$pid = paused(0.5);
$res = $gate->get('/svc/a?what=sealed');
waitpid $pid, 0;
is $res->{status}, 451, 'it may refuse after it has waited';
ok !exists $res->{headers}{'x-kept'}, "without the service's headers";
is $gate->get('/svc/a?what=late')->{status}, 500, 'or fail';
is scalar notes(5), 5, 'all of which is told';

$pid = paused(0.4);
my @all = Civic::Gate::parse_all($gate->raw(join('', map {
    "GET /svc/$_ HTTP/1.1\r\nHost: a\r\n\r\n" } 1 .. 3), 1.5));
waitpid $pid, 0;
is_deeply [map { body($_)->{path} } @all], ['/svc/1', '/svc/2', '/svc/3'],
          'a connection goes on after each';
is_deeply [notes(3)], [map { "/svc/$_ 200 nil yes" } 1 .. 3],
          'and each is told of';

$pid = paused(5);
$res = $gate->get('/svc/a');
is $res->{status}, 503, 'a filter that waits too long';
is body($res)->{code}, 'plugin-timeout', 'has its time';
kill 'KILL', $pid;
waitpid $pid, 0;
$redis->resume;
sleep 0.2;
is $gate->get('/svc/a')->{status}, 200, 'and the next one its own';
sleep 0.2;
notes(0);


# clients that leave

$redis->pause;
my @gone = map { Civic::Host->open($gate, "/svc/gone$_") } 1 .. 5;
sleep 0.3;
close $_ for @gone;
sleep 0.2;
$redis->resume;
my @notes = sort(notes(5));
is scalar(grep { m{^/svc/gone\d 499} || m{^/svc/gone\d 200} } @notes), 5,
   '"log" is told of a client that left' or diag join "\n", @notes;
like $gate->read('why.log'), qr{^/svc/gone1 \S+ "-" 0$}m,
     'who was sent nothing';
$redis->pause;
my $before = () = $gate->read('why.log') =~ /^/mg;
my $sock = Civic::Host->open($gate, '/svc/logged?what=quick');
sysread $sock, my $head, 4096;
close $sock;
like $head, qr{^HTTP/1.1 200 }, 'no client waits for "log"';
sleep 0.2;
$redis->resume;
is_deeply [notes(1)], ['/svc/logged 200 nil yes'], 'which outlives it';

$redis->pause;
@all = Civic::Gate::parse_all($gate->raw(
    "GET /svc/many?what=quick HTTP/1.1\r\nHost: a\r\n\r\n" x 300, 1.5));
is scalar(grep { $_->{status} == 200 } @all), 300, 'nor do many';
$redis->resume;
like $gate->log, qr/civic filter: 256 "log" functions are at work, that of/,
     'of whom some are not told of';
is scalar(() = notes(256)), 256, 'where that takes too long';
is $gate->get('/svc/a?what=quick')->{status}, 200, 'but the next';
is scalar(() = notes(1)), 1, 'is';

is $gate->get('/svc/a?refuse=1')->{status}, 451, 'what a filter refused';
is_deeply [notes(1)], ['/svc/a 451 nil nil'], 'is told of';
is $gate->get('/svc/a?note=error')->{status}, 200,
   'a "log" that fails harms nobody';
for (1 .. 50) { last if $gate->log =~ /of the note/; sleep 0.02 }
like $gate->log, qr/"log" of "health\/mask" failed: plugin-failed/,
     'and is logged';


# plugins that change

sub slow {
    my ($change) = @_;

    my $sock = Civic::Host->open($gate, '/svc/slow?what=quick');
    sleep 0.2;
    $change->();
    my $text = '';
    1 while sysread $sock, $text, 4096, length $text
            and $text !~ /\}\n?$/;
    return Civic::Gate::parse($text);
}

is body(slow(sub { plugin('two', 1) }))->{id}, 'one',
   'a request sees one version of a plugin';
is body($gate->get('/svc/a'))->{id}, 'two', 'the next the new one';
plugin('three', 1, filter => { response => 'mask' });
is body($gate->get('/svc/a?refuse=1'))->{id}, 'three',
   'of a filter with "response" alone';
$redis->command('DEL', 'civic:{health/mask:s}:notes');
plugin('four', 1, filter => { log => 'note' });
is $gate->get('/svc/a')->{content}, '{"id":"1101"}',
   'one with "log" alone changes nothing';
is_deeply [notes(1)], ['/svc/a 200 nil yes'], 'and is told';
plugin('five', 1);

my $kept = $gate->dir . '/conf/state/plugins/health/mask';
$res = slow(sub {
    $gate->write('conf/state/plugins/health/mask/stopped' => '');
    Civic::Plugin->await($gate, 'health/mask',
                         sub { $_[0]{state} eq 'stopped' });
});
is $res->{status}, 503, 'one that is stopped under way refuses';
is body($res)->{code}, 'plugin-stopped', 'by its code';
is body($gate->get('/svc/a'))->{code}, 'plugin-stopped', 'from then on';
unlink "$kept/stopped";
Civic::Plugin->await($gate, 'health/mask', sub { $_[0]{state} eq 'ready' });
is $gate->get('/svc/a')->{status}, 200, 'until it is started';

plugin('six', 1, filter => { response => 'mask' });
$res = slow(sub { $gate->get('/svc/a?what=error') for 1 .. 6 });
is $res->{status}, 503, 'one that is quarantined under way refuses';
is body($res)->{code}, 'plugin-quarantined', 'by its code';
ok $res->{headers}{'retry-after'}, 'with Retry-After';
sleep 1.5;
is $gate->get('/svc/a')->{status}, 200, 'until it has rested';
plugin('five', 1);

$res = slow(sub { kill 'HUP', $gate->pid; sleep 0.3 });
is body($res)->{id}, 'five', 'nginx is reloaded while it waits';
ok $gate->reload, 'and again';
Civic::Plugin->await($gate, 'health/mask', sub { $_[0]{state} eq 'ready' });
sleep 0.3;


# elsewhere

$res = $gate->get('/health/mask/');
is_deeply body($res)->{was}, '{"mine":true}', 'answers of plugins are filtered';
is $gate->get('/page/a')->{content}, 'sorry',
   'the operator has a page for the service';
is $gate->get('/page/a?refuse=1')->{content}, 'sorry',
   'and for what "access" refuses';

SKIP: {
    skip 'curl with HTTP/2 is not installed', 4
        if `curl --version` !~ /^Features:.*HTTP2/m;
    my @curl = ('curl', '-s', '--http2-prior-knowledge', '--max-time', 5,
                '-w', ' %{http_code}');
    my $url = "http://127.0.0.1:$port/svc";
    my $ask = sub {
        open my $pipe, '-|', @curl, @_ or die "$!\n";
        local $/;
        return scalar <$pipe>;
    };
    my $pid = paused(0.4);
    like $ask->("$url/a"), qr/"id":"five".* 200$/, 'HTTP/2 waits as well';
    waitpid $pid, 0;
    like $ask->("$url/a?what=sealed"), qr/"code":"sealed".* 451$/s,
         'and is refused';
    is $ask->('-I', '-o', '/dev/null', "$url/a"), ' 200', 'HEAD, too';
    $redis->pause;
    system(@curl[0 .. 2], '--max-time', '0.3', '-o', '/dev/null', "$url/left");
    sleep 0.2;
    $redis->resume;
    is scalar(grep { m{^/svc/left} } notes(5)), 1, 'or leaves';
}

done_testing;
