#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# The table of tests: what a token says, what a line asks, what comes of it.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my ($yes, $no) = (JSON::PP::true, JSON::PP::false);

# line, then pairs of claims and the code that refuses ('': it passes)

my @table = (
    ['role=officer,head',
     [{ roles => 'officer' }, ''], [{ roles => 'clerk head' }, ''],
     [{ roles => ['clerk', 'officer'] }, ''],
     [{ roles => 'clerk' }, 'role-denied'],
     [{ roles => 'officers' }, 'role-denied'],
     [{ roles => 'Officer' }, 'role-denied'],
     [{}, 'role-denied']],
    ['role=医生',
     [{ roles => "\x{533b}\x{751f}" }, ''],
     [{ roles => "\x{533b}" }, 'role-denied']],

    ['level>=2',
     [{ acr => '2' }, ''], [{ acr => '3' }, ''], [{ acr => '2.5' }, ''],
     [{ acr => '10' }, ''],
     [{ acr => '1' }, 'level-denied'], [{ acr => 'high' }, 'level-denied'],
     [{ acr => '-2' }, 'level-denied'], [{ acr => '1e' }, 'level-denied'],
     [{}, 'level-denied']],
    ['level=urn:loa:2,urn:loa:3',
     [{ acr => 'urn:loa:3' }, ''], [{ acr => 'urn:loa:1' }, 'level-denied'],
     [{}, 'level-denied']],

    ['issuer=citizens', [{}, '']],
    ['issuer=officers', [{}, 'caller-denied']],
    ['issuer=officers,citizens', [{}, '']],
    ['app=lab', [{}, 'caller-denied'], [{ app => 'lab' }, 'caller-denied'],
     [{ azp => 'lab' }, 'caller-denied']],

    ['claim.kind=person,firm',
     [{ kind => 'person' }, ''], [{ kind => 'firm' }, ''],
     [{ kind => 'Person' }, 'claim-denied'],
     [{ kind => 'persons' }, 'claim-denied'],
     [{ kind => '' }, 'claim-denied'], [{}, 'claim-denied'],
     [{ kind => { person => 1 } }, 'claim-denied'],
     [{ kind => ['x', 'firm'] }, '']],
    ['claim.groups=doctors',
     [{ groups => ['nurses', 'doctors'] }, ''],
     [{ groups => 'doctors' }, ''],
     [{ groups => ['nurses'] }, 'claim-denied'],
     [{ groups => [] }, 'claim-denied'],
     [{ groups => 'doctors nurses' }, 'claim-denied'],
     [{ groups => [['doctors']] }, 'claim-denied']],
    ['claim.groups!=suspended',
     [{ groups => ['doctors'] }, ''], [{ groups => [] }, ''],
     [{ groups => ['doctors', 'suspended'] }, 'claim-denied'],
     [{ groups => 'suspended' }, 'claim-denied'],
     [{ groups => [{}] }, 'claim-denied'], [{}, 'claim-denied']],
    ['claim.blocked!=true',
     [{ blocked => $no }, ''], [{ blocked => $yes }, 'claim-denied'],
     [{ blocked => 'true' }, 'claim-denied'],
     [{ blocked => undef }, 'claim-denied'], [{}, 'claim-denied']],
    ['claim.verified=true',
     [{ verified => $yes }, ''], [{ verified => 'true' }, ''],
     [{ verified => $no }, 'claim-denied'],
     [{ verified => 1 }, 'claim-denied']],

    ['claim.age>=18',
     [{ age => 18 }, ''], [{ age => 18.5 }, ''], [{ age => '18' }, ''],
     [{ age => 17 }, 'claim-denied'], [{ age => 17.999 }, 'claim-denied'],
     [{ age => 'eighteen' }, 'claim-denied'],
     [{ age => [18] }, 'claim-denied'], [{ age => $yes }, 'claim-denied'],
     [{}, 'claim-denied']],
    ['claim.age>18',
     [{ age => 19 }, ''], [{ age => 18 }, 'claim-denied'],
     [{ age => 100 }, '']],
    ['claim.age<14',
     [{ age => 9 }, ''], [{ age => -1 }, ''], [{ age => 14 }, 'claim-denied'],
     [{}, 'claim-denied']],
    ['claim.age<=14', [{ age => 14 }, ''], [{ age => 15 }, 'claim-denied']],
    ['claim.level=2',
     [{ level => 2 }, ''], [{ level => '2' }, ''],
     [{ level => 3 }, 'claim-denied'], [{ level => '2.0' }, 'claim-denied']],

    ['claim.home.code=350400',
     [{ home => { code => '350400' } }, ''],
     [{ home => { code => 350400 } }, ''],
     [{ 'home.code' => '350400' }, ''],
     [{ home => { code => '350500' } }, 'claim-denied'],
     [{ home => '350400' }, 'claim-denied'],
     [{ home => { codes => '350400' } }, 'claim-denied']],
    ['claim.https://id.gov.cn/level>=2',
     [{ 'https://id.gov.cn/level' => 2 }, ''],
     [{ 'https://id.gov.cn/level' => 1 }, 'claim-denied']],
    ['claim.org=claim.employer',
     [{ org => 'a', employer => 'a' }, ''],
     [{ org => ['b', 'a'], employer => ['c', 'a'] }, ''],
     [{ org => 'a', employer => 'b' }, 'claim-denied'],
     [{ org => 'a' }, 'claim-denied'], [{ employer => 'a' }, 'claim-denied'],
     [{ org => '', employer => '' }, 'claim-denied'], [{}, 'claim-denied']],
    ['claim.used<claim.quota',
     [{ used => 1, quota => 2 }, ''],
     [{ used => 2, quota => 2 }, 'claim-denied'],
     [{ used => 1, quota => 'many' }, 'claim-denied']],

    ['for=officer claim.region=350400',
     [{ roles => 'officer', region => '350400' }, ''],
     [{ roles => 'officer', region => '350500' }, 'claim-denied'],
     [{ roles => 'officer' }, 'claim-denied'],
     [{ roles => 'clerk', region => '350500' }, ''], [{}, '']],
    ['scope=write for=officer,head',
     [{ roles => 'head', scope => 'write' }, ''],
     [{ roles => 'head' }, 'scope-denied'],
     [{ roles => 'officer clerk' }, 'scope-denied'],
     [{ roles => 'clerk' }, '']],
);

