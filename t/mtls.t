#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Certificates of clients: nginx verifies them, the gate finds whose they
# are; and tokens that are bound to one are good with it only (RFC 8705).

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use Test::More;

use Civic::App;
use Civic::Certificate;
use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $ca = Civic::Certificate->authority('the authority');
my $foreign = Civic::Certificate->authority('another one');
my $server = $ca->issue('/CN=gate');
my $pinned = $ca->issue('/C=CN/O=Firm/CN=pinned');
my $named = $ca->issue('/C=CN/O=Firm/CN=named');
my $stranger = $ca->issue('/C=CN/O=Firm/CN=stranger');
my $off = $ca->issue('/C=CN/O=Firm/CN=off');
my $forged = $foreign->issue('/C=CN/O=Firm/CN=named');
my $expired = $ca->issue('/C=CN/O=Firm/CN=named', expired => 1);

my $up = Civic::Upstream->start;
my $citizens = Civic::Issuer->new;
my $port = Civic::Gate->free_port;
my $loose = Civic::Gate->free_port;
my $shared = Civic::Gate->free_port;

umask 027;

my $tls = 'ssl_certificate server.pem; ssl_certificate_key server.key; '
          . 'ssl_client_certificate ca.pem;';
my %files = ($citizens->files, 'server.pem' => $server->text,
    'ca.pem' => $ca->text, 'other.pem' => $foreign->text,
    'server.key' => slurp($server->key),
    'apps.json' => Civic::App->file(
        { name => 'pinned', scopes => ['read'], certificates => [
            { sha256 => unpack 'H*', $pinned->fingerprint }] },
        { name => 'named', certificates => [
            { subject => 'CN=named,O=Firm,C=CN' }] },
        { name => 'off', enabled => JSON::PP::false, certificates => [
            { sha256 => unpack 'H*', $off->fingerprint }] }));
