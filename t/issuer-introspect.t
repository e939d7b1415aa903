#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Tokens that the issuer is asked about (RFC 7662): what he says is judged by
# the rules of the block, remembered for a short time, and asked once for
# each token; whom he cannot be asked about does not pass.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(sleep);

use Civic::Gate;
use Civic::Issuer;
use Civic::Metrics;
use Civic::Upstream;

my $json = JSON::PP->new->canonical;
my %good = (active => JSON::PP::true, aud => 'social-services', sub => 'wang',
            exp => time + 3600, scope => 'a b', client_id => 'app-1',
            token_type => 'Bearer', region => '350100');

# what is known of each token; undef takes a claim away

my %known = (
    good        => {},
    named       => { iss => 'https://first.example.gov.cn' },
    'list-aud'  => { aud => ['x', 'social-services'] },
    inactive    => { active => JSON::PP::false },
    'no-aud'    => { aud => undef },
    'other-aud' => { aud => 'taxes' },
    'other-iss' => { iss => 'https://id.elsewhere' },
    expired     => { exp => time - 3600 },
    'no-exp'    => { exp => undef },
    early       => { nbf => time + 3600 },
    'no-sub'    => { sub => undef },
    refresh     => { token_use => 'refresh_token' },
    dpop        => { token_type => 'DPoP' },
    bound       => { cnf => { jkt => 'x' } },
    'yes-text'  => { active => 'true' },
    'yes-one'   => { active => 1 },
    short       => { exp => time + 5 },
    'a.b+c/d~e=' => {},
);

# a path for each provider; the second knows one token, the third is broken

