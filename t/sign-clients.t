# Copyright (C) Civic Gate
#
# RFC 9421 with the keys and clients of others: every algorithm, npm's
# http-message-signatures, HTTP/2.

use strict;
use warnings;

use lib 't/lib';

use Civic::Gate;
use Civic::Npm;
use Civic::Signer;
use Civic::Token;
use Civic::Upstream;
use Digest::SHA ();
use File::Temp ();
use JSON::PP qw(decode_json);
use MIME::Base64 ();
use Test::More;

my $temp = File::Temp->newdir;
my $secret = 'a-secret-of-enough-bytes';
my $up = Civic::Upstream->start;


# bytes of `openssl dgst`, whose algorithms are not in core Perl

sub openssl {
    my ($bytes, @arguments) = @_;

    open my $out, '>', "$temp/text" or die "$temp/text: $!\n";
    print $out $bytes;
    close $out or die "$temp/text: $!\n";

    open my $pipe, '-|', 'openssl', @arguments, "$temp/text"
        or die "openssl: $!\n";
    binmode $pipe;
    local $/;
    return scalar <$pipe>;
}


sub der {
    my ($raw) = @_;

    my $text = join '', map {
        (my $n = $_) =~ s/^\0+(?=.)//s;
        $n = "\0$n" if ord($n) > 127;
        pack 'CC/a*', 2, $n;
    } unpack 'a32 a32', $raw;
    return pack 'CC/a*', 0x30, $text;
}


sub signer {
    my ($name, $alg, %option) = @_;

    my $key = Civic::Token->key($alg, kid => $name);
    return Civic::Signer->new(id => $name, algorithm => $name,
        jwk => decode_json($key->jwk(alg => undef, kid => undef)),
        sign => sub { $key->signature($_[0]) }, %option, key => $key);
}


my $sm2 = signer('sm2', 'SM2');
my @signers = (
    Civic::Signer->new(id => 'hmac-sha256', secret => $secret),
    Civic::Signer->new(id => 'hmac-sm3', algorithm => 'hmac-sm3',
        secret => $secret, sign => sub {
            openssl($_[0], 'dgst', '-sm3', '-mac', 'HMAC', '-macopt',
                    "key:$secret", '-binary');
        }),
    signer('rsa-v1_5-sha256', 'RS256'),
    signer('rsa-pss-sha512', 'PS512'),
    signer('ecdsa-p256-sha256', 'ES256'),
    signer('ecdsa-p384-sha384', 'ES384'),
    signer('ed25519', 'EdDSA'),
    $sm2);

my $h2 = Civic::Gate::free_port();
my $file = Civic::Signer::file(Civic::Signer::apps(@signers));
my $gate = Civic::Gate->start(http => qq{
    civic_apps file=$file;
    civic_signature rfc9421 ahead=0s;
    server {
        listen 127.0.0.1:$h2 http2;
        location / {
            civic_auth app:signature;
            proxy_pass http://@{[$up->addr]};
        }
    }
}, server => qq{
    location / {
        civic_auth app:signature;
        proxy_pass http://@{[$up->addr]};
    }
});
my $host = '127.0.0.1:' . $gate->port;
sleep 2;

for my $signer (@signers) {
    my %headers = $signer->headers('POST', $host, '/a?b', body => 'text',
                                   alg => $signer->{algorithm});
    is $gate->request('POST', '/a?b', { content => 'text', headers =>
           { Host => $host, %headers } })->{status}, 200,
       "$signer->{algorithm} is verified";

    %headers = $signer->headers('POST', $host, '/a?b', body => 'text');
    is $gate->request('POST', '/a?c', { content => 'text', headers =>
           { Host => $host, %headers } })->{status}, 401,
       'and nothing else is';
}

my $raw = $sm2->{sign};
$sm2->{sign} = sub { der($raw->($_[0])) };
is $gate->get('/a', { Host => $host, $sm2->headers('GET', $host, '/a') })
       ->{status}, 200, 'sm2 in DER is sm2';


# other digests than sha-256

