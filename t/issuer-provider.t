#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A real provider, oidc-provider: its keys rotate while load runs, it stops
# and comes back, it is asked about its opaque tokens.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use JSON::PP ();
use MIME::Base64 qw(encode_base64);
use POSIX ();
use Time::HiRes qw(sleep time);

use Civic::Gate;
use Civic::Provider;

if (my $why = Civic::Provider->missing) {
    plan skip_all => $why;
}

my $idp = Civic::Provider->start;
my $credential = encode_base64('civic-gate:' . $idp->secret('civic-gate'),
                               '');

umask 0077;
my $gate = Civic::Gate->start(
    workers => 2, files => { 'keys/basic' => "Basic $credential" },
    http => 'civic_zone 2m;
        civic_remote idp { url ' . $idp->issuer . '; timeout 20s;
                           header Authorization file=keys/basic; }
        civic_issuer citizens {
            issuer ' . $idp->issuer . '; audience social-services;
            keys remote=idp path=/jwks refresh=1h cooldown=1s;
            algorithms ES256; type at+jwt;
        }
        civic_issuer firms {
            issuer ' . $idp->issuer . '; audience urn:civic:opaque;
            introspect remote=idp path=/token/introspection cache=1s;
            subject client_id;
        }',
    server => <<'END');
    add_header X-Code $civic_code always;
    add_header X-Who "$civic_caller|$civic_scope" always;
    location / { civic_auth citizens; return 200; }
    location /firms/ { civic_auth firms; return 200; }
    location /either/ { civic_auth citizens firms; return 200; }
    location /status { civic_auth off; civic_status full; }
END


sub ask {
    my ($path, $token) = @_;

    my $res = $gate->get($path, { Authorization => "Bearer $token" });
    return $res->{status} == 200 ? "200 $res->{headers}{'x-who'}"
                                 : "$res->{status} "
                                   . ($res->{headers}{'x-code'} // '');
}

sub await {
    my ($what) = @_;

    for (1 .. 600) {
        return 1 if $what->();
        sleep 0.05;
    }
    return 0;
}

# $n children ask with new tokens for some seconds, while $work is done; each
# says how many passed, and what the last that did not was told

sub load {
    my ($n, $for, $work) = @_;

    pipe my $in, my $out or die "pipe: $!\n";
    my @pids;
    for (1 .. $n) {
        my $pid = fork // die "fork: $!\n";
        push @pids, $pid;
        next if $pid;
        close $in;
        my ($good, $bad, $until) = (0, '', time + $for);
        while (time < $until) {
            my $said = eval { ask('/', $idp->token(scope => 'imaging:read')) }
                       // "no token: $@";
            $said =~ /^200 / ? $good++ : ($bad = $said =~ tr/\n/ /r);
        }
        syswrite $out, "$good\t$bad\n";
        POSIX::_exit(0);
    }
    close $out;
    $work->();
    my @said = <$in>;
    waitpid $_, 0 for @pids;
    return @said;
}


ok await(sub { ask('/', $idp->token(scope => 'imaging:read')) =~ /^200/ }),
    'a token of the provider is accepted';
is ask('/', $idp->token(scope => 'imaging:read')),
    '200 citizens:civic-service|imaging:read', 'with its subject and scope';
my $kept = $idp->token(scope => 'imaging:read');
my $seen = $idp->seen('/jwks');
ask('/', $kept) for 1 .. 5;
is $idp->seen('/jwks'), $seen, 'and the provider not asked for keys again';

# keys rotate under load

my @said = load(3, 8, sub {
    for (1 .. 3) {
        sleep 1.8;
        $idp->rotate;
    }
});
my $good = 0;
$good += (split /\t/)[0] for @said;
is_deeply [map { (split /\t/)[1] } @said], [("\n") x 3],
    'three times the provider takes another key, and nobody notices';
cmp_ok $good, '>=', 10, "... among $good";
cmp_ok $idp->seen('/jwks') - $seen, '<=', 12,
    'a rotation costs the provider few fetches';
like ask('/', $kept), qr/^200/, 'tokens of the first key are good still';

$idp->withdraw;
sleep 1.1;
like ask('/', $idp->token(scope => 'imaging:read')), qr/^200/,
    'the old keys are withdrawn';
ok $gate->reload, 'the gate reloads';
$idp->rotate;
ok await(sub { ask('/', $idp->token(scope => 'imaging:read')) =~ /^200/ }),
    'and learns of the next key';
is ask('/', $kept), '401 key-unknown',
    'tokens of a key that is gone are refused, remembered or not';

# opaque tokens

my $opaque = $idp->opaque_token(scope => 'imaging:read');
is ask('/firms/', $opaque), '200 firms:civic-service|imaging:read',
    'the provider is asked about an opaque token';
is ask('/either/', $opaque), '200 firms:civic-service|imaging:read',
    '... beside an issuer whose tokens are verified';
is ask('/either/', $idp->token(scope => 'imaging:read')),
    '200 citizens:civic-service|imaging:read', '... which still are';
is ask('/firms/', 'no-such-token'), '401 token-inactive',
    'a token that he does not know is refused';
$idp->revoke($opaque);
sleep 2.1;
is ask('/firms/', $opaque), '401 token-inactive',
    'and one that was revoked, once it is forgotten here';

# the provider stops, and comes back with other keys

my $last = $idp->token(scope => 'imaging:read');
like ask('/', $last), qr/^200/, 'the provider works';
$opaque = $idp->opaque_token(scope => 'imaging:read');
$idp->stop;
like ask('/', $last), qr/^200/, 'without him his tokens are good';
ok $gate->reload, '... after a reload too';
like ask('/', $last), qr/^200/, '... with the last good keys';
is ask('/firms/', $opaque), '503 introspection-unavailable',
    'what he must be asked about is not';
$idp->restart;
ok await(sub { ask('/', $idp->token(scope => 'imaging:read')) =~ /^200/ }),
    'he is back with other keys, which are found';
is ask('/', $last), '401 key-unknown', '... and the old ones gone';
ok await(sub { ask('/firms/', $idp->opaque_token(scope => 'imaging:read'))
               =~ /^200/ }), '... and is asked again';

$idp->stop;
$gate->stop;

done_testing;
