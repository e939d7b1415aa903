#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Each mistake in a civic_issuer block or its key file is found by nginx -t,
# with file and line.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Token;

my $citizens = Civic::Issuer->new(kid => 'k1');
my $rsa = Civic::Token->key('RS256', kid => 'r1');
my $hmac = Civic::Token->key('HS256', kid => 'h1');
my %words = (issuer => 'issuer https://id.example;',
             audience => 'audience a;', keys => 'keys keys/citizens.json;',
             algorithms => 'algorithms ES256;');


sub check {
    my ($http, %files) = @_;

    return Civic::Gate->check(files => { $citizens->files, %files },
                              http => $http);
}

# the four mandatory words, some replaced, and more behind them

sub block {
    my ($more, %change) = @_;

    my %all = (%words, %change);
    return "civic_issuer citizens {\n"
           . join('', map { "$all{$_}\n" } sort keys %all) . "$more\n}\n";
}

sub refused {
    my ($title, $error, $http, %files) = @_;

    my ($ok, $output) = check($http, %files);
    ok !$ok, "refused: $title";
    like $output, qr/$error.* in \S*nginx\.conf:\d+$/m,
        '... with the reason, file and line';
}


my ($ok, $output) = check(block('leeway 5m; lifetime 24h; type at+jwt;'
    . 'subject uid; scope scp; region region_code; require_claims a b;'
    . 'roles realm.roles; level acr; client azp;'
    . 'token header cookie=a query=b;',
    audience => 'audience a b;', algorithms => 'algorithms RS256 ES256;'));
ok $ok, 'a block with every word is accepted' or diag $output;

# the block

for my $word (sort keys %words) {
    refused("no $word", qr/civic_issuer "citizens" does not say "$word"/,
            block('', $word => ''));
    refused("$word twice", qr/"$word" comes twice in civic_issuer/,
            block($words{$word}));
    refused("$word without a value", qr/"$word" in .* takes one value/,
            block('', $word => "$word;"));
    refused("an empty $word", qr/"$word" in .* has an empty value/,
            block('', $word => "$word '';"));
}

for my $word (qw(leeway lifetime type subject scope region roles level
                 client))
{
    refused("two values of $word", qr/"$word" in .* takes one value/,
            block("$word 1s 2s;"));
}

refused('an unknown word', qr/unknown word "audiences" in civic_issuer/,
        block('audiences a;'));
refused('a place that is none', qr/"token body" .* is none of header, cookie=/,
        block('token header body;'));
refused('a cookie without a name', qr/"token cookie=" .* is none of/,
        block('token cookie=;'));
refused('a place twice', qr/"token query=t" comes twice/,
        block('token query=t header query=t;'));
refused('a block inside', qr/unexpected "\{"/, block("keys {\n}"));
refused('a leeway of six minutes', qr/"leeway 6m" .* at most 5m/,
        block('leeway 6m;'));
refused('a leeway that is no time', qr/"leeway soon"/, block('leeway soon;'));
refused('no lifetime at all', qr/"lifetime 0" .* is not a time/,
        block('lifetime 0;'));
refused('an unknown algorithm', qr/unknown algorithm "ES265"/,
        block('', algorithms => 'algorithms ES265;'));
refused('the algorithm none', qr/unknown algorithm "none"/,
        block('', algorithms => 'algorithms none;'));
refused('an algorithm twice', qr/algorithm "ES256" comes twice/,
        block('', algorithms => 'algorithms ES256 ES256;'));
refused('a second issuer of that name',
        qr/"citizens" is defined already in \S+nginx\.conf:\d+/,
        block('') . block(''));

for my $name ('off', 'optional', 'app', 'a:b', 'a.b', '"a b"', '""') {
    refused("the name $name", qr/cannot name a civic_issuer/,
            "civic_issuer $name { }");
}

# the key file

sub keys_refused {
    my ($title, $error, $content, %change) = @_;

    refused($title, qr/key file "\S+citizens\.json"$error/, block('', %change),
            'keys/citizens.json' => $content);
}

refused('no such file', qr/none\.json" cannot be opened: No such file/,
        block('', keys => 'keys keys/none.json;'));
