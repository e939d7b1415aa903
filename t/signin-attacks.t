#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_signin against those who want somebody else's session, or somebody
# else to have theirs; the provider is npm's oidc-provider.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use Civic::Signin;

if (my $why = Civic::Provider->missing) {
    plan skip_all => $why;
}

# what the provider posts is read from where nginx has put it

my $set = Civic::Signin->start(server => <<'END');
location = /signin/backchannel {
    civic_auth off;
    civic_signin_pages portal;
    client_body_in_file_only clean;
}
END
my $cookie = '__Host-civic-portal';
my $callback = qr{/signin/callback};


# a browser that has signed in at the provider and stands before the door

sub at_the_door {
    my ($name, $path) = @_;

    my $browser = Civic::Browser->new;
    my $res = $browser->sign_in($browser->get($set->url($path // '/page')),
                                $name, $callback);
    return $browser, $res->{location};
}


sub refused {
    my ($res, $status, $code, $title) = @_;

    is $res->{status}, $status, $title;
    like $res->{headers}{'x-seen'}, qr/\|\Q$code\E$/, "... as $code";
}


sub parts {
    my ($address) = @_;

    return map { split /=/, $_, 2 } split /&/, $address =~ s/^[^?]+\?//r;
}


subtest 'state that is missing, changed, of another browser or old' => sub {
    my ($browser, $door) = at_the_door('zhang');
    my %part = parts($door);

    refused($browser->get($set->url("/signin/callback?code=$part{code}")),
            400, 'signin-state', 'no state');
    refused($browser->get($door =~ s/state=.{20}\K./!/r), 400,
            'signin-state', 'another state');
    refused($browser->get("$door&state=$part{state}"), 400, 'signin-state',
            'two states');
    refused(Civic::Browser->new->get($door), 400, 'signin-state',
            'no browser that began it');

    my ($other) = at_the_door('li');
    refused($other->get($door), 400, 'signin-state',
            'a browser that began another');

    is $browser->get($door)->{status}, 303, 'whoever began it comes in';
    refused($browser->get($door), 400, 'signin-state', 'but once');
};


subtest 'a code goes only to whom it was given' => sub {
    my ($mine, $my_door) = at_the_door('zhang');
    my ($theirs, $their_door) = at_the_door('li');
    my %their = parts($their_door);

    refused($mine->get($my_door =~ s/code=[^&]+/code=$their{code}/r), 400,
            'signin-code', "another's code, with my state");
    is $mine->cookie($set->port, $cookie), undef, 'there is no session';

    my ($browser, $door) = at_the_door('zhang');
    refused($browser->get($door =~ s/code=[^&]+/code=made-up/r), 400,
            'signin-code', 'a code that was made up');
    refused($browser->get($door), 400, 'signin-state',
            'and the state is used up');
};


subtest 'an answer of another provider, or with two voices' => sub {
    my ($browser, $door) = at_the_door('zhang');

    refused($browser->get($door =~ s/iss=[^&]+/iss=https%3A%2F%2Fevil/r),
            400, 'signin-answer', 'another issuer');
    refused($browser->get("$door&code=x"), 400, 'signin-answer',
            'two codes');
    refused($browser->get($door =~ s/code=[^&]+/code=/r), 400,
            'signin-answer', 'no code');
    refused($browser->get($door =~ s/code=[^&]+/error=access_denied/r), 403,
            'signin-denied', 'the provider said no');
    refused($browser->get($door =~ s/code=[^&]+/error=%0d%0aevil/r), 400,
            'signin-answer', 'no word of a provider');
    is $browser->get($door)->{status}, 303, 'none of it used up the state';
};


subtest 'nobody is sent to another site' => sub {
    for my $path ('https%3A%2F%2Fevil.example/', '//evil.example/',
                  '/%5Cevil.example', '/%0d%0aLocation:%20x', 'evil', '')
    {
        my $browser = Civic::Browser->new;
        my $res = $browser->sign_in(
            $browser->get($set->url("/signin/start?return=$path")), 'zhang');
        is $browser->{at}, $set->url('/'), "return=$path leads home";
    }

    my $browser = Civic::Browser->new;
    my $res = $browser->sign_in($browser->get($set->url('//evil.example')),
                                'zhang');
    unlike $browser->{at}, qr{^http://evil}, 'a page named //evil.example';
};


subtest 'nobody is signed in with a session that somebody else knows' => sub {
    my $thief = Civic::Browser->new;
    $thief->sign_in($thief->get($set->url('/page')), 'li');
    my $known = $thief->cookie($set->port, $cookie);

    my ($browser, $door) = at_the_door('zhang');
    $browser->set_cookie($set->port, $cookie, $known);
    $browser->follow($browser->get($door));

    isnt $browser->cookie($set->port, $cookie), $known, 'the token is new';
    is $browser->fetch($set->url('/api'))->{headers}{'x-seen'},
        'verified|citizens:zhang|', 'the session is that of who signed in';
    is $thief->fetch($set->url('/api'))->{status}, 401,
        'the one before has ended';

    $browser = Civic::Browser->new;
    $browser->set_cookie($set->port, $cookie, 'A' x 43);
    is $browser->fetch($set->url('/api'))->{status}, 401,
        'a token that was made up leads nowhere';
};


subtest 'pages of other sites do nothing in the name of a person' => sub {
    my $browser = Civic::Browser->new;
    $browser->sign_in($browser->get($set->url('/page')), 'zhang');

    is $browser->post($set->url('/page'), { a => 1 })->{status}, 200,
        'a form of our own page';

    my %from = (
        'another site' => { 'Origin' => 'https://evil.example',
                            'Sec-Fetch-Site' => 'cross-site' },
        'another port' => { 'Origin' => 'http://127.0.0.1:1',
                            'Sec-Fetch-Site' => 'same-site' },
        'nowhere'      => { 'Origin' => undef, 'Sec-Fetch-Site' => undef },
        'null'         => { 'Origin' => 'null' },
    );
    for my $where (sort keys %from) {
        refused($browser->post($set->url('/page'), {}, $from{$where}), 403,
                'origin-refused', "a form from $where");
    }
    is $browser->get($set->url('/page'), { 'Sec-Fetch-Site' => 'cross-site' })
        ->{status}, 200, 'a link from elsewhere';

    my %link = (
        'elsewhere'     => { 'Sec-Fetch-Site' => 'cross-site' },
        'nowhere'       => { 'Sec-Fetch-Site' => undef },
        'two places'    => { 'Sec-Fetch-Site' => ['cross-site', 'none'] },
        'where its Origin is not' => {
            'Origin' => 'https://evil.example',
            'Sec-Fetch-Site' => 'same-origin' },
    );
    for my $where (sort keys %link) {
        refused($browser->get($set->url('/signin/logout'), $link{$where}),
                403, 'origin-refused', "a link to sign out, from $where");
    }
    refused($browser->post($set->url('/signin/logout'), {},
                           { 'Origin' => 'https://evil.example' }),
            403, 'origin-refused', 'a form to sign out, from elsewhere');
    is $browser->fetch($set->url('/api'))->{status}, 200, 'still signed in';
    is $browser->get($set->url('/signin/logout'),
                     { 'Sec-Fetch-Site' => 'same-origin' })->{status}, 303,
        'a link of our own page';
};


subtest 'two cookies, and what is none' => sub {
    my $browser = Civic::Browser->new;
    $browser->sign_in($browser->get($set->url('/page')), 'zhang');
    my $token = $browser->cookie($set->port, $cookie);

    refused($set->gate->get('/api', { Cookie =>
                "$cookie=$token; $cookie=$token" }),
            400, 'credentials-malformed', 'twice the same');
    for my $value ('', 'x', "$token.", substr($token, 1), ";$token") {
        is $set->gate->get('/api', { Cookie => "$cookie=$value" })->{status},
            401, "\"$value\" is no token";
    }
    is $set->gate->get('/api', { Cookie => "$cookie=$token" })->{status},
        200, 'this one is';
};


subtest 'the back channel believes the provider alone' => sub {
    my $browser = Civic::Browser->new;
    $browser->sign_in($browser->get($set->url('/page')), 'zhang');
    my $to = $set->url('/signin/backchannel');
    my $id_token = id_token_of($browser);
    for my $form ({}, { logout_token => '' }, { logout_token => 'a.b.c' },
                  { logout_token => $id_token })
    {
        refused(Civic::Browser->new->post($to, $form), 400,
                'signin-logout-token',
                'logout_token=' . substr $form->{logout_token} // '(none)',
                0, 8);
    }
    refused(Civic::Browser->new->post($to, { logout_token => 'x' x 20000 }),
            413, 'body-too-large', 'a body that is too large');

    my $front = $set->url('/signin/frontchannel');
    refused(Civic::Browser->new->get("$front?sid=x"), 400,
            'signin-logout-token', 'the front channel, without issuer');
    my $res = Civic::Browser->new->get(
        "$front?sid=x&iss=" . $set->idp->issuer);
    is $res->{status}, 200, 'nobody has that sid';
};


# signing out shows it to the provider

sub id_token_of {
    my ($browser) = @_;

    my $res = $browser->post($set->url('/signin/logout'), {});
    return $res->{headers}{location} =~ /id_token_hint=([^&]+)/ ? $1 : '';
}


unlike $set->gate->log, qr/ey[\w-]{20,}\./, 'no token in the error log';

$set->stop;
done_testing();
