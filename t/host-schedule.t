# Copyright (C) Civic Gate
#
# A schedule needs the store, which says whose turn it is: without it nothing
# runs, and the log says so once.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Plugin;
use Test::More;

my $gate = Civic::Plugin->start;

Civic::Host->plugin($gate, 'health/idle', <<'END',
local m = {}
function m.x() return 204 end
function m.tick() civic.log.warn("tick") end
return m
END
    schedule => [ { run => 'tick', every => '1s' } ],
    routes => { 'GET /x' => 'x' });

sleep 3;
my @told = $gate->log
    =~ /the schedule of "health\/idle" is not followed: (.*)/g;
is @told, 1, 'it is said once';
like $told[0], qr/civic_department "health" does not allow "store"/,
     'with the word that is missing';
unlike $gate->log, qr/says: tick/, 'and nothing runs';

done_testing;
