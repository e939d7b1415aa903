#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_signin and a provider that lies, fails or waits.

use strict;
use warnings;

use JSON::PP ();
use MIME::Base64 ();
use Test::More;

use lib 't/lib';
use Civic::Liar;

my $set = Civic::Liar->start;
my ($gate, $idp, $redis, $issuer, $port) =
    @$set{qw(gate idp redis issuer port)};


sub answer    { return $set->answer(@_) }
sub url       { return $set->url(@_) }
sub leave     { return $set->leave(@_) }
sub id_token  { return $set->id_token(@_) }
sub come_back { return $set->come_back(@_) }


subtest 'the provider is asked as OpenID Connect has it' => sub {
    my ($browser, $query, $location) = leave();
    like $location, qr{^https://id\.example\.gov\.cn/auth\?tenant=1&},
        'its address keeps its own arguments';
    is $query->{client_id}, 'gate%20%26%20co', 'the client';
    is $query->{scope}, 'openid', 'the scope, unless said';

    my $before = $idp->count;
    (undef, my $res) = come_back({});
    is $res->{status}, 303, 'signed in';

    my $request = ($idp->requests)[-1];
    is $idp->count, $before + 1, 'it was asked once';
    is $request->{uri}, '/realm/token', 'below the remote';
    like $request->{body}, qr/&code=the%20c%26de$/, 'the code';
    like $request->{body}, qr/^grant_type=authorization_code&/, 'the grant';
    like $request->{body}, qr/&code_verifier=[\w-]{43}&/, "PKCE's verifier";
    is scalar Civic::Upstream::header($request, 'Authorization'),
        'Basic ' . MIME::Base64::encode_base64(
            'gate%20%26%20co:a%20secret%20with%3A%20odd%20characters', ''),
        'who asks is escaped before it is encoded';

    ($browser, $res) = come_back({ aud => 'gate' }, '/other');
    is $res->{status}, 303, 'the other sign-in';
    $request = ($idp->requests)[-1];
    like $request->{body}, qr/&client_id=gate&client_secret=a%20secret/,
        'client_auth post';
    ok !Civic::Upstream::header($request, 'Authorization'),
        'and nothing else';
    like $browser->cookie($port, 'civic-poster'), qr/^[\w-]{43}$/,
        'cookie insecure has no prefix';
};


subtest 'an ID token must be ours, of this sign-in, and fresh' => sub {
    my %wrong = (
        'of another sign-in'      => { nonce => 'x' x 43 },
        'without a nonce'         => { nonce => undef },
        'for another client'      => { aud => 'social-services' },
        'for others, too'         => { aud => ['gate & co', 'x'] },
        'made for another'        => { azp => 'x' },
        'of another issuer'       => { iss => 'https://evil.example' },
        'that has expired'        => { exp => time - 60 },
        'that was made tomorrow'  => { iat => time + 86400 },
        'without a time'          => { iat => undef },
        'that does not end'       => { exp => undef },
        'of nobody'               => { sub => undef },
        'of one without a name'   => { sub => '' },
    );
    for my $what (sort keys %wrong) {
        my ($browser, $res) = come_back($wrong{$what});
        is $res->{status}, 502, "one $what";
        like $res->{headers}{'x-seen'}, qr/\|signin-token$/, '...';
        is $browser->cookie($port, '__Host-civic-portal'), undef,
            'there is no session';
    }

    for my $token ('', 'x', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
                   'a' x 20000)
    {
        my (undef, $res) = come_back($token);
        is $res->{status}, 502, 'none: ' . substr $token, 0, 20;
    }

    my (undef, $res) = come_back({ aud => ['gate & co', 'x'],
                                   azp => 'gate & co' });
    is $res->{status}, 303, 'for others too, and made for us';
    (undef, $res) = come_back({ exp => time + 86400 });
    is $res->{status}, 303, 'lifetime is of access tokens';
};


subtest 'scopes are those that were granted' => sub {
    my ($browser, $res) = come_back({}, undef,
                                    { scope => 'openid imaging:read' });
    is $browser->get(url('/scoped'))->{status}, 200, 'in the answer';

    ($browser, $res) = come_back({ scope => 'imaging:read' });
    is $browser->get(url('/scoped'))->{status}, 200, 'or in the token';

    ($browser, $res) = come_back({});
    is $browser->get(url('/scoped'))->{status}, 403, 'or nowhere';
};


subtest 'a provider that fails' => sub {
    my %answer = (
        '400' => [400, { error => 'invalid_grant' }],
        '401' => [401, { error => 'invalid_client' }],
        'HTML' => [200, '<html>'],
        'an array' => [200, '[]'],
        'no ID token' => [200, { access_token => 'x' }],
        'an ID token that is no text' => [200, { id_token => 5 }],
        '100 kB' => [200, '"' . 'x' x 100000 . '"'],
        'silence' => ['wait'],
    );
    for my $what (sort keys %answer) {
        my ($browser, $query) = leave();
        answer(@{ $answer{$what} });
        my $res = $browser->get(
            url("/signin/callback?code=x&state=$query->{state}"));
        my $ours = $what eq '400' ? [400, 'signin-code']
                                  : [502, 'signin-provider'];
        is $res->{status}, $ours->[0], "it says $what";
        like $res->{headers}{'x-seen'}, qr/\|\Q$ours->[1]\E$/, '...';
    }
};


subtest 'whoever leaves meanwhile ends it' => sub {
    for my $answer ('wait', 200) {
        my ($browser, $query) = leave();
        answer($answer, { id_token => id_token($query) });
        my $cookie = join '; ', map { "$_=" . $browser->cookie($port, $_) }
                                keys %{ $browser->cookies($port) };
        $gate->raw("GET /signin/callback?code=x&state=$query->{state} "
                   . "HTTP/1.1\r\nHost: 127.0.0.1:$port\r\n"
                   . "Cookie: $cookie\r\n\r\n", $_) for 0.002, 0.01, 0.3;
    }
    is $gate->get('/page')->{status}, 401, 'the gate goes on';
};


subtest 'logout tokens' => sub {
    my $event = { 'http://schemas.openid.net/event/backchannel-logout' => {} };
    my %claims = (aud => 'gate & co', events => $event, sub => 'wang',
                  sid => 's1', jti => 'j');
    my $n = 0;
    my $send = sub {
        my %change = @_;
        return Civic::Browser->new->post(url('/signin/backchannel'),
            { logout_token => $issuer->token(%claims, jti => 'j' . $n++,
                                             %change) })->{status};
    };

    my %wrong = (
        'without the event' => { events => undef },
        'with another'      => { events => { x => {} } },
        'with a nonce'      => { nonce => 'x' },
        'for another'       => { aud => 'x' },
        'of nobody'         => { sub => undef, sid => undef },
        'expired'           => { exp => time - 60 },
        'without an end'    => { exp => undef },
        'without a jti'     => { jti => undef },
        'with an empty one' => { jti => '' },
        'without a time'    => { iat => undef },
        'of next year'      => { iat => time + 86400 * 365 },
        'of another issuer' => { iss => 'x' },
    );
    my ($browser) = come_back({ sub => 'wang', sid => 's1' });
    for my $what (sort keys %wrong) {
        is $send->(%{ $wrong{$what} }), 400, $what;
    }
    is $browser->fetch(url('/page'))->{status}, 200, 'still signed in';

    is $send->(sid => 's2'), 200, 'of another sign-in at the provider';
    is $browser->fetch(url('/page'))->{status}, 200, 'still signed in';

    is $send->(jti => 'once'), 200, 'of this one';
    is $browser->fetch(url('/page'))->{status}, 401, 'signed out';

    ($browser) = come_back({ sub => 'wang', sid => 's1' });
    is $send->(jti => 'once'), 200, 'the same again';
    is $browser->fetch(url('/page'))->{status}, 200, 'does nothing';

    my ($second) = come_back({ sub => 'wang', sid => 's3' });
    is $send->(sid => undef), 200, 'of the person';
    is $browser->fetch(url('/page'))->{status}, 401, 'signed out here';
    is $second->fetch(url('/page'))->{status}, 401, 'and there';

    ($browser) = come_back({ sub => 'wang', sid => 's1' });
    is $send->(sub => undef), 200, 'of a sid alone';
    is $browser->fetch(url('/page'))->{status}, 401, 'signed out';

    ($browser) = come_back({ sub => 'wang', sid => 's1' });
    my $res = Civic::Browser->new->get(
        url('/signin/frontchannel?sid=s1&iss=' . $issuer->iss));
    is $res->{status}, 200, 'the front channel';
    is $browser->fetch(url('/page'))->{status}, 401, 'signed out';
};


my $log = $gate->log;
unlike $log, qr/ey[\w-]{20,}\.|odd characters|secret%20with/,
    'no token and no secret in the error log';
like $log, qr{did not answer: .*request: "GET /signin/callback\?code=\*+&},
    'which has lines about the callback';
unlike $log, qr/the\+c%26de/, 'without the code';

$set->stop;
done_testing();
