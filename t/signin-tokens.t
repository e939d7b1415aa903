#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_signin and a provider that lies, fails or waits: what its token
# endpoint answers is this test's to say.

use strict;
use warnings;

use Digest::SHA ();
use JSON::PP ();
use MIME::Base64 ();
use Test::More;
use Time::HiRes ();

use lib 't/lib';
use Civic::Browser;
use Civic::Gate;
use Civic::Issuer;
use Civic::Redis;
use Civic::Upstream;

my $issuer = Civic::Issuer->new;
my $port = Civic::Gate->free_port;
my $redis = Civic::Redis->start;
my $dir = File::Temp->newdir('civic-signin-XXXXXX', TMPDIR => 1);
my $secret = 'a secret with: odd characters';

# answers with the file that the test wrote

my $idp = Civic::Upstream->start(sub {
    open my $in, '<', "$dir/answer" or return [500, {}, ''];
    local $/;
    my ($status, $body) = split /\n/, <$in>, 2;
    return sub { sleep 5 } if $status eq 'wait';
    return [$status, { 'Content-Type' => 'application/json' }, $body];
});

my $gate = Civic::Gate->start(
    port => $port, files => { $issuer->files, 'keys/secret' => "$secret\n" },
    mode => { 'keys/secret' => 0600 },
    http => $issuer->block('require_claims department; lifetime 1m;')
            . <<"END", server => <<'END');
civic_redis main { server @{[$redis->server]}; timeout 2s; }
civic_revocations redis=main interval=50ms;
civic_remote idp { url http://@{[$idp->addr]}/realm; timeout 1s; }
civic_remote patient { url http://@{[$idp->addr]}/realm; timeout 1m; }
civic_signin portal {
    issuer citizens; remote idp; origin http://127.0.0.1:%PORT%;
    authorize https://id.example.gov.cn/auth?tenant=1; token /token;
    client_id "gate & co"; client_secret_file keys/secret;
    session redis=main;
}
civic_signin poster {
    issuer citizens; remote idp; origin http://127.0.0.1:%PORT%;
    authorize https://id.example.gov.cn/auth; token /token; client_auth post;
    client_id gate; client_secret_file keys/secret;
    session redis=main refresh=1s;
    callback /poster/callback; cookie insecure;
}
civic_signin patient {
    issuer citizens; remote patient; origin http://127.0.0.1:%PORT%;
    authorize https://id.example.gov.cn/auth; token /token;
    client_id gate; client_secret_file keys/secret;
    session redis=main refresh=1s; callback /patient/callback;
}
END
    add_header X-Seen "$civic_auth_status|$civic_caller|$civic_code" always;
    location /admin/ { civic_auth off; civic_admin local; }
    location /signin/ { civic_auth off; civic_signin_pages portal; }
    location /poster/ { civic_auth off; civic_signin_pages poster; }
    location /admin/ { civic_auth off; civic_admin local; }
    location /patient/ { civic_auth off; civic_signin_pages patient; }
    location /slowly { civic_auth patient; return 200; }
    location /page { civic_auth portal; return 200; }
    location /other {
        civic_auth poster; add_header X-Scope $civic_scope; return 200;
        add_header X-Seen "$civic_auth_status|$civic_caller|$civic_code";
    }
    location /scoped {
        civic_auth portal; civic_require scope=imaging:read; return 200;
    }
END


sub answer {
    my ($status, $body) = @_;

    open my $out, '>', "$dir/answer.new" or die "$!\n";
    print {$out} "$status\n",
        ref $body ? JSON::PP::encode_json($body) : $body // '';
    close $out;
    rename "$dir/answer.new", "$dir/answer" or die "$!\n";
}


sub url { return "http://127.0.0.1:$port$_[0]" }


# as far as the provider, which says nothing to the browser but a code

sub leave {
    my ($page) = @_;

    my $browser = Civic::Browser->new;
    my $res = $browser->get(url($page // '/page'));
    my %query = map { split /=/, $_, 2 }
                split /&/, $res->{headers}{location} =~ s/^[^?]+\?//r;
    return $browser, \%query, $res->{headers}{location};
}


# the token is ID token's claims, or the text of one

sub come_back {
    my ($claims, $page, $more) = @_;

    my ($browser, $query) = leave($page);
    my $token = ref $claims ? id_token($query, %$claims) : $claims;
    answer(200, { token_type => 'Bearer', access_token => 'x',
                  id_token => $token, %{ $more // {} } });
    my $path = { '/other' => 'poster', '/slowly' => 'patient' }
               ->{$page // ''} // 'signin';
    return $browser, $browser->get(
        url("/$path/callback?code=the+c%26de&state=$query->{state}"));
}


sub id_token {
    my ($query, %change) = @_;

    return $issuer->token(aud => 'gate & co', nonce => $query->{nonce},
                          %change);
}


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
    is $gate->request('POST', '/admin/revocations', {
           headers => { 'Content-Type' => 'application/json' },
           content => '{"subject":"citizens:wang"}' })->{status}, 201,
       'whoever is revoked';
    $res = $refresh->($browser, 200, {
        id_token => $token->(iat => time + 2) });
    is $res->{status}, 401, '... has to sign in again, whatever is refreshed';
    sleep 1;
    $browser = $in->();
    is $browser->fetch(url('/other'))->{status}, 200, '... and may';

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

$gate->stop;
done_testing();
