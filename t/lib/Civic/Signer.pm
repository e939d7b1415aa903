package Civic::Signer;

# Copyright (C) Civic Gate
#
# The other side of signed requests: signs as RFC 9421 says, with a secret
# and HMAC, and whatever a test wants left out or spelt otherwise.
#
#     my $signer = Civic::Signer->new(id => $keyid, secret => $bytes);
#         or algorithm => $name, jwk => \%jwk, sign => sub { ... }
#     my %headers = $signer->headers($method, $authority, $target,
#         body => $bytes, cover => [...], created => $time, nonce => $text,
#         alg => $name, params => ';more=1', label => 'sig', scheme => 'http',
#         headers => { 'content-type' => ... });
#     Civic::Signer::apps($signer, ...)    the text of an application file,
#                                          an application "app1" ... for each
#     Civic::Signer::file($text)           its path, which others cannot read

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 sha256);
use File::Temp ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64);

my $count = 0;
my @files;


sub new {
    my ($class, %option) = @_;

    return bless { algorithm => 'hmac-sha256',
                   schemes => ['rfc9421', 'x-ca', 'x-tif'], %option }, $class;
}


sub headers {
    my ($self, $method, $authority, $target, %option) = @_;

    my %has = %{ $option{headers} // {} };
    my $body = $option{body};
    $has{'content-digest'} = 'sha-256=:' . encode_base64(sha256($body), '')
                             . ':' if defined $body;

    my @cover = @{ $option{cover}
                   // ['@method', '@authority', '@path', '@query',
                       defined $body ? 'content-digest' : ()] };
    my ($path, $query) = $target =~ /^([^?]*)(.*)$/s;
    my $scheme = $option{scheme} // 'http';
    my %value = (%has, '@method' => $method, '@authority' => $authority,
                 '@path' => $path, '@query' => length $query ? $query : '?',
                 '@scheme' => $scheme, '@request-target' => $target,
                 '@target-uri' => "$scheme://$authority$target");

    my $nonce = exists $option{nonce} ? $option{nonce} : "n$$-" . ++$count;
    my $params = '(' . join(' ', map { qq("$_") } @cover) . ')';
    $params .= ';created=' . ($option{created} // time);
    $params .= qq(;keyid="$self->{id}");
    $params .= qq(;nonce="$nonce") if defined $nonce;
    $params .= qq(;alg="$option{alg}") if defined $option{alg};
    $params .= $option{params} // '';

    my $base = join '', map { qq("$_": $value{$_}\n) } @cover;
    $base .= qq("\@signature-params": $params);

    my $label = $option{label} // 'sig';
    my $signature = encode_base64($self->{sign} ? $self->{sign}->($base)
                                  : hmac_sha256($base, $self->{secret}), '');
    return (%has, 'Signature-Input' => "$label=$params",
            'Signature' => "$label=:$signature:");
}


sub apps {
    my (@signers) = @_;

    my $n = 0;
    return JSON::PP->new->canonical->encode({ apps => [map {
        { name => 'app' . ++$n, scopes => ['data:read'],
          signers => [{ id => $_->{id}, algorithm => $_->{algorithm},
                        schemes => $_->{schemes},
                        $_->{jwk} ? (jwk => $_->{jwk})
                                  : (secret => $_->{secret}) }] }
    } @signers] });
}


sub file {
    my ($text) = @_;

    my $file = File::Temp->new;
    print $file $text;
    close $file or die "$file: $!\n";
    chmod 0600, "$file" or die "$file: $!\n";
    push @files, $file;
    return "$file";
}

1;
