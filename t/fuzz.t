# Copyright (C) Civic Gate
#
# The fuzzers, briefly: 2 seconds each, or 20 where CI=true.  FUZZ_SECONDS
# says otherwise.

use strict;
use warnings;

use Test::More;

$ENV{FUZZ_SECONDS} //= ($ENV{CI} // '') eq 'true' ? 20 : 2;

my @targets = split /\n/, qx(t/fuzz/run -l);
ok scalar @targets, 'there are fuzz targets' or BAIL_OUT 'no fuzz targets';

my %verdict;

for (split /\n/, qx(t/fuzz/run 2>&1)) {
    /^(ok|not ok) (\S+)$/ ? ($verdict{$2} = $1) : diag $_;
}

for my $target (@targets) {
    is $verdict{$target}, 'ok', "no input breaks $target"
        or diag qx(tail -n 40 build/fuzz/$target.log);
}

done_testing;
