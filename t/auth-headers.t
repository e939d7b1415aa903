#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What the service behind the gate is told: who calls, by our word alone,
# and not with which credential.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $up = Civic::Upstream->start;
my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files => { $citizens->files },
    http => $citizens->block . 'upstream service { server ' . $up->addr . '; }',
    server => <<'END');
    underscores_in_headers on;
    ignore_invalid_headers off;
    civic_auth citizens;
    location / { proxy_pass http://service; }
    location /off { civic_auth off; proxy_pass http://service; }
    location /optional {
        civic_auth optional citizens;
        proxy_pass http://service;
    }
    location /pass { civic_credentials pass; proxy_pass http://service; }
    location /pass/not {
        civic_credentials remove;
        proxy_pass http://service;
    }
END


# all headers that reached the service, names in lower case, _ read as -

sub sent {
    my ($path, %header) = @_;

    my $res = $gate->get($path, \%header);
    return { status => $res->{status} } if $res->{status} != 200;

    my %sent;
    for (@{ JSON::PP::decode_json($res->{content})->{headers} }) {
        my $name = lc $_->[0] =~ tr/_./--/r;
        $sent{$name} = defined $sent{$name} ? "$sent{$name}, $_->[1]" : $_->[1];
    }
    return \%sent;
}


my %bearer = %{ $citizens->bearer(sub => '7', scope => 'read write',
                                  region => '310000') };
my $sent = sent('/', %bearer);
is $sent->{'x-civic-caller'}, 'citizens:7', 'X-Civic-Caller reaches it';
is $sent->{'x-civic-subject'}, '7', 'X-Civic-Subject';
is $sent->{'x-civic-issuer'}, 'citizens', 'X-Civic-Issuer';
is $sent->{'x-civic-scope'}, 'read write', 'X-Civic-Scope';
is $sent->{'x-civic-region'}, '310000', 'X-Civic-Region';
is $sent->{authorization}, undef, 'the credential does not';
is $sent->{host}, 'service', 'other headers are left alone';

$sent = sent('/', %{ $citizens->bearer(sub => '8') });
ok !exists $sent->{'x-civic-scope'}, 'a scope that is empty sets no header';
ok !exists $sent->{'x-civic-region'}, 'nor does a region';

is sent('/pass', %bearer)->{authorization}, $bearer{Authorization},
    'civic_credentials pass leaves the credential';
is sent('/pass/not', %bearer)->{authorization}, undef,
    'civic_credentials remove takes it away again';
is sent('/off', %bearer)->{authorization}, $bearer{Authorization},
    'a credential that was not used is not touched';
is sent('/optional', Authorization => 'Basic YTpi')->{authorization},
    'Basic YTpi', 'nor is one that is not ours';

my @forged = qw(X-Civic-Caller x-civic-caller X-CIVIC-CALLER X_Civic_Caller
                X-Civic_Caller X_CIVIC-Caller X.Civic.Caller X-Civic.Caller
                X-Civic-Region X-Civic-Assertion X-Civic-App X-Civic-);

for my $name (@forged) {
    for my $path ('/', '/off', '/optional') {
        my $sent = sent($path, $name => 'mayor',
                        $path eq '/' ? %{ $citizens->bearer(sub => '8') } : ());
        my %seen = map { $_ => $sent->{$_} } grep { /^x-civic/ } keys %$sent;
        my %ours = $path eq '/' ? ('x-civic-caller' => 'citizens:8',
                                   'x-civic-subject' => '8',
                                   'x-civic-issuer' => 'citizens') : ();
        is_deeply \%seen, \%ours, "$path: a forged $name does not arrive";
    }
}

my %many = map { ("X-Civic-N$_" => 'x', "X-Other-N$_" => $_) } 1 .. 60;
$sent = sent('/', %many, %bearer);
is scalar(grep { /^x-civic-n/ } keys %$sent), 0, 'nor do sixty of them';
is_deeply [map { $sent->{"x-other-n$_"} } 1 .. 60], [1 .. 60],
    '... while their neighbours all do';

is sent('/', %bearer, 'X-Civil' => 'a', 'X-Civic' => 'b')->{'x-civic'}, 'b',
    'a name that only resembles ours is left alone';

for my $case (["a\nb", 'a line end'], ["a\x00b", 'a zero byte'],
              ["a\x7fb", 'DEL'])
{
    my ($value, $title) = @$case;
    my $count = $up->count;
    for my $claim (qw(sub scope region)) {
        is sent('/', %{ $citizens->bearer($claim => $value) })->{status}, 401,
            "a token with $title in $claim is refused";
    }
    is $up->count, $count, '... and no request is passed on';
}

for (['civic_credentials keep;', qr/invalid value "keep"/],
     ['civic_credentials pass; civic_credentials pass;', qr/is duplicate/],
     ['civic_credentials;', qr/invalid number of arguments/])
{
    my ($server, $error) = @$_;
    my ($ok, $output) = Civic::Gate->check(server => $server);
    ok !$ok, "refused: $server";
    like $output, qr/$error.*nginx\.conf:\d+/, '... with the reason';
}

done_testing;
