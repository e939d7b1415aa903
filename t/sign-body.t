# Copyright (C) Civic Gate
#
# Bodies of signed requests on odd ways: clients that leave at any byte,
# subrequests, redirects, error pages, bodies that somebody else has read.

use strict;
use warnings;

use lib 't/lib';

use Civic::Gate;
use Civic::Redis;
use Civic::Signer;
use Civic::Upstream;
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use Test::More;

my $up = Civic::Upstream->start;
my $redis = Civic::Redis->start;
my $signer = Civic::Signer->new(id => 'k1',
                                secret => 'a secret of 32 bytes, or of more');
my $file = Civic::Signer::file(Civic::Signer::apps($signer));

my $gate = Civic::Gate->start(workers => 1, http => qq{
    civic_redis main { server @{[$redis->server]}; timeout 2s; }
    civic_apps file=$file;
    civic_signature_nonces redis=main;
}, server => qq{
    client_body_timeout 5s;
    client_body_buffer_size 1k;
    civic_auth off;

    location / {
        civic_auth app:signature;
        proxy_pass http://@{[$up->addr]};
    }
    location /chunked/ {
        civic_auth app:signature;
        client_max_body_size 100;
        error_page 413 /page/413;
        proxy_pass http://@{[$up->addr]};
    }
    location /page/ {
        civic_auth app:signature;
        return 200 page;
    }
    location /asked/ {
        auth_request /ask;
        proxy_pass http://@{[$up->addr]};
    }
    location = /ask {
        internal;
        civic_auth app:signature;
        return 204;
    }
    location /late/ {
        proxy_pass http://127.0.0.1:1;
        error_page 502 = /signed/late;
    }
    location /twice/ {
        civic_auth app:signature;
        error_page 418 = /signed/twice;
        return 418;
    }
    location /signed/ {
        civic_auth app:signature;
        proxy_pass http://@{[$up->addr]};
    }
});
my $host = '127.0.0.1:' . $gate->port;


sub text {
    my ($path, $body, %option) = @_;

    my %headers = $signer->headers('POST', $host, $path, body => $body);
    return join '', "POST $path HTTP/1.1\r\nHost: $host\r\n",
           "Connection: close\r\n",
           (map { "$_: $headers{$_}\r\n" } sort keys %headers),
           $option{chunked} ? "Transfer-Encoding: chunked\r\n"
                            : 'Content-Length: ' . length($body) . "\r\n",
           "\r\n";
}


sub ask {
    my ($path, $body, %option) = @_;

    my $in = $option{chunked}
             ? sprintf("%x\r\n%s\r\n0\r\n\r\n", length $body, $body) : $body;
    my $sock = IO::Socket::INET->new(PeerAddr => $host);
    syswrite $sock, text($path, $body, %option);
    select undef, undef, undef, $option{pause} if $option{pause};
    syswrite $sock, $in;
    local $/;
    return Civic::Gate::parse(scalar <$sock>, 'POST');
}


my $body = join '', map { chr(97 + $_ % 26) } 1 .. 5000;

for my $pause (0, 0.1) {
    for my $chunked (0, 1) {
        my $res = ask('/a', $body, chunked => $chunked, pause => $pause);
        is $res->{status}, 200, "a body passes (chunked $chunked, $pause s)";
        is decode_json($res->{content})->{body}, $body, 'whole';
    }
}


# clients that leave: between any two reads, or while Redis is asked

my $wire = text('/gone', $body) . $body;
my $start = index $wire, "\r\n\r\n";
for my $at ($start + 4, $start + 5, $start + 1000, $start + 4096,
            length($wire) - 1, length $wire)
{
    my $sock = IO::Socket::INET->new(PeerAddr => $host);
    syswrite $sock, substr $wire, 0, $at;
    select undef, undef, undef, 0.03;
    close $sock;
}
$redis->pause;
for my $sent ($body, '') {
    my $sock = IO::Socket::INET->new(PeerAddr => $host);
    syswrite $sock, text('/waits', $sent) . $sent;
    select undef, undef, undef, 0.2;
    close $sock;
}
select undef, undef, undef, 0.2;
$redis->resume;
is ask('/a', $body)->{status}, 200, 'the gate goes on';


# what is too large is known while it comes; the page is nobody's secret,
# and the signature was not judged

for my $pause (0, 0.1) {
    my $res = ask('/chunked/a', 'x' x 200, chunked => 1, pause => $pause);
    ok $res->{status} == 413 || $res->{status} == 400,
        "too much of a chunked body is refused ($pause s)"
        or diag "$res->{status} $res->{content}";
}
is ask('/chunked/a', 'x' x 100, chunked => 1)->{status}, 200,
   'as much as may be is not';


# subrequests, and those who come late

is ask('/asked/a', '')->{status}, 200, 'a subrequest judges a signature';
my $res = ask('/asked/a', $body);
is $res->{status}, 500, 'but has no body of its own to judge';

$res = ask('/late/a', 'small');
ok $res->{status} == 200, 'what another location read into memory is seen'
    or diag "$res->{status} $res->{content}";

$res = ask('/twice/a', $body);
is $res->{status}, 200, 'a redirect takes the body along';
is decode_json($res->{content})->{body}, $body, 'whole';

unlike $gate->log, qr/a secret of 32/, 'no secret in the log';

done_testing;
