#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A module that parks the request in the entry of REWRITE that is shared
# with us wakes our handler too: what has passed is not counted twice, and
# what was sent elsewhere meanwhile is checked there.

use strict;
use warnings;

use lib 't/lib';
use Cwd ();
use File::Temp ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Metrics;

plan(skip_all => 'the module made here is for another nginx')
    if $ENV{CIVIC_NGINX};

my $temp = File::Temp->newdir('civic-parked-XXXXXX', TMPDIR => 1);
my $other = "$temp/parking.so";
my $ours = Cwd::abs_path($ENV{CIVIC_MODULE}
                         // 'build/ngx_http_civic_module.so');

is(qx(. t/unit/include.sh
      \${CC:-cc} -O2 -fPIC -shared \$WARNINGS \$INCLUDES -o $other \\
          t/data/parking.c 2>&1), '', 'there is a module that parks');

my $citizens = Civic::Issuer->new;
local $ENV{CIVIC_MODULE} = 'none';

my $gate = Civic::Gate->start(
    main   => "load_module $ours;\nload_module $other;\n",
    files  => { $citizens->files },
    http   => $citizens->block . <<'END', server => <<'END2');
    civic_limit_policy one key=$arg_k rate=1r/h burst=1;
END
    location /dry {
        park on;
        civic_limit one;
        civic_limit_dry_run on;
        return 200;
    }
    location /secret { park on; civic_auth citizens; return 200; }
    location /away   { park on; rewrite ^ /secret last; }
    location /page   { park on; error_page 410 = @secret; return 410; }
    location @secret { park on; civic_auth citizens; return 200; }
    location /twice {
        park on;
        civic_auth optional citizens;
        error_page 418 = @secret;
        if ($http_authorization = "") { return 418; }
        return 200;
    }
    location = /metrics { civic_metrics; }
END2

is($gate->get('/dry?k=a')->{status}, 200, 'a request that was parked goes on')
    for 1 .. 3;

my $metrics = Civic::Metrics->of($gate);
my @dry = $gate->log =~ /(policy "one" refused in dry run)/g;
is(scalar @dry, $metrics->value('civic_limit_total', result => 'dry_run'),
   'each refusal in dry run is logged and counted');
is(scalar @dry, 1, 'once');

for my $path (qw(/secret /away /page)) {
    is($gate->get($path)->{status}, 401, "$path is refused without a token");
    is($gate->get($path, $citizens->bearer)->{status}, 200,
       "$path answers with one");
}
is($gate->get('/twice')->{status}, 401, 'a way on is checked again');

done_testing();
