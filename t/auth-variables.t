#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# $civic_caller and its like, and every type of claim in $civic_claim_NAME.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Metrics;

my $citizens = Civic::Issuer->new;
my @identity = qw(caller subject issuer scope region auth_status);
my @claims = qw(name age member tags address none givenname twice level note);
my $format = join '|', map { "$_=\$civic_$_" }
             @identity, map { "claim_$_" } @claims;

my $gate = Civic::Gate->start(
    files => { $citizens->files },
    http => $citizens->block("subject uid;\nscope scp;\nregion home.code;"),
    server => <<"END");
    location / { civic_auth optional citizens; return 200 "$format"; }
    location /off { civic_auth off; return 200 "$format"; }
    location /plain { return 200 "$format"; }
    location /metrics { civic_auth off; civic_metrics; }
END


sub values_of {
    my ($path, $bearer) = @_;

    return { map { /^(\w+)=(.*)$/s ? ($1 => $2) : () }
             split /\|/, $gate->get($path, $bearer)->{content} };
}


my $bearer = $citizens->bearer(
    uid => 'u1', scp => ['read', 'write'], home => { code => '310101' },
    name => '张三', age => 42, member => JSON::PP::true,
    tags => ['a', 1], address => { city => 'x' }, none => undef,
    givenName => 'San', Twice => 1, tWice => 2, level => 2.5,
    note => "a\r\nX-Admin: 1");
my $got = values_of('/', $bearer);
utf8::decode($got->{claim_name});

is $got->{caller}, 'citizens:u1', '$civic_caller';
is $got->{subject}, 'u1', '$civic_subject, of the claim that was named';
is $got->{issuer}, 'citizens', '$civic_issuer';
is $got->{scope}, 'read write', '$civic_scope, of an array';
is $got->{region}, '310101', '$civic_region, of a path';
is $got->{auth_status}, 'verified', '$civic_auth_status';
is $got->{claim_name}, '张三', 'a claim in Chinese';
is $got->{claim_age}, '42', 'a number';
is $got->{claim_member}, 'true', 'a boolean';
is $got->{claim_tags}, '["a",1]', 'an array';
is $got->{claim_address}, '{"city":"x"}', 'an object';
is $got->{claim_none}, '', 'a claim that is not there';
is $got->{claim_givenname}, 'San', 'a claim with capitals in its name';
is $got->{claim_twice}, '', 'a name that two claims share is none';
is $got->{claim_level}, '2.5', 'a fraction';
is $got->{claim_note}, '', 'a claim that would end a header line is empty';

for my $case (['/', 'anonymous'], ['/off', ''], ['/plain', '']) {
    my ($path, $status) = @$case;
    $got = values_of($path, $path eq '/' ? {} : $bearer);
    is delete $got->{auth_status}, $status, "$path: \$civic_auth_status";
    is join('', values %$got), '', "$path: all others are empty";
}

values_of('/', $bearer);
$gate->get('/', { Authorization => 'Bearer x' });
my $metrics = $gate->get('/metrics')->{content};
for my $result (qw(verified cached anonymous refused)) {
    like $metrics, qr/^civic_auth_total\{result="$result"\} 1$/m,
        "one judgement is counted as $result";
}

done_testing;
