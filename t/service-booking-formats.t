#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Booking in other programs' eyes: its FHIR resources pass the validator of
# the npm package fhir, and its calendar is read by ical.js.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Booking;
use Civic::Npm;

my $folder = Civic::Npm::folder();
plan skip_all => $Civic::Npm::missing if !$folder;


sub command {
    my (@words) = @_;

    open my $pipe, '-|', @words or die "$words[0]: $!\n";
    local $/;
    my $text = <$pipe>;
    return close($pipe) ? $text // '' : die "@words: failed\n";
}


sub node {
    my ($gate, $program, $text) = @_;

    $gate->write('node/in', $text);
    $gate->write('node/program.mjs', <<"END");
import fs from 'fs';
import { createRequire } from 'module';
const require = createRequire('$folder/');
const text = fs.readFileSync('%DIR%/node/in', 'utf8');
$program
END
    return JSON::PP::decode_json(command('node', $gate->dir
                                                 . '/node/program.mjs'));
}


my $booking = Civic::Booking->start;
my $id = $booking->publish(department => '0302', doctor => 'd17');


sub valid {
    my ($title, $res, $status) = @_;

    is $res->{status}, $status, "$title: $status";
    like $res->{headers}{'content-type'}, qr{^application/fhir\+json},
         "$title: its type";

    my $result = node($booking->gate, <<'END', $res->{content});
const { Fhir } = require('fhir');
const result = new Fhir().validate(text, { errorOnUnexpected: true });
console.log(JSON.stringify(result));
END
    ok $result->{valid}, "$title is valid"
        or diag JSON::PP->new->pretty->encode($result);
    return $res->{json};
}


my $search = valid('Schedule', $booking->ask(zhang => GET =>
    '/fhir/Schedule?specialty=0302&date=' . $booking->date(1)), 200);
is $search->{total}, 1, 'one schedule is found';
is $search->{entry}[0]{resource}{actor}[0]{reference}, 'Practitioner/d17',
   'of that doctor';

my $free = "/fhir/Slot?schedule=Schedule/$id&status=free";
$search = valid('Slot', $booking->ask(zhang => GET => $free), 200);
is $search->{total}, 2, 'two free slots';
my $slot = $search->{entry}[0]{resource};
like $slot->{$_}, qr/\+08:00$/, "$_ has an offset" for qw(start end);

my %wanted = (resourceType => 'Appointment', status => 'booked',
              slot => [{ reference => "Slot/$slot->{id}" }],
              participant => [{ status => 'accepted' }]);
my $res = $booking->ask(zhang => POST => '/fhir/Appointment', \%wanted,
                        { 'Content-Type' => 'application/fhir+json' });
my $visit = valid('Appointment', $res, 201);
is $res->{headers}{location}, "/fhir/Appointment/$visit->{id}",
   'it says where the appointment is';
is $visit->{status}, 'booked', 'which is booked';
is $booking->ask(zhang => GET => $free)->{json}{total}, 1,
   'one slot less is free';
is valid('Slot', $booking->ask(zhang => GET => "/fhir/Slot/$slot->{id}"),
         200)->{status}, 'busy', 'this one is busy';

$wanted{slot}[0]{reference} = "Slot/$id.0830";
my $outcome = valid('OperationOutcome', $booking->ask(
    zhang => POST => '/fhir/Appointment', \%wanted), 409);
is $outcome->{issue}[0]{details}{coding}[0]{code}, 'duplicate-booking',
   'a second one is refused';
valid('CapabilityStatement', $booking->ask(zhang => GET => '/fhir/metadata'),
      200);

$res = $booking->ask(zhang => GET =>
                     "/appointments/$visit->{id}/calendar.ics");
like $res->{headers}{'content-type'}, qr{^text/calendar; *charset=utf-8},
     'the calendar says what it is';
is scalar(grep { length > 75 } split /\r\n/, $res->{content}), 0,
   'no line of it is longer than 75 bytes';
my $event = node($booking->gate, <<'END', $res->{content});
const { default: ICAL } = await import(require.resolve('ical.js'));
const calendar = new ICAL.Component(ICAL.parse(text));
const event = new ICAL.Event(calendar.getFirstSubcomponent('vevent'));
console.log(JSON.stringify({ uid: event.uid, summary: event.summary,
    start: event.startDate.toUnixTime(), end: event.endDate.toUnixTime() }));
END
is $event->{end} - $event->{start}, 1800, 'ical.js finds half an hour';
is $event->{summary}, '就诊预约 心内科 陈医生', 'with whom';
like $event->{uid}, qr/^\Q$visit->{id}\E@/, 'and which';

is $booking->ask(zhang => DELETE => "/appointments/$visit->{id}")->{status},
   200, 'it is cancelled';
$visit = valid('Appointment', $booking->ask(zhang => GET =>
    "/fhir/Appointment/$visit->{id}"), 200);
is $visit->{status}, 'cancelled', 'then it is cancelled here too';
is $visit->{cancelationReason}{coding}[0]{code}, 'pat', 'and why';

done_testing;
