#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Words of civic_cors that no browser would understand are errors, with file
# and line.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

for (['origin=https://a.example'],
     ['origin=https://a.example,http://localhost:3000,https://*.b.example'],
     ['origin=*'],
     ['origin=https://a.example methods=GET,POST,DELETE headers=X-A,X-B '
      . 'expose=ETag credentials max_age=24h'],
     ['origin=https://a.example max_age=0'],
     ['off'],

     ['credentials', 'civic_cors names no origin'],
     ['origin=', '"origin=" in civic_cors has an empty value'],
     ['origin=https://a.example,', '"origin=" in civic_cors has an empty elem'],
     ['origin=* credentials', 'civic_cors lets anybody ("origin=*") use'],
     ['origin=*,https://a.example', 'origin "*" of civic_cors stands alone'],
     ['origin=null', 'origin "null" of civic_cors could be anybody'],
     ['origin=https://a.example/', 'it has a path'],
     ['origin=https://A.example', 'it has capital letters'],
     ['origin=a.example', 'it has no scheme http:// or https://'],
     ['origin=https://a.example:443', 'it names the port that its scheme'],
     ['origin=https://a.example:0', 'it has a port that is none'],
     ['origin=https://a*.example', 'it has a host that is none'],
     ['origin=https://*.cn', 'it is too wide'],
     ['origin=https://a.example,https://a.example',
      'origin "https://a.example" of civic_cors comes twice'],
     ['origin=https://*.b.example,https://*.b.example', 'comes twice'],
     ['origin=https://a.example origin=https://b.example',
      '"origin=" comes twice in civic_cors'],
     ['origin=* methods=GET,BREW', 'method "BREW" of civic_cors is unknown'],
     ['origin=* methods=OPTIONS', 'is answered by the gate itself'],
     ['origin=* headers=*', '"*" in "headers=" of civic_cors is not the'],
     ['origin=* expose=X-A:', '"X-A:" in "expose=" of civic_cors is not the'],
     ['origin=* max_age=25h', '"max_age=25h" in civic_cors is not a time'],
     ['origin=* max_age=', '"max_age=" in civic_cors has an empty'],
     ['origin=* max_age=soon', 'is not a time of at most 24h'],
     ['origin=* vary', 'unknown word "vary" in civic_cors; it knows'],
     ['origin=* off', '"off" in civic_cors stands alone'],
     ['origin=* credentials credentials', '"credentials" comes twice in'],
     ['', 'invalid number of arguments'],
     ['off; civic_cors off', '"civic_cors" directive is duplicate'])
{
    my ($words, $error) = @$_;
    my ($ok, $output) = Civic::Gate->check(server => "civic_cors $words;");

    if (!defined $error) {
        ok $ok, "accepted: civic_cors $words" or diag $output;
        next;
    }
    ok !$ok, "refused: civic_cors $words";
    like $output, qr/\Q$error\E.*nginx\.conf:\d+/, '... with the reason';
}

my ($ok, $output) = Civic::Gate->check(http => 'civic_cors off;');
ok !$ok, 'it is of a server or a location';
like $output, qr/"civic_cors" directive is not allowed here/, '... only';

done_testing;
