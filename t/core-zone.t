#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_zone: its size, and what nginx -t says about a wrong one.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;


sub check {
    my ($text) = @_;

    return Civic::Gate->check(http => "include zone.conf;",
                              files => { 'zone.conf' => $text });
}


for my $wrong ('1m', '2047k', '0', '-2m', 'much', '2x', '1.5m', '""') {
    my ($ok, $output) = check("\ncivic_zone $wrong;\n");
    my $said = $wrong eq '""' ? '' : $wrong;
    ok(!$ok, "civic_zone $wrong is refused");
    my $reason = qq{civic_zone "$said" is not a size of at least 2m};
    like($output, qr{\[emerg\] .*\Q$reason\E in \S*/zone\.conf:2$}m,
         'with the reason, file and line');
}

my ($ok, $output) = check("civic_zone 2m;\n\ncivic_zone 3m;\n");
ok(!$ok, 'a second civic_zone is refused');
like($output, qr{"civic_zone" directive is duplicate in \S*/zone\.conf:3$}m,
     'with its line');

($ok, $output) = Civic::Gate->check(server => 'civic_zone 2m;');
like($output, qr/"civic_zone" directive is not allowed here/,
     'it belongs to the http block');


my $server = <<'END';
    civic_auth off;
    location @a { civic_route GET "/a"; return 200 a; }
END

for my $size ('2m', '2048k', '64m', '16777217') {
    ($ok, $output) = Civic::Gate->check(http => "civic_zone $size;",
                                        server => $server);
    ok($ok, "civic_zone $size is accepted") or diag $output;
}

my $gate = Civic::Gate->start(http => 'civic_zone 2m;', server => $server);
is($gate->get('/a')->{content}, 'a', 'the smallest zone does');
my $conf = $gate->read('conf/nginx.conf');
$conf =~ s/civic_zone 2m/civic_zone 4m/;
$gate->write('conf/nginx.conf' => $conf);
ok($gate->reload, 'its size may change at a reload');
is($gate->get('/a')->{content}, 'a', 'and the gate goes on');

done_testing;
