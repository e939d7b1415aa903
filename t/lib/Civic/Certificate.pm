package Civic::Certificate;

# Copyright (C) Civic Gate
#
# Authorities and certificates for one test, made by openssl and gone with
# it.
#
#     my $ca = Civic::Certificate->authority('name');
#     my $cert = $ca->issue('/C=CN/O=Firm/CN=client', expired => 1);
#     $cert->file             PEM: the certificate;  $cert->key  its key
#     $cert->fingerprint      SHA-256 of the DER, in bytes
#     $cert->get($url, \%headers)    {status, headers, content}: by curl, with
#                             this certificate
#     Civic::Certificate->get($url, \%headers)      with none

use strict;
use warnings;

use Digest::SHA qw(sha256);
use File::Temp ();
use MIME::Base64 qw(decode_base64);

use Civic::Gate;

my $dir = File::Temp->newdir('civic-cert-XXXXXX', TMPDIR => 1);
my $count = 0;


sub authority {
    my ($class, $name) = @_;

    my $self = $class->_create;
    _openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt',
             'ec_paramgen_curve:P-256', '-nodes', '-keyout', $self->key,
             '-out', $self->file, '-days', 2, '-subj', "/CN=$name");
    return $self;
}


sub issue {
    my ($ca, $subject, %option) = @_;

    my $self = ref($ca)->_create;
    _openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
             '-nodes', '-keyout', $self->key, '-out', "$self->{base}.csr",
             '-subj', $subject);
    _openssl('x509', '-req', '-in', "$self->{base}.csr", '-CA', $ca->file,
             '-CAkey', $ca->key, '-CAcreateserial', '-out', $self->file,
             '-days', $option{expired} ? -1 : 1);
    return $self;
}


sub file { return "$_[0]{base}.pem" }
sub key  { return "$_[0]{base}.key" }


sub fingerprint {
    my ($self) = @_;

    my ($text) = $self->text =~ /-----\n(.*?)-----END/s;
    return sha256(decode_base64($text));
}


sub text {
    my ($self) = @_;

    open my $in, '<', $self->file or die $self->file . ": $!\n";
    local $/;
    return scalar <$in>;
}


sub get {
    my ($self, $url, $headers) = @_;

    my @with = ref $self ? ('--cert', $self->file, '--key', $self->key) : ();
    my @headers = map { ('-H', "$_: $headers->{$_}") }
                  sort keys %{ $headers // {} };
    open my $pipe, '-|', 'curl', '-skim', 20, @with, @headers, $url
        or die "curl: $!\n";
    local $/;
    my $text = <$pipe> // '';
    { local ($?, $!); close $pipe; }
    $text =~ s{^HTTP/2 (\d+) ?}{HTTP/1.1 $1 };
    return Civic::Gate::parse($text);
}


sub _create {
    my ($class) = @_;

    return bless { base => "$dir/" . $count++ }, $class;
}


sub _openssl {
    open my $pipe, '-|', "openssl @{[map { qq('$_') } @_]} 2>&1"
        or die "openssl: $!\n";
    local $/;
    my $said = <$pipe>;
    local ($?, $!);
    close $pipe or die "openssl @_: $said\n";
    return;
}


1;