my $provider = Civic::Upstream->start(sub {
    my ($req) = @_;
    my ($token) = $req->{body} =~ /^token=([^&]*)&/;
    $token =~ s/%(..)/chr hex $1/ge;

    return [500, {}, 'no'] if $req->{uri} =~ /broken/;
    return [200, {}, '<html>'] if $req->{uri} =~ /html/;
    return [200, {}, '{"claims":{}}'] if $req->{uri} =~ /other/;
    return sub { sleep 2 } if $req->{uri} =~ /silent/;
    return [401, {}, '{"error":"invalid_client"}']
        if (Civic::Upstream::header($req, 'Authorization') // '')
           ne 'Basic ' . encode_base64('gate:secret', '');

    my $claims = $req->{uri} =~ /second/
                 ? ($token =~ /^of-the-second/ ? {} : undef)
                 : $token =~ /^(slow|jwt|eyJ)/ ? {} : $known{$token};
    my %all = $claims ? (%good, %$claims) : (active => JSON::PP::false);
    delete @all{ grep { !defined $all{$_} } keys %all };
    my $body = $json->encode(\%all);

    return [200, { 'Content-Type' => 'application/json' }, $body]
        if $token !~ /^slow/;
    return sub {
        my ($sock) = @_;
        sleep 1;
        print {$sock} "HTTP/1.1 200 OK\r\nContent-Length: " . length($body)
                      . "\r\nConnection: close\r\n\r\n$body";
    };
});

my $citizens = Civic::Issuer->new;
my $foreign = Civic::Issuer->new(name => 'foreign');
my $addr = $provider->addr;

sub remote {
    my ($name, $words) = @_;

    return "civic_remote $name { url http://$addr;\n"
           . "header Authorization file=keys/basic; $words }\n";
}

# an issuer that is only asked

sub asked {
    my ($name, $words) = @_;

    return "civic_issuer $name { issuer https://$name.example.gov.cn;\n"
           . "audience social-services; leeway 0; introspect $words; }\n";
}

my %files = ($citizens->files, $foreign->files,
             'keys/basic' => 'Basic ' . encode_base64('gate:secret', ''));
umask 0077;                             # nobody else may read the credential
my $gate = Civic::Gate->start(
    workers => 2, files => \%files,
    http => 'civic_zone 2m;' . remote('idp', 'timeout 10s;')
        . remote('mute', 'timeout 300ms;')
        . asked('first', 'remote=idp path=/first')
        . asked('second', 'remote=idp path=/second')
        . asked('brief', 'remote=idp path=/brief cache=1s')
        . asked('broken', 'remote=idp path=/broken')
        . asked('twin', 'remote=idp path=/broken') =~ s/twin\.ex/second.ex/r
        . asked('html', 'remote=idp path=/html')
        . asked('other', 'remote=idp path=/other')
        . asked('silent', 'remote=mute path=/silent')
        . $citizens->block("introspect remote=idp path=/both;\n")
        . $foreign->block("introspect remote=idp path=/always always;\n"),
    server => <<'END');
    add_header X-Code $civic_code always;
    add_header X-Seen $civic_auth_status always;
    add_header X-Who "$civic_caller|$civic_scope|$civic_region" always;
    location /first/    { civic_auth first; return 200; }
    location /second/   { civic_auth first second; return 200; }
    location /down/     { civic_auth broken second; return 200; }
    location /brief/    { civic_auth brief; return 200; }
    location /twins/    { civic_auth twin second; return 200; }
    location /twin/     { civic_auth twin; return 200; }
    location /broken/   { civic_auth broken; return 200; }
    location /html/     { civic_auth html; return 200; }
    location /other/    { civic_auth other; return 200; }
    location /silent/   { civic_auth silent; return 200; }
    location /both/     { civic_auth citizens; return 200; }
    location /always/   { civic_auth foreign; return 200; }
    location /metrics   { civic_auth off; civic_metrics; }
    location /status    { civic_auth off; civic_status full; }
END


sub ask {
    my ($path, $token) = @_;

    my $res = $gate->get($path, { Authorization => "Bearer $token" });
    return join ' ', $res->{status}, $res->{headers}{'x-code'} || (),
                     $res->{status} == 200 ? $res->{headers}{'x-seen'} : ();
}

sub who { return $gate->get($_[0], { Authorization => "Bearer $_[1]" })
                      ->{headers}{'x-who'} }


# what the issuer says

my %wanted = (
    good        => '200 verified',
    named       => '200 verified',
    'list-aud'  => '200 verified',
    unheard     => '401 token-inactive',
    inactive    => '401 token-inactive',
    'no-aud'    => '401 audience-mismatch',
    'other-aud' => '401 audience-mismatch',
    'other-iss' => '401 issuer-unknown',
    expired     => '401 token-expired',
    'no-exp'    => '401 claim-missing',
    early       => '401 token-not-yet-valid',
    'no-sub'    => '401 claim-missing',
    refresh     => '401 type-mismatch',
    dpop        => '401 type-mismatch',
    bound       => '401 claims-malformed',
    'yes-text'  => '503 introspection-unavailable',
    'yes-one'   => '503 introspection-unavailable',
    'a.b+c/d~e=' => '200 verified',
    'what is it?' => '400 credentials-malformed',
);
is ask('/first/', $_), $wanted{$_}, "of \"$_\"" for sort keys %wanted;

is who('/first/', 'good'), 'first:wang|a b|350100',
    'the identity is made of the answer';
my ($req) = grep { $_->{body} =~ /token=good&/ } $provider->requests;
is $req->{body}, 'token=good&token_type_hint=access_token',
    'the token was sent in a form';
is $req->{method}, 'POST', '... by POST';
is Civic::Upstream::header($req, 'Content-Type'),
    'application/x-www-form-urlencoded', '... as such';

# remembered

my $count = $provider->count;
is ask('/first/', 'good'), '200 cached', 'a good answer is remembered';
is ask('/first/', 'unheard'), '401 token-inactive', 'and a bad one';
is ask('/first/', 'other-aud'), '401 audience-mismatch',
    'with the reason';
is $provider->count, $count, '... and nobody is asked again';

is ask('/brief/', 'good'), '200 verified', 'where it is remembered for 1 s';
sleep 2.1;
is ask('/brief/', 'good'), '200 verified', '... it is asked about again';
sleep 4;
$count = $provider->count;
is ask('/first/', 'unheard'), '401 token-inactive',
    'a bad answer is not remembered for long';
is $provider->count, $count + 1, '... the issuer is asked again';
is ask('/first/', 'short'), '401 token-expired',
    'a token that ended is refused';

# one call for many

$count = $provider->count;
my @socks = map {
    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $gate->port) or die $!;
    print {$sock} "GET /first/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                  . "Authorization: Bearer slow-1\r\n\r\n";
    $sock;
} 1 .. 30;
my @answers = map { local $/; Civic::Gate::parse(<$_>, 'GET')->{status} }
              @socks;
