package Civic::Redis;

# Copyright (C) Civic Gate
#
# A Redis for one test: on a unix socket in a folder of its own, with AOF.
# Owns the process and kills it when the test ends, however it ends.
#
#     my $redis = Civic::Redis->start(config => $text, port => $port);
#     $redis->server           what civic_redis's `server` is given
#     $redis->command(@argv)   over a connection of its own: the reply as
#         text, undef (nil) or array; dies: an error reply, or no answer
#     $redis->stop             SIGKILL, what AOF has is kept
#     $redis->restart          the same folder again
#     $redis->pause, $redis->resume     SIGSTOP, SIGCONT
#     $redis->wait_until(sub { ... })   false: not within 5 s
#     $redis->pid, $redis->dir
#     Civic::Redis->probe      load_module of the module that speaks to a
#         civic_redis for tests (t/module/), built where it is not yet
#     Civic::Redis::ask($gate, $path, %query)   its answer, decoded; a value
#         may be an array: the name comes that often

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use File::Temp ();
use IO::Socket::UNIX ();
use JSON::PP ();
use POSIX ();
use Scalar::Util ();
use Time::HiRes ();

my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../..');
my %running;


sub start {
    my ($class, %option) = @_;

    my $dir = File::Temp->newdir('civic-redis-XXXXXX', TMPDIR => 1);
    chmod 0755, $dir;
    my $port = $option{port} // 0;
    my $self = bless { dir => $dir, owner => $$, pid => 0 }, $class;

    open my $out, '>', "$dir/redis.conf" or die "redis: $!\n";
    print {$out} <<"END", $option{config} // '';
port $port
bind 127.0.0.1
unixsocket $dir/redis.sock
unixsocketperm 777
dir $dir
daemonize no
logfile $dir/redis.log
appendonly yes
save ""
repl-diskless-sync-delay 0
END
    close $out;

    $self->restart;
    return $self;
}


sub restart {
    my ($self) = @_;

    $self->stop;
    my $pid = fork // die "redis: fork: $!\n";
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/redis.out";
        open STDERR, '>&', \*STDOUT;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        exec 'redis-server', "$self->{dir}/redis.conf" or POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    Scalar::Util::weaken($running{$pid} = $self);

    # a server that wants a password answers too
    $self->wait_until(sub {
        eval { $self->command('PING'); 1 } || $@ =~ /^redis: NOAUTH/;
    }) or die "redis: it did not start\n";
    return $self;
}


sub server { return "unix:$_[0]{dir}/redis.sock" }
sub dir    { return $_[0]{dir} . '' }
sub pid    { return $_[0]{pid} }
sub pause  { kill 'STOP', $_[0]{pid} }
sub resume { kill 'CONT', $_[0]{pid} }


sub stop {
    my ($self) = @_;

    return if !$self->{pid} || $self->{owner} != $$;
    local ($?, $!);
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
    delete $running{ $self->{pid} };
    $self->{pid} = 0;
    return;
}


sub wait_until {
    my ($self, $condition) = @_;

    my $until = Time::HiRes::time() + 5;
    while (Time::HiRes::time() < $until) {
        my $result = $condition->();
        return $result if $result;
        Time::HiRes::sleep(0.02);
    }
    return;
}


sub command {
    my ($self, @argv) = @_;

    my $sock = IO::Socket::UNIX->new(Peer => "$self->{dir}/redis.sock")
        or die "redis: $!\n";
    local $SIG{ALRM} = sub { die "redis: no answer\n" };
    local $SIG{PIPE} = 'IGNORE';
    alarm 10;
    print {$sock} '*' . @argv . "\r\n",
                  map { '$' . length($_) . "\r\n$_\r\n" } @argv;
    $sock->flush;
    my $reply = eval { _reply($sock) };
    alarm 0;
    die $@ if $@;
    return $reply;
}


sub _reply {
    my ($sock) = @_;

    my $line = <$sock> // die "redis: the connection was closed\n";
    $line =~ s/\r\n\z//;
    my $type = substr $line, 0, 1, '';

    return $line if $type eq '+' || $type eq ':';
    die "redis: $line\n" if $type eq '-';
    return undef if $line eq '-1';
    return [map { _reply($sock) } 1 .. $line] if $type eq '*';

    my $text = '';
    read $sock, $text, $line + 2;
    return substr $text, 0, $line;
}


sub probe {
    my $source = "$root/t/module/ngx_http_civic_probe_module.c";
    my $module = "$root/build/ngx_http_civic_probe_module.so";
    my $stamp = "$root/build/stamp";

    # it knows nginx and the headers that it was built with
    my @newer = grep { -e $module && (stat)[9] > (stat $module)[9] }
                $source, $stamp, glob "$root/src/*.h $root/src/*/*.h";

    if (!-e $module || @newer) {
        my $nginx = "$root/build/nginx";
        my @include = map { "-I$_" } "$nginx/objs", "$root/src",
            glob("$root/src/*/"), map { "$nginx/src/$_" }
            qw(core event event/modules os/unix http http/modules http/v2);
        system(split(' ', $ENV{CC} // 'cc'), qw(-shared -fPIC -g -O2),
               split(' ', $ENV{CFLAGS} // ''),
               qw(-W -Wall -Wno-unused-parameter -Werror), @include,
               '-o', "$module.$$", $source) == 0
            or die "redis: the probe could not be built\n";
        rename "$module.$$", $module or die "redis: $!\n";
    }
    return "load_module $module;";
}


sub ask {
    my ($gate, $path, @query) = @_;

    my @pairs;
    while (my ($name, $value) = splice @query, 0, 2) {
        for my $one (ref $value ? @$value : $value) {
            (my $text = $one) =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge;
            push @pairs, "$name=$text";
        }
    }
    my $res = $gate->get("$path?" . join '&', @pairs);
    return { error => "status $res->{status}" } if $res->{status} != 200;
    return JSON::PP::decode_json($res->{content});
}


sub DESTROY { $_[0]->stop }

END {
    my $status = $?;
    $_->stop for grep { defined } values %running;
    $? = $status;
}


1;
