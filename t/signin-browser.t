#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_signin as a person sees it: Chromium, a page of a service that knows
# nothing of sign-in, and npm's oidc-provider.

use strict;
use warnings;
use utf8;

use Test::More;

use lib 't/lib';
use Civic::Chromium;
use Civic::Signin;

if (my $why = Civic::Provider->missing // Civic::Chromium->missing) {
    plan skip_all => $why;
}

binmode Test::More->builder->$_, ':encoding(UTF-8)'
    for qw(output failure_output);

my $html = 'default_type text/html; charset utf-8;';
my $set = Civic::Signin->start(server => <<"END");
    location = /form {
        civic_auth portal; $html
        return 200 '<p id=who>\$civic_caller</p>
            <form method=post action=/done><input name=a value=b>
            <button id=send>send</button></form>
            <form method=post action=/signin/logout>
            <button id=out>out</button></form>';
    }
    location = /done {
        civic_auth portal; $html return 200 'done: \$civic_caller';
    }
END

# another site on this machine: the same host to cookies, another origin

my $evil = Civic::Gate->start(server => <<"END");
    location / {
        $html return 200 '<form method=post action="@{[$set->url('/done')]}">
            <input name=a value=evil><button id=send>win</button></form>';
    }
END

my $web = Civic::Chromium->start;


$web->go($set->url('/form?a=b'));
like $web->at, qr{^\Q${\$set->idp->issuer}\E/interaction/},
    'a page leads to the form of the provider';
like $web->text, qr/张伟/, 'which is there';

$web->type('input[name=login]', 'zhang');
$web->type('input[name=password]', 'wrong');
$web->click('#submit');
ok $web->wait(sub { $web->text =~ /Wrong name or password/ }),
    'a wrong password does not sign in';

$web->type('input[name=login]', 'zhang');
$web->type('input[name=password]', 'demo');
$web->click('#submit');
ok $web->wait(sub { $web->at eq $set->url('/form?a=b') }),
    'the right one leads back to the page' or diag $web->at, $web->text;
is $web->run('return document.getElementById("who").innerText'),
    'citizens:zhang', 'which knows the person';

my ($cookie) = grep { $_->{name} eq '__Host-civic-portal' }
               @{ $web->cookies };
ok $cookie && $cookie->{httpOnly} && $cookie->{secure}
   && $cookie->{sameSite} eq 'Lax', 'the browser keeps the cookie as it is';
is $web->run('return document.cookie'), '', 'and shows it to no script';


$web->click('#send');
ok $web->wait(sub { $web->at eq $set->url('/done') }), 'a form is sent';
is $web->text, 'done: citizens:zhang', 'in the name of the person';

my $fetched = $web->run(
    'return fetch("/api", { method: "POST", body: "x" })'
    . '.then((answer) => answer.status)');
is $fetched, 200, 'a script of the page may send, too';


$web->go('http://127.0.0.1:' . $evil->port . '/');
$web->click('#send');
ok $web->wait(sub { $web->at eq $set->url('/done') }),
    'a form of another origin is sent';
like $web->text, qr/403/, 'and refused, though the cookie came with it';
unlike $web->text, qr/citizens/, 'nothing was done';

$web->go('http://localhost:' . $evil->port . '/');
$web->click('#send');
ok $web->wait(sub { $web->at eq $set->url('/done') }),
    'a form of another site is sent';
like $web->text, qr/401/, 'without the cookie';

my $status = $web->run(
    'return fetch(arguments[0], { redirect: "manual" })'
    . '.then((answer) => answer.status)', $set->url('/api'));
is $status, 200, 'still signed in';


$web->go($set->url('/form'));
$web->click('#out');
ok $web->wait(sub { $web->at =~ m{/session/end} }),
    'signing out leads to the provider';
$web->run('document.querySelector("[name=logout]").click()');
ok $web->wait(sub { $web->at eq $set->url('/') }), 'and home'
    or diag $web->at, $web->text;

my @left = grep { $_->{name} eq '__Host-civic-portal' } @{ $web->cookies };
is scalar @left, 0, 'the cookie is gone';
is $web->run('return fetch("/api").then((answer) => answer.status)'), 401,
    'and scripts are told so';

$web->go($set->url('/form'));
like $web->at, qr{/interaction/}, 'a page leads to the provider again';

$web->stop;
$evil->stop;
$set->stop;
done_testing();