for my $digest (
    ['sha-512', 200, sub { Digest::SHA::sha512_base64($_[0]) . '==' }],
    ['sm3', 200, sub {
        my $bytes = openssl($_[0], 'dgst', '-sm3', '-binary');
        return MIME::Base64::encode_base64($bytes, '');
    }],
    ['md5', 401, sub { 'XUFAKrxLKna5cZ2REBfFkg==' }],
) {
    my ($name, $status, $value) = @$digest;
    my %headers = $signers[0]->headers('POST', $host, '/a',
        headers => { 'content-digest' => "$name=:" . $value->('hello') . ':' },
        cover => ['@method', '@target-uri', 'content-digest']);
    is $gate->request('POST', '/a', { content => 'hello', headers =>
           { Host => $host, %headers } })->{status}, $status,
       "a digest by $name: $status";
}


SKIP: {
    skip 'curl with HTTP/2 is not installed', 4
        if (`curl --version 2>/dev/null` // '') !~ /^Features:.*HTTP2/m;

    for (['a body', 'text', 200, '--data-binary', '@-'],
         ['another', 'else', 401, '--data-binary', '@-'],
         ['a body without a length', 'text', 200, '-T', '-'])
    {
        my ($title, $sent, $status, @how) = @$_;
        my %headers = $signers[0]->headers('POST', "127.0.0.1:$h2", '/h2?a',
                                           body => 'text');
        my @headers = map { ('-H', "'$_: $headers{$_}'") } sort keys %headers;
        is qx(printf $sent | curl -s -o /dev/null -w '%{http_code}' -X POST \\
              --http2-prior-knowledge --max-time 20 @headers @how \\
              'http://127.0.0.1:$h2/h2?a'), $status, "HTTP/2: $title";
    }
    my %headers = $signers[0]->headers('GET', "127.0.0.1:$h2", '/h2');
    my @headers = map { ('-H', "'$_: $headers{$_}'") } sort keys %headers;
    is qx(curl -s -o /dev/null -w '%{http_code}' --http2-prior-knowledge \\
          --max-time 20 @headers http://127.0.0.1:$h2/h2), 200,
       'HTTP/2: no body';
}


SKIP: {
    skip $Civic::Npm::missing, 6 if !Civic::Npm::folder();

    my %pem = map { $_->{id} => $_->{key} ? $_->{key}->pem : $_->{secret} }
              grep { $_->{id} !~ /^(sm2|hmac-sm3)$/ } @signers;
    open my $out, '>', "$temp/keys.json" or die "$temp/keys.json: $!\n";
    print $out JSON::PP::encode_json(\%pem);
    close $out or die "$temp/keys.json: $!\n";

    my $url = "http://$host/npm?x=1";
    my $said = Civic::Npm::run(<<'END', "'$url'", "$temp/keys.json");
import signatures from 'http-message-signatures';
import { createHash, createPrivateKey, randomUUID, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
const [url, file] = process.argv.slice(2);
const body = '{"name":"福建"}';
const digest = 'sha-256=:' + createHash('sha256').update(body)
    .digest('base64') + ':';
const { httpbis, createSigner } = signatures;
for (const [alg, pem] of Object.entries(JSON.parse(readFileSync(file)))) {
    let key = createSigner(pem, alg, alg);
    if (alg === 'rsa-pss-sha512')       // it would take another salt's length
        key.sign = async data => sign('sha512', data, {
            key: pem, padding: 6, saltLength: 64 });
    const signed = await httpbis.signMessage({
        key, fields: ['@method', '@authority', '@path', '@query',
                      'content-type', 'content-digest'],
        params: ['created', 'keyid', 'alg', 'nonce'],
        paramValues: { nonce: randomUUID() }
    }, { method: 'POST', url, headers: {
        'content-type': 'application/json', 'content-digest': digest } });
    const send = async (target, text) => (await fetch(target, {
        method: 'POST', headers: signed.headers, body: text })).status;
    console.log(alg, await send(url, body.replace('福', '徐')),
                await send(url, body), await send(url, body));
}
END
    like $said, qr/^\Q$_\E 401 200 401$/m,
         "the client of npm, $_: altered, as it was signed, and again"
        or diag $said for sort keys %pem;
}

done_testing;
