# Copyright (C) Civic Gate
#
# civic_apps file=: what nginx -t says of the directive and of the file, and
# that the applications in it may call.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use Civic::App;
use Civic::Gate;
use Civic::Upstream;

my $one = 'a' x 64;
my $two = 'b' x 64;


# the directive

for (
    ['civic_apps;', qr/invalid number of arguments/],
    ['civic_apps cache=1m;', qr/wants redis=NAME or file=FILE/],
    ['civic_apps redis=main file=apps.json;', qr/and one of them/],
    ['civic_apps redis=main;', qr/names an unknown civic_redis "main"/],
    ['civic_apps redis=;', qr/"redis=" in civic_apps has an empty/],
    ['civic_apps redis=a redis=b;', qr/"redis=" comes twice in/],
    ['civic_apps redis=a cache=1k;',
     qr/"cache=1k" in civic_apps is not a size from 256k to 1g/],
    ['civic_apps redis=a cache=1m cache=2m;', qr/"cache=" comes twice/],
    ['civic_apps file=apps.json cache=1m;',
     qr/file= takes neither cache= nor key_file=/],
    ['civic_apps file=a; civic_apps file=b;', qr/is duplicate/],
    ['civic_apps near=a;',
     qr/unknown word "near=a" in civic_apps; it knows redis=, cache=/],
    ['civic_apps file=none.json;', qr/"\S+none\.json" cannot be opened/],
    ['civic_redis main { server unix:r.sock; } '
     . 'civic_apps redis=main key_file=short;', qr/is open to others than/],
) {
    my ($words, $error) = @$_;
    my ($ok, $said) = Civic::Gate->check(http => $words,
        files => { short => 'x' });
    ok !$ok && $said =~ $error && $said =~ /nginx\.conf:\d+/,
        "\"$words\" is refused" or diag $said;
}

my ($ok, $said) = Civic::Gate->check(
    server => 'location / { civic_auth app:key; }');
ok !$ok && $said =~ /civic_auth names an unknown issuer "app:key"/,
    'app:key wants civic_apps' or diag $said;


# the file

