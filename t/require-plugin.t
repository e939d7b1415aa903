#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A plugin's manifest requires of its callers what civic_require does, in the
# same words; and what cannot be is said at the plugin's own door.

use strict;
use warnings;

use lib 't/lib';
use Civic::Issuer;
use Civic::Plugin;
use Test::More;

my $officers = Civic::Issuer->new(name => 'officers');
my %run = (run => 'hello', auth => ['officers']);

my $gate = Civic::Plugin->start(
    files => { $officers->files },
    http => $officers->block("roles roles;\nlevel acr;\n"),
    mount => <<'END');
location @plugins {
    civic_mount health;
    add_header X-Code $civic_code always;
    add_header X-Line $civic_refused_by always;
}
END
mkdir $gate->dir . '/plugins';


sub plugin {
    my ($name, %routes) = @_;

    Civic::Plugin->write($gate, "health/$name", Civic::Plugin->files('hi',
        manifest => { prefix => ["/health/$name"], routes => \%routes }));
    Civic::Plugin->await($gate, "health/$name",
                         sub { ($_[0]{state} // '') ne '' });
}


plugin('rules',
    'GET /cases' => { %run, require => [
        'for=officer region=query.region', 'level>=2'] },
    'GET /cases/{division}' => { %run, require => [
        'region=param.division'] },
    'GET /mine' => { %run, require => ['query.patient=claim.sub'] },
    'GET /maybe' => { %run, auth => ['optional', 'officers'],
                      require => ['role=officer'] });
Civic::Plugin->await($gate, 'health/rules',
                     sub { ($_[0]{state} // '') eq 'ready' });
Time::HiRes::sleep(0.3);


sub code {
    my ($path, %claims) = @_;

    my $res = $gate->get("/health/rules$path", $officers->bearer(%claims));
    return "$res->{status} " . ($res->{headers}{'x-code'} // '');
}


my %sanming = (roles => 'officer', region => '350400', acr => '2');

is code('/cases?region=350404', %sanming), '200 ', 'all is met';
is code('/cases?region=350505', %sanming), '403 region-denied',
    'a foreign region is refused';
is code('/cases?region=350404&region=350505', %sanming),
    '400 source-duplicate', 'two regions are';
is code('/cases?region=350505', %sanming, roles => 'clerk'), '200 ',
    'who is no officer is not held to his';
is code('/cases?region=350404', %sanming, acr => '1'), '401 level-denied',
    'all lines count';
is code('/cases/350404001', %sanming), '200 ', 'the path names the division';
is code('/cases/350505', %sanming), '403 region-denied', '... or another';
is code('/mine?patient=17', sub => '17'), '200 ', 'a claim is compared';
is code('/mine?patient=18', sub => '17'), '403 source-denied', '... refused';
is $gate->get('/health/rules/maybe')->{status}, 401,
    'nobody is asked who he is';

my $res = $gate->get('/health/rules/cases?region=36',
                     $officers->bearer(%sanming));
like $res->{headers}{'x-line'}, qr{^health/rules/manifest\.json:\d+$},
    'the operator reads which manifest refused';


# at the door

for my $case (
    ['word', 'body.a=1', qr/unknown "body.a"; it knows scope, role/],
    ['param', 'region=param.region',
     qr/reads param.region, which the route's path does not have/],
    ['issuer', 'issuer=nobody', qr/there is no civic_issuer "nobody"/])
{
    my ($name, $line, $error) = @$case;
    plugin($name, 'GET /x/{id}' => { %run, require => [$line] });
    my $status = Civic::Plugin->await($gate, "health/$name",
        sub { ($_[0]{state} // '') eq 'not-loaded' && $_[0]{reason} });
    like $status->{reason}, $error, "$line is refused with the reason";
}

done_testing;
