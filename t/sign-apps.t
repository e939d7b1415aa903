# Copyright (C) Civic Gate
#
# Signing keys that lie in Redis: a request waits for its key, for its body
# and for its nonce, one after the other.

use strict;
use warnings;

use lib 't/lib';

use Civic::Gate;
use Civic::Redis;
use Civic::Signer;
use Civic::Upstream;
use Digest::SHA qw(hmac_sha256);
use File::Temp ();
use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(encode_base64);
use Test::More;

my $up = Civic::Upstream->start;
my $redis = Civic::Redis->start;
my $folder = File::Temp->newdir;

open my $file, '>:raw', "$folder/seal.key" or die "$folder/seal.key: $!\n";
print $file map { chr int rand 256 } 1 .. 32;
close $file or die "$folder/seal.key: $!\n";
chmod 0600, "$folder/seal.key" or die "$folder/seal.key: $!\n";

my $gate = Civic::Gate->start(workers => 2, http => qq{
    civic_redis main { server @{[$redis->server]}; timeout 2s; }
    civic_apps redis=main key_file=$folder/seal.key;
    civic_signature_nonces redis=main;
}, server => qq{
    civic_auth off;
    location /admin/ { civic_admin local; }
    location / {
        civic_auth app:signature;
        civic_signature rfc9421 x-ca;
        proxy_pass http://@{[$up->addr]};
    }
});
my $host = '127.0.0.1:' . $gate->port;


sub admin {
    my ($method, $path, $body) = @_;

    my $res = $gate->request($method, "/admin/$path", $body ? {
        headers => { 'Content-Type' => 'application/json' },
        content => encode_json($body) } : {});
    like $res->{status}, qr/^20/, "$method $path" or diag $res->{content};
    return $res->{content} =~ /^\{/ ? decode_json($res->{content}) : {};
}


sub signed {
    my ($signer, $body) = @_;

    return $gate->request('POST', '/a', { content => $body, headers => {
        Host => $host, $signer->headers('POST', $host, '/a',
                                        body => $body) } });
}


# what was just written reaches the workers within a second

sub soon {
    my ($signer, $body, $wanted) = @_;

    my $status;
    for (1 .. 100) {
        $status = signed($signer, $body)->{status};
        last if $status == $wanted;
        select undef, undef, undef, 0.1;
    }
    return $status;
}


sub form {
    my ($id, $secret) = @_;

    my %has = ('x-ca-key' => $id, 'x-ca-nonce' => "f$$",
               'x-ca-timestamp' => 1000 * time,
               'content-type' => 'application/x-www-form-urlencoded');
    my $text = "POST\n\n\n$has{'content-type'}\n\n";
    my @names = qw(x-ca-key x-ca-nonce x-ca-timestamp);
    $text .= "$_:$has{$_}\n" for @names;
    $has{'x-ca-signature-headers'} = join ',', @names;
    $has{'x-ca-signature'} =
        encode_base64(hmac_sha256("$text/a?b=1", $secret), '');
    return $gate->request('POST', '/a',
                          { content => 'b=1', headers => \%has });
}


admin('POST', 'apps', { name => 'firm', scopes => ['data:read'] });
my $made = admin('POST', 'apps/firm/signers',
    { algorithm => 'hmac-sha256', schemes => ['x-ca', 'rfc9421'] });
my $signer = Civic::Signer->new(id => $made->{id},
                                secret => $made->{secret});
my $body = 'x' x 100_000;

is soon($signer, $body, 200), 200, 'a request that waits for its key passes';

my $res = form($made->{id}, $made->{secret});
is $res->{status}, 200, 'a form that waits for its key passes'
    or diag $res->{content};
$res = signed($signer, $body);
is $res->{status}, 200, 'and again'
    or diag $res->{content};
is decode_json($res->{content})->{body}, $body, 'body and all';
is signed(Civic::Signer->new(id => 'none', secret => 'x' x 32), $body)
       ->{status}, 401, 'a key that Redis does not have is nobody\'s';

admin('DELETE', "apps/firm/signers/$made->{id}");
is soon($signer, $body, 401), 401,
   'a key that was taken back serves no more';
unlike $gate->log, qr/\Q$made->{secret}\E/, 'no secret in the log';

done_testing;
