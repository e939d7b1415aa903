# Copyright (C) Civic Gate
#
# The C unit tests, one at a time: t/unit/run says how they are built.

use strict;
use warnings;

use Test::More;

my @names = split /\n/, qx(t/unit/run -l 2>&1);
is $?, 0, 'the unit tests are listed' or BAIL_OUT("@names");

for my $name (@names) {
    my $output = qx(t/unit/run $name 2>&1);
    is $?, 0, "$name does as its unit tests say" or diag $output;
}

done_testing;
