#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Known attacks on tokens, end to end: each is refused with the same answer,
# and the log says which it was.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use MIME::Base64 ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Token;

my $citizens = Civic::Issuer->new(alg => 'RS256', kid => 'r1');
my $officers = Civic::Issuer->new(name => 'officers');
my $stranger = Civic::Token->key('RS256', kid => 'r2');
my $key = $citizens->key;

my $gate = Civic::Gate->start(
    files => { $citizens->files, $officers->files },
    http => $citizens->block("lifetime 1h; type at+jwt;\n"
                             . 'require_claims azp;')
            . $officers->block
            . "log_format code '\$civic_code';\naccess_log %DIR%/codes code;\n"
            . 'large_client_header_buffers 4 32k;',
    server => <<'END');
    access_log %DIR%/codes code;
    location / { civic_auth citizens; return 200 "open"; }
END

my $json = JSON::PP->new->canonical;
my $typ = 'at+jwt';
my %head = (alg => 'RS256', kid => 'r1', typ => $typ);


sub claims { return $citizens->claims(azp => 'app', @_) }

sub text { return $json->encode(claims(@_)) }

sub signed {
    my ($head, @change) = @_;

    return $key->sign($json->encode({ %head, %$head }), text(@change));
}

# a token of ours with one part replaced and no new signature

sub changed {
    my ($part, $bytes) = @_;

    my @part = split /\./, signed({});
    $part[$part] = $bytes;
    return join '.', @part;
}

sub b64 { return MIME::Base64::encode_base64url($_[0]) }

sub hmac {
    my ($secret) = @_;

    my $hs = Civic::Token->key('HS256', secret => $secret);
    return $hs->sign($json->encode({ %head, alg => 'HS256' }), text());
}

sub codes { return split /\n/, $gate->read('codes') }


sub refused {
    my ($title, $token, $code) = @_;

    my $res = $gate->get('/', { Authorization => "Bearer $token" });
    is $res->{status}, 401, "$title: 401";
    is $res->{headers}{'www-authenticate'},
        'Bearer realm="civic", error="invalid_token"', "$title: no reason";
    is((codes())[-1], $code, "$title: the operator reads $code");
}


my $fine = $gate->get('/', { Authorization => 'Bearer ' . signed({}) });
is $fine->{status}, 200, 'the token that all attacks begin with is accepted';

my $good = signed({});
my ($h, $p, $s) = split /\./, $good;

# the algorithm
refused('alg none, no signature', b64('{"alg":"none"}') . ".$p.",
        'algorithm-refused');
refused('alg NoNe', b64('{"alg":"NoNe"}') . ".$p.$s", 'algorithm-refused');
refused('HS256 with the public key as secret', hmac($key->public_pem),
        'algorithm-refused');
refused('RS512 with a key for RS256', signed({ alg => 'RS512' }),
        'algorithm-refused');
refused('no alg', $key->sign('{"kid":"r1","typ":"at+jwt"}', text()),
        'token-malformed');

# the key
refused("a stranger's key", $stranger->sign($json->encode({ %head }), text()),
        'signature-invalid');
refused("a stranger's kid", $stranger->token(claims(), { typ => $typ }),
        'key-unknown');
refused('a kid that is a path', signed({ kid => '../../dev/null' }),
        'key-unknown');
refused('a kid that is SQL', signed({ kid => "x' UNION SELECT 'a" }),
        'key-unknown');
refused('a key of its own', signed({ jwk => $json->decode($stranger->jwk) }),
        'token-header-refused');
refused('a key by address', signed({ jku => 'http://127.0.0.1/' }),
        'token-header-refused');

# the header
refused('crit', signed({ crit => ['exp'], exp => 1 }),
        'token-header-refused');
refused('b64', signed({ b64 => JSON::PP::false }), 'token-header-refused');
refused('enc', signed({ enc => 'A128GCM' }), 'token-header-refused');
refused('a header member twice',
        $key->sign('{"alg":"none","alg":"RS256","kid":"r1","typ":"at+jwt"}',
                   text()), 'token-malformed');
refused('another typ', signed({ typ => 'JWT' }), 'type-mismatch');

# the shape
refused('a changed payload', changed(1, b64(text(sub => 'mayor'))),
        'signature-invalid');
refused('a changed signature', changed(2, b64("\0" x 256)),
        'signature-invalid');
refused('no signature', "$h.$p.", 'token-malformed');
refused('two segments', "$h.$p", 'token-malformed');
refused('four segments', "$good.", 'token-malformed');
refused('five segments', "$good.$s.$s", 'token-malformed');
refused('padding', "$h.$p.$s==", 'token-malformed');
refused('standard base64', "$h.$p." . ('+/' x 171), 'token-malformed');
refused('a payload that is no JSON', $key->sign($json->encode({ %head }),
        'hello'), 'claims-malformed');
refused('a claim twice', $key->sign($json->encode({ %head }),
        '{"sub":"a",' . substr(text(), 1)), 'claims-malformed');
refused('a token of 8193 bytes',
        $good . 'A' x (8193 - length $good), 'token-too-large');
refused('a token of 20000 bytes', 'A' x 20000, 'token-too-large');

# the claims
refused("another issuer's token", $officers->token, 'issuer-unknown');
refused('an issuer with a slash more', signed({}, iss =>
        $citizens->iss . '/'), 'issuer-unknown');
refused('another audience', signed({}, aud => 'taxes'), 'audience-mismatch');
refused('no audience', signed({}, aud => undef), 'audience-mismatch');
refused('expired', signed({}, exp => time - 31), 'token-expired');
refused('no exp', signed({}, exp => undef), 'claim-missing');
refused('exp as text', signed({}, exp => '99999999999'), 'claims-malformed');
refused('exp out of range', signed({}, exp => 1e300), 'claims-malformed');
refused('exp below zero', signed({}, exp => -1), 'claims-malformed');
refused('not yet valid', signed({}, nbf => time + 60),
        'token-not-yet-valid');
refused('issued in the future', signed({}, iat => time + 60),
        'issued-in-future');
refused('valid for two hours', signed({}, exp => time + 7200),
        'lifetime-too-long');
refused('no sub', signed({}, sub => undef), 'claim-missing');
refused('an empty sub', signed({}, sub => ''), 'claims-malformed');
refused('a line end in sub', signed({}, sub => "a\r\nX-Admin: 1"),
        'claims-malformed');
refused('a required claim missing', signed({}, azp => undef),
        'claim-missing');

done_testing;