is_deeply \@answers, [(200) x 30], 'who comes meanwhile waits for the answer';
cmp_ok $provider->count - $count, '<=', 2, '... which is one for each worker';

$gate->raw("GET /first/ HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer slow-$_"
           . "\r\n\r\n", 0.05) for 2 .. 6;
like ask('/first/', 'slow-2'), qr/^200 /, 'who leaves spoils nothing';

# several issuers

is who('/second/', 'of-the-second'), 'second:wang|a b|350100',
    'the second is asked where the first does not know it';
is who('/second/', 'good'), 'first:wang|a b|350100',
    'the first that knows it is believed';
is ask('/second/', 'nobodys'), '401 token-inactive', 'or none is';
is ask('/down/', 'of-the-second-too'), '200 verified',
    'where one is down another may still know it';
is ask('/down/', 'nobodys-2'), '503 introspection-unavailable',
    'else nobody can say';
is ask('/twins/', 'of-the-second-too'), '200 verified',
    'of two with one "iss", too';
is ask('/twins/', 'of-the-second-too'), '200 cached', '... and remembered';
is ask('/twin/', 'of-the-second-too'), '503 introspection-unavailable',
    '... but the one that is down has refused nothing';

# who cannot be asked

is ask("/$_/", 'good'), '503 introspection-unavailable', "he is $_: 503"
    for qw(broken html other silent);
my $told = () = $gate->log =~ /issuer "broken": it answers 500/g;
ok $told >= 1 && $told <= 2, 'the log tells why, once for each worker'
    or diag $told;
like $gate->log, qr/issuer "html": its answer has no "active"/,
    '... and of an answer that is none';
like $gate->log, qr/issuer "silent": remote-timeout/, '... and of silence';

# beside keys

$count = $provider->count;
is ask('/both/', $citizens->token), '200 verified',
    'where there are keys, a JWT is verified';
is $provider->count, $count, '... without the issuer';
is ask('/both/', 'good'), '200 verified', '... and what is no JWT asked about';
is ask('/both/', $foreign->token), '401 issuer-unknown',
    '... and of another issuer refused';

$count = $provider->count;
is ask('/always/', $foreign->token), '200 verified',
    'with "always" a JWT is verified';
is $provider->count, $count + 1, '... and asked about';
is ask('/always/', $foreign->token(exp => time - 60)), '401 token-expired',
    'a JWT that is no good';
is $provider->count, $count + 1, '... is not';
is ask('/first/', Civic::Issuer->new(name => 'first')->token),
    '200 verified', 'without keys a JWT of the issuer is asked about';
is ask('/first/', $foreign->token), '401 issuer-unknown',
    '... and one of another issuer refused unasked';
is $provider->count, $count + 2, '... each as it should be';

my $metrics = Civic::Metrics->of($gate);
cmp_ok $metrics->value('civic_introspections_total', result => $_), '>=', 3,
    "a metric counts: $_" for qw(active inactive failed);
my ($issuer) = grep { $_->{name} eq 'foreign' }
               @{ $json->decode($gate->get('/status')->{content})->{issuers} };
is $issuer->{introspection}, 'idp', 'the status tells who is asked';

unlike $gate->log, qr/of-the-second|nobodys|eyJ|other-aud/,
    'the log has no token';
unlike $gate->log, qr/Basic |secret/, 'nor the credential of the gate';
$gate->stop;

done_testing;
