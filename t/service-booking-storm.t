#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Thirty people book and cancel whatever comes to their minds, all at once,
# on two workers of which now and then one is killed.  After each wave what
# stands in Redis must obey the rules.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Booking;

my $booking = Civic::Booking->start(
    allow_log => qr/worker process \d+ exited on signal 9/);
my @people = map { "r$_" } 1 .. 30;
my $capacity = 2;

srand 3;

# three departments, two days, two doctors each
my @slots = map {
    my $id = $booking->publish(department => 'r' . $_ % 3, doctor => "r$_",
                               days => 1 + $_ % 2, capacity => $capacity);
    ("$id.0800", "$id.0830");
} 1 .. 6;


# who holds what, as Redis has it: holder => [[department, day, time], ...]

sub held {
    my (%held, @faults);

    for my $slot (@slots) {
        my @holders = keys %{ $booking->places($slot) };
        my ($department, undef, $day, undef, $time) = split /\./, $slot;
        push @faults, "$slot has " . @holders if @holders > $capacity;
        push @{ $held{$_} }, [$department, $day, $time] for @holders;
    }
    return \%held, \@faults;
}


sub faults {
    my ($held, $faults) = held();

    for my $holder (keys %$held) {
        my %seen;
        for (@{ $held->{$holder} }) {
            my ($department, $day, $time) = @$_;
            push @$faults, "$holder is twice in $department on $day"
                if $seen{"$department $day"}++;
            push @$faults, "$holder is twice on $day at $time"
                if $seen{"$day at $time"}++;
        }
    }
    return $faults;
}


sub booked {
    my ($who) = @_;

    return map { $_->{id} } grep { $_->{status} eq 'booked' }
           @{ $booking->ask($who => GET => '/appointments')
                      ->{json}{appointments} };
}


sub wish {
    my ($own) = @_;

    my $who = $people[rand @people];
    my @own = @{ $own->{$who} };
    return [$who, DELETE => "/appointments/$own[rand @own]"]
        if @own && rand() < 0.35;
    return [$who, POST => '/appointments', { slot => $slots[rand @slots] }];
}


for my $wave (1 .. 12) {
    my %own = map { $_ => [booked($_)] } @people;
    my @res = $booking->rush([map { wish(\%own) } 1 .. 120],
        $wave % 4 ? undef : sub {
            select undef, undef, undef, 0.01;
            kill 'KILL', ($booking->workers)[0];
        });
    my @odd = grep { $_->{status} !~ /^(?:200|201|409)$/
                     && ($wave % 4 || $_->{status} != 599) } @res;

    is_deeply faults(), [], "wave $wave leaves everything in order";
    is @odd, 0, 'and everybody was answered' or diag explain $odd[0];
    $booking->advance(31) if $wave % 4 == 0;
}

# in the end each finds what Redis has, and nothing is left hanging

$booking->advance(15 * 60 + 1);
my ($held) = held();
my $confirmed = 0;
for my $slot (@slots) {
    $confirmed += grep { $_ eq 'inf' } values %{ $booking->places($slot) };
}
my $own = 0;
$own += booked($_) for @people;
is $own, $confirmed, 'what people find is what Redis has';

done_testing;
