# Copyright (C) Civic Gate
#
# Many calls: at once, one after the other, over a reload, and without a
# connection left; what they need is given back.

use strict;
use warnings;

use lib 't/lib';

use IO::Select ();
use IO::Socket::INET ();
use POSIX ();
use Test::More;
use Time::HiRes ();

use Civic::Metrics;
use Civic::Probe;
use Civic::Upstream;

my $http = <<'END';
    civic_remote in { url http://unix:%DIR%/up.sock:; connections 200;
                      timeout 10s; }
    server {
        listen unix:%DIR%/up.sock;
        keepalive_requests 100000;
        location /slow {
            limit_rate 1000;
            add_header X-Id $arg_id;
            alias %DIR%/html/slow;
        }
        location / { return 200 "$connection"; }
    }
END

my $gate = Civic::Probe->start(workers => 2, http => $http);
$gate->write('html/slow' => 'x' x 3000);


# 200 at once

sub at_once {
    my ($n, $path) = @_;

    my (%text, %number);
    my $select = IO::Select->new;
    for my $i (1 .. $n) {
        my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                         PeerPort => $gate->port) or next;
        syswrite $sock, 'GET ' . $path->($i) . " HTTP/1.1\r\nHost: x\r\n"
                        . "Connection: close\r\n\r\n";
        $number{$sock} = $i;
        $select->add($sock);
    }
    my $until = Time::HiRes::time() + 30;
    while ($select->count && Time::HiRes::time() < $until) {
        for my $sock ($select->can_read(1)) {
            next if sysread $sock, $text{$number{$sock}}, 65536,
                            length($text{$number{$sock}} // '');
            $select->remove($sock);
            close $sock;
        }
    }
    return map { Civic::Probe::read_answer(
                     Civic::Gate::parse($text{$_} // '')) } 1 .. $n;
}

my @all = at_once(200, sub { Civic::Probe::path('in', p => "/slow?id=$_[0]") });
is scalar(grep { ($_->{status} // 0) == 200
                 && $_->{body} eq 'x' x 3000 } @all), 200,
   '200 calls at once all have their answers';
is join(',', map { $_->{headers}{'x-id'} // '?' } @all),
   join(',', 1 .. 200), 'each its own';


# a reload in the middle

my $pid = fork // die "fork: $!\n";
if ($pid == 0) {
    my $bad = 0;
    for (1 .. 400) {
        my $got = Civic::Probe::ask($gate, 'in', p => '/');
        next if ($got->{status} // 0) == 200;
        print STDERR "# ", explain($got);
        $bad++;
    }
    POSIX::_exit($bad ? 1 : 0);
}
for (1 .. 3) {
    ok $gate->reload, 'a reload';
    Time::HiRes::sleep(0.1);
}
waitpid $pid, 0;
is $?, 0, 'fails no call';

my @old = $gate->pids;
my $late = fork // die "fork: $!\n";
if ($late == 0) {
    my $got = Civic::Probe::ask($gate, 'in', p => '/slow?id=1');
    POSIX::_exit(($got->{body} // '') eq 'x' x 3000 ? 0 : 1);
}
Time::HiRes::sleep(0.3);
ok $gate->reload, 'a reload';
waitpid $late, 0;
is $?, 0, 'leaves a call that is under way its time';

my $gone = 0;
for (1 .. 60) {
    my %now = map { $_ => 1 } $gate->pids;
    last if $gone = !grep { $now{$_} } @old;
    Time::HiRes::sleep(0.05);
}
ok $gone, 'kept connections do not keep a worker';
is $gate->get('/metrics')->{status}, 200, 'the gate answers';
$gate->stop;


# 1000, one after the other

$gate = Civic::Probe->start(http => $http);

sub resources {
    my $pid = ($gate->pids)[0];
    open my $in, '<', "/proc/$pid/statm";
    return (scalar(my @fds = glob "/proc/$pid/fd/*"),
            (split / /, <$in>)[1] * 4);
}

Civic::Probe::ask($gate, 'in', p => '/') for 1 .. 300;
my ($fds, $memory) = resources();
my %connection;
for (1 .. 1000) {
    my $got = Civic::Probe::ask($gate, 'in', p => '/');
    $connection{ $got->{body} // 'none' }++;
}
is_deeply [values %connection], [1000],
          '1000 calls, one after the other, share a connection';
my ($fds_after, $memory_after) = resources();
is $fds_after, $fds, 'they leave no descriptor behind';
cmp_ok $memory_after - $memory, '<', 300, 'nor memory'
    or diag "$memory $memory_after";
$gate->stop;


# no connection is left in the worker

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;
    return $req->{uri} eq '/hang' ? sub { sysread $_[0], my $byte, 1 }
                                  : [200, {}, 'fine'];
});
my $addr = $up->addr;
my %option = Civic::Probe->options(
    http => "civic_remote up { url http://$addr; timeout 8s; "
            . "connections 100; }\n"
            . "civic_remote soon { url http://$addr; timeout 2s; "
            . 'connections 100; }');
$gate = Civic::Gate->start(
    conf => Civic::Gate->configuration(%option)
            =~ s/worker_connections 1024/worker_connections 40/r,
    allow_log => qr/worker_connections are not enough/);

# reads until each has what is wanted, or a long time is over

sub await {
    my ($wanted, @clients) = @_;

    my ($until, %open) = (Time::HiRes::time() + 30);
    $open{ $_->{sock} } = $_ for @clients;
    while (%open && Time::HiRes::time() < $until) {
        my $select = IO::Select->new(map { $_->{sock} } values %open);
        for my $sock ($select->can_read(1)) {
            my $one = $open{$sock};
            my $n = sysread $sock, $one->{text}, 65536, length $one->{text};
            delete $open{$sock} if !$n || $one->{text} =~ $wanted;
        }
    }
    return;
}

# An answer says that its connection is taken; half of the next request, sent
# with the first, keeps nginx from closing it to have one for somebody else.

my @clients = map {
    { sock => IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                    PeerPort => $gate->port), text => '' }
} 1 .. 30;
syswrite $_->{sock}, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
                     . "GET /soon?p=/hang HTTP/1.1\r\nHost: x\r\n"
    for @clients;
await(qr/\AHTTP/, @clients);
syswrite $_->{sock}, "\r\n" for @clients;
await(qr/error \S/, @clients);
my %became;
$became{ $_->{text} =~ /error ([\w-]+)/ ? $1 : 'none' }++ for @clients;
is_deeply [sort keys %became], ['remote-timeout', 'remote-unreachable'],
          'a call that finds no connection fails, one that found one waits'
    or diag explain \%became;
close $_->{sock} for @clients;
my $fine;
for (1 .. 100) {
    $fine = Civic::Probe::ask($gate, 'up', p => '/')->{body} // '';
    last if $fine eq 'fine';
    Time::HiRes::sleep(0.1);
}
is $fine, 'fine', 'when there are connections again, calls go out again';
@clients = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                       PeerPort => $gate->port) } 1 .. 3;
syswrite $_, "GET /up?p=/hang HTTP/1.1\r\nHost: x\r\n\r\n" for @clients;
Time::HiRes::sleep(0.3);
my $from = Time::HiRes::time();
$gate->stop;
cmp_ok Time::HiRes::time() - $from, '<', 2,
       'a worker that is told to leave at once leaves its calls';
unlike $gate->log, qr/exited on signal/, 'and comes to a clean end';


# what may not be done twice

my %seen;
$up = Civic::Upstream->start(sub {
    my ($req) = @_;
    return [200, {}, 'first'] if $req->{uri} eq '/';
    return $seen{"$req->{method} $req->{uri}"}++ ? [200, {}, 'again'] : '';
});
$addr = $up->addr;
$gate = Civic::Probe->start(http => "civic_remote up { url http://$addr; }");
for my $method (qw(GET POST PUT DELETE)) {
    Civic::Probe::ask($gate, 'up', p => '/');
    my $got = Civic::Probe::ask($gate, 'up', p => '/drop', m => $method);
    is $got->{body} // $got->{error},
       $method eq 'GET' ? 'again' : 'remote-protocol',
       "$method on a kept connection that breaks";
    is scalar(grep { $_->{method} eq $method && $_->{uri} eq '/drop' }
                   $up->requests), $method eq 'GET' ? 2 : 1,
       $method eq 'GET' ? 'is sent once more' : 'is not sent again';
}
$gate->stop;
done_testing;
