#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# W3C Trace Context: what the service gets for each traceparent.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Upstream;

my $up = Civic::Upstream->start;
my $gate = Civic::Gate->start(
    http => 'upstream service { server ' . $up->addr . '; }',
    server => <<'END');
    civic_auth off;
    add_header X-Trace $civic_trace_id always;
    location /svc/ {
        civic_route any "/svc/{id}";
        proxy_pass http://service;
    }
    location /ordinary/ { proxy_pass http://service; }
    location /twice/ {
        rewrite ^/twice/(.*)$ /svc/$1 last;
    }
END

my $trace = '4bf92f3577b34da6a3ce929d0e0e4736';
my $span = '00f067aa0ba902b7';


# [traceparent fields], [tracestate] of the service, and our answer's trace id

sub passed {
    my ($headers, $path) = @_;

    my $res = $gate->get($path // '/svc/1', $headers);
    my $seen = JSON::PP::decode_json($res->{content});
    my @parents = Civic::Upstream::header($seen, 'traceparent');
    my @states = Civic::Upstream::header($seen, 'tracestate');
    return (\@parents, \@states, $res->{headers}{'x-trace'});
}


for my $flags ('00', '01') {
    my ($parents, $states, $id) =
        passed({ traceparent => "00-$trace-$span-$flags",
                 tracestate => 'vendor=1' });
    is(scalar @$parents, 1, 'the service gets one traceparent');
    like($parents->[0], qr/^00-$trace-[0-9a-f]{16}-$flags$/,
         "a valid one is continued, its flags $flags kept");
    unlike($parents->[0], qr/$span/, 'with a span of our own');
    is_deeply($states, ['vendor=1'], 'and its tracestate');
    is($id, $trace, '$civic_trace_id is the same');
}

my ($parents, $states, $id) =
    passed({ traceparent => "00-$trace-$span-ff" });
like($parents->[0], qr/-01$/, 'flags that are not known are cleared');
($parents) = passed({ traceparent => "00-$trace-$span-ae" });
like($parents->[0], qr/-00$/, 'sampled or not');

for my $future ("cc-$trace-$span-01", "01-$trace-$span-01-what-comes") {
    ($parents) = passed({ traceparent => $future });
    like($parents->[0], qr/^00-$trace-[0-9a-f]{16}-01$/,
         "a future version is read as far as it is known: $future");
}

my %invalid = (
    'no traceparent'           => undef,
    'an empty one'             => '',
    'version ff'               => "ff-$trace-$span-01",
    'a trace id of zeros'      => '00-' . '0' x 32 . "-$span-01",
    'a span id of zeros'       => "00-$trace-" . '0' x 16 . '-01',
    'capitals'                 => '00-' . uc($trace) . "-$span-01",
    'other characters'         => '00-' . 'g' x 32 . "-$span-01",
    'a short trace id'         => '00-' . substr($trace, 1) . "-$span-01",
    'other separators'         => "00_${trace}_${span}_01",
    'version 00 with a tail'   => "00-$trace-$span-01-more",
    'a future without a dash'  => "01-$trace-$span-01.more",
    'a bad version'            => "0x-$trace-$span-01",
    'bad flags'                => "00-$trace-$span-0x",
    'no flags'                 => "00-$trace-$span",
    'two of them'              => ["00-$trace-$span-01",
                                   "00-$trace-$span-01"],
);

for my $title (sort keys %invalid) {
    my ($parents, $states, $id) =
        passed({ traceparent => $invalid{$title}, tracestate => 'vendor=1' });
    like("@$parents", qr/^00-(?!$trace)[0-9a-f]{32}-[0-9a-f]{16}-00$/,
         "$title: the service gets one new traceparent");
    is_deeply($states, [], 'and no tracestate');
    is($id, (split /-/, $parents->[0])[1], 'and $civic_trace_id agrees');
}

($parents, $states) = passed({ traceparent => "00-$trace-$span-01",
                               tracestate => ['a=1', 'b=2'] });
is_deeply($states, ['a=1', 'b=2'], 'tracestate may come in parts');

my %seen = map { ((passed())[2] => 1) } 1 .. 50;
is(scalar keys %seen, 50, 'new trace ids differ');

($parents) = passed({ traceparent => "00-$trace-$span-01" }, '/twice/1');
is(scalar @$parents, 1, 'a rewrite adds no second one');
($parents) = passed({}, '/ordinary/1');
is(scalar @$parents, 1, 'ordinary locations of the server take part');

my $refused = $gate->get('/svc/1/2', { traceparent => "00-$trace-$span-01" });
like($refused->{content}, qr/"trace":"$trace"/, 'a problem has the trace id');
is($refused->{headers}{'x-trace'}, $trace, 'the same as the variable');

done_testing;
