package Civic::Gate;

# Copyright (C) Civic Gate
#
# A gate for one test: nginx with the module, on a free port, in a folder
# of its own that vanishes with it.  Owns the process and kills it when the
# test ends, however it ends.
#
#     my $gate = Civic::Gate->start(server => $text, http => $text,
#         main => $text, files => { 'keys/a.json' => $text }, workers => 1,
#         allow_log => qr/.../);
#         files lie under conf/; %PORT% and %DIR% are filled in everywhere;
#         conf => $text instead of main, http and server: all of nginx.conf
#         mode => { 'keys/a.json' => 0600 }
#         port => one of free_port(), where others must know it before
#     my ($ok, $output) = Civic::Gate->check(...);      nginx -t
#     my $res = $gate->get($path, \%headers);
#     my $res = $gate->request($method, $path,
#                              { headers => {...}, content => ... });
#         {status, reason, headers, content}: names in lower case, repeated
#         headers as array; request headers too may be arrays; 599: no answer
#     my $bytes = $gate->raw($bytes, $timeout);
#     Civic::Gate::parse_all($bytes)   answers of one connection, in order
#     $gate->reload          true: the new configuration runs, alone;
#                            false: nginx refused it, the log says why
#     $gate->write($file => $text), $gate->read($file)   relative to DIR
#     $gate->log, $gate->dir, $gate->port, $gate->stop
#     $gate->pids            worker processes;  $gate->pid  the master
#     Civic::Gate->at($port) get, request and raw for a gate not ours
#
# stop() fails the test on an [alert], [emerg], [crit] or sanitizer report
# in the log that allow_log does not match.

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use File::Path ();
use File::Temp ();
use IO::Select ();
use IO::Socket::INET ();
use POSIX ();
use Scalar::Util ();
use Test::More ();
use Time::HiRes ();

my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../..');
my $patience = $ENV{CIVIC_PATIENCE} // 20;         # seconds
my $suspect = qr/\[(?:alert|emerg|crit)\]|Sanitizer|runtime error:/;
my %running;

$SIG{$_} //= sub { exit 1 } for qw(INT TERM HUP PIPE);


sub start {
    my ($class, %option) = @_;

    my $self = $class->_create(%option);
    $self->{pid} = fork // die "gate: fork: $!\n";
    if ($self->{pid} == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{dir}/nginx.out";
        open STDERR, '>&', \*STDOUT;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        exec $self->_command, '-g', 'daemon off; master_process on;'
            or POSIX::_exit(127);
    }

    Scalar::Util::weaken($running{$self->{pid}} = $self);
    $self->_await_port;
    return $self;
}


sub check {
    my ($class, %option) = @_;

    my $self = $class->_create(%option);
    open my $pipe, '-|', _shell($self->_command, '-t') . ' 2>&1'
        or die "gate: $!\n";
    local $/;
    my $output = <$pipe>;
    return close($pipe) ? 1 : 0, $output;
}


sub at {
    my ($class, $port) = @_;

    return bless { port => $port, pid => 0, owner => $$ }, $class;
}


sub free_port {
    # below the range that outgoing connections take theirs from
    for (1 .. 200) {
        my $port = 12000 + int rand 20000;
        return $port if IO::Socket::INET->new(Listen => 1, ReuseAddr => 1,
                                              LocalAddr => '127.0.0.1',
                                              LocalPort => $port);
    }
    die "gate: no free port\n";
}


