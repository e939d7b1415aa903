package Civic::Upstream;

# Copyright (C) Civic Gate
#
# An HTTP/1.1 server to stand behind the gate: one forked process with
# keep-alive, which remembers what it was asked.
#
#     my $up = Civic::Upstream->start(sub { my ($req) = @_; ... });
#         $req   {method, uri, version, headers => [[Name, value], ...], body}
#         answer [status, {Name => value or [values]}, body]; a plain string
#                is sent as it is, and the connection closed; code is
#                called with the connection, in a process of its own
#         without a sub it answers with the request as JSON
#     $up->port, $up->addr   where it listens
#     $up->count             requests seen so far
#     $up->requests          the requests themselves, oldest first
#     Civic::Upstream::header($req, 'Name')   all values in list context,
#                                             else the first
#     $up->stop              also at the end of the test

use strict;
use warnings;

use File::Temp ();
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use POSIX ();
use Scalar::Util ();

# bytes are kept apart: \u00ff is the byte 0xff

my $json = JSON::PP->new->canonical->ascii;
my %running;


sub start {
    my ($class, $answer) = @_;

    my $listen = IO::Socket::INET->new(Listen => 511, ReuseAddr => 1,
                                       LocalAddr => '127.0.0.1')
        or die "upstream: $!\n";
    my $self = bless { port => $listen->sockport, owner => $$,
                       seen => File::Temp->new(TMPDIR => 1) }, $class;

    $self->{pid} = fork // die "upstream: fork: $!\n";
    if ($self->{pid} == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $SIG{$_} = 'IGNORE' for qw(PIPE CHLD);
        eval { $self->_serve($listen, $answer // \&_echo); 1 }
            or print STDERR "# upstream: $@";
        POSIX::_exit(1);
    }

    close $listen;
    Scalar::Util::weaken($running{$self->{pid}} = $self);
    return $self;
}


sub port { return $_[0]{port} }
sub addr { return "127.0.0.1:$_[0]{port}" }


sub requests {
    my ($self) = @_;

    open my $in, '<', $self->{seen}->filename or die "upstream: $!\n";
    return map { $json->decode($_) } <$in>;
}


sub count {
    my ($self) = @_;

    return scalar(my @all = $self->requests);
}


sub header {
    my ($req, $name) = @_;

    my @all = map { $_->[1] } grep { lc $_->[0] eq lc $name }
                              @{ $req->{headers} };
    return wantarray ? @all : $all[0];
}


sub stop {
    my ($self) = @_;

    return if !$self->{pid} || $self->{owner} != $$;

    local ($?, $!);
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
    delete $running{ delete $self->{pid} };
    return;
}


sub DESTROY { $_[0]->stop }

END { $_->stop for grep { defined } values %running }


sub _echo {
    my ($req) = @_;

    return [200, { 'Content-Type' => 'application/json' },
            $json->encode($req)];
}


# one process, so that a test's sub keeps its variables between requests

sub _serve {
    my ($self, $listen, $answer) = @_;

    open my $seen, '>>', $self->{seen}->filename or die "$!\n";
    $seen->autoflush(1);

    my $select = IO::Select->new($listen);
    my %buffer;
    while (1) {
        for my $sock ($select->can_read) {
            if ($sock == $listen) {
                my $client = $listen->accept or next;
                $select->add($client);
                $buffer{$client} = '';
                next;
            }

            my $open = sysread $sock, $buffer{$sock}, 65536,
                               length $buffer{$sock};
            while ($open && (my $req = _take(\$buffer{$sock}, $sock))) {
                print {$seen} $json->encode($req), "\n";
                $open = _reply($sock, $req, $answer->($req));
            }
            next if $open;

            $select->remove($sock);
            delete $buffer{$sock};
            close $sock;
        }
    }
}


# takes one whole request off the buffer; nothing if more bytes must come

sub _take {
    my ($buffer, $sock) = @_;

    my $head = index $$buffer, "\r\n\r\n";
    return if $head < 0;

    my ($line, @lines) = split /\r\n/, substr $$buffer, 0, $head;
    my ($method, $uri, $version) = split / /, $line, 3;
    my $req = { method => $method, uri => $uri, version => $version,
                headers => [ map { [split /:[ \t]*/, $_, 2] } @lines ] };

    my $rest = substr $$buffer, $head + 4;
    if ((header($req, 'Expect') // '') =~ /100-continue/i && $rest eq '') {
        syswrite $sock, "HTTP/1.1 100 Continue\r\n\r\n";
    }

    if (lc(header($req, 'Transfer-Encoding') // '') eq 'chunked') {
        my $body = '';
        while ($rest =~ s/^([0-9a-fA-F]+)[^\r\n]*\r\n//) {
            my $n = hex $1;
            return if length $rest < $n + 2;
            $body .= substr $rest, 0, $n;
            $rest = substr $rest, $n + 2;
            if ($n == 0) {
                @{$req}{qw(body)} = ($body);
                $$buffer = $rest;
                return $req;
            }
        }
        return;
    }

    my $n = header($req, 'Content-Length') // 0;
    return if length $rest < $n;
    $req->{body} = substr $rest, 0, $n;
    $$buffer = substr $rest, $n;
    return $req;
}


# writes the answer; true if the connection stays open

sub _reply {
    my ($sock, $req, $answer) = @_;

    if (!ref $answer) {
        _write($sock, $answer);
        return 0;
    }
    if (ref $answer eq 'CODE') {
        my $pid = fork // die "upstream: fork: $!\n";
        return 0 if $pid;
        alarm 30;
        $answer->($sock);
        POSIX::_exit(0);
    }

    my ($status, $headers, $body) = @$answer;
    $body //= '';
    my $keep = $req->{version} eq 'HTTP/1.1'
               && (header($req, 'Connection') // '') !~ /close/i;

    my $text = "HTTP/1.1 $status " . ($status < 400 ? 'OK' : 'Error')
               . "\r\n";
    for my $name (sort keys %{ $headers // {} }) {
        my $value = $headers->{$name};
        $text .= "$name: $_\r\n" for ref $value ? @$value : $value;
    }
    $text .= 'Content-Length: ' . length($body) . "\r\n"
        if $status != 204 && $status != 304
           && !grep { /^(content-length|transfer-encoding)$/i }
                    keys %{ $headers // {} };
    $text .= 'Connection: ' . ($keep ? 'keep-alive' : 'close') . "\r\n\r\n";
    $text .= $body if $req->{method} ne 'HEAD';

    return _write($sock, $text) && $keep;
}


sub _write {
    my ($sock, $text) = @_;

    my $at = 0;
    while ($at < length $text) {
        my $n = syswrite $sock, $text, length($text) - $at, $at;
        return 0 if !defined $n;
        $at += $n;
    }
    return 1;
}


1;
