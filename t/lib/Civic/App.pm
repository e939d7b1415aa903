package Civic::App;

# Copyright (C) Civic Gate
#
# API keys as the gate makes them, for tests that write records themselves.
#
#     my $key = Civic::App->key;      a new one: cg_ID_SECRET
#     Civic::App->id($key)            its ID
#     Civic::App->record($key, expires => ...)   what a record says of it
#     Civic::App->file({ name => 'a', ... }, ...)   an application file

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use JSON::PP ();

my @DIGITS = (0 .. 9, 'A' .. 'Z', 'a' .. 'z');

sub key {
    my $key = 'cg_' . _random(8) . '_' . _random(43);
    my $crc = _crc32($key);
    my $check = '';
    for (1 .. 6) {
        $check = $DIGITS[$crc % 62] . $check;
        $crc = int($crc / 62);
    }
    return $key . $check;
}

sub id { return (split /_/, $_[1])[1] }

sub record {
    my ($class, $key, %more) = @_;

    return { id => $class->id($key), sha256 => sha256_hex($key), %more };
}

sub file {
    my ($class, @apps) = @_;

    return JSON::PP->new->canonical->encode({ apps => \@apps });
}

# not for anything but tests: perl's rand() can be foretold

sub _random { return join '', map { $DIGITS[rand 62] } 1 .. $_[0] }

sub _crc32 {
    my ($text) = @_;

    my $crc = 0xffffffff;
    for my $byte (unpack 'C*', $text) {
        $crc ^= $byte;
        $crc = ($crc >> 1) ^ ($crc & 1 ? 0xedb88320 : 0) for 1 .. 8;
    }
    return $crc ^ 0xffffffff;
}

1;