for (
    ['{"apps":[', qr/apps\.json": .*line 1/, 'what is no JSON'],
    ['{}', qr/does not say "apps"/, 'a file without applications'],
    ['{"apps":[{"name":"a"},{"name":"b","x":1}]}',
     qr/apps\[1\] has an unknown member "x"/, 'a member that is not known'],
    ['{"apps":[{"name":"a"},{"name":"a"}]}',
     qr/apps\[1\] has the name of apps\[0\], "a"/, 'a name twice'],
    ['{"apps":[{"name":"a","addresses":["10.0.0.1/8"]}]}',
     qr/apps\[0\]\.addresses\[0\] "10\.0\.0\.1\/8" has bits behind/,
     'a range that is none'],
    ['{"apps":[{"name":"a","scopes":["a b"]}]}',
     qr/apps\[0\]\.scopes\[0\] is no scope/, 'a scope that is none'],
    [qq({"apps":[{"name":"a","keys":[{"id":"x","sha256":"$one"}]},)
     . qq({"name":"b","keys":[{"id":"x","sha256":"$one"}]}]}),
     qr/apps\[1\] has "key:a{64}", which belongs to application "a"/,
     'a key of two applications'],
    ['{"apps":[{"name":"a","signers":[{"id":"s","algorithm":"hmac-sha256",'
     . '"schemes":["x-ca"],"secret":"0123456789abcdef"}]},{"name":"b",'
     . '"signers":[{"id":"s","algorithm":"hmac-sha256","schemes":["x-ca"],'
     . '"secret":"0123456789abcdef"}]}]}',
     qr/apps\[1\] has "signer:s", which belongs to application "a"/,
     'a signer of two applications'],
    [qq({"apps":[{"name":"a","keys":[{"id":"x","sha256":"$one"},)
     . qq({"id":"y","sha256":"$two"},{"id":"z","sha256":"@{['c' x 64]}"}]}]}),
     qr/apps\[0\]\.keys has 3 valid keys, and not at most 2/,
     'a third valid key'],
    ['{"apps":[{"name":"a","signers":[{"id":"s","algorithm":"hmac-sha256",'
     . '"schemes":["x-ca"],"secret":"0123456789abcdef"}]}]}',
     qr/holds a secret, and everybody may read it/,
     'a secret that everybody may read'],
) {
    my ($file, $error, $what) = @$_;
    my ($ok, $said) = Civic::Gate->check(http => 'civic_apps file=apps.json;',
        files => { 'apps.json' => $file });
    ok !$ok && $said =~ $error && $said =~ /nginx\.conf:\d+/,
        "$what is refused" or diag $said;
}


# the applications

my %key = map { $_ => Civic::App->key }
    qw(his old off late inside outside nobody);
my $upstream = Civic::Upstream->start;
my @apps = (
    { name => 'his', title => 'HIS', scopes => ['imaging:read', 'b'],
      region => '350100', class => 'partner',
      keys => [Civic::App->record($key{his}),
               Civic::App->record($key{old}, expires => time - 1)] },
    { name => 'off', enabled => JSON::PP::false,
      keys => [Civic::App->record($key{off})] },
    { name => 'late', expires => time - 1,
      keys => [Civic::App->record($key{late})] },
    { name => 'inside', addresses => ['10.0.0.0/8', '127.0.0.0/8'],
      keys => [Civic::App->record($key{inside})] },
    { name => 'outside', addresses => ['10.0.0.0/8', '::1'],
      keys => [Civic::App->record($key{outside})] },
);
my $gate = Civic::Gate->start(allow_log => qr/apps\[0\]\.name is empty/,
    http => "log_format full '\$civic_code \$civic_app \$civic_caller "
          . "\$civic_auth_status';\n"
          . 'civic_apps file=apps.json;',
    files => { 'apps.json' => Civic::App->file(@apps) },
    server => <<"END");
    access_log access.log full;
    location / { civic_auth app:key; proxy_pass http://@{[$upstream->addr]}; }
    location /read { civic_auth app:key; civic_require scope=imaging:read;
                     proxy_pass http://@{[$upstream->addr]}; }
    location /pass { civic_auth app:key; civic_credentials pass;
                     proxy_pass http://@{[$upstream->addr]}; }
    location /open { civic_auth optional app:key;
                     proxy_pass http://@{[$upstream->addr]}; }
    location /twice { civic_auth app:key; error_page 502 = /pass;
                      proxy_pass http://127.0.0.1:1; }
END

sub seen {
    my ($res) = @_;

    return $res->{status} == 200 ? JSON::PP::decode_json($res->{content})
                                 : fail "status $res->{status}";
}

sub header { return scalar Civic::Upstream::header(@_) }

my $req = seen($gate->get('/', { 'X-Api-Key' => $key{his},
                                 'X-Civic-App' => 'forged' }));
is header($req, 'X-Civic-App'), 'his', 'the service learns the application';
is header($req, 'X-Civic-Caller'), 'app:his', 'who is the caller';
is header($req, 'X-Civic-Scope'), 'imaging:read b', 'its scopes';
is header($req, 'X-Civic-Region'), '350100', 'its region';
is header($req, 'X-Civic-Subject'), undef, 'and of no person';
is header($req, 'X-Api-Key'), undef, 'but not its key';

$req = seen($gate->get('/', { Authorization => "apikey $key{his}" }));
is header($req, 'X-Civic-App'), 'his', 'a key may come in Authorization';
is header($req, 'Authorization'), undef, 'and is removed from there';

$req = seen($gate->get('/pass', { 'X-Api-Key' => $key{his} }));
is header($req, 'X-Api-Key'), $key{his}, 'civic_credentials pass lets it by';

$req = seen($gate->get('/twice', { 'X-Api-Key' => $key{his} }));
is header($req, 'X-Api-Key'), $key{his},
    'and puts back what another location took';

$req = seen($gate->get('/twice', { Authorization => "Apikey $key{his}" }));
is header($req, 'X-Api-Key'), $key{his},
    'where the service will look for it';

is $gate->get('/read', { 'X-Api-Key' => $key{his} })->{status}, 200,
    'civic_require knows its scopes';
is $gate->get('/read', { 'X-Api-Key' => $key{inside} })->{status}, 403,
    'and what it lacks';
is $gate->get('/', { 'X-Api-Key' => $key{inside} })->{status}, 200,
    'an address that is listed may call';

my $res = $gate->get('/');
is $res->{status}, 401, 'without a key nobody may';
is $res->{headers}{'www-authenticate'}, 'Apikey realm="civic"',
    'and is told what is wanted';

for (
    ['nobody', 'key-unknown'], ['old', 'credential-expired'],
    ['off', 'app-disabled'], ['late', 'credential-expired'],
    ['outside', 'address-refused'],
) {
    my ($name, $code) = @$_;
    for my $path ('/', '/open') {
        my $res = $gate->get($path, { 'X-Api-Key' => $key{$name} });
        is $res->{status}, 401, "$path: $code is refused";
        is JSON::PP::decode_json($res->{content})->{code}, 'unauthenticated',
            'and nobody outside is told why';
    }
}
is $gate->get('/open')->{status}, 200, 'optional: none will do';

my $slip = $key{his} =~ s/(.)$/$1 eq 'a' ? 'b' : 'a'/er;
for ($slip, 'x', "$key{his}x", "Apikey $key{his}") {
    is $gate->get('/', { 'X-Api-Key' => $_ })->{status}, 401,
        'what is no key is none';
}
for ({ 'X-Api-Key' => [$key{his}, $key{his}] },
     { 'X-Api-Key' => $key{his}, Authorization => "Apikey $key{his}" })
{
    is $gate->get('/', $_)->{status}, 400, 'two places at once are refused';
}
is $gate->get('/', { Authorization => "Bearer $key{his}" })->{status}, 401,
    'a key is no bearer token';

like $gate->read('access.log'), qr/^- his app:his cached$/m,
    '$civic_app names it';
like $gate->read('access.log'), qr/^\Q$_\E /m, "$_ is the operator's word"
    for qw(key-unknown key-malformed credential-expired app-disabled
           address-refused credentials-malformed credentials-missing);


# the file is read again when nginx is told to, and not before

push @apps, { name => 'new', keys => [Civic::App->record($key{nobody})] };
$gate->write('conf/apps.json' => Civic::App->file(@apps));
is $gate->get('/', { 'X-Api-Key' => $key{nobody} })->{status}, 401,
    'a file that has changed changes nothing';
ok $gate->reload, 'until nginx reads it again';
is $gate->get('/', { 'X-Api-Key' => $key{nobody} })->{status}, 200,
    'which then knows the new application';

$gate->write('conf/apps.json' => '{"apps":[{"name":""}]}');
ok !$gate->reload, 'a file that is wrong is not taken';
is $gate->get('/', { 'X-Api-Key' => $key{nobody} })->{status}, 200,
    'and the one before stays';

my $logs = $gate->log . $gate->read('access.log');
unlike $logs, qr/\Q$_\E/, 'no key is in any log' for values %key;
unlike $logs, qr/cg_\w{8}_/, 'nor anything that looks like one';

done_testing;
