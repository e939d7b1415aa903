#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# With "master_process off" a connection outlives a reload in its process:
# its requests come under the old configuration, with all its handlers.

use strict;
use warnings;

use lib 't/lib';
use Cwd ();
use File::Temp ();
use IO::Socket::INET ();
use Test::More;
use Time::HiRes ();

use Civic::Gate;

plan(skip_all => 'headers-more is for another nginx') if $ENV{CIVIC_NGINX};

my $other = '/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so';
my $ours = Cwd::abs_path($ENV{CIVIC_MODULE}
                         // 'build/ngx_http_civic_module.so');
my $dir = File::Temp->newdir('civic-single-XXXXXX', TMPDIR => 1);
my $port = Civic::Gate->free_port;
my $temps = join "\n", map { "${_}_temp_path $dir;" }
                       qw(client_body proxy fastcgi uwsgi scgi);


sub configure {
    my ($line, $generation) = @_;

    open my $out, '>', "$dir/nginx.conf" or die "nginx.conf: $!\n";
    print {$out} <<"END";
load_module $ours;
load_module $other;
daemon off;
master_process off;
pid $dir/nginx.pid;
error_log $dir/error.log notice;
events {}
http {
    access_log off;
    $temps
    server {
        listen 127.0.0.1:$port;
        root $dir;
        civic_auth off;
        $line
        add_header X-Got "$generation \$http_x_more" always;
    }
}
END
    close $out;
    return;
}


sub log_has {
    my ($line) = @_;

    open my $in, '<', "$dir/error.log" or return 0;
    return scalar grep { /$line/ } <$in>;
}


sub patiently {
    my ($try) = @_;

    for (1 .. 200) {
        my $got = $try->();
        return $got if $got;
        Time::HiRes::sleep(0.05);
    }
    return;
}


configure('more_set_input_headers "X-More: yes";', 'old');
my $pid = fork // die "fork: $!\n";
if ($pid == 0) {
    open STDERR, '>', "$dir/stderr";
    exec '/usr/sbin/nginx', '-p', $dir, '-c', "$dir/nginx.conf" or exit 127;
}

# the connection must be nginx's before the reload, but its request may not
# come to REWRITE: with the first one headers-more leaves the place that is
# shared
my $gate = Civic::Gate->at($port);
ok(patiently(sub { $gate->raw("?\r\n\r\n") =~ / 400 / }), 'nginx runs');
my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
$sock->syswrite("GET /nginx.conf HT");
Time::HiRes::sleep(0.3);

configure('', 'new');
kill HUP => $pid;
ok(patiently(sub { log_has(qr/using the .* event method/) == 2 }),
   'a new configuration was read');
$sock->syswrite("TP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
my $answer = do { local $/; <$sock> } // '';
like($answer, qr/^X-Got: old yes\r$/m,
     'a connection of the old one has the handlers that it had');

kill TERM => $pid;
waitpid $pid, 0;

done_testing();
