package Civic::Blocks;

# Copyright (C) Civic Gate
#
# The scripts of lua/redis/ against a Redis of their own, without a gate,
# through plain clients that may be many.
#
#     my $server = Civic::Blocks->start;
#     $server->socket                        its path
#     my $client = $server->client;          one connection
#     $client->command('HGET', 'a', 'b');    dies of an error reply
#     $client->run('once_begin', \@keys, @args);
#     $client->send(...); $client->receive;  to have many in flight
#         integers and strings as they are, nil undef, arrays as references
#     $server->parallel($n, sub { my ($client, $i) = @_; ... });
#         n processes that begin together; what each returned (a string)

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use IO::Socket::UNIX ();
use POSIX ();

use Civic::Redis;

my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../..');
my %sha1;


sub start {
    my ($class) = @_;

    return bless { redis => Civic::Redis->start }, $class;
}


sub socket { return $_[0]{redis}->dir . '/redis.sock' }


sub client {
    my ($self) = @_;

    my $socket = IO::Socket::UNIX->new(Peer => $self->socket)
        or die "blocks: $!\n";
    return bless { socket => $socket, in => '' }, 'Civic::Blocks::Client';
}


sub parallel {
    my ($self, $n, $code) = @_;

    pipe my $gate, my $open or die "blocks: $!\n";
    my @readers;
    for my $i (1 .. $n) {
        pipe my $reader, my $writer or die "blocks: $!\n";
        my $pid = fork // die "blocks: fork: $!\n";
        if ($pid == 0) {
            close $open;
            my $client = $self->client;
            sysread $gate, my $byte, 1;         # until all are there
            my $result = eval { $code->($client, $i) } // "died: $@";
            syswrite $writer, $result;
            POSIX::_exit(0);
        }
        push @readers, [$pid, $reader];
    }
    close $open;

    my @results;
    for (@readers) {
        my ($pid, $reader) = @$_;
        local $/;
        push @results, scalar readline $reader;
        waitpid $pid, 0;
    }
    return @results;
}


package Civic::Blocks::Client;


sub command {
    my ($self, @words) = @_;

    $self->send(@words);
    return $self->receive;
}


sub run {
    my ($self, $name, $keys, @args) = @_;

    if (!$sha1{$name} || !$self->{$name}++) {
        my $file = "$root/lua/redis/$name.lua";
        open my $in, '<', $file or die "$file: $!\n";
        local $/;
        $sha1{$name} = $self->command('SCRIPT', 'LOAD', scalar <$in>);
    }
    return $self->command('EVALSHA', $sha1{$name}, scalar @$keys, @$keys,
                          @args);
}


sub send {
    my ($self, @words) = @_;

    my $text = join '', '*', scalar @words, "\r\n",
                    map { ('$', length, "\r\n", $_, "\r\n") } @words;
    while (length $text) {
        my $n = syswrite $self->{socket}, $text;
        die "blocks: $!\n" if !defined $n;
        substr $text, 0, $n, '';
    }
    return;
}


sub receive {
    my ($self) = @_;

    my $line = $self->_read(sub { $_[0] =~ /^(.*?)\r\n/s
                                  ? length($1) + 2 : 0 });
    my ($type, $rest) = $line =~ /^(.)(.*)\r\n/s;

    die "redis: $rest\n" if $type eq '-';
    return $rest if $type eq '+' || $type eq ':';
    return undef if $rest < 0;
    return [map { $self->receive } 1 .. $rest] if $type eq '*';
    return substr $self->_read(sub { length $_[0] >= $rest + 2
                                     ? $rest + 2 : 0 }), 0, $rest;
}


sub _read {
    my ($self, $whole) = @_;

    my $n;
    while (!($n = $whole->($self->{in}))) {
        sysread($self->{socket}, $self->{in}, 65536, length $self->{in})
            or die "blocks: connection lost\n";
    }
    return substr $self->{in}, 0, $n, '';
}


1;
