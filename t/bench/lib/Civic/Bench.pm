package Civic::Bench;

# Copyright (C) Civic Gate
#
# A server to be measured, bare nginx or the gate: one worker on core 0,
# while the load and the upstream share core 1.  Measures and prints;
# decides nothing about what is compared.
#
#     my $up     = Civic::Bench->upstream;
#     my $server = Civic::Bench->start(upstream => $up, bare => 1,
#         http => $text, server => $text, files => {...});
#         as Civic::Gate; "proxy_pass http://backend;" leads to $up
#     my $tokens = Civic::Bench->tokens($key, $count);
#     my $gate   = Civic::Bench->gate(upstream => $up, key => $key, ...);
#     my $file   = Civic::Bench->requests($name, "GET /path TOKEN", ...);
#     my $round  = $server->drive($file, $seconds);
#         {requests, rate, busy, cpu, user}: requests/s, share of core 0,
#         CPU us per request, those in user space; dies of any error
#     Civic::Bench->measure(\@cases, rounds => 5, seconds => 2)
#         a case is {server, file}; its rounds are put into {rounds}
#     Civic::Bench->table(\@head, \@row, ...)

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use File::Path ();

use Civic::Token;
use parent 'Civic::Gate';

my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../../..');
my $folder = "$root/build/bench";
my $connections = 32;


sub folder {
    File::Path::make_path($folder);
    return $folder;
}


sub upstream {
    my ($class) = @_;

    return $class->start(bare => 1, cores => '10', http => 'tcp_nodelay on;',
                         server => 'location / { return 200 "well\n"; }');
}


sub configuration {
    my ($class, %option) = @_;

    my $module = $ENV{CIVIC_MODULE} // "$root/build/ngx_http_civic_module.so";
    my $load = $option{bare} ? '' : "load_module $module;";
    my $user = $> == 0 ? 'user root;' : '';
    my $cores = $option{cores} // '01';
    my ($main, $http, $server) = map { $_ // '' }
                                 @option{qw(main http server)};
    my $port = $option{upstream} ? $option{upstream}->port : 9;
    my $temp = join "\n    ", map { "${_}_temp_path tmp/$_;" }
                              qw(client_body proxy fastcgi uwsgi scgi);

    return <<"END";
$load
$user
worker_processes 1;
worker_cpu_affinity $cores;
pid %DIR%/nginx.pid;
error_log %DIR%/error.log notice;
$main
events { worker_connections 11000; }
http {
    access_log off;
    $temp
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    upstream backend {
        server 127.0.0.1:$port;
        keepalive 64;
        keepalive_requests 1000000000;
    }
    $http
    server {
        listen 127.0.0.1:%PORT% backlog=4096;
        $server
    }
}
END
}


# the gate as the demo has it: an issuer, two policies, a location with
# routes; `with` goes into that location, all steps by default; `more` into
# the server

sub gate {
    my ($class, %option) = @_;

    my $with = $option{with} // 'civic_auth citizens; civic_limit caller;'
                                . 'civic_require scope=imaging:read;';
    my $zone = $option{zone} // '32m';
    my $more = $option{more} // '';
    my $http = $option{http} // '';
    my @keys = ref $option{key} eq 'ARRAY' ? @{ $option{key} } : $option{key};

    return $class->start(%option,
        files => { 'keys.json' => Civic::Token->jwks(@keys) },
        http  => <<"END", server => <<"END");
    civic_zone $zone;
    $http
    civic_issuer citizens {
        issuer      https://id.civicgate.example;
        audience    social-services;
        keys        keys.json;
        algorithms  RS256 ES256;
    }
    civic_limit_policy address key=\$remote_addr  rate=1000000r/s burst=100000;
    civic_limit_policy caller  key=\$civic_caller rate=1000000r/s burst=100000;
END
    location /health/imaging/v1/ {
        civic_route GET "/health/imaging/v1/studies" name=studies;
        civic_route GET "/health/imaging/v1/studies/{study}/{rest...}";
        $with
        proxy_pass http://backend;
    }

    location = /status { civic_auth off; civic_status full; }
    $more
END
}


# [METHOD, PATTERN] of all that GitHub's API documents; a few names of its
# parameters have dashes, ours may not

sub github {
    my $file = "$root/t/data/github-routes.txt";

    open my $in, '<', $file or die "$file: $!\n";
    return map { [split ' ', s/(\{[^}]*\})/$1 =~ tr{-}{_}r/ger] } <$in>;
}


