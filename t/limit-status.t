#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What the operator chooses about refusals: status, log level, own pages.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_limit_policy one key=$arg_k rate=1r/h;
END
    civic_limit one;
    civic_limit_log_level notice;

    location / { return 200; }
    location /busy {
        civic_limit_status 503;
        civic_limit_log_level warn;
        return 200;
    }
    location /own { error_page 429 /page; return 200; }
    location /named { error_page 429 = @named; return 200; }
    location /page { return 200 "page of the operator"; }
    location @named { return 200 "place of the operator"; }
END2

sub second {
    my ($path) = @_;

    $gate->get($path);
    return $gate->get($path);
}

is(second('/?k=a')->{status}, 429, 'a refusal is 429');
like($gate->log, qr/\[notice\] [^\n]*civic limit:/,
     'logged at the chosen level');

my $res = second('/busy?k=b');
is($res->{status}, 503, 'or another status');
is(JSON::PP::decode_json($res->{content})->{code}, 'rate-limited',
   'with the same code');
ok($res->{headers}{'retry-after'}, 'and Retry-After');
like($gate->log, qr/\[warn\] [^\n]*civic limit:/, 'at another level');
unlike($gate->log, qr/\[error\] [^\n]*civic limit:/, 'and no other');

$res = second('/own?k=c');
is($res->{status}, 429, 'an error_page keeps the status');
is($res->{content}, 'page of the operator', 'and is what the client sees');
ok($res->{headers}{'retry-after'}, 'with Retry-After');
ok($res->{headers}{ratelimit}, 'and RateLimit');

is(second('/named?k=d')->{content}, 'place of the operator',
   'a named location serves as well');

done_testing();
