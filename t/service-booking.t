#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Booking behind a gate of two workers: as many bookings as there are places,
# whoever comes at once, and also when a worker dies in the middle of it.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Booking;

my $booking = Civic::Booking->start(
    allow_log => qr/worker process \d+ exited on signal 9/);


sub rush {
    my ($slot, $names, $while) = @_;

    my @res = $booking->rush([map {
        [$_, POST => '/appointments', { slot => $slot },
         { 'Idempotency-Key' => "key-of-$_" }]
    } @$names], $while);

    my %got;
    @got{@$names} = map { $_->{status} == 201 ? $_->{json}{status}
                          : $_->{code} // $_->{status} } @res;
    return \%got;
}


sub count {
    my ($got) = @_;

    my %count;
    $count{$_}++ for values %$got;
    return \%count;
}


for my $capacity (1, 30) {
    my $slot = $booking->publish(capacity => $capacity) . '.0800';
    my $got = rush($slot, [map { "p$capacity-$_" } 1 .. 200]);

    is_deeply count($got), { booked => $capacity,
                             'slot-taken' => 200 - $capacity },
        "of 200 people at $capacity places, $capacity are booked and "
        . 'the others are told slot-taken';

    my $places = $booking->places($slot);
    is scalar keys %$places, $capacity, 'and that is how it stands in Redis';
    is scalar(grep { $_ ne 'inf' } values %$places), 0, 'all confirmed';
}

my $slot = $booking->publish(fee => 1500) . '.0800';
my $got = rush($slot, [map { "f$_" } 1 .. 50]);
is_deeply count($got), { pending => 1, 'slot-taken' => 49 },
          'a place that must be paid is held for one of 50';

$booking->advance(15 * 60 + 1);
$got = rush($slot, [map { "f$_" } 1 .. 50, 51 .. 60]);
is count($got)->{'slot-taken'}, 58, 'unpaid, it is offered again, once'
    or diag explain count($got);

# the same person, from everywhere at once

$slot = $booking->publish(capacity => 9);
my @res = $booking->rush([map {
    ['eager', POST => '/appointments',
     { slot => $slot . ($_ % 2 ? '.0800' : '.0830') }]
} 1 .. 40]);
is scalar(grep { $_->{status} == 201 } @res), 1,
   'one person gets one place, however often he asks';
is scalar(grep { ($_->{code} // '') eq 'duplicate-booking' } @res), 39,
   'and is told duplicate-booking';
is keys(%{ $booking->places("$slot.0800") })
   + keys(%{ $booking->places("$slot.0830") }), 1, 'and so it is in Redis';

@res = $booking->rush([map {
    ['twice', POST => '/appointments', { slot => "$slot.0830" },
     { 'Idempotency-Key' => 'same' }]
} 1 .. 2]);
my ($first) = grep { $_->{status} == 201 } @res;
ok $first, 'a request that comes twice is answered';
my $again = $booking->ask(twice => POST => '/appointments',
                          { slot => "$slot.0830" },
                          { 'Idempotency-Key' => 'same' });
is $again->{content}, $first->{content}, 'with the first answer, ever again';

# as if a worker had died when all was done but keeping the answer

sub forget {
    my $records = $booking->redis->command('KEYS', 'civic:once:*');
    $booking->redis->command('DEL', @$records);
}

forget();
$again = $booking->ask(twice => POST => '/appointments',
                       { slot => "$slot.0830" },
                       { 'Idempotency-Key' => 'same' });
is $again->{status}, 201, 'where the answer was lost, the booking is found';
is_deeply $again->{json}, $first->{json}, 'and it is the first answer';
my $other = $booking->ask(twice => POST => '/appointments',
                          { slot => "$slot.0830" },
                          { 'Idempotency-Key' => 'other' });
is $other->{code}, 'duplicate-booking', 'another request is no repetition';
is $other->{json}{appointment}, $first->{json}{id},
   'but is told which booking there is';

my $fhir = { resourceType => 'Appointment', status => 'proposed',
             slot => [{ reference => "Slot/$slot.0800" }],
             participant => [{ status => 'accepted' }] };
my @fhir = map {
    forget();
    $booking->ask(fhir => POST => '/fhir/Appointment', $fhir,
                  { 'Idempotency-Key' => 'same',
                    'Content-Type' => 'application/fhir+json' });
} 1 .. 2;
is $fhir[0]{status}, 201, 'a booking by FHIR';
is_deeply $fhir[1]{json}, $fhir[0]{json}, 'is found as well';

# a worker dies while they come

for my $round (1 .. 3) {
    my $slot = $booking->publish(capacity => 20, days => 2) . '.0800';
    my @names = map { "k$round-$_" } 1 .. 200;

    my $got = rush($slot, \@names, sub {
        select undef, undef, undef, 0.002 * $round;
        kill 'KILL', ($booking->workers)[0];
    });

    # nobody knows how it ended for those who got no answer: they ask again

    for my $try (1 .. 8) {
        my @open = grep { $got->{$_} !~ /^(?:booked|slot-taken)$/ } @names;
        note "round $round: " . @open . ' have no answer' if $try == 1;
        last if !@open;
        $booking->advance(31) if $try > 1;
        my $now = rush($slot, \@open);
        @{$got}{@open} = @{$now}{@open};
    }

    is_deeply count($got), { booked => 20, 'slot-taken' => 180 },
              'a worker killed in the middle changes nobody\'s count';
    my $places = $booking->places($slot);
    is scalar(grep { $_ eq 'inf' } values %$places), 20,
       'exactly the places that were said to be booked are';

    my %own = map {
        my $list = $booking->ask($_ => GET => '/appointments')
                           ->{json}{appointments};
        $_ => join ' ', map { $_->{status} } @$list;
    } @names;
    is_deeply [grep { $own{$_} ne ($got->{$_} eq 'booked' ? 'booked' : '') }
               @names], [], 'and each person finds what he was told';
}

# Redis goes away

$slot = $booking->publish(capacity => 3, days => 3) . '.0800';
is $booking->book(before => $slot)->{status}, 201, 'one is booked';
$booking->redis->stop;
my $lost = $booking->book(during => $slot);
is $lost->{status}, 503, 'without Redis nobody is';
is $lost->{code}, 'store-unavailable', 'and it is said why';
$booking->redis->restart;

for (1 .. 100) {
    $lost = $booking->book(during => $slot);
    last if $lost->{status} != 503;
    select undef, undef, undef, 0.1;
}
is $lost->{status}, 201, 'when it is back, he is';
is scalar keys %{ $booking->places($slot) }, 2, 'and nothing was lost';

done_testing;
