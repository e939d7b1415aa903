# Copyright (C) Civic Gate
#
# ./civic up --idp: the demo with a provider, and a page behind sign-in.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;
use Civic::Browser;
use Civic::Chromium;
use Civic::Cli;
use Civic::Provider;

if (my $why = Civic::Provider->missing) {
    plan skip_all => $why;
}

my $cli = Civic::Cli->new(idp_port => Civic::Gate->free_port);
my $gate = 'http://127.0.0.1:' . $cli->port;
my $idp = "http://127.0.0.1:$cli->{idp_port}";


my ($status, $said) = $cli->run('up', '-d', '--idp');
is $status, 0, 'up --idp succeeds' or BAIL_OUT($said);
like $said, qr{^  \Q$idp\E$}m, 'it says where the provider is';
like $said, qr{/portal/.*zhang}s, 'and who may sign in where';

my $browser = Civic::Browser->new;
my $res = $browser->sign_in($browser->get("$gate/portal/"), 'zhang');
is $res->{status}, 200, 'a page behind sign-in' or diag explain $res;
is $browser->{at}, "$gate/portal/", 'is where one comes back to';
like $res->{content}, qr/portal\.js/, 'it is the page';

$res = $browser->fetch("$gate/portal/me");
is_deeply JSON::PP::decode_json($res->{content}),
    { caller => 'people:zhang', region => '350400', scope =>
      'openid profile imaging:read booking:read booking:write' },
    'which learns who is there';
$res = $browser->fetch("$gate/health/imaging/v1/studies",
                       { Accept => 'application/dicom+json' });
is $res->{status}, 200, 'the service behind the gate takes the session';

SKIP: {
    my $why = Civic::Chromium->missing;
    skip $why, 3 if $why;

    my $web = Civic::Chromium->start;
    $web->go("$gate/portal/");
    $web->type('input[name=login]', 'chen');
    $web->type('input[name=password]', 'demo');
    $web->click('#submit');
    ok $web->wait(sub { $web->text =~ /people:chen/ }),
        'a person sees who he is' or diag $web->text;
    ok $web->wait(sub {
        $web->run('return document.querySelectorAll("li").length') == 4;
    }), 'and what the service has';
    $web->click('#out');
    ok $web->wait(sub { $web->at =~ m{/session/end} }), 'and can leave';
    $web->stop;
}

my $form = HTTP::Tiny->new->post_form("$idp/token", {
    grant_type => 'client_credentials', scope => 'imaging:read',
    client_id => 'civic-service',
    client_secret => 'civic-service-secret-of-the-demo' });
my $token = JSON::PP::decode_json($form->{content})->{access_token};
$res = $cli->gate->get('/health/imaging/v1/studies',
                       { Authorization => "Bearer $token" });
is $res->{status}, 200, 'and tokens of the provider';
$res = $cli->gate->get('/health/imaging/v1/studies',
    { Authorization => 'Bearer ' . $cli->token('imaging:read') });
is $res->{status}, 200, 'and those of ./civic token';

$res = $browser->post("$gate/signin/logout", {});
like $res->{headers}{location}, qr{^\Q$idp\E/session/end},
    'signing out leads to the provider';
is $browser->fetch("$gate/portal/me")->{status}, 401, 'and has ended it';

my $rival = Civic::Cli->new(idp_port => $cli->{idp_port});
($status, $said) = $rival->run('up', '-d', '--idp');
is $status, 1, 'a port that is taken is refused';
like $said, qr/port $cli->{idp_port} is taken, .* CIVIC_IDP_PORT/,
    'by name';

my $twin = Civic::Cli->new;
$twin->{idp_port} = $twin->{port};
($status, $said) = $twin->run('up', '-d', '--idp');
is $status, 1, "so is the gate's own";
like $said, qr/CIVIC_PORT and CIVIC_IDP_PORT are the same: $twin->{port}/,
    'by name';
$twin->run('down');

($status, $said) = $cli->run('down');
is $status, 0, 'down succeeds';
is_deeply [$cli->left], [], 'and leaves no process behind';
ok !HTTP::Tiny->new->get("$idp/jwks")->{success}, 'nor the provider';

($status, $said) = $cli->run('up', '-d');
is $status, 0, 'up without --idp' or diag $said;
unlike $said, qr/portal/, 'says nothing of it';
is $cli->gate->get('/portal/')->{status}, 404, 'and has no such page';
is $cli->gate->get('/health/imaging/v1/studies',
                   { Authorization => "Bearer $token" })->{status}, 401,
    'nor believes that provider';
$cli->run('down');

done_testing();