my $citizens = Civic::Issuer->new;
my $officers = Civic::Issuer->new(name => 'officers');
my $n = 0;
my $locations = join '', map {
    "location = /@{[$n++]} { civic_require $_->[0]; return 200; }\n"
} @table;

my $gate = Civic::Gate->start(
    files => { $citizens->files, $officers->files },
    http => $citizens->block("roles roles;\nlevel acr;\n")
            . $officers->block,
    server => "civic_auth citizens officers;
        add_header X-Code \$civic_code always;
        add_header X-Status \$civic_require_status always; $locations");

my %status = ('' => 200, 'level-denied' => 401);

for my $n (0 .. $#table) {
    my ($line, @cases) = @{ $table[$n] };

    for my $case (@cases) {
        my ($claims, $code) = @$case;
        my $res = $gate->get("/$n", $citizens->bearer(%$claims));
        my $text = JSON::PP->new->canonical->ascii->encode($claims);
        is "$res->{status} " . ($res->{headers}{'x-code'} // ''),
            ($status{$code} // 403) . " $code", "$line: $text";
    }
}


# what is told, to whom

sub place {
    my ($line) = @_;

    return '/' . (grep { $table[$_][0] eq $line } 0 .. $#table)[0];
}

my $res = $gate->get(place('level>=2'), $citizens->bearer(acr => '1'));
is $res->{headers}{'www-authenticate'},
    'Bearer error="insufficient_user_authentication", acr_values="2"',
    'who is known too little of is told how to sign in (RFC 9470)';
is JSON::PP::decode_json($res->{content})->{code}, 'level-denied',
    'the problem is level-denied';

$res = $gate->get(place('level=urn:loa:2,urn:loa:3'), $citizens->bearer);
is $res->{headers}{'www-authenticate'},
    'Bearer error="insufficient_user_authentication", '
    . 'acr_values="urn:loa:2 urn:loa:3"', 'any level that would do is named';

for my $line ('role=officer,head', 'claim.kind=person,firm', 'app=lab') {
    $res = $gate->get(place($line), $citizens->bearer);
    is JSON::PP::decode_json($res->{content})->{code}, 'scope-denied',
        "$line: the client reads scope-denied, and no more";
    ok !$res->{headers}{'www-authenticate'}, '... and no challenge';
    is $res->{headers}{'x-status'}, 'refused', '$civic_require_status says so';
}

$res = $gate->get(place('claim.age<14'), $citizens->bearer(age => 3));
is $res->{headers}{'x-status'}, 'passed', '... passed where all is met';

$res = $gate->get(place('role=officer,head'), { Authorization => 'Basic x' });
is $res->{status}, 401, 'nobody is asked who he is';

done_testing;