refused('a folder', qr/" is not a file/, block('', keys => 'keys keys;'));
keys_refused('an empty file', qr/ is empty/, '');
keys_refused('no JSON', qr/: .*JSON/, 'keys');
keys_refused('a PEM', qr/: .*JSON/, $rsa->public_pem);
keys_refused('no key', qr/: /, '{"keys":[]}');
keys_refused('a file above 1 MB', qr/ is larger than 1 MB/,
             ' ' x 1048577);
keys_refused('two keys of one kid', qr/: .*kid/,
             Civic::Token->jwks($citizens->key, $citizens->key));
keys_refused('a key for none of the algorithms', qr/: /,
             Civic::Token->jwks($rsa));

my $private = $citizens->key->jwk(d => 'AAAA');
keys_refused('a private key', qr/: .*private/, "{\"keys\":[$private]}");

umask 0077;
keys_refused('a symmetric key that nobody asked for', qr/: /,
             Civic::Token->jwks($hmac));

my %hs = (algorithms => 'algorithms HS256;');
($ok, $output) = check(block('', %hs),
                       'keys/citizens.json' => Civic::Token->jwks($hmac));
ok $ok, 'a symmetric key is accepted where HS256 is named' or diag $output;

umask 0022;
keys_refused('a symmetric key that everybody may read',
             qr/ holds a symmetric key, and everybody may read it/,
             Civic::Token->jwks($hmac), %hs);

umask 0000;
($ok, $output) = check(block(''));
ok $ok, 'a key file that everybody may write is accepted';
like $output, qr/\[warn\] .*everybody may write to key file .*conf:\d+/,
    '... with a warning';

# words that name a remote

my $idp = 'civic_remote idp { url http://127.0.0.1:1; }';
my $live = 'keys remote=idp path=/jwks';
my $ask = 'introspect remote=idp path=/introspect';

($ok, $output) = check(block('', keys => "$live refresh=1d cooldown=1h;")
                       . $idp);
ok $ok, 'keys may come from a remote that is defined later'
    or diag $output;
($ok, $output) = check("$idp\n" . block("$ask cache=0s always;",
                       keys => '', algorithms => ''));
ok $ok, 'an issuer that is asked needs no keys' or diag $output;
($ok, $output) = check("$idp\n" . block("$ask;", keys => "$live;"));
ok $ok, 'and may have both' or diag $output;

for ('keys', 'introspect') {
    my $of = sub {
        my ($words) = @_;
        return $idp . "\n" . ($_ eq 'keys' ? block('', keys => "keys $words;")
                                          : block("introspect $words;"));
    };
    refused("$_ without a path", qr/"$_" .* does not say "path="/,
            $of->('remote=idp'));
    refused("$_ without a remote", qr/"$_" .* does not say "remote="/,
            $of->('path=/x ' . ($_ eq 'keys' ? 'refresh=5m' : 'cache=5s')));
    refused("$_ with an unknown parameter",
            qr/unknown word "colour=red" in "$_" of civic_issuer/,
            $of->('remote=idp path=/x colour=red'));
    refused("$_ with two paths", qr/"path=" comes twice in "$_" of/,
            $of->('remote=idp path=/x path=/y'));
    refused("$_ with a path that leaves the remote", qr/"path=\/\.\.\/x" in/,
            $of->('remote=idp path=/../x'));
    refused("$_ of a remote that nobody defines",
            qr/names an unknown civic_remote "other"/,
            $of->('remote=other path=/x'));
}

refused('a refresh that is too short',
        qr/"refresh=10ms" .* is not a time from 1s to 1d/,
        "$idp\n" . block('', keys => "$live refresh=10ms;"));
refused('a cooldown that is none',
        qr/"cooldown=soon" .* is not a time from 1s to 1h/,
        "$idp\n" . block('', keys => "$live cooldown=soon;"));
refused('a cache that is too long',
        qr/"cache=2h" .* is not a time of at most 1h/,
        "$idp\n" . block("$ask cache=2h;"));
refused('always twice', qr/"always" comes twice in "introspect"/,
        "$idp\n" . block("$ask always always;"));
refused('symmetric keys of a remote',
        qr/symmetric keys are not taken from a remote/,
        "$idp\n" . block('', keys => "$live;",
                         algorithms => 'algorithms ES256 HS256;'));
refused('keys without algorithms', qr/does not say "algorithms"/,
        "$idp\n" . block('', keys => "$live;", algorithms => ''));
refused('algorithms without keys', qr/does not say "keys"/,
        "$idp\n" . block("$ask;", keys => ''));

done_testing;