# routes of one length that differ in numbers only, so that what is left to
# differ between ten and ten thousand of them is the lookup

sub generated {
    my ($class, $n) = @_;

    return map { ['GET', sprintf '/service%02d/v1/thing%02d/{id}/part%d',
                         $_ % 40, int($_ / 40) % 50, int($_ / 2000)] }
           0 .. $n - 1;
}


# requests for routes drawn at random, as lines of a file for drive

sub drawn {
    my ($class, $n, @from) = @_;

    return map {
        my ($method, $path) = @{ $from[rand @from] };
        $path =~ s/\{[^}]*\}/'id' . int rand 1e6/ge;
        "$method $path";
    } 1 .. $n;
}


# routes as a location of their own

sub service {
    my ($class, @routes) = @_;

    return join "\n", 'location @service {',
                (map { qq(civic_route $_->[0] "$_->[1]";) } @routes),
                'proxy_pass http://backend; }', '';
}


# smaps_rollup in KiB: Rss, and Private, what is this process's alone

sub memory {
    my ($class, $pid) = @_;

    my %kib;
    open my $in, '<', "/proc/$pid/smaps_rollup" or die "smaps_rollup: $!\n";
    while (my $line = <$in>) {
        $kib{$1} += $2
            if $line =~ /^(Rss|Private)(?:_Clean|_Dirty)?: +(\d+) kB/;
    }
    return \%kib;
}


# distinct tokens of a Civic::Token key, minted through libjwt

sub tokens {
    my ($class, $key, $count) = @_;

    my $file = $class->folder . '/' . $key->alg . '.pem';
    spill($file, $key->pem);
    chmod 0600, $file;

    open my $pipe, '-|', 'luajit', "$root/t/bench/tokens.lua", $file,
                         $key->alg, $key->kid, $count
        or die "luajit: $!\n";
    chomp(my @tokens = <$pipe>);
    close $pipe or die "bench: no tokens\n";
    return \@tokens;
}


sub requests {
    my ($class, $name, @lines) = @_;

    my $file = $class->folder . "/$name.requests";
    spill($file, join '', map { "$_\n" } @lines);
    return $file;
}


sub spill {
    my ($file, $text) = @_;

    open my $out, '>:raw', $file or die "$file: $!\n";
    print {$out} $text;
    close $out or die "$file: $!\n";
    return;
}


# time on the CPU of the worker, in nanoseconds; in list context, too, how
# much of it was in user space, to 10 ms

sub cpu {
    my ($self) = @_;

    my ($pid) = $self->pids;
    open my $in, '<', "/proc/$pid/schedstat" or die "schedstat: $!\n";
    my $all = (split ' ', <$in>)[0];
    return $all if !wantarray;

    open $in, '<', "/proc/$pid/stat" or die "stat: $!\n";
    my $user = (split ' ', <$in> =~ s/^.*\) //r)[11];
    return ($all, $user * 1e7);
}


# the lines of a file, over and over

