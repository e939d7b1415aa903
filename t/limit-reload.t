#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A reload keeps the counters of policies that are still the same.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my %option = (http => <<'END', server => <<'END2');
    civic_limit_policy same key=$arg_k rate=1r/h;
    civic_limit_policy slower key=$arg_k rate=1r/h;
END
    location /same { civic_limit same; return 204; }
    location /slower { civic_limit slower; return 204; }
END2

my $gate = Civic::Gate->start(%option);

sub status { return $gate->get("$_[0]?k=a")->{status} }

is(status($_), 204, "$_ passes at first") for '/same', '/slower';
is(status($_), 429, "$_ is limited then") for '/same', '/slower';

ok($gate->reload, 'the gate reloads');
is(status($_), 429, "$_ is limited still") for '/same', '/slower';

$option{http} =~ s/slower key=\$arg_k rate=1r/slower key=\$arg_k rate=2r/;
$option{http} .= 'civic_limit_policy new key=$arg_k rate=1r/h;';
$option{server} =~ s/limit same/limit same new/;
$gate->write('conf/nginx.conf', Civic::Gate->configuration(%option));

ok($gate->reload, 'it takes another definition over');
is(status('/same'), 429, 'the policy beside it counts on');
is(status('/slower'), 204, 'a policy that changed begins anew');
is(status('/slower'), 429, 'and counts');

$gate->write('conf/nginx.conf',
             Civic::Gate->configuration(http => '', server => ''));
ok($gate->reload, 'all policies may go');
$gate->write('conf/nginx.conf', Civic::Gate->configuration(%option));
ok($gate->reload, 'and come back');
is(status('/same'), 204, 'with new counters');

done_testing();
