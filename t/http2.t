#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Over HTTP/2 (cleartext, prior knowledge) the gate does the same.

use strict;
use warnings;

use lib 't/lib';
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

plan skip_all => 'curl with HTTP/2 is not installed'
    if (`curl --version 2>/dev/null` // '') !~ /^Features:.*HTTP2/m;

my $up = Civic::Upstream->start;
my $citizens = Civic::Issuer->new;
my $port = Civic::Gate::free_port();
my $gate = Civic::Gate->start(
    files => { $citizens->files },
    http => 'upstream service { server ' . $up->addr . '; }'
          . $citizens->block('token query=access_token;') . <<"END");
    server {
        listen 127.0.0.1:$port http2;
        civic_auth off;
        location /svc/ {
            civic_route GET,POST "/svc/{rest...}" name=svc;
            client_max_body_size 10;
            proxy_set_header X-Route \$civic_route;
            proxy_pass http://service;
        }
        location \@down {
            civic_route GET "/down";
            proxy_pass http://127.0.0.1:1;
        }
        location /token { access_log %DIR%/token.log; return 200; }
        location /closed/ { civic_route GET "/closed/{id}"; return 200; }
        location / { return 200 ordinary; }
    }
END


# status, headers and body as curl saw them

sub curl {
    my ($path, @options) = @_;

    open my $pipe, '-|', 'curl', '-s', '-i', '--http2-prior-knowledge',
        '--path-as-is', '--max-time', 10, @options,
        "http://127.0.0.1:$port$path"
        or die "curl: $!\n";
    local $/;
    my ($head, $body) = split /\r\n\r\n/, <$pipe> // '', 2;
    close $pipe;
    my ($status) = ($head // '') =~ m{^HTTP/2 (\d{3})};
    return { status => $status // 0, head => $head // '', content => $body };
}


my $res = curl('/svc/a%20b?c=d', '-H', 'traceparent: 00-' . '1' x 32
               . '-' . '2' x 16 . '-01');
is($res->{status}, 200, 'a route is found');
my $seen = JSON::PP::decode_json($res->{content});
is($seen->{uri}, '/svc/a%20b?c=d', 'the service gets the very bytes');
is(Civic::Upstream::header($seen, 'X-Route'), 'svc', 'and its route');
like(scalar Civic::Upstream::header($seen, 'traceparent'),
     qr/^00-1{32}-(?!2{16})[0-9a-f]{16}-01$/, 'and the trace is continued');

for my $path ('/svc//a', '/svc/../a', '/svc/%2Fa', '/svc/%61', '/svc/a\\b') {
    $res = curl($path);
    is($res->{status}, 400, "$path is refused");
    like($res->{content}, qr/"code":"malformed"/, 'by the gate');
}
is($up->count, 1, 'the service has seen none of them');

$res = curl('/closed/a/b');
is($res->{status}, 404, 'a closed location is closed');
like($res->{head}, qr{^content-type: application/problem\+json\r?$}m,
     'with a problem');
$res = curl('/svc/a', '-X', 'PUT');
is($res->{status}, 405, 'another method is 405');
like($res->{head}, qr/^allow: GET, HEAD, POST, OPTIONS\r?$/m, 'with Allow');
is(curl('/svc/a', '-X', 'OPTIONS')->{status}, 204, 'OPTIONS is answered');
$res = curl('/svc/a', '-I');
is($res->{status}, 200, 'HEAD goes where GET goes');
is(curl('/svc/a', '-d', 'x' x 10)->{status}, 200, 'a body that fits passes');
is(curl('/svc/a', '-H', 'Content-Length:', '-T', '-', '-X', 'POST')->{status},
   200, 'a body without a length passes');
$res = curl('/down');
is($res->{status}, 502, 'a service that cannot be reached is 502');
like($res->{content}, qr/"code":"bad-gateway"/, 'as a problem');
is(curl('/x')->{content}, 'ordinary', 'other locations are what they are');

# one connection, several requests; curl of Debian 12 cannot tell a stream
# that was reset after its answer from a broken one

sub frame { return pack('nCCCN', length($_[3]) >> 8, length($_[3]) & 255,
                        @_[0 .. 2]) . $_[3] }


sub headers {
    my ($stream, $end, %field) = @_;

    my $block = join '', map { "\0" . chr(length) . $_
                               . chr(length $field{$_}) . $field{$_} }
                sort keys %field;
    return frame(1, $end ? 5 : 4, $stream, $block);
}


sub statuses {
    my ($bytes) = @_;

    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $port) or die "$!\n";
    print {$sock} "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", frame(4, 0, 0, ''),
                  $bytes;
    $sock->flush;

    my ($in, %status, %ended) = ('');
    my $select = IO::Select->new($sock);
    while (keys %ended < 3 && $select->can_read(5)) {
        sysread($sock, $in, 65536, length $in) or last;
        while (length $in >= 9) {
            my ($high, $low, $type, $flags, $stream) = unpack 'nCCCN', $in;
            my $size = $high << 8 | $low;
            last if length $in < 9 + $size;
            my $body = substr $in, 9, $size;
            $in = substr $in, 9 + $size;
            $ended{$stream} = 1 if $type <= 1 && $flags & 1;
            next if $type != 1;

            # :status, as nginx writes it
            my $code = ord $body;
            $status{$stream} = { 0x88 => 200, 0x8c => 400, 0x8d => 404 }
                               ->{$code} // substr $body, 2, 3;
        }
    }
    return join ' ', map { "$_:$status{$_}" } sort keys %status;
}


my %get = (':method' => 'GET', ':scheme' => 'http', ':authority' => 'a');

is(statuses(headers(1, 1, %get, ':path' => '/svc/a')
            . headers(3, 1, %get, ':path' => '/svc/a//b')
            . headers(5, 1, %get, ':path' => '/svc/b')),
   '1:200 3:400 5:200', 'a refused path does not harm its neighbours');
is(statuses(headers(1, 0, %get, ':method' => 'POST', ':path' => '/svc/a',
                    'content-length' => 11)
            . frame(0, 1, 1, 'x' x 11)
            . headers(3, 0, %get, ':method' => 'PUT', ':path' => '/svc/a')
            . frame(0, 1, 3, 'x' x 100)
            . headers(5, 1, %get, ':path' => '/svc/b')),
   '1:413 3:405 5:200', 'nor does a refused body');

is curl('/token?a=1&access_token=secret&b=2')->{status}, 200,
    'a token in the address';
$gate->stop;
like $gate->read('token.log'), qr{/token\?a=1&access_token=\*{6}&b=2 HTTP/2},
    '... is no secret of the log';

done_testing;
