# Copyright (C) Civic Gate
#
# What nginx -t says about a wrong civic_status, civic_metrics,
# civic_metrics_routes, or a zone that is too small: the sentence and the
# line.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use Civic::Gate;

my @cases = (
    ['an unknown page',
     "location /s {\n civic_status all; }",
     qr/civic_status "all" is none of live, ready, full and why/],

    ['two words',
     "location /s {\n civic_status live ready; }",
     qr/invalid number of arguments in "civic_status" directive/],

    ['the same page twice',
     "location /s { civic_status;\n civic_status full; }",
     qr/"civic_status" directive is duplicate/],

    ['two pages',
     "location /s { civic_status;\n civic_metrics; }",
     qr/a location has one status page, and it has one in line \d+/],

    ['a page beside another handler',
     "location /s { proxy_pass http://127.0.0.1:1;\n civic_metrics; }",
     qr/a status page shares its location with another content handler/],

    ['a page before another handler',
     "location /s {\n civic_metrics; proxy_pass http://127.0.0.1:1; }",
     qr/a status page shares its location with another content handler/],

    ['a page outside a location',
     "\ncivic_status live;",
     qr/"civic_status" directive is not allowed here/],

    ['a word to civic_metrics',
     "location /s {\n civic_metrics on; }",
     qr/invalid number of arguments in "civic_metrics" directive/],

    ['civic_metrics outside a location',
     "\ncivic_metrics;",
     qr/"civic_metrics" directive is not allowed here/],

    ['civic_metrics_routes neither on nor off',
     "\ncivic_metrics_routes yes;",
     qr/invalid value "yes" in "civic_metrics_routes" directive/],

    ['civic_metrics_routes twice',
     "civic_metrics_routes on;\ncivic_metrics_routes on;",
     qr/"civic_metrics_routes" directive is duplicate/],
);

my $head = "civic_auth off;\n";
my ($before) = split /MARK/,
               Civic::Gate->configuration(server => "${head}MARK");
my $line = 1 + ($before =~ tr/\n//);

for my $case (@cases) {
    my ($name, $server, $expected) = @$case;

    my ($ok, $output) = Civic::Gate->check(server => $head . $server);
    ok(!$ok, "$name is refused");
    like($output, $expected, 'the sentence says what is wrong');
    like($output, qr{nginx\.conf:@{[$line + 1]}\b}, 'and where');
}

my ($ok, $output) = Civic::Gate->check(workers => 600,
                                       http => 'civic_zone 2m;',
                                       server => 'civic_auth off;');
ok(!$ok, 'a zone too small for its workers is refused');
like($output, qr/civic status: \d+ bytes of shared memory are too few for 600/,
     'the sentence says for how many workers');

($ok, $output) = Civic::Gate->check(workers => 16, http => 'civic_zone 2m;',
                                    server => <<'END');
civic_auth off;
location /s { civic_status ready; if ($arg_x) { set $x 1; } }
END
ok($ok, 'the smallest zone does for sixteen workers') or diag($output);

done_testing();
