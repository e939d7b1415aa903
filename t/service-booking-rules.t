#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Booking's rules behind a real gate: holds, cancelling, missed visits, and
# a stopped clinic, with two workers.  The plugin's own specs say them in
# full.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Test::More;

use Civic::Booking;

my $booking = Civic::Booking->start;


sub booked {
    my ($title, $who, $slot) = @_;

    my $res = $booking->book($who, $slot);
    is $res->{status}, 201, $title or diag $res->{content};
    return $res->{json}{id};
}


sub refused {
    my ($title, $res, $status, $code) = @_;

    is "$res->{status} " . ($res->{code} // ''), "$status $code", $title
        or diag $res->{content};
    return $res;
}


refused('nobody books without a token',
        $booking->gate->request('POST', '/health/booking/v1/appointments',
                                { content => '{}' }), 401, '');
is $booking->ask(zhang => POST => '/schedules', {})->{status}, 403,
   'nor publishes without the scope';
refused('what is no slot is refused by its schema',
        $booking->book(zhang => '; drop'), 422, 'invalid-body');

# held, lapsed, cancelled

my $id = $booking->publish(fee => 1500);
my $visit = booked('a place is held until it is paid', zhang => "$id.0800");
refused('nobody else gets it', $booking->book(li => "$id.0800"), 409,
        'slot-taken');
$booking->advance(15 * 60 + 1);
refused('after fifteen minutes it cannot be paid',
        $booking->ask(officer => POST => "/appointments/$visit/confirm",
                      { receipt => 'R1', amount => 1500 }), 410, 'expired');
$visit = booked('but it is there for another', li => "$id.0800");
is $booking->ask(officer => POST => "/appointments/$visit/confirm",
                 { receipt => 'R2', amount => 1500 })->{json}{status},
   'booked', 'who pays it';
refused('a second on that day in that department is one too many',
        $booking->book(li => "$id.0830"), 409, 'duplicate-booking');

is $booking->ask(li => DELETE => "/appointments/$visit")->{json}{status},
   'cancelled', 'it is cancelled';
$visit = booked('and free at once', zhang => "$id.0800");
is keys(%{ $booking->places("$id.0800") }), 1, 'once, in Redis';
is $booking->ask(li => GET => "/appointments/$visit")->{status}, 404,
   'nobody sees another\'s';

# missed visits

my @visits = map {
    booked("visit $_", absent => $booking->publish(days => $_) . '.0800')
} 2 .. 4;
$booking->advance(5 * 86400);
my $coming = $booking->publish(days => 3);
for (@visits) {
    is $booking->ask(officer => POST => "/appointments/$_/no-show")
               ->{json}{status}, 'noshow', 'it is marked as missed';
}
my $res = refused('three are enough for a while',
                  $booking->book(absent => "$coming.0800"), 403,
                  'booking-barred');
like $res->{json}{until}, qr/^\d{4}-\d\d-\d\dT.*\+08:00$/,
     'it says until when';
booked('others go on', present => "$coming.0800");
$booking->advance(30 * 86400);
booked('and so does he, thirty days later',
       absent => $booking->publish(days => 1) . '.0800');

# a stopped clinic

my %where = (department => 'stopped');
$id = $booking->publish(%where, days => 2, capacity => 15);
my $next = $booking->publish(%where, days => 3, capacity => 10);
my $last = $booking->publish(%where, days => 4, capacity => 10);
for my $i (reverse 1 .. 30) {
    my $slot = $id . ($i <= 15 ? '.0800' : '.0830');
    my $res = $booking->book("s$i", $slot);
    die $res->{content} if $res->{status} != 201;
}
my $order = $booking->ask(officer => GET => "/schedules/$id/appointments")
                    ->{json}{appointments};

my (@pages, $after);
do {
    my $page = $booking->ask(officer => GET =>
        "/schedules/$id/appointments?limit=12" . ($after // ''))->{json};
    push @pages, [map { $_->{id} } @{ $page->{appointments} }];
    $after = $page->{after} ? "&after=$page->{after}" : undef;
} while $after && @pages < 9;
is_deeply [map { scalar @$_ } @pages], [12, 12, 6], 'they come in pages';
is_deeply [map { @$_ } @pages], [map { $_->{id} } @$order],
          'in the same order';

$res = $booking->ask(officer => POST => "/schedules/$id/stop",
                     { reason => '台风停诊' });
is $res->{json}{moved}, 20, 'twenty patients are moved at once';
ok $res->{json}{more}, 'the others follow';

my $left;
for (1 .. 100) {
    $left = @{ $booking->ask(officer => GET => "/schedules/$id/appointments")
                       ->{json}{appointments} };
    last if !$left;
    $booking->advance(31);
    select undef, undef, undef, 0.2;
}
is $left, 0, 'when the schedule comes round';

my @moved = map {
    @{ $booking->ask(officer => GET => "/schedules/$_/appointments")
               ->{json}{appointments} }
} $next, $last;
is_deeply [map { $_->{patient} } @moved],
          [map { $_->{patient} } @$order],
          'all of them, in the order in which they stood';

my $notices = $booking->ask(s30 => GET => '/notices')->{json}{notices};
is @$notices, 1, 'each is told';
is $notices->[0]{reason}, '台风停诊', 'why';
is $booking->ask(s30 => GET => "/appointments/$notices->[0]{to}")
           ->{json}{status}, 'booked', 'and where to';

done_testing;
