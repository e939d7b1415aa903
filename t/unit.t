# Copyright (C) Civic Gate
#
# The C unit tests: t/unit/run says how they are built.  Each of their
# sentences comes out as a test of its own.

use strict;
use warnings;

use Test::More;

my @names = split /\n/, qx(t/unit/run -l);
ok scalar @names, 'there are unit tests' or BAIL_OUT 'no unit tests';

$ENV{CMOCKA_MESSAGE_OUTPUT} = 'TAP';

for my $name (@names) {

    subtest $name => sub {
        my ($planned, $seen, @notes) = (0, 0);

        for my $line (split /\n/, qx(t/unit/run $name 2>&1)) {

            if ($line =~ /^(not )?ok \d+ - (.*)/) {
                $seen++;
                ok !$1, $2;

            } elsif ($line =~ /^1\.\.(\d+)/) {
                $planned = $1;

            } else {
                push @notes, $line;
            }
        }

        my $status = $?;

        is $status, 0, 'it ends as it should' or diag join "\n", @notes;
        ok $seen && $seen == $planned, 'it runs as many tests as it planned';
    };
}

done_testing;
