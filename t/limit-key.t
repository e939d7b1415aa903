#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A key is anything, of any length: it is hashed, never cut or skipped.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

# 10,000 bytes of header, seven times over: longer than limit_req can count

my $long = join '', map { "\${http_x_part}" } 1 .. 7;

my $gate = Civic::Gate->start(http => <<"END", server => <<'END2');
    large_client_header_buffers 4 32k;
    civic_limit_policy long "key=$long\$arg_end" rate=1r/h;
    civic_limit_policy one key=everybody rate=1r/h burst=1;
    civic_limit_policy other key=\$arg_k rate=1r/h;
    civic_limit_policy again key=\$arg_k rate=1r/h;
END
    location /long { civic_limit long; return 200; }
    location /one { civic_limit one; return 200; }
    location /other { civic_limit other; return 200; }
    location /again { civic_limit again; return 200; }
END2

sub status {
    my ($path, $part) = @_;

    return $gate->get($path, { 'X-Part' => $part // '' })->{status};
}

my $part = 'x' x 10_000;
is(status('/long', $part), 200, 'a key of 70,000 bytes is counted');
is(status('/long', $part), 429, 'and limited');
is(status('/long?end=1', $part), 200, 'a key with another end is another');
is(status('/long', 'y' . substr $part, 1), 200,
   'a key with another beginning too');
is(status('/long', $part), 429, 'and that has changed nothing');

is(status('/one'), 200, 'a key without variables counts everybody');
is(status('/one'), 200, 'together');
is(status('/one'), 429, 'up to the limit');

is(status('/other?k=%00%ff'), 200, 'any bytes are a key');
is(status('/other?k=%00%ff'), 429, 'and are limited');
is(status('/again?k=%00%ff'), 200, 'policies count apart from each other');

done_testing();
