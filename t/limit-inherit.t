#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_limit adds to what the blocks around it say; off clears that.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_limit outer;
    civic_limit_policy outer key=1 rate=1000r/s burst=9;
    civic_limit_policy middle key=1 rate=1000r/s burst=9;
    civic_limit_policy inner key=1 rate=1000r/s burst=9;
    civic_limit_policy first key=1 rate=1000r/s burst=9;
    civic_limit_policy last key=1 rate=1000r/s burst=9;
END
    civic_limit middle;
    civic_limit first early;

    location /a { return 200; }
    location /b { civic_limit inner outer; return 200;
                  location /b/c { civic_limit last early; return 200; } }
    location /d { civic_limit off; return 200; }
    location /e { civic_limit inner; civic_limit off; return 200;
                  location /e/f { civic_limit middle; return 200; } }

    location /g { if ($arg_x) { return 200; } return 204; }
END2

my %policies = (
    '/a'    => 'first outer middle',
    '/b'    => 'first outer middle inner',
    '/b/c'  => 'first last outer middle inner',
    '/d'    => '',
    '/e'    => 'inner',
    '/e/f'  => 'inner middle',
    '/g?x=1' => 'first outer middle'
);

for my $path (sort keys %policies) {
    my $headers = $gate->get($path)->{headers};

    for my $name ('ratelimit-policy', 'ratelimit') {
        is(join(' ', ($headers->{$name} // '') =~ /"(\w+)"/g),
           $policies{$path}, "$path has in $name: $policies{$path}");
    }
}

done_testing();
