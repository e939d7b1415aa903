#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_signin: from a page to the provider, back with a session, and out
# again; the provider is npm's oidc-provider.

use strict;
use warnings;

use JSON::PP ();
use Test::More;

use lib 't/lib';
use Civic::Signin;

if (my $why = Civic::Provider->missing) {
    plan skip_all => $why;
}

my $set = Civic::Signin->start(keys => 'remote=idp path=/jwks cooldown=1s');
my $cookie = '__Host-civic-portal';


# at the provider, who asks whether one means it; what comes after that

sub sign_out {
    my ($browser, $res) = @_;

    my ($xsrf) = $browser->follow($res)->{content}
                 =~ /name="xsrf" value="([^"]+)"/;
    return $browser->follow($browser->post(
        $set->idp->issuer . '/session/end/confirm',
        { xsrf => $xsrf, logout => 'yes' }));
}


subtest 'a page leads to the provider, and from there back to it' => sub {
    my $browser = Civic::Browser->new;
    my $res = $browser->get($set->url('/page?a=b%20c'));

    is $res->{status}, 303, 'without a session it redirects';
    like $res->{headers}{location}, qr{^\Q${\$set->idp->issuer}\E/auth\?},
        'to the provider';
    like $res->{headers}{location}, qr/code_challenge_method=S256/,
        'with PKCE';
    like $res->{headers}{'cache-control'}, qr/no-store/, 'nobody keeps it';
    like $res->{headers}{'set-cookie'},
        qr{^${cookie}-browser=[\w-]{43};[ ]Path=/;[ ]HttpOnly;
           [ ]SameSite=Lax;[ ]Secure;[ ]Max-Age=600$}x,
        'a cookie binds the browser to it';
    is $browser->cookie($set->port, $cookie), undef, 'there is no session';

    $res = $browser->sign_in($res, 'zhang');
    is $res->{status}, 200, 'the page answers';
    is $browser->{at}, $set->url('/page?a=b%20c'), 'the one asked for';
    is $res->{headers}{'x-seen'}, 'verified|citizens:zhang|',
        'with the person';
    like $browser->cookie($set->port, $cookie), qr/^[\w-]{43}$/,
        'there is a session';

    my $request = JSON::PP::decode_json($res->{content});
    my %header = map { lc $_->[0] => $_->[1] } @{ $request->{headers} };
    is $header{'x-civic-region'}, '350400', 'the service learns the region';
    is $header{'x-civic-scope'}, 'openid profile imaging:read',
        'and what was granted';
    unlike $header{cookie} // '', qr/civic-portal/, 'but no cookie of ours';

    $res = $browser->fetch($set->url('/api'));
    is $res->{status}, 200, 'scripts of the page have the session, too';
};


subtest 'who is no page gets 401' => sub {
    my $browser = Civic::Browser->new;

    is $browser->fetch($set->url('/api'))->{status}, 401, 'a script';
    is $browser->post($set->url('/page'), {})->{status}, 401, 'a form';
    is $set->gate->get('/page')->{status}, 401, 'a program';
    is $set->gate->get('/page', { Accept => '*/*' })->{status}, 401,
        'a program that takes anything';
    is $set->gate->get('/page', { Accept => 'text/html' })->{status}, 303,
        'an old browser is redirected';
    is $set->gate->get('/page', { Accept => 'text/html',
        'X-Requested-With' => 'XMLHttpRequest' })->{status}, 401,
        'its scripts are not';
    is $browser->get($set->url('/page'), { 'Sec-Fetch-Dest' => 'iframe' })
        ->{status}, 401, 'a frame';
    is $browser->get($set->url('/maybe'))->{headers}{'x-seen'},
        'anonymous||', 'where it is optional one may stay nobody';
};


subtest 'a citizen is the same caller by token or by session' => sub {
    my $browser = Civic::Browser->new;
    my $res = $browser->sign_in($browser->get($set->url('/either')), 'chen');
    is $res->{headers}{'x-seen'}, 'verified|citizens:chen|', 'by session';

    my $token = $set->idp->token_of('chen', scope => 'imaging:read');
    $res = $set->gate->get('/either', { Authorization => "Bearer $token" });
    is $res->{headers}{'x-seen'}, 'verified|citizens:chen|', 'by token';
};


subtest 'signing out ends the session here and at the provider' => sub {
    my $browser = Civic::Browser->new;
    $browser->sign_in($browser->get($set->url('/page')), 'li');
    my $token = $browser->cookie($set->port, $cookie);

    my $res = $browser->post($set->url('/signin/logout'), {});
    is $res->{status}, 303, 'it redirects';
    like $res->{headers}{location},
        qr{/session/end\?client_id=civic-signin
           &post_logout_redirect_uri=[^&]+&id_token_hint=ey}x,
        'to the provider';
    is $browser->cookie($set->port, $cookie), undef, 'the cookie is gone';

    $browser->set_cookie($set->port, $cookie, $token);
    is $browser->fetch($set->url('/api'))->{status}, 401,
        'and led nowhere if it were not';

    $res = sign_out($browser, $res);
    is $res->{content}, 'home', 'and comes home';

    $res = $browser->get($set->url('/page'));
    $res = $browser->follow($res);
    like $res->{content}, qr/name="login"/, 'the provider asks again';
};


subtest 'the provider tells us of who signed out elsewhere' => sub {
    my $browser = Civic::Browser->new;
    $browser->sign_in($browser->get($set->url('/page')), 'lin');
    is $browser->fetch($set->url('/api'))->{status}, 200, 'signed in';

    sign_out($browser, $browser->get($set->idp->issuer . '/session/end'));

    ok $set->redis->wait_until(sub {
        $browser->fetch($set->url('/api'))->{status} == 401;
    }), 'signed out here, too';
};


subtest 'keys that rotate keep nobody out' => sub {
    sleep 2;                            # the cool-down
    $set->idp->rotate;
    my $browser = Civic::Browser->new;
    my $res = $browser->sign_in($browser->get($set->url('/page')), 'zhang');
    is $res->{status}, 200, 'signed in with the new key at once';

    sleep 2;
    $set->idp->rotate;
    $set->idp->withdraw;
    sign_out($browser, $browser->get($set->idp->issuer . '/session/end'));
    ok $set->redis->wait_until(sub {
        $browser->fetch($set->url('/api'))->{status} == 401;
    }), 'and out, told with the next one';
};


subtest 'a page may have a link to sign in' => sub {
    my $browser = Civic::Browser->new;
    my $res = $browser->get($set->url('/signin/start?return=/maybe%3Fx'));
    $res = $browser->sign_in($res, 'zhang');
    is $browser->{at}, $set->url('/maybe?x'), 'it leads back there';
    is $res->{headers}{'x-seen'}, 'verified|citizens:zhang|', 'signed in';
};


subtest 'pages have their methods, others are not there' => sub {
    my $gate = $set->gate;
    is $gate->get('/signin/backchannel')->{status}, 405, 'a method';
    is $gate->get('/signin/backchannel')->{headers}{allow}, 'POST', 'Allow';
    is $gate->request('POST', '/signin/callback', {})->{status}, 405,
        'another';
    is $gate->get('/signin/else')->{status}, 404, 'another page';
};


my $log = $set->gate->log . $set->gate->read('access.log');
unlike $log, qr/ey[\w-]{20,}\./, 'no token in any log';
unlike $log, qr/civic-signin-secret/, 'and no secret';

$set->stop;
done_testing();
