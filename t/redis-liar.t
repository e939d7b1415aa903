# Copyright (C) Civic Gate
#
# What calls itself Redis and is not: a connection that says what nobody
# asked for is closed, and nothing it said reaches anyone.

use strict;
use warnings;

use lib 't/lib';

use IO::Socket::INET ();
use Test::More;

use Civic::Gate;
use Civic::Redis;

# command => what the liar answers; undef: it closes the connection

my %lies = (
    TWICE   => "+mine\r\n+extra\r\n",
    HTTP    => "HTTP/1.1 200 OK\r\n\r\n",
    PUSH    => ">2\r\n+message\r\n+x\r\n",
    HALF    => "\$100\r\nonly this",
    DEEP    => "*1\r\n" x 40 . ":1\r\n",
    WIDE    => "*2000000000\r\n",
    LONG    => "\$999999999\r\n",
    MINUS   => "\$-7\r\n",
    CLOSE   => undef,
    SILENCE => '',
    WAIT    => '',
    SLOWLY  => "*2\r\n\$5\r\nab\r\nc\r\n:42\r\n",
);

my $listen = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1')
    or die "listen: $!\n";
my $port = $listen->sockport;
my $liar = fork // die "fork: $!\n";
if ($liar == 0) {
    $SIG{CHLD} = 'IGNORE';
    $SIG{PIPE} = 'IGNORE';
    while (my $sock = $listen->accept) {
        next if fork;
        lie($sock);
        POSIX::_exit(0);
    }
    POSIX::_exit(0);
}
close $listen;
END { kill 'KILL', $liar if $liar }


sub lie {
    my ($sock) = @_;

    my $in = '';
    $sock->autoflush(1);
    while (sysread $sock, $in, 65536, length $in) {
        while ($in =~ s/^\*\d+\r\n\$\d+\r\n(\w+)\r\n//) {
            my $name = $1;
            my $text = exists $lies{$name} ? $lies{$name} : "+$name\r\n";
            return if !defined $text;
            my @pieces = $name eq 'SLOWLY' ? split(//, $text) : ($text);
            for (@pieces) {
                print {$sock} $_;
                select undef, undef, undef, 0.002 if @pieces > 1;
            }
        }
    }
}


my $gate = Civic::Gate->start(
    main => Civic::Redis->probe, http => <<"END", server => <<'END2');
    civic_redis liar {
        server 127.0.0.1:$port;
        timeout 300ms;
        connections 1;
        breaker failures=1000;
    }
    civic_redis wait {
        server 127.0.0.1:$port;
        timeout 200ms;
        connections 1;
        breaker failures=1000;
        durable replicas=1 timeout=100ms;
    }
END
    location /wait { civic_probe_redis wait; }
    location /liar { civic_probe_redis liar; }
END2

sub ask { return Civic::Redis::ask($gate, '/liar', @_) }

sub honest {
    my ($name) = @_;

    is_deeply(ask(c => 'TRUTH', timeout => 2000),
              { error => 'ok', reply => 'TRUTH' },
              "after $name the next command gets its own reply");
}


is_deeply(ask(c => 'SLOWLY'), { error => 'ok', reply => ["ab\r\nc", 42] },
          'a reply may come byte by byte');
is(ask(c => 'TWICE')->{reply}, 'mine', 'of two replies the first is mine');
honest('TWICE');

for my $name (qw(HTTP PUSH DEEP MINUS CLOSE HALF SILENCE)) {
    is(ask(c => $name)->{error}, 'timeout', "$name is no reply");
    honest($name);
}

is(ask(c => 'WIDE')->{error}, 'too-large', 'WIDE is too large as announced');
honest('WIDE');
is(ask(c => 'LONG')->{error}, 'timeout', 'LONG is awaited in vain');
honest('LONG');

sub durable {
    return Civic::Redis::ask($gate, '/wait', c => 'SET', durable => 1, @_);
}

is_deeply(durable(), { error => 'not-durable', reply => 'SET' },
          'a WAIT without an answer leaves a write that is not durable');
is(durable(cancel => 60), undef, 'one may be given up');
select undef, undef, undef, 0.6;
is(durable()->{error}, 'not-durable',
   'and its WAIT does not keep the connection for ever');

$gate->stop;
done_testing;
