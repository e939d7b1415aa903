#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_auth: several issuers, optional, off, and what is inherited.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $officers = Civic::Issuer->new(name => 'officers', alg => 'EdDSA');

# an issuer may be defined after the line that names it
my $gate = Civic::Gate->start(
    files => { $citizens->files, $officers->files },
    http => 'civic_auth citizens;' . $citizens->block . $officers->block,
    server => <<'END');
    add_header X-Seen "$civic_auth_status|$civic_caller";
    location /inherited { return 200; }
    location /any { civic_auth officers citizens; return 200; }
    location /officers { civic_auth officers; return 200; }
    location /optional { civic_auth optional citizens; return 200; }
    location /off {
        civic_auth off; return 200;
        location /off/inside { civic_auth citizens; return 200; }
    }
END

my $citizen = 'citizens:110101199003078515';
my $officer = 'officers:7';
my %credential = (
    none    => {},
    basic   => { Authorization => 'Basic YTpi' },
    bad     => { Authorization => 'Bearer a.b.c' },
    expired => $citizens->bearer(exp => time - 100),
    citizen => $citizens->bearer,
    officer => $officers->bearer(sub => '7'),
);


sub outcome {
    my ($path, $who) = @_;

    my $res = $gate->get($path, $credential{$who});
    return "$res->{status} " . ($res->{headers}{'x-seen'} // '');
}


my @expected = (
    ['/inherited', 'none', qr/^401 /],
    ['/inherited', 'citizen', qr/^200 \w+\|$citizen$/],
    ['/inherited', 'officer', qr/^401 /],
    ['/any', 'none', qr/^401 /],
    ['/any', 'citizen', qr/^200 \w+\|$citizen$/],
    ['/any', 'officer', qr/^200 \w+\|$officer$/],
    ['/officers', 'citizen', qr/^401 /],
    ['/officers', 'officer', qr/^200 \w+\|$officer$/],
    ['/optional', 'none', qr/^200 anonymous\|$/],
    ['/optional', 'basic', qr/^200 anonymous\|$/],
    ['/optional', 'bad', qr/^401 /],
    ['/optional', 'expired', qr/^401 /],
    ['/optional', 'citizen', qr/^200 \w+\|$citizen$/],
    ['/off', 'none', qr/^200 \|$/],
    ['/off', 'bad', qr/^200 \|$/],
    ['/off', 'citizen', qr/^200 \|$/],
    ['/off/inside', 'none', qr/^401 /],
    ['/off/inside', 'citizen', qr/^200 \w+\|$citizen$/],
);

for (@expected) {
    my ($path, $who, $outcome) = @$_;
    like outcome($path, $who), $outcome, "$path with credential: $who";
}

# the place that refused is known to the operator

for my $case (['optional', qr/names no issuer/],
              ['off citizens', qr/off stands alone/],
              ['citizens citizens', qr/names "citizens" twice/],
              ['optional optional citizens', qr/"optional" twice/],
              ['nobody', qr/unknown issuer "nobody" in .*nginx\.conf:\d+/],
              ['citizens+officers',
               qr/"officers" and another of its kind at once/],
              ['citizens+', qr/unknown issuer ""/],
              ['citizens; civic_auth off', qr/is duplicate/],
              ['', qr/invalid number of arguments in "civic_auth"/])
{
    my ($words, $error) = @$case;
    my ($ok, $output) = Civic::Gate->check(
        files => { $citizens->files, $officers->files },
        http => $citizens->block . $officers->block,
        server => "location / { civic_auth $words; }");
    ok !$ok, "\"civic_auth $words\" is refused";
    like $output, $error, '... with the reason and its place';
}

done_testing;
