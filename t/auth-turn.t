#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Whoever sends forgeries has them verified last, and is refused no other
# way than before; nobody else notices.

use strict;
use warnings;

use lib 't/lib';
use IO::Select ();
use IO::Socket::INET ();
use Test::More;
use Time::HiRes ();

use Civic::Gate;
use Civic::Issuer;
use Civic::Signer;
use Civic::Upstream;

my $citizens = Civic::Issuer->new(alg => 'RS256');
my $officers = Civic::Issuer->new(name => 'officers', alg => 'ES512');
my $signer = Civic::Signer->new(id => 'his', secret => 'one' x 11);
my $forger = Civic::Signer->new(id => 'his', secret => 'two' x 11);
my $apps = Civic::Signer::file(Civic::Signer::apps($signer));
my $slow = Civic::Upstream->start(sub {
    return sub {
        Time::HiRes::sleep(1);
        print { $_[0] } "HTTP/1.1 204 No\r\nConnection: close\r\n\r\n";
    };
});
my ($addr, $small) = ($slow->addr, Civic::Gate->free_port);
my $gate = Civic::Gate->start(
    files => { $citizens->files, $officers->files },
    http => $citizens->block . $officers->block . "civic_apps file=$apps;\n"
            . 'civic_signature rfc9421 ahead=0s;' . <<"END",
    server {
        listen 127.0.0.1:$small sndbuf=4k;
        location /large { civic_auth off; root %DIR%/html; }
        location /slow { civic_auth citizens; proxy_pass http://$addr; }
    }
END
    server => <<'END',
    location /tokens { civic_auth citizens; return 200; }
    location /officers { civic_auth officers; return 200; }
    location /signed { civic_auth app:signature; return 200; }
    location /metrics { civic_auth off; civic_metrics; }
END
);


sub deferred {
    my ($n) = $gate->get('/metrics')->{content}
              =~ /^civic_auth_deferred_total (\d+)/m;
    return $n;
}

sub forged { return $_[0] =~ s/(.{16})$/reverse $1/er }

sub request {
    my ($token, $path) = @_;

    $path //= '/tokens';
    return "GET $path HTTP/1.1\r\nHost: x\r\n"
           . "Authorization: Bearer $token\r\n\r\n";
}

sub dial {
    my ($from, $port) = @_;

    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', LocalAddr => $from,
                                 PeerPort => $port // $gate->port)
           // die "connect: $!\n";
}

# the status of the one answer that is waited for

sub status {
    my ($socket) = @_;

    my $answer = '';
    my $until = Time::HiRes::time() + 10;
    while ($answer !~ /\r\n\r\n/ && Time::HiRes::time() < $until) {
        next if !IO::Select->new($socket)->can_read(1);
        sysread $socket, $answer, 65536, length $answer or last;
    }
    return $answer =~ m{^HTTP/1\.1 (\d+) } ? $1 : 'none';
}

# what a list of tokens is answered, sent at once, each over its own
# connection

sub answers {
    my ($from, @tokens) = @_;

    my @sockets = map { dial($from) } @tokens;
    syswrite $sockets[$_], request($tokens[$_]) for 0 .. $#tokens;
    my %count;
    $count{ status($_) }++ for @sockets;
    return \%count;
}


my @good = map { $citizens->token(sub => "good-$_") } 1 .. 40;
is_deeply answers('127.0.0.1', @good), { 200 => 40 },
    'new tokens, many at once, are accepted';
is deferred(), 0, '... and none of them waited for another';

my @bad = map { forged($citizens->token(sub => "bad-$_")) } 1 .. 60;
is_deeply answers('127.0.0.2', @bad[0 .. 4]), { 401 => 5 },
    'a few forgeries are refused';
is deferred(), 0, '... and nothing is made of them';

is_deeply answers('127.0.0.2', @bad), { 401 => 60 },
    'many forgeries are refused';
my $many = deferred();
cmp_ok $many, '>=', 40, '... those that came after the first few, last';

is_deeply answers('127.0.0.1', map { $citizens->token(sub => "new-$_") }
                               1 .. 20), { 200 => 20 },
    'other addresses have their new tokens accepted';
is deferred(), $many, '... at once';

my @same = map { $citizens->token(sub => "same-$_") } 1 .. 20;
is_deeply answers('127.0.0.2', @bad[0 .. 19], @same), { 401 => 20, 200 => 20 },
    'good tokens of the same address are accepted';
cmp_ok $many = deferred(), '>', 60, '... after a moment';
is_deeply answers('127.0.0.2', @same), { 200 => 20 },
    'and once they are remembered';
is deferred(), $many, '... without it';

# Addresses take turns: the last to come is not the last to be answered.
# The worker has taken all connections when it is asked for something, and
# stands still until all requests are there.

answers('127.0.0.3', @bad);
my @other = map { dial("127.0.0.$_") } (2) x 99, 3;
$gate->get('/metrics');
kill STOP => $gate->pids;
my $logged = () = $gate->read('access.log') =~ /\n/g;
syswrite $_, request($bad[0]) for @other;
kill CONT => $gate->pids;
is_deeply [map { status($_) } @other], [(401) x 100],
    'two addresses in line are answered';
my @order = (split /\n/, $gate->read('access.log'))[$logged .. $logged + 99];
my ($at) = grep { $order[$_] =~ /^127\.0\.0\.3 / } 0 .. 99;
cmp_ok $at, '<', 50, '... in turn, however many wait at one of them';

# clients that do not wait for their answer

for my $round (1 .. 5) {
    my @gone = map { dial('127.0.0.2') } @bad;
    syswrite $gone[$_], request($bad[$_]) for 0 .. $#bad;
    close $_ for @gone;
}
is_deeply answers('127.0.0.2', @bad[0 .. 9], @good[0 .. 9]),
    { 401 => 10, 200 => 10 }, 'clients that leave while they wait harm nobody';

# A request in line whose token is verified meanwhile, for another address,
# and whose connection nginx waits to write to, so that whatever the client
# sends wakes the request: it goes on, and its turn finds it gone.

$gate->write('html/large', 'x' x 8_000_000);
my $early = dial('127.0.0.2', $small);
syswrite $early, request('none', '/large');
for (my $left = 8_000_000; $left > 0; ) {
    Time::HiRes::sleep(0.2) if $left == 8_000_000;
    $left -= sysread $early, my $part, 1_000_000 or last;
}

my $token = $citizens->token(sub => 'early');
my $other = request(forged($officers->token), '/officers');
my @line = map { dial('127.0.0.2') } 1 .. 300;
syswrite $_, $other for @line;
syswrite $early, request($token, '/slow');
is_deeply answers('127.0.0.1', $token), { 200 => 1 },
    'a token that waits in line, from another address';
syswrite $early, 'G';
status($_) for @line;
is status($early), 204, '... is accepted where it waited';
is $slow->count, 1, '... and the service asked once';

# signatures

my $host = '127.0.0.1:' . $gate->port;
my $by = sub {
    my ($who) = @_;

    return $gate->get('/signed', { $who->headers('GET', $host, '/signed') })
               ->{status};
};
is $by->($signer), 200, 'a signed request is accepted';
is_deeply [map { $by->($forger) } 1 .. 20], [(401) x 20],
    'forged ones are refused';
$many = deferred();
is $by->($signer), 200, '... and a good one behind them is not';
is deferred(), $many + 1, '... when its turn had come';

$gate->stop;
done_testing;
