#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Counts are exact over all workers: as many as allowed pass, not one more.

use strict;
use warnings;

use lib 't/lib';
use POSIX ();
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(workers => 2, http => <<'END',
    civic_limit_policy address key=$arg_k rate=1r/d burst=136;
    civic_limit_policy wide key=$arg_k rate=1r/d burst=1000;
END
    server => <<'END2');
    location / { civic_limit wide address; return 204; }
    location /wide { civic_limit wide; return 204; }
END2

# 20 clients, each a process, 15 requests each

my (%count, %pipe);

for (1 .. 20) {
    pipe my $in, my $out or die "pipe: $!\n";
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        syswrite $out, join '', map { $gate->get('/?k=a')->{status} . "\n" }
                                1 .. 15;
        POSIX::_exit(0);
    }
    $pipe{$pid} = $in;
}

for my $pid (keys %pipe) {
    my $in = $pipe{$pid};
    chomp, $count{$_}++ while <$in>;
    waitpid $pid, 0;
}

is_deeply(\%count, { 204 => 137, 429 => 163 },
          'of 300 requests of 20 clients at once burst + 1 pass');
like($gate->get('/wide?k=a')->{headers}{ratelimit}, qr/^"wide";r=863;/,
     'and those alone are charged to the policy beside it');

done_testing();
