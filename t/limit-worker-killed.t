#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A worker that is killed under load, whatever it was doing, leaves counters
# that work.  Whether one dies inside them is chance: that they then start
# anew is for the unit test of shm/ to say, not for this one.

use strict;
use warnings;

use lib 't/lib';
use POSIX ();
use Test::More;
use Time::HiRes ();

use Civic::Gate;

my $gate = Civic::Gate->start(workers => 2, http => <<'END',
    civic_zone 2m;
    civic_limit_policy many key=$request_id rate=1r/d;
    civic_limit_policy one key=$arg_k rate=1r/d burst=1;
    keepalive_requests 100000;
    access_log off;
END
    server => <<'END2', allow_log => qr/exited on signal 9|was locked by/);
    location /many { civic_limit many; return 204; }
    location /one { civic_limit one; return 204; }
END2

sub load {
    my $pid = fork // die "fork: $!\n";
    return $pid if $pid;

    my $get = "GET /many HTTP/1.1\r\nHost: gate\r\n\r\n";
    $gate->raw($get x 3000, 0.5) while 1;
    POSIX::_exit(0);
}

my @clients = map { load() } 1 .. 3;

for my $round (1 .. 8) {
    Time::HiRes::sleep(0.05 + rand 0.1);
    my @workers = $gate->pids;
    kill 'KILL', $workers[rand @workers] if @workers;

    my @status = map { $gate->get("/one?k=$round")->{status} } 1 .. 6;
    my $passed = grep { $_ == 204 } @status;
    my $refused = grep { $_ == 429 } @status;
    cmp_ok($passed + $refused, '>', 0, "after kill $round limits answer");
}

kill 'KILL', @clients;
waitpid $_, 0 for @clients;
Time::HiRes::sleep(0.2);

is(scalar(my @workers = $gate->pids), 2, 'two workers are there');
is($gate->get('/one?k=last')->{status}, 204, 'a caller passes') for 1 .. 2;
is($gate->get('/one?k=last')->{status}, 429, 'and is limited') for 1 .. 2;

done_testing();
