#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# An officer of a division sees what lies in it: GB/T 2260 and GB/T 10114,
# whichever of their lengths is used on either side.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $officers = Civic::Issuer->new(name => 'officers');
my $gate = Civic::Gate->start(
    files => { $officers->files }, http => $officers->block("roles roles;\n"),
    server => <<'END');
    civic_auth officers;
    add_header X-Code $civic_code always;
    location = /query { civic_require region=query.region; return 200; }
    location = /header { civic_require region=header.X-Region; return 200; }
    location = /claim { civic_require region=claim.case.division; return 200; }
    location /d/ {
        civic_route   GET "/d/{division}/cases";
        civic_require region=param.division;
        return 200;
    }
    location = /officers {
        civic_require for=officer region=query.region;
        return 200;
    }
END


sub code {
    my ($path, $region, %more) = @_;

    my $res = $gate->get($path, { %{ $officers->bearer(region => $region,
                                              %{ $more{claims} // {} }) },
                                  %{ $more{headers} // {} } });
    return "$res->{status} " . ($res->{headers}{'x-code'} // '');
}


# Sanming 350400: its Sanyuan district 350404, Yong'an 350481, Jiangle
# 350428; Quanzhou 350500; Pingtan 350128 is of Fuzhou 350100; Jiangxi 36

for (['350400', '350400'], ['350400', '350404'], ['350400', '350481'],
     ['350400', '350428'], ['350400', '350404001'],
     ['350400', '350404001001'], ['350400', '3504'],
     ['3504', '350404'], ['3504', '350404001001'],
     ['350000', '350128'], ['35', '350128'], ['35', '35'],
     ['350000', '35'], ['350404', '350404001'],
     ['350404', '350404001001'], ['350404001', '350404001'],
     ['350404001', '350404001001'], ['350404001001', '350404001001'],
     ['350400000000', '350481'], ['350404000', '350404002'])
{
    my ($region, $division) = @$_;
    is code("/query?region=$division", $region), '200 ',
        "$region contains $division";
}

for (['350400', '350500'], ['350400', '350505'], ['350400', '350000'],
     ['350400', '35'], ['350404', '350400'], ['350404', '3504'],
     ['350404', '350405'], ['350404001', '350404'],
     ['350404001', '350404002'], ['350404001001', '350404001'],
     ['350404001001', '350404001002'], ['350100', '350481'],
     ['350000', '360000'], ['35', '36'], ['35', '3'], ['35', '350'],
     ['35', '35040'], ['35', '3504041'], ['35', '350404 '],
     ['35', '35040a'], [undef, '350400'], ['00', '00'],
     ['000000', '350400'])
{
    my ($region, $division) = @$_;
    (my $encoded = $division) =~ s/ /%20/g;
    is code("/query?region=$encoded", $region), '403 region-denied',
        (defined $region ? "\"$region\"" : 'nothing')
        . " does not contain \"$division\"";
}

is code('/query', '35'), '403 source-missing',
    'where no division is named, nothing is shown';
is code('/query?region=350404&region=350505', '350400'),
    '400 source-duplicate', 'where two are, neither';
is code('/query?region=350404&Region=350505', '350400'),
    '400 source-duplicate', '... even if only some would see two';
is code('/query?region=%33%35%30%34', '350400'), '200 ',
    'the division is decoded';
is code('/query?region=%2533%2535', '35'), '403 region-denied', '... once';

is code('/d/350404/cases', '350400'), '200 ', 'the path may name it';
is code('/d/350505/cases', '350400'), '403 region-denied', '... or another';
is code('/d/350404/cases?division=350505', '350400'), '200 ',
    '... and only the path';
is code('/header', '350400', headers => { 'X-Region' => '350404' }), '200 ',
    'so may a header';
is code('/header', '350400', headers => { 'X-Region' => '350505' }),
    '403 region-denied', '... or another';
is code('/claim', '350400', claims => { case => { division => 350404 } }),
    '200 ', 'so may a claim, a number for one';
is code('/claim', '350400', claims => { case => { division => '3505' } }),
    '403 region-denied', '... or another';
is code('/claim', '350400'), '403 claim-denied', '... or none';

is code('/officers?region=350505', '350400', claims => { roles => 'officer' }),
    '403 region-denied', 'officers are held to their region';
is code('/officers?region=350505', '350400'), '200 ', '... others are not';

my $res = $gate->get('/query?region=3505', $officers->bearer(region => '3504'));
is JSON::PP::decode_json($res->{content})->{code}, 'scope-denied',
    'the client reads scope-denied';

done_testing;
