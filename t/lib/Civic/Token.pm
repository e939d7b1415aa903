package Civic::Token;

# Copyright (C) Civic Gate
#
# Keys, JWKs and compact JWS for tests, made by openssl and core Perl, so
# that they owe nothing to the code under test.  Owns a temporary folder
# with one key per (algorithm, options), made once per process.
#
#     my $key = Civic::Token->key('ES256', kid => 'k1');
#         RS/PS/ES/HS 256, 384, 512, EdDSA, SM2; options: kid, bits (RSA),
#         curve (EC: P-256, P-384, P-521), secret (HS: bytes)
#     $key->jwk(use => 'sig', alg => undef)   JSON text; undef leaves out
#     Civic::Token->jwks($key, '{"kty":...}') JSON text
#     $key->token(\%claims or $text, \%header or $text)
#     $key->sign($header_text, $payload_bytes)
#     $key->signature($bytes)                 raw bytes, as in a JWS
#     $key->pem, $key->public_pem

use strict;
use warnings;

use Digest::SHA ();
use File::Temp ();
use JSON::PP ();
use MIME::Base64 ();

my $json = JSON::PP->new->canonical->utf8->allow_nonref;
my $sm2_id = '1234567812345678';     # GB/T 32918, the default identity

my %curves = (
    'P-256' => { name => 'P-256', bytes => 32 },
    'P-384' => { name => 'P-384', bytes => 48 },
    'P-521' => { name => 'P-521', bytes => 66 },
    'SM2'   => { name => 'SM2',   bytes => 32 },
);
my %curve_of = (ES256 => 'P-256', ES384 => 'P-384', ES512 => 'P-521',
                SM2 => 'SM2');
my %hmac = (256 => \&Digest::SHA::hmac_sha256,
            384 => \&Digest::SHA::hmac_sha384,
            512 => \&Digest::SHA::hmac_sha512);

my ($dir, %keys);