sub get {
    my ($self, $path, $headers) = @_;

    return $self->request('GET', $path, { headers => $headers // {} });
}


sub request {
    my ($self, $method, $path, $option) = @_;

    my %header = (Host => "127.0.0.1:$self->{port}", Connection => 'close',
                  %{ $option->{headers} // {} });
    my $content = $option->{content};
    $header{'Content-Length'} = length $content
        if defined $content
           && !grep { /^(content-length|transfer-encoding)$/i } keys %header;

    my $text = "$method $path HTTP/1.1\r\n";
    for my $name (sort keys %header) {
        my $value = $header{$name};
        next if !defined $value;
        $text .= "$name: $_\r\n" for ref $value ? @$value : $value;
    }
    return parse($self->raw($text . "\r\n" . ($content // ''), $patience),
                 $method);
}


sub raw {
    my ($self, $bytes, $timeout) = @_;

    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $self->{port})
        or return '';
    local $SIG{PIPE} = 'IGNORE';
    my ($in, $sent) = ('', 0);
    my $until = Time::HiRes::time() + ($timeout // 2);
    my $select = IO::Select->new($sock);
    $sock->blocking(0);

    while ((my $left = $until - Time::HiRes::time()) > 0) {
        my ($readable, $writable) = IO::Select->select($select,
            $sent < length $bytes ? $select : undef, undef, $left);

        if ($writable && @$writable) {
            my $n = syswrite $sock, $bytes, length($bytes) - $sent, $sent;
            $sent = defined $n ? $sent + $n : length $bytes;
        }
        if ($readable && @$readable) {
            sysread($sock, $in, 65536, length $in) or last;
        }
    }
    return $in;
}


# one HTTP/1.1 answer as a hash; interim answers are skipped

sub parse {
    my ($text, $method) = @_;

    1 while $text =~ s{^HTTP/1\.1 1\d\d .*?\r\n\r\n}{}s;
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    $head //= '';
    return { status => 599, reason => 'no answer', headers => {},
             content => $text }
        if $head !~ s{^HTTP/1\.[01] (\d{3}) ?([^\r\n]*)(?:\r\n|$)}{};

    my %res = (status => $1, reason => $2, headers => {});
    for my $line (split /\r\n/, $head) {
        my ($name, $value) = split /:[ \t]*/, $line, 2;
        my $slot = \$res{headers}{lc $name};
        $$slot = !defined $$slot ? $value
                 : ref $$slot ? [@$$slot, $value] : [$$slot, $value];
    }

    $body = _unchunk($body)
        if lc($res{headers}{'transfer-encoding'} // '') eq 'chunked';
    my $length = $res{headers}{'content-length'};
    $body = substr $body, 0, $length
        if defined $length && $length < length $body;
    $res{content} = $body // '';
    return \%res;
}


# all answers of one connection, in order.  The requests' methods may be
# given: an answer to HEAD has no body.

sub parse_all {
    my ($text, @methods) = @_;

    my @all;
    while ($text =~ m{^HTTP/1\.1 (\d{3}).*?\r\n\r\n}s) {
        my ($status, $end) = ($1, $+[0]);
        my $method = $status < 200 ? '' : shift(@methods) // '';
        my $head = substr $text, 0, $end;

        if ($status < 200 || $status == 204 || $status == 304
            || $method eq 'HEAD')
        {
            # no body

        } elsif ($head =~ /^Transfer-Encoding: *chunked\r$/mi) {
            substr($text, $end) =~ /^.*?(?:^|\r\n)0\r\n\r\n/s;
            $end += $+[0] // 0;

        } else {
            $end += $head =~ /^Content-Length: *(\d+)\r$/mi
                    ? $1 : length($text) - $end;
        }

        push @all, parse(substr($text, 0, $end), $method) if $status >= 200;
        $text = $end < length $text ? substr $text, $end : '';
    }
    return @all;
}


sub reload {
    my ($self) = @_;

    # an old process may end in its own time, if only it takes no requests
    my @old = $self->pids;
    my $from = length $self->log;
    kill 'HUP', $self->{pid};

    for (1 .. $patience * 50) {
        my $log = substr $self->log, $from;
        return 0 if $log =~ /\[emerg\]/;
        if ($log =~ /start worker process/) {
            my %stays = map { $_ => 1 } $self->pids;
            delete @stays{ $self->log =~
                /(\d+)#\d+: (?:gracefully shutting down|exiting)/g };
            return 1 if !grep { $stays{$_} } @old;
        }
        Time::HiRes::sleep(0.02);
    }
    die "gate: no answer to the reload\n" . substr $self->log, $from;
}


sub log  { return $_[0]->read('error.log') }
sub dir  { return $_[0]{dir} . '' }
sub port { return $_[0]{port} }
sub pid  { return $_[0]{pid} }


sub pids {
    my ($self) = @_;

    my @pids;
    return @pids if !$self->{pid};
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my ($pid, $state, $parent) = (<$in> // '')
                                     =~ /^(\d+) \(.*\) (\S) (\d+)/ or next;
        push @pids, $pid if $parent == $self->{pid} && $state ne 'Z';
    }
    @pids = sort { $a <=> $b } @pids;
    return @pids;
}


sub read {
    my ($self, $file) = @_;

    open my $in, '<:raw', "$self->{dir}/$file" or return '';
    local $/;
    return <$in> // '';
}


sub write {
    my ($self, $file, $text) = @_;

    my $path = "$self->{dir}/$file";
    File::Path::make_path(File::Basename::dirname($path));
    $text =~ s/%PORT%/$self->{port}/g;
    $text =~ s/%DIR%/$self->{dir}/g;
    open my $out, '>:raw', $path or die "$path: $!\n";
    print {$out} $text;
    close $out or die "$path: $!\n";
    return;
}


sub stop {
    my ($self) = @_;

    my $pid = $self->{pid};
    return if !$pid || $self->{owner} != $$;

    local ($?, $!);
    $self->_quit;
    delete $running{$pid};
    $self->{pid} = 0;

    my @bad = grep { /$suspect/ && !($self->{allow} && $_ =~ $self->{allow}) }
              split /\n/, $self->log . $self->read('nginx.out');
    return if !@bad;

    Test::More::diag(join "\n", 'in the error log:', @bad);
    ${^GLOBAL_PHASE} eq 'RUN' ? Test::More::fail('the error log is clean')
                              : ($self->{failed} = 1);
    return;
}


sub DESTROY { $_[0]->stop }

END {
    my $status = $?;
    for my $gate (grep { defined } values %running) {
        $gate->stop;
        $status ||= 1 if $gate->{failed};
    }
    $? = $status;
}


sub _create {
    my ($class, %option) = @_;

    my $temp = File::Temp->newdir('civic-gate-XXXXXX', TMPDIR => 1);
    chmod 0755, $temp;                  # workers may run as another user
    my $self = bless { dir => $temp, owner => $$, pid => 0,
                       port => $option{port} // free_port(),
                       allow => $option{allow_log} }, $class;

    mkdir "$temp/tmp";
    mkdir "$temp/html";
    $self->write("conf/$_" => $option{files}{$_})
        for keys %{ $option{files} // {} };
    chmod $option{mode}{$_}, "$temp/conf/$_"
        for keys %{ $option{mode} // {} };
    $self->write('conf/nginx.conf' =>
                 $option{conf} // $class->configuration(%option));
    return $self;
}


# the whole nginx.conf; for tests that rewrite it before a reload

sub configuration {
    my ($class, %option) = @_;

    my $module = $ENV{CIVIC_MODULE} // "$root/build/ngx_http_civic_module.so";
    my $load = $module eq 'none' ? '' : "load_module $module;";
    my $user = $> == 0 ? 'user root;' : '';
    my $workers = $option{workers} // 1;
    my ($main, $http, $server) = map { $_ // '' }
                                 @option{qw(main http server)};
    my $temp = join "\n    ", map { "${_}_temp_path tmp/$_;" }
                              qw(client_body proxy fastcgi uwsgi scgi);

    return <<"END";
$load
$user
worker_processes $workers;
pid %DIR%/nginx.pid;
error_log %DIR%/error.log info;
$main
events { worker_connections 1024; }
http {
    access_log %DIR%/access.log;
    $temp
    $http
    server {
        listen 127.0.0.1:%PORT%;
        $server
    }
}
END
}


sub _command {
    my ($self) = @_;

    my $nginx = $ENV{CIVIC_NGINX} // '/usr/sbin/nginx';
    return ($nginx, '-e', "$self->{dir}/error.log", '-p', "$self->{dir}/",
            '-c', 'conf/nginx.conf');
}


sub _await_port {
    my ($self) = @_;

    for (1 .. $patience * 50) {
        return if IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                        PeerPort => $self->{port})
                  && $self->pids;
        last if waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid};
        Time::HiRes::sleep(0.02);
    }

    $self->_quit;
    delete $running{ delete $self->{pid} };
    die "gate: nginx did not start:\n" . $self->read('nginx.out');
}


# SIGTERM first, so that sanitizers and valgrind may have their say

sub _quit {
    my ($self) = @_;

    my @all = ($self->{pid}, $self->pids);
    kill 'TERM', $self->{pid};
    for (1 .. $patience * 50) {
        return if waitpid($self->{pid}, POSIX::WNOHANG()) != 0;
        Time::HiRes::sleep(0.02);
    }
    kill 'KILL', @all;
    waitpid $self->{pid}, 0;
    return;
}


sub _unchunk {
    my ($text) = @_;

    my $body = '';
    while ($text =~ s/^([0-9a-fA-F]+)[^\r\n]*\r\n//) {
        my $n = hex $1 or last;
        $body .= substr $text, 0, $n;
        $text = $n + 2 <= length $text ? substr $text, $n + 2 : '';
    }
    return $body;
}


sub _shell {
    return join ' ', map { my $word = $_; $word =~ s/'/'\\''/g; "'$word'" }
                     @_;
}


1;
