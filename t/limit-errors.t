#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What is wrong with a limit is said at nginx -t, with file and line.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my $good = 'civic_limit_policy good key=$arg_k rate=1r/s;';

sub refused {
    my ($http, $server, $expected) = @_;

    my ($ok, $output) = Civic::Gate->check(
        files => { 'limits.conf' => "# a line\n$http\n" },
        http => "include limits.conf;", server => $server);

    ok(!$ok, "it is an error: $http $server");
    like($output, qr/\[emerg\] [^\n]*$expected/, "the reason: $expected");
    return;
}

sub policy {
    my ($words, $expected) = @_;

    refused("civic_limit_policy $words;", '',
            "$expected in \\S+limits\\.conf:2");
    return;
}

policy('p rate=1r/s', 'civic_limit_policy "p" does not say "key="');
policy('p key= rate=1r/s', '"key=" in .* "p" has an empty value');
policy('p key=$arg_k', 'civic_limit_policy "p" does not say "rate="');
policy('p', 'civic_limit_policy "p" does not say "key="');
policy('p key=1 rate=', '"rate=" in .* "p" has an empty value');
policy('p key=1 rate=10', 'rate "10" of policy "p" is not a rate .*');
policy('p key=1 rate=1r/w', 'rate "1r/w" of policy "p" has an unknown .*');
policy('p key=1 rate=0r/s', 'rate "0r/s" of policy "p" lets nothing .*');
policy('p key=1 rate=1000001r/s', 'rate "\S+" of policy "p" is more than .*');
policy('p key=1 rate=1r/s burst=x', 'burst "x" of policy "p" is not a .*');
policy('p key=1 rate=1r/s burst=-1', 'burst "-1" of policy "p" is not a .*');
policy('p key=1 rate=1r/s burst=99999999999999999999',
       'burst "9+" of policy "p" is more than 1000000000');
policy('p key=1 rate=1r/d burst=36501',
       'burst of policy "p" would take more than 100 years at its rate');
policy('p key=1 rate=1r/s anonymous=drop',
       '"anonymous=drop" in .* "p" is not address, skip or deny');
policy('p key=1 rate=1r/s rate=2r/s', '"rate=" comes twice in .* "p"');
policy('p key=1 rate=1r/s speed=1', 'unknown word "speed=1" in .*');
policy("p key=1 rate=1r/s $_->[1]", "this version does not have \"$_->[0]\" .*")
    for ['quota=', 'quota=5/day'], ['concurrency=', 'concurrency=20'],
        ['redis=', 'redis=main'], ['on_error=', 'on_error=local'],
        ['gates=', 'gates=2'], ['lease', 'lease'];
policy('"a b" key=1 rate=1r/s', '"a b" cannot name a civic_limit_policy: .*');
policy('a"b key=1 rate=1r/s', '"a"b" cannot name a civic_limit_policy: .*');
policy('"" key=1 rate=1r/s', '"" cannot name a civic_limit_policy: .*');
policy('off key=1 rate=1r/s', '"off" cannot name a civic_limit_policy: .*');
policy('early key=1 rate=1r/s', '"early" cannot name a civic_limit_policy: .*');

refused("$good\n$good", '',
        'civic_limit_policy "good" is defined already in \S+limits.conf:2, '
        . 'in \S+limits.conf:3');
refused('civic_limit_policy p key=$no_such_thing rate=1r/s;', '',
        'unknown "no_such_thing" variable');
refused($good, 'civic_limit_policy p key=1 rate=1r/s;',
        '"civic_limit_policy" directive is not allowed here');

my $at = ' in \S+nginx\.conf:\d+';

refused($good, 'civic_limit;', 'invalid number of arguments');
refused($good, 'civic_limit early;', 'civic_limit names no policy');
refused($good, 'civic_limit off good;', '"off" of civic_limit stands alone');
refused($good, 'civic_limit off; civic_limit off;', '"civic_limit" .*dupl');
refused($good, 'civic_limit early good;', '"early" of civic_limit comes once');
refused($good, 'civic_limit good good;',
        "civic_limit names the policy \"good\" again \\(first$at\\)$at");
refused($good, 'location / { civic_limit bad; }',
        "civic_limit names the policy \"bad\", which no \\S+ defines$at");
refused("$good\ncivic_limit bad;", '', "the policy \"bad\", .*limits.conf:3");
refused($good, 'civic_limit good; location / { civic_limit good early; }',
        "civic_limit cannot change when the policy \"good\" runs "
        . "\\(first$at\\)$at");
refused("civic_limit_policy p \"key=a\${$_}x\" rate=1r/s;",
        'civic_limit p early;',
        "policy \"p\" cannot be early: its key .* is not known before "
        . "authentication$at")
    for qw(civic_caller civic_subject civic_issuer civic_scope civic_region
           civic_claim_sub);

my $many = join "\n", map { "civic_limit_policy p$_ key=1 rate=1r/s;" }
                      1 .. 17;
refused($many, 'civic_limit ' . join(' ', map { "p$_" } 1 .. 17) . ';',
        "more than 16 policies would hold in one location$at");

refused($good, 'civic_limit_dry_run maybe;', 'invalid value "maybe"');
refused($good, 'civic_limit_status 399;', 'value must be between 400 and 599');
refused($good, 'civic_limit_status 600;', 'value must be between 400 and 599');
refused($good, 'civic_limit_status x;', 'invalid number');
refused($good, 'civic_limit_log_level loud;', 'invalid value "loud"');

my ($ok, $output) = Civic::Gate->check(http => $good, server => '');
ok($ok, 'a policy that nobody uses is no error');
like($output, qr/\[warn\] .*no civic_limit uses the policy "good"$at/,
     'but a warning');

($ok, $output) = Civic::Gate->check(http => "civic_limit good; $good");
ok($ok, 'a policy may be defined after the line that names it');
unlike($output, qr/warn/, 'and is used by it');

done_testing();
