# Copyright (C) Civic Gate
#
# x-tif-*: a clock, a nonce and a token, and nothing more: so only over TLS,
# or where the operator says otherwise.

use strict;
use warnings;

use lib 't/lib';

use Civic::Gate;
use Civic::Signer;
use Civic::Upstream;
use Digest::SHA qw(sha256_hex);
use JSON::PP qw(decode_json);
use Test::More;

my $token = 'a token of enough bytes';
my $signer = Civic::Signer->new(id => 'hall', secret => $token);
my $file = Civic::Signer::file(Civic::Signer::apps($signer));
my $up = Civic::Upstream->start;

my $gate = Civic::Gate->start(http => qq{
    civic_apps file=$file;
    log_format code '\$civic_code';
    underscores_in_headers on;
}, server => qq{
    access_log %DIR%/code.log code;
    civic_auth app:signature;
    civic_signature x-tif rfc9421 ahead=0s cleartext=x-tif;
    location / { proxy_pass http://@{[$up->addr]}; }
    location /open/ {
        civic_auth optional app:signature;
        proxy_pass http://@{[$up->addr]};
    }
    location /tls/ {
        civic_signature x-tif ahead=0s;
        proxy_pass http://@{[$up->addr]};
    }
    location /behind/ {
        civic_signature x-tif ahead=0s scheme=https;
        proxy_pass http://@{[$up->addr]};
    }
    location /soon/ {
        civic_signature x-tif window=1s ahead=0s cleartext=x-tif;
        proxy_pass http://@{[$up->addr]};
    }
    location /none/ {
        civic_signature rfc9421 ahead=0s;
        proxy_pass http://@{[$up->addr]};
    }
    location /on/ {
        error_page 404 = /none/x;
        return 404;
    }
});
my $n = 0;


sub headers {
    my (%option) = @_;

    my $time = $option{time} // time;
    my $nonce = $option{nonce} // 'n-' . ++$n;
    return ('x-tif-paasid' => 'hall', 'x-tif-timestamp' => $time,
            'x-tif-nonce' => $nonce, 'x-tif-signature' =>
                sha256_hex($time . ($option{token} // $token) . $nonce
                           . $time), %{ $option{sent} // {} });
}


sub refused {
    my ($title, $status, $code, $path, %headers) = @_;

    my $res = $gate->get($path, \%headers);
    select undef, undef, undef, 0.05;
    is "$res->{status} " . (split /\n/, $gate->read('code.log'))[-1],
       "$status $code", $title;
}


sleep 2;

my $res = $gate->get('/a', { headers(sent => {
    'x-tif-uid' => 'forged', 'X-Tif-Uinfo' => 'forged', 'x_tif_ext' => 'f',
    'x-other' => 'kept' }) });
is $res->{status}, 200, 'a signed request passes';
my %seen = map { lc $_->[0] => $_->[1] }
           @{ decode_json($res->{content})->{headers} };
is_deeply [grep { /^x.tif/ } sort keys %seen], [],
          'the service sees neither its signature nor forged users';
is $seen{'x-other'}, 'kept', 'and what else was sent';
is $seen{'x-civic-app'}, 'app1', 'and the application';

$res = $gate->get('/open/a', { 'x-tif-uid' => 'forged' });
unlike $res->{content}, qr/forged/, 'whoever is nobody cannot say who he is';

my %upper = headers();
$upper{'x-tif-signature'} = uc $upper{'x-tif-signature'};
is $gate->get('/a', \%upper)->{status}, 200, 'hex in upper case is hex';

my %same = headers();
is $gate->get('/a', \%same)->{status}, 200, 'once';
refused('not twice', 401, 'nonce-replayed', '/b', %same);
%same = headers();
is $gate->get('/soon/a', \%same)->{status}, 200, 'where it is soon too old';
sleep 3;
refused('it is remembered for where it is not', 401, 'nonce-replayed', '/a',
        %same);
refused('another token', 401, 'signature-invalid', '/a',
        headers(token => 'another'));
refused('another nonce than was signed', 401, 'signature-invalid', '/a',
        headers(sent => { 'x-tif-nonce' => 'other' }));
refused('a stale one', 401, 'signature-stale', '/a',
        headers(time => time - 301));
refused('milliseconds', 401, 'signature-from-future', '/a',
        headers(time => 1000 * time));
refused('no time', 400, 'signature-malformed', '/a',
        headers(time => 'now'));
refused('two nonces', 400, 'signature-malformed', '/a',
        headers(sent => { 'x-tif-nonce' => ['a', 'b'] }));
my %no = headers();
delete $no{'x-tif-nonce'};
refused('no nonce', 401, 'signature-incomplete', '/a', %no);
refused('without TLS, unless it is said', 401, 'signature-scheme-refused',
        '/tls/a', headers());
is $gate->get('/behind/a', { headers() })->{status}, 200,
   'scheme=https: somebody in front of us speaks TLS';
refused('a location that knows no x-tif', 401, 'credentials-missing',
        '/none/a', headers());
refused('nor does it take what another location took', 401,
        'signature-scheme-refused', '/on/a', headers());
refused('two signatures at once', 400, 'credentials-malformed', '/a',
        headers(sent => { 'Signature' => 'a=:AAAA:' }));

done_testing;
