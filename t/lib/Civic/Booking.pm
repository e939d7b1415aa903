package Civic::Booking;

# Copyright (C) Civic Gate
#
# plugins/health/booking behind a real gate of two workers, with a Redis and
# a clock of its own.
#
#     my $booking = Civic::Booking->start(%option)   as Civic::Gate->start
#     my $res = $booking->ask($who, $method, $path, $body, \%headers)
#         $who: a subject, or "officer"; paths begin below the service's
#         prefix, or with /fhir; $res->{json} is what was in it
#     $booking->book($who, $slot)
#     $booking->publish(%option)    days, department, doctor, start, end,
#                                   minutes, capacity, fee: its id
#     $booking->rush(\@asks, $while)
#         [$who, $method, $path, $body, \%headers] each, all at the same
#         moment; $while is called when they have been sent
#     $booking->advance($seconds)   the plugin's clock
#     $booking->date($days)         that day from now, as the clock has it
#     $booking->places($slot)       what Redis says: { holder => score }
#     $booking->workers             their processes
#     $booking->gate, $booking->redis

use strict;
use warnings;
use utf8;

use Cwd ();
use File::Basename ();
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use POSIX ();
use Time::HiRes ();

use Civic::Gate;
use Civic::Issuer;
use Civic::Redis;

my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../..');
my $prefix = '/health/booking/v1';
my $json = JSON::PP->new->utf8->canonical;


sub start {
    my ($class, %option) = @_;

    my $redis = Civic::Redis->start;
    my $citizens = Civic::Issuer->new(alg => 'HS256');
    my $server = $redis->server;
    my $umask = umask 027;                 # a symmetric key is a secret

    my $gate = Civic::Gate->start(
        workers => 2, files => { $citizens->files, clock => "0\n" }, %option,
        http => $citizens->block . <<"END", server => <<'END');
civic_redis main { server $server; timeout 2s; }
civic_clock_file %DIR%/conf/clock;
civic_department health {
    path    $root/plugins/health;
    prefix  /health /fhir;
    redis   main;
    allow   store data=P4;
}
END
civic_auth off;
location @plugins { civic_mount all; }
location = /status { civic_status; }
END
    umask $umask;

    my $self = bless { gate => $gate, redis => $redis, ahead => 0,
                       citizens => $citizens, token => {}, doctors => 0 },
                     $class;
    $self->_await;
    return $self;
}


sub gate  { return $_[0]{gate} }
sub redis { return $_[0]{redis} }


sub ask {
    my ($self, @ask) = @_;

    return $self->_understood($self->{gate}->request($self->_request(@ask)));
}


sub book {
    my ($self, $who, $slot) = @_;

    return $self->ask($who, POST => '/appointments', { slot => $slot });
}


sub publish {
    my ($self, %option) = @_;

    my $n = ++$self->{doctors};
    my $res = $self->ask(officer => POST => '/schedules', {
        department => { code => $option{department} // "k$n",
                        name => '心内科' },
        doctor => { code => $option{doctor} // "d$n", name => '陈医生' },
        date => $self->date($option{days} // 1),
        start => $option{start} // '08:00', end => $option{end} // '09:00',
        minutes => $option{minutes} // 30,
        capacity => $option{capacity} // 1, fee => $option{fee} // 0 });
    die "not published: $res->{status} $res->{content}\n"
        if $res->{status} != 201;
    return $res->{json}{id};
}


sub rush {
    my ($self, $asks, $while) = @_;

    my (@all, %by_socket);
    my $select = IO::Select->new;
    for my $ask (@$asks) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                           PeerPort => $self->{gate}->port)
            or die "rush: $!\n";
        my $text = $self->_text($self->_request(@$ask));
        syswrite $socket, substr $text, 0, -1;
        push @all, { socket => $socket, last => substr($text, -1), in => '' };
        $by_socket{$socket} = $all[-1];
        $select->add($socket);
    }

    # the last byte of each makes it whole
    local $SIG{PIPE} = 'IGNORE';
    syswrite $_->{socket}, $_->{last} for @all;
    $while->() if $while;

    my $until = Time::HiRes::time() + 30;
    while ($select->count && Time::HiRes::time() < $until) {
        for my $socket ($select->can_read(1)) {
            my $one = $by_socket{$socket};
            next if sysread $socket, $one->{in}, 65536, length $one->{in};
            $select->remove($socket);
            close $socket;
        }
    }
    return map { $self->_understood(Civic::Gate::parse($_->{in})) } @all;
}


sub advance {
    my ($self, $seconds) = @_;

    $self->{ahead} += $seconds;
    $self->{gate}->write('conf/clock.new', "$self->{ahead}\n");
    my $dir = $self->{gate}->dir;
    rename "$dir/conf/clock.new", "$dir/conf/clock" or die "clock: $!\n";
    return;
}


sub date {
    my ($self, $days) = @_;

    return POSIX::strftime('%Y-%m-%d', gmtime(time + $self->{ahead}
                                              + 8 * 3600 + $days * 86400));
}


sub places {
    my ($self, $slot) = @_;

    my ($schedule, $time) = $slot =~ /^(.*)\.(\d{4})$/;
    my $flat = $self->{redis}->command('ZRANGE',
        "civic:{health/booking:schedule:$schedule}:$time:places", 0, -1,
        'WITHSCORES');
    return { @$flat };
}


sub workers {
    my ($self) = @_;

    return grep {
        open my $in, '<', "/proc/$_/cmdline";
        ($in && <$in> // '') =~ /worker process(?! is shutting)/;
    } $self->{gate}->pids;
}


sub _await {
    my ($self) = @_;

    my $res;
    for (1 .. 500) {
        $res = $self->{gate}->get('/fhir/metadata');
        return if $res->{status} == 200;
        Time::HiRes::sleep(0.02);
    }
    die "booking is not there: $res->{status} $res->{content}\n"
        . $self->{gate}->log;
}


sub _request {
    my ($self, $who, $method, $path, $body, $headers) = @_;

    my %scope = (scope => $who eq 'officer'
                          ? 'booking:manage booking:settle'
                          : 'booking:read booking:write');
    my $token = $self->{token}{$who} //=
                $self->{citizens}->bearer(sub => $who, %scope);
    my %header = (%$token, %{ $headers // {} });
    $header{'Content-Type'} //= 'application/json' if $body;

    return $method, $path =~ m{^/fhir/} ? $path : "$prefix$path",
           { headers => \%header,
             $body ? (content => $json->encode($body)) : () };
}


sub _text {
    my ($self, $method, $path, $option) = @_;

    my $content = $option->{content} // '';
    my %header = (Host => 'localhost', Connection => 'close',
                  'Content-Length' => length $content,
                  %{ $option->{headers} });
    return join '', "$method $path HTTP/1.1\r\n",
                    (map { "$_: $header{$_}\r\n" } sort keys %header),
                    "\r\n", $content;
}


sub _understood {
    my ($self, $res) = @_;

    $res->{json} = $json->decode($res->{content})
        if ($res->{headers}{'content-type'} // '') =~ /\bjson\b/;
    $res->{code} = $res->{json}{code} if ref $res->{json} eq 'HASH';
    return $res;
}


1;
