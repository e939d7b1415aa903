# Copyright (C) Civic Gate
#
# What is wrong with departments and mounts is said at nginx -t, with file
# and line.

use strict;
use warnings;

use lib 't/lib';
use Civic::Gate;
use Civic::Issuer;
use Test::More;

my $redis = "civic_redis main { server unix:%DIR%/redis.sock; }\n";
my $mount = 'civic_auth off; location @plugins { civic_mount all; }';
my $good = "path %DIR%/html; prefix /health;";


sub refused {
    my ($title, $pattern, %option) = @_;

    my ($ok, $output) = Civic::Gate->check(server => $mount, %option);
    ok !$ok, "$title is refused";
    like $output, qr/\[emerg\] .*$pattern.* in \S+nginx\.conf:\d+/, 'and named';
    return;
}


sub department {
    my ($words, $title, $pattern, $http) = @_;

    refused($title, $pattern,
            http => ($http // '') . "civic_department health { $words }");
    return;
}


my ($ok, $output) = Civic::Gate->check(server => $mount,
    http => "civic_department health { $good }");
ok $ok, 'a department and a mount are accepted' or diag $output;
unlike $output, qr/\[warn\]/, 'without a warning';

($ok, $output) = Civic::Gate->check(server => $mount,
    http => 'civic_department health { path nowhere; prefix /health; }');
ok $ok, 'a folder that is not there is accepted' or diag $output;
like $output, qr/\[warn\] .*the folder "\S+nowhere" .* is not there/,
     'with a warning';

department('prefix /health;', 'a department without a path',
           'civic_department "health" does not say "path"');
department('path x;', 'one without a prefix', 'does not say "prefix"');
department("$good colour red;", 'an unknown word',
           'unknown word "colour" in .* knows path, .* off');
department("$good $good", 'a word that comes twice', '"path" comes twice');
department('path x; prefix health;', 'a prefix without a slash',
           'prefix "health" is not a plain path');
department('path x; prefix /health/;', 'a prefix that ends with one',
           'is not a plain path');
department('path x; prefix /a /a/b;', 'a prefix within another',
           'prefix "/a/b" overlaps with "/a"');
department("$good memory 512k;", 'too little memory', 'at least 1m');
department("$good cpu 0;", 'no CPU time', '"cpu 0" in civic_department');
department("$good timeout 1d;", 'too long a timeout', '"timeout 1d" in');
department("$good instructions 1;", 'too few instructions',
           '"instructions 1" in');
department("$good allow everything;", 'an unknown grant',
           'cannot allow "everything"');
department("$good allow data=P9;", 'a class of data that is none',
           'none of data=P0');
department("$good allow scripts;", 'scripts without a store',
           'no store to run them');
department("$good allow store;", 'a store without a redis',
           'there is no civic_redis');
department("$good allow store; redis other;", 'an unknown redis',
           'which no civic_redis defines', $redis);
department("$good redis main;", 'a redis without a store',
           'not allowed the store', $redis);
department("$good allow http=his;", 'an unknown remote',
           'no civic_remote is named so');
department("$good allow calls=pay;", 'a call that names no plugin',
           'not DEPARTMENT/PLUGIN');
department("$good allow claims=a,a;", 'a claim that is granted twice',
           'grants "a" twice');
department("$good secret key;", 'a secret without a file',
           '"secret" in .* takes two values');
department("$good secret key file=nowhere;", 'a secret file that is not there',
           'secret file "\S+" cannot be opened');
refused('a secret that everybody may read',
        'secret file "\S+" holds a secret, and everybody may read',
        http => "civic_department health { $good secret key file=key; }",
        files => { key => 'x' }, mode => { key => 0644 });

refused('a bad name', 'cannot name a civic_department',
        http => "civic_department Health { $good }");
refused('a department that is defined twice', 'is defined already',
        http => "civic_department a { $good }\ncivic_department a { $good }");
refused('a prefix of two departments', 'overlaps with "/health" of "a"',
        http => "civic_department a { $good }\n"
                . "civic_department b { path x; prefix /health/b; }");
refused('a mount without departments', 'nothing to mount');
refused('a mount of an unknown department', 'names "x"',
        http => "civic_department health { $good }",
        server => 'civic_auth off; location /p/ { civic_mount x; }');
refused('a department mounted twice in a server', 'is mounted in this server',
        http => "civic_department health { $good }",
        server => 'civic_auth off; location /p/ { civic_mount all; }'
                  . 'location /q/ { civic_mount health; }');
refused('a mount beside civic_route', 'share a location',
        http => "civic_department health { $good }",
        server => 'civic_auth off; location /p/ { civic_mount all;'
                  . ' civic_route GET "/p/x"; }');
refused('a mount beside another handler', 'another content handler',
        http => "civic_department health { $good }",
        server => 'civic_auth off; location /p/ { civic_mount all;'
                  . ' proxy_pass http://127.0.0.1:1; }');
refused('a mount in an exact location', 'not for a location with "="',
        http => "civic_department health { $good }",
        server => 'civic_auth off; location = /p { civic_mount all; }');
refused('a mount in a location with an expression', 'regular expression',
        http => "civic_department health { $good }",
        server => 'civic_auth off; location ~ /p { civic_mount all; }');
my $citizens = Civic::Issuer->new;
refused('a mount where callers are authenticated', 'civic_auth is not off',
        files => { $citizens->files },
        http => $citizens->block . "civic_department health { $good }",
        server => 'location /p/ { civic_auth citizens; civic_mount all; }');

($ok, $output) = Civic::Gate->check(server => $mount,
    main => 'master_process off;',
    http => "civic_department health { $good }");
ok !$ok, 'without a master process departments are refused';
like $output, qr/needs "master_process on"/, 'and the error says why';

($ok, $output) = Civic::Gate->check(
    http => "civic_department health { $good }");
like $output, qr/\[warn\] .* is mounted nowhere/,
     'a department that is mounted nowhere is warned about';

done_testing;
