# Copyright (C) Civic Gate
#
# health/booking, cut off at each of its operations in turn.  The Lua runs
# without a gate, against a real Redis.

use strict;
use warnings;

use FindBin;
use Test::More;

use lib "$FindBin::Bin/lib";
use Civic::Blocks;

my $server = Civic::Blocks->start;

open my $pipe, '-|', 'luajit', "$FindBin::Bin/plugins/booking_cutoff.lua",
     $server->socket
    or die "luajit: $!\n";

while (<$pipe>) {
    if (/^(not )?ok \d+ - (.*)/) {
        ok !$1, $2;

    } elsif (/^# (.*)/) {
        diag $1;
    }
}
ok close $pipe, 'it came to its end';

done_testing;