sub drive {
    my ($self, $file, $seconds) = @_;

    my ($pid) = $self->pids;
    my ($before, $user_before) = $self->cpu;
    open my $pipe, '-|', qw(taskset -c 1 wrk -t1), "-c$connections",
                         "-d${seconds}s", '-s', "$root/t/bench/load.lua",
                         'http://127.0.0.1:' . $self->port, '--', $file,
                         $self->{sent} // 0
        or die "wrk: $!\n";
    my $out = do { local $/; <$pipe> } // '';
    close $pipe or die "bench: wrk failed\n$out";

    my ($requests, $us, $errors) = $out =~ /^bench (\d+) (\d+) (\d+)$/m
        or die "bench: wrk said\n$out";
    die "bench: $errors requests failed\n$out" . $self->log
        if $errors || !$requests;
    my ($now) = $self->pids;
    die "bench: the worker died\n" . $self->log if $now != $pid;

    # the next round goes on behind those that were not waited for
    $self->{sent} += $requests + $connections;
    my ($cpu, $user) = $self->cpu;
    $cpu -= $before;
    return { requests => $requests, rate => $requests / ($us / 1e6),
             busy => $cpu / ($us * 1e3), cpu => $cpu / $requests / 1e3,
             user => ($user - $user_before) / $requests / 1e3 };
}


# While this handle is open, idle cores do not halt (PM QoS of the kernel).
# Whoever sends something to a process on a halted core pays for waking it:
# in a virtual machine some 5 us, which is neither nginx's doing nor ours.

sub awake {
    my $file = '/dev/cpu_dma_latency';
    my $out;
    open $out, '>:raw', $file and syswrite $out, pack 'l', 0
        or warn "bench: $file: $!: idle cores halt, and who wakes them pays\n";
    return $out;
}


# in turns, so that what disturbs the machine disturbs all alike

sub measure {
    my ($class, $cases, %option) = @_;

    my $awake = awake();
    $_->{server}->drive($_->{file}, 1) for @$cases;
    for my $round (1 .. $option{rounds}) {
        for my $case (@$cases) {
            print STDERR "\rround $round of $option{rounds} "
                if -t STDERR;
            push @{ $case->{rounds} },
                 $case->{server}->drive($case->{file}, $option{seconds});
        }
    }
    print STDERR "\r", ' ' x 20, "\r" if -t STDERR;
    return;
}


sub median {
    my (@values) = sort { $a <=> $b } @_;

    return @values % 2 ? $values[@values / 2]
                       : ($values[@values / 2 - 1] + $values[@values / 2]) / 2;
}


sub middle { return median(column(@_)) }


sub column {
    my ($case, $what) = @_;

    return map { $_->{$what} } @{ $case->{rounds} };
}


# "median (min-max)" of the CPU time per request

sub spread {
    my ($case) = @_;

    my @cpu = sort { $a <=> $b } column($case, 'cpu');
    return sprintf '%.1f (%.1f-%.1f)', median(@cpu), $cpu[0], $cpu[-1];
}


# against the rounds of another case that ran next to its own: the medians
# of difference and ratio; on a busy machine a short round may have had no
# tick of 10 ms in user space, and has no ratio then

sub against {
    my ($case, $base, $what) = @_;

    my @mine = column($case, $what // 'cpu');
    my @base = column($base, $what // 'cpu');
    return (median(map { $mine[$_] - $base[$_] } 0 .. $#mine),
            median(map { $base[$_] ? $mine[$_] / $base[$_] : 0 }
                   0 .. $#mine));
}


sub aim {
    my ($what, $value, $limit, $format) = @_;

    return printf "%-58s $format, aim $format: %s\n", $what, $value, $limit,
                  $value <= $limit ? 'met' : 'MISSED';
}


sub table {
    my ($class, @rows) = @_;

    my @width;
    for my $row (@rows) {
        for my $i (0 .. $#$row) {
            my $n = length $row->[$i];
            $width[$i] = $n if $n > ($width[$i] // 0);
        }
    }
    splice @rows, 1, 0, [map { '-' x $_ } @width];
    for my $row (@rows) {
        my @cells = map { sprintf $_ ? '%*s' : '%-*s', $width[$_], $row->[$_] }
                    0 .. $#$row;
        print '| ', join(' | ', @cells), " |\n";
    }
    print "\n";
    return;
}


1;
