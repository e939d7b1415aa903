# Copyright (C) Civic Gate
#
# Remotes that misbehave: each has its own word, within the time it has, and
# the worker goes on.

use strict;
use warnings;

use lib 't/lib';

use IO::Socket::INET ();
use Socket ();
use Test::More;
use Time::HiRes ();

use Civic::Metrics;
use Civic::Probe;
use Civic::Upstream;

my $head = "HTTP/1.1 200 OK\r\n";
my %answers = (
    hang    => sub { sysread $_[0], my $byte, 1 },
    late    => sub { syswrite $_[0], $head; sysread $_[0], my $byte, 1 },
    drip    => sub {
        syswrite $_[0], "${head}Content-Length: 100\r\n\r\n";
        while (syswrite $_[0], 'x') { Time::HiRes::sleep(0.1) }
    },
    nothing => '',
    half    => sub { syswrite $_[0], "${head}Content-Length: 10\r\n\r\nhalf";
                     shutdown $_[0], 1; sysread $_[0], my $byte, 1 },
    reset   => sub {
        syswrite $_[0], "${head}Content-Length: 10\r\n\r\nhalf";
        Time::HiRes::sleep(0.05);
        setsockopt $_[0], Socket::SOL_SOCKET(), Socket::SO_LINGER(),
                   pack 'ii', 1, 0;
        close $_[0];
    },
    chunk   => "${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
    cut     => "${head}Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    huge    => "${head}Content-Length: 99999999999\r\n\r\n",
    flood   => sub {
        syswrite $_[0], "${head}Transfer-Encoding: chunked\r\n\r\n";
        while (syswrite $_[0], "1000\r\n" . 'x' x 4096 . "\r\n") { }
    },
    noise   => "SSH-2.0-OpenSSH_9.2\r\n\r\n",
    old     => "hello, this is HTTP/0.9",
    status  => "HTTP/1.1 999 What\r\n\r\n",
    switch  => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhi",
    bomb    => $head . join('', map { "H$_: x\r\n" } 1 .. 200) . "\r\n",
    bytes   => $head . join('', map { "H$_: " . 'x' x 4000 . "\r\n" } 1 .. 20)
               . "\r\n",
    line    => $head . 'H: ' . 'x' x 200_000 . "\r\n\r\n",
    interim => sub {
        while (syswrite $_[0], "HTTP/1.1 103 Early\r\nA: b\r\n\r\n") { }
    },
    control => "${head}X-Bad: a\x01b\r\n\r\nx",
    name    => "${head}X Bad: a\r\n\r\nx",
    length  => "${head}Content-Length: x\r\n\r\nx",
);
my %word = (
    hang => 'timeout', late => 'timeout', drip => 'timeout',
    huge => 'too-large', flood => 'too-large', bomb => 'too-large',
    bytes => 'too-large', line => 'too-large', interim => 'too-large',
);

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return $answers{ substr $req->{uri}, 1 } // [200, {}, 'fine'];
});

my $addr = $up->addr;
my $nobody = Civic::Gate::free_port();
my $full = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1');
my @queued = map { IO::Socket::INET->new(PeerAddr => $full->sockhost,
                                         PeerPort => $full->sockport,
                                         Blocking => 0) } 1 .. 3;
my $deaf = $full->sockport;

my $gate = Civic::Probe->start(http => <<"END");
    civic_remote up      { url http://$addr; timeout 500ms; max_body 100k; }
    civic_remote nobody  { url http://127.0.0.1:$nobody; }
    civic_remote nowhere { url http://no-such-host.invalid; }
    civic_remote nosock  { url http://unix:/no/such.sock; }
    civic_remote deaf    {
        url http://127.0.0.1:$deaf; timeout 5s; connect_timeout 300ms;
    }
    civic_remote narrow  { url http://$addr; connections 2; }
END


for my $name (sort keys %answers) {
    for my $stream ('', 1) {
        next if $stream && $name =~ /^(?:flood|huge|drip)$/;

        my $before = Time::HiRes::time();
        my @query = (p => "/$name", $stream ? (stream => 1) : ());
        my $word = 'remote-' . ($word{$name} // 'protocol');
        my $res = $gate->get(Civic::Probe::path('up', @query));
        my $took = Time::HiRes::time() - $before;

        # what breaks with its first bytes is told before it begins
        my $got = defined $res->{headers}{'x-headers'}
                  && $name =~ /^(?:half|reset|chunk|cut)$/
                  ? $word : Civic::Probe::read_answer($res)->{error};
        is $got, $word, "$name is $word" . ($stream ? ' of a stream' : '');
        cmp_ok $took, '<', 1.5, 'in time';
    }
}

for my $name (qw(nobody nowhere nosock)) {
    is Civic::Probe::ask($gate, $name, p => '/')->{error},
       'remote-unreachable', "$name is unreachable";
}
is Civic::Probe::ask($gate, 'deaf', p => '/')->{error}, 'remote-timeout',
   'a connection that nobody takes ends after connect_timeout';


# the caller's time is the smaller one

my $before = Time::HiRes::time();
is Civic::Probe::ask($gate, 'up', p => '/hang', t => 100)->{error},
   'remote-timeout', 'a call may have less time';
cmp_ok Time::HiRes::time() - $before, '<', 0.4, 'and it counts';
$before = Time::HiRes::time();
is Civic::Probe::ask($gate, 'up', p => '/hang', t => 9000)->{error},
   'remote-timeout', 'but not more';
cmp_ok Time::HiRes::time() - $before, '<', 2, 'than the remote has';


# in flight

my @clients = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                          PeerPort => $gate->port) } 1 .. 2;
syswrite $_, "GET /narrow?p=/hang HTTP/1.1\r\nHost: x\r\n\r\n" for @clients;
Time::HiRes::sleep(0.3);
$before = Time::HiRes::time();
is Civic::Probe::ask($gate, 'narrow', p => '/')->{error},
   'remote-unreachable', 'a call too many is unreachable';
cmp_ok Time::HiRes::time() - $before, '<', 0.5, 'at once';
is Civic::Probe::ask($gate, 'up', p => '/')->{body}, 'fine',
   'calls to other remotes are not concerned';
close $_ for @clients;
Time::HiRes::sleep(0.3);
is Civic::Probe::ask($gate, 'narrow', p => '/')->{body}, 'fine',
   'clients that leave give their calls back';

my $metrics = Civic::Metrics->of($gate);
my $total = 'civic_remote_calls_total';
is $metrics->value($total, result => 'cancelled'), 2, 'as is counted';
cmp_ok $metrics->value($total, result => $_), '>', 3, "$_ is counted"
    for qw(unreachable timeout too_large protocol);
unlike $gate->log, qr/exited on signal/, 'the worker lives';

$gate->stop;
done_testing;
