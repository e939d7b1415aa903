#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# class= of civic_limit: policies that concern callers of a class only.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $policies = <<'END';
    civic_limit_policy guest key=$remote_addr rate=1r/h burst=1;
    civic_limit_policy firm  key=$remote_addr rate=1r/h;
    civic_limit_policy wide  key=$remote_addr rate=100r/s burst=999;
END
my $gate = Civic::Gate->start(
    files => { $citizens->files }, http => $citizens->block . $policies,
    server => <<'END');
    civic_auth optional citizens;
    civic_limit wide;
    add_header X-Class "$civic_class" always;
    location / { civic_limit guest class=anonymous; return 200; }
    location = /firms { civic_limit firm class=firm,bank; return 200; }
    location = /both {
        civic_limit guest class=firm,anonymous;
        return 200;
    }
    location = /off {
        civic_auth off;
        civic_limit off;
        civic_limit guest class=anonymous;
        return 200;
    }
END

my $citizen = $citizens->bearer;

my $res = $gate->get('/');
is $res->{status}, 200, 'nobody passes';
is $res->{headers}{'x-class'}, 'anonymous', '... his class is anonymous';
is $res->{headers}{'ratelimit-policy'},
    '"wide";q=1000;w=10, "guest";q=2;w=7200', '... his policies are named';
is $gate->get('/')->{status}, 200, '... a burst of two passes';

$res = $gate->get('/');
is $res->{status}, 429, '... and no more';
like $res->{headers}{ratelimit}, qr/"guest";r=0/, '... by his own policy';
is $gate->get('/both')->{status}, 429, '... wherever it concerns him';

for (1 .. 3) {
    $res = $gate->get('/', $citizen);
    is $res->{status}, 200, 'somebody has no such limit';
}
is $res->{headers}{'x-class'}, undef, '... nor a class';
is $res->{headers}{'ratelimit-policy'}, '"wide";q=1000;w=10',
    '... and is told nothing of it';
unlike $res->{headers}{ratelimit}, qr/guest/, '... nor of what is left of it';

is $gate->get('/firms', $_ % 2 ? $citizen : {})->{status}, 200,
    'who is of no such class is not concerned' for 1 .. 4;
is $gate->get('/off')->{status}, 200,
    'where nobody is asked, nobody has a class' for 1 .. 3;

for my $case (
    ['civic_limit wide class=a early;', qr/cannot be early: classes are not/],
    ['civic_limit wide class=;', qr/"" in "class=" of civic_limit cannot be/],
    ['civic_limit wide class=a,,b;', qr/"" in "class=a,,b" of civic_limit/],
    ['civic_limit wide "class=a b";', qr/"a b" in "class=a b" of civic_limit/],
    ['civic_limit class=a;', qr/civic_limit names no policy/],
    ['civic_limit class=a wide;', qr/"class=" of civic_limit comes once, af/],
    ['civic_limit wide class=a class=b;', qr/"class=" of civic_limit comes/],
    ['civic_limit wide class=a; location / { civic_limit wide; }',
     qr/cannot change whom the policy "wide" concerns \(first in \S+:\d+\)/],
    ['civic_limit wide; location / { civic_limit wide class=a; }',
     qr/cannot change whom the policy "wide" concerns/],
    ['civic_limit wide class=a; location / { civic_limit wide class=b; }',
     qr/cannot change whom the policy "wide" concerns/])
{
    my ($server, $error) = @$case;
    my ($ok, $output) = Civic::Gate->check(http => $policies,
                                           server => $server);
    ok !$ok, "refused: $server";
    like $output, qr/$error.* in \S+nginx\.conf:\d+/, '... with the reason';
}

my ($ok, $output) = Civic::Gate->check(http => $policies,
    server => 'civic_limit wide class=a,b; '
              . 'location / { civic_limit wide class=a,b; }');
ok $ok, 'the same said again below is accepted' or diag $output;

for my $name (qw(class roles level client)) {
    ($ok, $output) = Civic::Gate->check(server => 'civic_limit x early;',
        http => "civic_limit_policy x key=\$civic_$name rate=1r/s;");
    like $output, qr/cannot be early: its key "\$civic_$name" is not known/,
        "\$civic_$name is not known before authentication";
}

($ok, $output) = Civic::Gate->check(server => 'civic_limit x early;',
    http => 'civic_limit_policy x key=a${Office}b rate=1r/s;'
            . 'civic_claim $office office.name;');
like $output, qr/cannot be early: its key "a\$\{Office\}b" is not known/,
    'nor is what civic_claim makes';
($ok, $output) = Civic::Gate->check(server => 'civic_limit x early;',
    http => 'civic_limit_policy x key=$office2 rate=1r/s; geo $office2 { }'
            . 'civic_claim $office office.name;');
ok $ok, '... another name is' or diag $output;

done_testing;
