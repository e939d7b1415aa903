# Copyright (C) Civic Gate
#
# Signed requests by RFC 9421: what must be signed, what was signed, and
# once only.

use strict;
use warnings;

use lib 't/lib';

use Civic::Gate;
use Civic::Signer;
use Civic::Upstream;
use IO::Socket::INET;
use JSON::PP qw(decode_json);
use Test::More;

my $up = Civic::Upstream->start;
my $signer = Civic::Signer->new(id => 'k1',
                                secret => 'a secret of 32 bytes, or of more');
my $other = Civic::Signer->new(id => 'k2', schemes => ['x-ca'],
                               secret => 'another secret of 32 bytes .....');
my $forged = Civic::Signer->new(id => 'k1',
                                secret => 'not the secret of that key .....');
my $file = Civic::Signer::file(Civic::Signer::apps($signer, $other));

my $gate = Civic::Gate->start(workers => 2, http => qq{
    civic_apps file=$file;
    log_format code '\$civic_code';
}, server => qq{
    access_log %DIR%/code.log code;
    civic_auth app:signature;
    civic_signature rfc9421 ahead=0s;
    location / { proxy_pass http://@{[$up->addr]}; }
    location /pass/ {
        civic_credentials pass;
        proxy_pass http://@{[$up->addr]};
    }
    location /more/ {
        civic_signature rfc9421 ahead=0s cover=content-type;
        proxy_pass http://@{[$up->addr]};
    }
    location /label/ {
        civic_signature rfc9421 ahead=0s label=mine;
        proxy_pass http://@{[$up->addr]};
    }
    location /twice/ {
        civic_signature rfc9421 ahead=0s;
        error_page 404 = /more/again;
        return 404;
    }
    location /stream/ {
        proxy_request_buffering off;
        proxy_pass http://@{[$up->addr]};
    }
    location /small/ {
        client_max_body_size 1k;
        proxy_pass http://@{[$up->addr]};
    }
    location /file/ {
        client_body_in_file_only clean;
        proxy_pass http://@{[$up->addr]};
    }
});
my $host = '127.0.0.1:' . $gate->port;


sub ask {
    my ($method, $target, %option) = @_;

    my $who = delete $option{who} // $signer;
    my %sent = (Host => $host, $who->headers($method, $host, $target,
                                             %option),
                %{ $option{sent} // {} });
    delete @sent{@{ $option{without} // [] }};
    return $gate->request($option{method} // $method,
                          $option{target} // $target,
                          { headers => \%sent,
                            content => $option{content} // $option{body} });
}


sub code {
    select undef, undef, undef, 0.05;
    my @lines = split /\n/, $gate->read('code.log');
    return $lines[-1];
}


sub refused {
    my ($title, $status, $code, @ask) = @_;

    my $res = ask(@ask);
    is "$res->{status} " . code(), "$status $code", $title;
    return $res;
}


my $early = ask('GET', '/early', created => $^T - 1);
is $early->{status}, 401, 'what may be older than the store is refused';
is code(), 'signature-before-start', 'and the operator learns why';
sleep 2;

my $res = ask('GET', '/a/b?x=1&y=%20', headers => {});
is $res->{status}, 200, 'a signed request passes';
my $seen = decode_json($res->{content});
is $seen->{uri}, '/a/b?x=1&y=%20', 'as it was sent';
is_deeply [grep { /^signature/i } map { $_->[0] } @{ $seen->{headers} }], [],
          'the service sees no signature';
is((grep { lc $_->[0] eq 'x-civic-app' } @{ $seen->{headers} })[0][1],
   'app1', 'and learns which application it was');

$res = ask('GET', '/pass/x');
is scalar(grep { /^signature/i } map { $_->[0] }
          @{ decode_json($res->{content})->{headers} }), 2,
   'civic_credentials pass leaves the signature';

my $body = '{"a":1}' . 'x' x 1000;
for my $place ('/b', '/stream/b', '/file/b') {
    $res = ask('POST', $place, body => $body);
    is $res->{status}, 200, "a signed body passes: $place";
    is decode_json($res->{content})->{body}, $body, 'whole';
}
my $large = 'y' x 300_000;
$res = ask('POST', '/large', body => $large);
is decode_json($res->{content})->{body}, $large, 'and one larger than memory';

is ask('GET', '/u', cover => ['@method', '@target-uri'])->{status}, 200,
   '@target-uri does for authority, path and query';
is ask('GET', '/u?a=1', cover => ['@method', '@authority', '@request-target'])
       ->{status}, 200, '@request-target does for path and query';
is ask('GET', '/u', alg => 'hmac-sha256')->{status}, 200,
   'alg may agree with the key';
is ask('GET', '/u', nonce => undef)->{status}, 200,
   'without a nonce what was signed is one';

my @full = ('@method', '@authority', '@path', '@query', 'content-digest');
for my $left (@full) {
    refused("without $left it is refused", 401, 'signature-incomplete',
            'POST', '/b', body => 'b', cover => [grep { $_ ne $left } @full]);
}
refused('without Content-Digest too', 401, 'signature-incomplete', 'POST',
        '/b', body => 'b', without => ['content-digest'],
        cover => [@full[0 .. 3]]);

refused('an altered body', 401, 'digest-mismatch', 'POST', '/b',
        body => 'right', content => 'wrong');
refused('an altered body on the way to a stream', 401, 'digest-mismatch',
        'POST', '/stream/b', body => 'right', content => 'wrong');
refused('an altered query', 401, 'signature-invalid', 'GET', '/q?a=1',
        target => '/q?a=2');
refused('another spelling of the path', 401, 'signature-invalid', 'GET',
        '/q/a', target => '/q/%61');
refused('another method', 401, 'signature-invalid', 'GET', '/q',
        method => 'DELETE');
refused('another host', 401, 'signature-invalid', 'GET', '/q',
        sent => { Host => 'else.example' });
refused('another signer with that key', 401, 'signature-invalid', 'GET',
        '/q', who => $forged);
refused('a key of another scheme', 401, 'signature-scheme-refused', 'GET',
        '/q', who => $other);
refused('a key that nobody has', 401, 'key-unknown', 'GET', '/q',
        who => Civic::Signer->new(id => 'none', secret => 'x' x 32));
refused('another algorithm', 401, 'algorithm-refused', 'GET', '/q',
        alg => 'rsa-pss-sha512');
refused('a stale one', 401, 'signature-stale', 'GET', '/q',
        created => time - 301);
refused('one of the future', 401, 'signature-from-future', 'GET', '/q',
        created => time + 60);
refused('one that expired', 401, 'signature-stale', 'GET', '/q',
        params => ';expires=' . (time - 1));
refused('a header that was added to one that is signed', 401,
        'signature-invalid', 'GET', '/q', headers => { 'x-a' => '1' },
        cover => [@full[0 .. 3], 'x-a'], sent => { 'x-a' => ['1', '2'] });
refused('a component twice', 400, 'signature-malformed', 'GET', '/q',
        cover => [@full[0 .. 3], '@path']);
refused('an absolute target', 400, 'signature-malformed', 'GET', '/q',
        target => "http://$host/q");
refused('without any signature', 401, 'credentials-missing', 'GET', '/q',
        without => ['Signature', 'Signature-Input']);
refused('a component that the operator wants', 401, 'signature-incomplete',
        'GET', '/more/x');
is ask('GET', '/more/x', headers => { 'content-type' => 'a/b' },
       cover => [@full[0 .. 3], 'content-type'])->{status}, 200,
   'is signed, and passes';
refused('another location that wants more', 401, 'signature-incomplete',
        'GET', '/twice/x');

my %one = $signer->headers('GET', $host, '/label/x', label => 'mine');
my %two = $forged->headers('GET', $host, '/label/x', label => 'other');
my %both = (Host => $host, map { ($_ => "$two{$_}, $one{$_}") }
            'Signature', 'Signature-Input');
is $gate->get('/label/x', \%both)->{status}, 200,
   'of two signatures the one of the named label';
is $gate->get('/q', \%both)->{status}, 400, 'unnamed, two are refused';

refused('a body that is too large is not digested', 413, 'body-too-large',
        'POST', '/small/b', body => 'z' x 2000,
        sent => { 'Transfer-Encoding' => 'chunked' },
        content => sprintf("%x\r\n%s\r\n0\r\n\r\n", 2000, 'z' x 2000));
is ask('POST', '/c', body => 'chunked', content => "7\r\nchunked\r\n0\r\n\r\n",
       sent => { 'Transfer-Encoding' => 'chunked' })->{status}, 200,
   'a chunked body passes';

# a body that comes byte by byte, and one whose client leaves

my %slow = $signer->headers('POST', $host, '/slow', body => 'abc');
my $text = join '', "POST /slow HTTP/1.1\r\nHost: $host\r\n",
           "Connection: close\r\nContent-Length: 3\r\n",
           (map { "$_: $slow{$_}\r\n" } sort keys %slow);
my $sock = IO::Socket::INET->new(PeerAddr => $host);
print $sock "${text}Expect: 100-continue\r\n\r\n";
like scalar(<$sock>), qr/100/, 'the gate asks for the body';
<$sock>;
for my $byte (qw(a b c)) {
    select undef, undef, undef, 0.05;
    syswrite $sock, $byte;
}
like scalar(<$sock>), qr/ 200 /, 'a body that comes byte by byte passes';
close $sock;

%slow = $signer->headers('POST', $host, '/slow', body => 'abc');
$sock = IO::Socket::INET->new(PeerAddr => $host);
syswrite $sock, join '', "POST /slow HTTP/1.1\r\nHost: $host\r\n",
         "Content-Length: 3\r\n",
         (map { "$_: $slow{$_}\r\n" } sort keys %slow), "\r\na";
select undef, undef, undef, 0.1;
close $sock;

# the same request to both workers at once: one passes

my %same = $signer->headers('GET', $host, '/once');
my $raw = join '', "GET /once HTTP/1.1\r\nHost: $host\r\n",
          "Connection: close\r\n", (map { "$_: $same{$_}\r\n" }
                                    sort keys %same), "\r\n";
my @socks = map { IO::Socket::INET->new(PeerAddr => $host) } 1 .. 20;
syswrite $_, $raw for @socks;
my %count;
$count{ (<$_> // '') =~ / (\d+) / ? $1 : 0 }++ for @socks;
is_deeply \%count, { 200 => 1, 401 => 19 },
          'of one request sent 20 times, one passes';
code();
is scalar(grep { $_ eq 'nonce-replayed' } split /\n/, $gate->read('code.log')),
   19, 'the others are replays';

%same = $signer->headers('GET', $host, '/once', nonce => undef);
is $gate->get('/once', { Host => $host, %same })->{status}, 200, 'once';
is $gate->get('/once', { Host => $host, %same })->{status}, 401,
   'and not twice, without a nonce';

ok $gate->reload, 'after a reload';
is $gate->get('/once', { Host => $host, %same })->{status}, 401,
   'what was used is used';

unlike $gate->log, qr/a secret of 32|\Q$same{Signature}\E/,
       'no secret and no signature in the log';

done_testing;