sub key {
    my ($class, $alg, %option) = @_;

    my $id = join ',', $alg, map { "$_=" . ($option{$_} // '') }
                             sort keys %option;
    return $keys{$id} //= $class->_create($alg, %option);
}


sub jwk {
    my ($self, %change) = @_;

    my %member = ($self->_public, alg => $self->{alg}, %change);
    $member{kid} = $self->{kid}
        if defined $self->{kid} && !exists $change{kid};
    delete @member{ grep { !defined $member{$_} } keys %member };
    return $json->encode(\%member);
}


sub jwks {
    my ($class, @keys) = @_;

    return '{"keys":['
           . join(',', map { ref $_ ? $_->jwk : $_ } @keys) . ']}';
}


sub token {
    my ($self, $claims, $header) = @_;

    if (!defined $header || ref $header) {
        my %member = (alg => $self->{alg}, %{ $header // {} });
        $member{kid} = $self->{kid}
            if defined $self->{kid} && !($header && exists $header->{kid});
        delete @member{ grep { !defined $member{$_} } keys %member };
        $header = $json->encode(\%member);
    }
    return $self->sign($header,
                       ref $claims ? $json->encode($claims) : $claims);
}


sub sign {
    my ($self, $header, $payload) = @_;

    my $text = b64url($header) . '.' . b64url($payload);
    return "$text." . b64url($self->signature($text));
}


sub signature {
    my ($self, $bytes) = @_;

    my ($kind, $bits) = $self->{alg} =~ /^(\D+)(\d*)/;

    return $hmac{$bits}->($bytes, $self->{secret}) if $kind eq 'HS';

    my @key = (-inkey => $self->{file});
    return _openssl($bytes, 'pkeyutl', '-sign', '-rawin', @key)
        if $kind eq 'EdDSA';

    my @pss = $kind eq 'PS'
              ? (-sigopt => 'rsa_padding_mode:pss',
                 -sigopt => 'rsa_pss_saltlen:digest')
              : ();
    return _openssl($bytes, 'dgst', "-sha$bits", '-sign', $self->{file}, @pss)
        if $kind eq 'RS' || $kind eq 'PS';

    my $der = $kind eq 'SM'
              ? _openssl($bytes, 'pkeyutl', '-sign', '-rawin', @key,
                         -digest => 'sm3', -pkeyopt => "distid:$sm2_id")
              : _openssl($bytes, 'dgst', "-sha$bits", '-sign', $self->{file});
    return _raw($der, $curves{$self->{curve}}{bytes});
}


sub pem        { my ($self) = @_; return _read($self->{file}) }
sub public_pem { return _openssl('', 'pkey', -in => $_[0]{file}, '-pubout') }
sub kid        { return $_[0]{kid} }
sub alg        { return $_[0]{alg} }


sub b64url {
    my ($bytes) = @_;

    return MIME::Base64::encode_base64url($bytes);
}


sub _create {
    my ($class, $alg, %option) = @_;

    my $self = bless { alg => $alg, kid => $option{kid} }, $class;

    if ($alg =~ /^HS(\d+)$/) {
        $self->{secret} = $option{secret}
                          // _openssl('', 'rand', $1 / 8);
        return $self;
    }

    $self->{curve} = $option{curve} // $curve_of{$alg};
    my @what = $alg =~ /^[RP]S/
               ? ('RSA', -pkeyopt => 'rsa_keygen_bits:'
                                     . ($option{bits} // 2048))
               : $alg eq 'EdDSA' ? ('ED25519')
               : ('EC', -pkeyopt => 'ec_paramgen_curve:' . $self->{curve});

    $dir //= File::Temp->newdir('civic-keys-XXXXXX', TMPDIR => 1);
    $self->{file} = sprintf '%s/%d.pem', $dir, scalar keys %keys;
    _openssl('', 'genpkey', '-quiet', -algorithm => @what,
             -out => $self->{file});
    return $self;
}


# the members of a public JWK; the bytes are the tail of the DER text

sub _public {
    my ($self) = @_;

    return (kty => 'oct', k => b64url($self->{secret}))
        if defined $self->{secret};

    if ($self->{alg} =~ /^[RP]S/) {
        my $out = _openssl('', 'rsa', -in => $self->{file}, '-noout',
                           '-modulus');
        my ($hex) = $out =~ /Modulus=([0-9A-F]+)/;
        return (kty => 'RSA', n => b64url(pack 'H*', $hex), e => 'AQAB');
    }

    my $der = _openssl('', 'pkey', -in => $self->{file}, '-pubout',
                       -outform => 'DER');
    return (kty => 'OKP', crv => 'Ed25519', x => b64url(substr $der, -32))
        if $self->{alg} eq 'EdDSA';

    my $curve = $curves{$self->{curve}};
    my $n = $curve->{bytes};
    return (kty => 'EC', crv => $curve->{name},
            x => b64url(substr $der, -2 * $n, $n),
            y => b64url(substr $der, -$n));
}


# SEQUENCE { INTEGER r, INTEGER s } becomes r || s of n bytes each

sub _raw {
    my ($der, $n) = @_;

    my $at = ord(substr $der, 1, 1) & 0x80 ? 3 : 2;
    my $raw = '';
    for (1, 2) {
        my $len = ord substr $der, $at + 1, 1;
        my $int = substr $der, $at + 2, $len;
        $int =~ s/^\0+//;
        $raw .= ("\0" x ($n - length $int)) . $int;
        $at += 2 + $len;
    }
    return $raw;
}


# runs openssl with `input` in a file (pkeyutl -rawin reads no pipe)

sub _openssl {
    my ($input, @args) = @_;

    my $in = File::Temp->new(TEMPLATE => 'civic-in-XXXXXX', TMPDIR => 1);
    binmode $in;
    print {$in} $input;
    close $in;

    push @args, $args[0] eq 'dgst' ? $in->filename : (-in => $in->filename)
        if $args[0] eq 'dgst' || $args[0] eq 'pkeyutl';

    open my $pipe, '-|', 'openssl', @args or die "openssl: $!\n";
    binmode $pipe;
    local $/;
    my $out = <$pipe>;
    local ($?, $!);
    close $pipe or die "openssl @args failed\n";
    return $out // '';
}


sub _read {
    my ($file) = @_;

    open my $in, '<:raw', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}


1;