my $locations = <<"END";
    location / { civic_auth app:certificate; proxy_pass http://service; }
    location /any {
        civic_auth citizens app:certificate;
        proxy_pass http://service;
    }
    location /both {
        civic_auth citizens+app:certificate;
        proxy_pass http://service;
    }
    location /optional {
        civic_auth optional app:certificate;
        proxy_pass http://service;
    }
    location /tokens { civic_auth citizens; proxy_pass http://service; }
END
my $gate = Civic::Gate->start(files => \%files,
    server => 'civic_auth citizens; location / { proxy_pass http://service; }',
    http => $citizens->block . <<"END");
civic_apps file=apps.json;
log_format code "\$uri \$status \$civic_code";
access_log %DIR%/code.log code;
upstream service { server @{[$up->addr]}; }
server {
    listen 127.0.0.1:$port ssl http2;
    $tls
    ssl_verify_client optional;
    $locations
}
server {
    listen 127.0.0.1:$loose ssl;
    $tls
    ssl_verify_client optional_no_ca;
    $locations
}
server {
    listen 127.0.0.1:$shared ssl http2;
    server_name public;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    ssl_client_certificate other.pem;
    ssl_verify_client optional;
    location / { civic_auth off; proxy_pass http://service; }
}
server {
    listen 127.0.0.1:$shared ssl http2;
    server_name firms firms.localhost;
    $tls
    ssl_verify_client optional;
    $locations
}
END


sub slurp {
    open my $in, '<', $_[0] or die "$_[0]: $!\n";
    local $/;
    return scalar <$in>;
}

# the status, and whom the service was told of

sub got {
    my ($client, $path, $headers, $to) = @_;

    return told($client, 'https://127.0.0.1:' . ($to // $port) . $path,
                $headers);
}

# the same, with SNI

sub named {
    my ($name, $client, $path) = @_;

    return told($client, "https://$name.localhost:$shared$path");
}

sub told {
    my ($client, $url, $headers) = @_;

    my $res = ($client // 'Civic::Certificate')->get($url, $headers);
    return $res->{status} if $res->{status} != 200;
    my %sent = map { lc $_->[0] => $_->[1] }
               @{ JSON::PP::decode_json($res->{content})->{headers} };
    return "200 " . ($sent{'x-civic-caller'} // 'nobody');
}

sub bound {
    my ($certificate, %more) = @_;

    return $citizens->bearer(sub => '7', cnf => { 'x5t#S256' =>
        encode_base64url($certificate->fingerprint) }, %more);
}


is got($pinned, '/'), '200 app:pinned', 'a certificate is an application';
is got($named, '/'), '200 app:named', '... by its subject, too';
is got(undef, '/'), 401, 'without one nobody is known';
is got($stranger, '/'), 401, 'nor with one that no application has';
is got($off, '/'), 401, 'nor that of one that is disabled';
is got($forged, '/'), 400, "nginx refuses another authority's";
is got($expired, '/'), 400, '... and one that has expired';

is got($forged, '/', {}, $loose), 401, 'where it lets it pass, the gate does';
is got($expired, '/', {}, $loose), 400, '... but for the date';
is got($forged, '/optional', {}, $loose), 401, '... as wrong credentials are';
is got($named, '/', {}, $loose), '200 app:named', 'those of ours are known';

# two servers of one address, each with an authority of its own; without SNI
# it is the first of them that verifies

is got($forged, '/', { Host => 'firms' }, $shared), 401,
    "what a neighbour's authority vouches for is nobody's here";
is got($forged, '/optional', { Host => 'firms' }, $shared), 401,
    '... not even where it is optional';
is named('firms', $named, '/'), '200 app:named',
    'whoever says whom he wants is known';
isnt named('firms', $forged, '/'), '200 app:named', '... if he is one of ours';

is got(undef, '/optional'), '200 nobody', 'it may be optional';
is got($stranger, '/optional'), '200 nobody', '... for strangers';
is got($pinned, '/optional'), '200 app:pinned', '... not for the known';
is got(undef, '/any', $citizens->bearer(sub => '7')), '200 citizens:7',
    'a token will do where either is asked for';
is got($stranger, '/any', $citizens->bearer(sub => '7')), '200 citizens:7',
    '... whatever certificate comes with it';
is got($pinned, '/any'), '200 app:pinned', '... and so will a certificate';
is got($pinned, '/both', $citizens->bearer(sub => '7')), '200 citizens:7',
    'or both are';
is got($pinned, '/both'), 401, '... not one';
is got(undef, '/both', $citizens->bearer), 401, '... nor the other';

for (1 .. 2) {
    is got($stranger, '/tokens', bound($stranger)), '200 citizens:7',
        'a token is good with the certificate that it is bound to';
    is got($pinned, '/tokens', bound($stranger)), 401, '... with no other';
    is got(undef, '/tokens', bound($stranger)), 401, '... nor with none';
}
is got($forged, '/tokens', bound($forged), $loose), '200 citizens:7',
    'that one need not be of any authority';
is got($stranger, '/any', bound($pinned)), 401,
    'a token of another refuses the request';
is $gate->get('/', bound($stranger))->{status}, 401,
    'where there is no TLS a bound token is of no use';
is $gate->get('/', { %{ bound($stranger) }, 'X-SSL-Client-Cert' => 'x',
                     'X-Client-Cert' => 'x', 'Client-Cert' => 'x' })->{status},
    401, '... whatever a header says';
is got($stranger, '/tokens', bound($stranger, cnf => { jkt => 'x' })), 401,
    'what a token is bound to must be known to the gate';

$gate->stop;
my $log = $gate->read('code.log');
like $log, qr/ 401 $_$/m, "the log has $_"
    for qw(certificate-unverified token-binding-failed);

for (['civic_apps file=apps.json;', '',
      qr/civic_auth names app:certificate in a server without ssl_verify_cli/],
     ['civic_apps file=apps.json;', 'ssl_verify_client off;',
      qr/in a server without ssl_verify_client/],
     ['', "$tls ssl_verify_client on;", qr/names an unknown .*app:certificate/])
{
    my ($http, $words, $error) = @$_;
    my ($ok, $output) = Civic::Gate->check(http => $http, files => \%files,
        server => "$words location / { civic_auth app:certificate; }");
    ok !$ok, 'app:certificate wants a server that verifies, and applications';
    like $output, qr/$error.*nginx\.conf:\d+/, '... and says so';
}

done_testing;
