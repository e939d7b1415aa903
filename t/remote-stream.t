# Copyright (C) Civic Gate
#
# A streamed answer: it comes whole, no faster than the client takes it, and
# may end at any point from any side.

use strict;
use warnings;

use lib 't/lib';

use Digest::MD5 qw(md5_hex);
use File::Temp ();
use IO::Socket::INET ();
use Socket ();
use Test::More;
use Time::HiRes ();

use Civic::Metrics;
use Civic::Probe;
use Civic::Upstream;

my $big = join '', map { pack 'N', $_ * 2654435761 % 2 ** 32 } 1 .. 5_000_000;

my $sent = File::Temp->new(TMPDIR => 1);
my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return sub {
        my ($sock) = @_;
        setsockopt $sock, Socket::SOL_SOCKET(), Socket::SO_SNDBUF(), 65536;
        syswrite $sock, "HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n";
        my $at = 0;
        while ($at < length $big) {
            my $n = syswrite($sock, $big, 65536, $at) or last;
            $at += $n;
            open my $out, '>', $sent->filename;
            print {$out} $at;
        }
        open my $out, '>', $sent->filename;
        print {$out} "end $at";
    } if $req->{uri} eq '/big';
    return sub {
        my ($sock) = @_;
        syswrite $sock, "HTTP/1.1 200 OK\r\n\r\nsome";
        sysread $sock, my $byte, 1;
    } if $req->{uri} eq '/stops';
    return sub {
        my ($sock) = @_;
        syswrite $sock, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
        for (1 .. 10) { Time::HiRes::sleep(0.2); syswrite $sock, 'x' }
    } if $req->{uri} eq '/slow';
    return [204, {}, ''] if $req->{uri} eq '/none';
    return [200, { 'X-A' => 'b' }, 'short'];
});

my $addr = $up->addr;
my $gate = Civic::Probe->start(http => <<"END",
    civic_remote up  { url http://$addr; timeout 1s; max_body 1k; }
END
                               server => 'lingering_close off;');
my $total = 'civic_remote_calls_total';


sub sent { open my $in, '<', $sent->filename; return scalar(<$in>) // '' }

sub count {
    return Civic::Metrics->of($gate)->value($total, result => $_[0]);
}

sub memory {
    open my $in, '<', '/proc/' . ($gate->pids)[0] . '/statm';
    return (split / /, <$in>)[1] * 4;
}

sub until_true {
    my ($test) = @_;

    for (1 .. 100) {
        return 1 if $test->();
        Time::HiRes::sleep(0.05);
    }
    return 0;
}

sub client {
    my ($path) = @_;

    my $sock = IO::Socket::INET->new(
        PeerAddr => '127.0.0.1', PeerPort => $gate->port,
        Sockopts => [[Socket::SO_RCVBUF(), 65536]]);
    syswrite $sock, "GET $path HTTP/1.1\r\nHost: x\r\n"
                    . "Connection: close\r\n\r\n";
    return $sock;
}


my $res = $gate->get('/up?p=/short&stream=1');
is_deeply [@{$res}{qw(status content)}, $res->{headers}{'x-headers'}],
          [200, 'short', 2], 'a short answer comes with its headers';
is $gate->get('/up?p=/none&stream=1')->{status}, 204,
   'an answer may have no body';
is $gate->request('HEAD', '/up?p=/short&stream=1&m=HEAD', {})->{status}, 200,
   'nor has one to HEAD';

$res = $gate->get('/up?p=/big&stream=1');
is length $res->{content}, length $big, 'a large answer comes whole';
is md5_hex($res->{content}), md5_hex($big), 'and in order';


# a client that takes its time

my $before = memory();
my $client = client('/up?p=/big&stream=1');
Time::HiRes::sleep(2.5);
my $held = sent();
ok $held =~ /^\d+$/ && $held < length($big) * 0.7,
   'a client that does not read holds up the remote' or diag $held;
cmp_ok memory() - $before, '<', 2048, 'while the gate keeps little of it';

my $text = '';
1 while sysread $client, $text, 1 << 20, length $text;
is length Civic::Gate::parse($text)->{content}, length $big,
   'and after more than the timeout it gets the rest';
is count('timeout'), 0, 'for the time is that of the remote';


# the remote takes its time

is $gate->get('/up?p=/slow&stream=1')->{content}, 'x' x 10,
   'a stream may last longer than the timeout';
my $from = Time::HiRes::time();
$res = $gate->get('/up?p=/stops&stream=1');
my $took = Time::HiRes::time() - $from;
is $res->{content}, 'some', 'where nothing comes any more it ends';
ok $took > 0.9 && $took < 2, 'after the timeout' or diag $took;
is count('timeout'), 1, 'and counts as such';
like $gate->log, qr/remote-timeout \(nothing came for as long as it has\)/,
     'as the log says';


# who leaves, and when

my $cancelled = count('cancelled');
is $gate->get("/up?p=/short&stream=1&end=$_")->{status},
   { start => 404, begin => 404, data => 599, done => 200 }->{$_},
   "a handler may cancel: $_" for qw(start begin data done);
is $gate->get('/up?p=/big&stream=1&end=data')->{status}, 599,
   'also in the middle of a large one';
is count('cancelled') - $cancelled, 4,
   'what was cancelled before its end is counted';
ok until_true(sub { sent() =~ /^end/ }), 'and the connection is closed';

$cancelled = count('cancelled');
is $gate->get('/up?p=/short&stream=1&refuse=begin')->{content},
   "error remote-request\r\n", 'NGX_ERROR ends it before it begins';
is $gate->get('/up?p=/big&stream=1&refuse=data')->{content}, '',
   'or later';
is count('cancelled') - $cancelled, 2, 'which counts as the same';

$cancelled = count('cancelled');
$client = client('/up?p=/big&stream=1');
sysread $client, $text, 1000;
close $client;
ok until_true(sub { count('cancelled') == $cancelled + 1 }),
   'a client that leaves ends the call';
ok until_true(sub { sent() =~ /^end \d+$/ && sent() ne 'end 20000000' }),
   'and its connection' or diag sent();

$client = client('/up?p=/stops&stream=1');
Time::HiRes::sleep(0.2);
close $client;
ok until_true(sub { count('cancelled') == $cancelled + 2 }),
   'also while nothing comes';

is $gate->get('/up?p=/short&stream=1')->{content}, 'short',
   'the worker goes on';
unlike $gate->log, qr/exited on signal|called from within/,
       'and no handler was called from within a call';

$gate->stop;
done_testing;
