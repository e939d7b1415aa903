#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Claims of sessions that have grown old: what a refresh token brings, and
# what it must not.

use strict;
use warnings;

use Digest::SHA ();
use JSON::PP ();
use Test::More;

use lib 't/lib';
use Civic::Liar;

my $set = Civic::Liar->start;
my ($gate, $idp, $redis, $issuer, $port) =
    @$set{qw(gate idp redis issuer port)};


sub answer    { return $set->answer(@_) }
sub url       { return $set->url(@_) }
sub come_back { return $set->come_back(@_) }


subtest 'what a refresh token brings' => sub {
    my $in = sub {
        my ($browser, $res) = come_back({ aud => 'gate', sub => 'wang',
                                          scope => 'a' }, '/other',
                                        { refresh_token => 'r1' });
        return $browser;
    };

    # asks until the provider was asked, and something came of it, or
    # nothing for a while

    my $refresh = sub {
        my ($browser, $status, $body, $came) = @_;
        my $before = $idp->count;
        answer($status, $body);
        my $res;
        ok $redis->wait_until(sub {
            $res = $browser->fetch(url('/other'));
            $idp->count > $before;
        }), 'the provider is asked';
        $redis->wait_until(sub {
            $res = $browser->fetch(url('/other'));
            $came->($res);
        }) if $came;
        return $res;
    };
    my $token = sub { return $issuer->token(aud => 'gate', sub => 'wang', @_) };

    my $browser = $in->();
    my $res = $refresh->($browser, 200, {
        id_token => $token->(scope => 'b'), refresh_token => 'r2' },
        sub { ($_[0]{headers}{'x-scope'} // '') eq 'b' });
    is $res->{headers}{'x-scope'}, 'b', 'other claims';
    my $grant = qr/^grant_type=refresh_token&refresh_token/;
    ok((grep { $_->{body} =~ /$grant=r1&client_id=gate/ } $idp->requests),
       'with the token, by name');

    $res = $refresh->($browser, 200, { access_token => 'x' });
    is $res->{headers}{'x-scope'}, 'b', 'or nothing new';
    ok((grep { $_->{body} =~ /$grant=r2&/ } $idp->requests),
       'with the next token');

    $res = $refresh->($browser, 200, {
        id_token => $token->(sub => 'zhao', scope => 'c') });
    is $res->{headers}{'x-seen'}, 'verified|citizens:wang|',
        'nobody becomes another';

    $browser = $in->();
    $res = $refresh->($browser, 500, {});
    is $res->{status}, 200, 'a provider that fails ends nothing';

    $browser = $in->();
    $res = $refresh->($browser, 401, { error => 'invalid_client' },
                      sub { $_[0]{status} == 401 });
    is $res->{status}, 200, 'nor does one that does not know us';

    $browser = $in->();
    $res = $refresh->($browser, 400, { error => 'invalid_grant' },
                      sub { $_[0]{status} == 401 });
    is $res->{status}, 401, 'one that says no does';

    $browser = $in->();
    my $revoked = $gate->request('POST', '/admin/revocations', {
        headers => { 'Content-Type' => 'application/json' },
        content => JSON::PP::encode_json({ subject => 'citizens:wang',
                                           before => time + 1 }) });
    is $revoked->{status}, 201, 'a person is revoked';
    ok $redis->wait_until(sub {
        $browser->fetch(url('/other'))->{status} == 401;
    }), 'whose session is refused';
    $res = $refresh->($browser, 200, {
        id_token => $token->(iat => time + 5, scope => 'd') },
        sub { $_[0]{status} == 200 });
    is $res->{status}, 401, 'and stays so, refreshed or not';
    is $gate->request('DELETE',
                      '/admin/revocations?subject=citizens:wang')->{status},
        204, 'until that is lifted';
    ok $redis->wait_until(sub {
        $browser->fetch(url('/other'))->{status} == 200;
    }), 'everywhere';
};


subtest 'a refresh that is under way is not begun again' => sub {
    my ($browser) = come_back({ aud => 'gate', sub => 'qian' }, '/slowly',
                              { refresh_token => 'r1' });
    my $prefix = 'civic:{signin:patient}:';
    my $session = $prefix . 'session:' . $redis->command('GET',
        $prefix . 'token:' . Digest::SHA::sha256_hex(
            $browser->cookie($port, '__Host-civic-patient')));
    my $before = $idp->count;
    answer('wait');
    ok $redis->wait_until(sub {
        $browser->fetch(url('/slowly'));
        $idp->count > $before;
    }), 'the provider is asked';
    cmp_ok $redis->command('HGET', $session, 'fresh'), '>', time + 60 - 1,
        'and has all its time to answer';
};


$set->stop;
done_testing();
