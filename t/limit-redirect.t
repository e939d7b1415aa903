#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A client request is charged once for a policy and a key, wherever internal
# redirects lead it; requests that nginx makes itself cost nothing.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_limit_policy all key=$arg_k rate=1r/h burst=9;
    civic_limit_policy more key=$arg_k rate=1r/h burst=9;
    civic_limit_policy path key=$uri rate=1r/h burst=9;
END
    location /plain    { civic_limit all; return 200; }
    location /rewrite  { civic_limit all; rewrite ^ /plain last; }
    location /error    { civic_limit all; error_page 410 = /plain?k=$arg_k;
                         return 410; }
    location /named    { civic_limit all; error_page 410 = @named;
                         return 410; }
    location @named    { civic_limit all; return 200; }
    location /files    { civic_limit all; try_files /none /plain?k=$arg_k; }
    location /added    { civic_limit all; rewrite ^ /more last; }
    location /more     { civic_limit all more; return 200; }
    location /from     { civic_limit path; rewrite ^ /to last; }
    location /to       { civic_limit path; return 200; }
    location /sub      { civic_limit all; auth_request /ask;
                         mirror /copy;
                         try_files /none @named; }
    location = /ask    { civic_limit all; return 204; }
    location = /copy   { civic_limit all; return 204; }
END2

for my $path (qw(/plain /rewrite /error /named /files /sub)) {
    my $key = substr $path, 1;

    like($gate->get("$path?k=$key")->{headers}{ratelimit},
         qr/^"all";r=$_;/, "$path is charged once") for 9, 8;
}

like($gate->get('/added?k=1')->{headers}{ratelimit},
     qr/^"all";r=9;t=\d+, "more";r=9;/,
     'a policy that a redirect adds is charged, the other not again');

$gate->get('/from');
like($gate->get('/to')->{headers}{ratelimit}, qr/^"path";r=8;/,
     'the same policy with another key is charged for that key');
like($gate->get('/from')->{headers}{ratelimit}, qr/^"path";r=7;/,
     'and the headers tell of the key that was counted last');



# what was asked and not charged is asked again

my $open = Civic::Gate->start(http => <<'END', server => <<'END2');
    civic_limit_policy wide key=$arg_k rate=1r/h burst=1;
    civic_limit_policy narrow key=$arg_k rate=1r/h;
END
    location /           { civic_limit wide narrow;
                           error_page 429 = @fallback; return 200; }
    location @fallback   { civic_limit wide; return 200; }
    location /wide       { civic_limit wide; return 200; }
    location /rehearsal  { civic_limit narrow; civic_limit_dry_run on;
                           rewrite ^ /narrow last; }
    location /narrow     { civic_limit narrow; return 200; }
    location /refused    { civic_limit narrow; error_page 429 = @page;
                           return 200; }
    location @page       { civic_limit narrow; return 203; }
END2

is($open->get('/?k=a')->{status}, 200, 'the first request passes both');
is($open->get('/?k=a')->{status}, 200,
   'the second is refused by one, and the other is charged at the fallback');
is($open->get('/wide?k=a')->{status}, 429, 'so that it is used up then');

$open->get('/narrow?k=b');
is($open->get('/rehearsal?k=b')->{status}, 429,
   'a dry run does not open the location that it is rewritten to');

$open->get('/refused?k=c');
is($open->get('/refused?k=c')->{status}, 203,
   'the page for a refusal is not refused by the same policy again');

done_testing();
