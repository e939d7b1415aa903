#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What becomes of the connection after an answer of the gate's own: the next
# request is read where it begins, or not at all.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my $gate = Civic::Gate->start(server => <<'END');
    civic_auth off;
    location /svc/ {
        civic_route GET,POST "/svc/{id}" name=svc;
        return 200 "$civic_param_id";
    }
END


sub statuses {
    my ($bytes, @methods) = @_;

    return [map { $_->{status} }
            Civic::Gate::parse_all($gate->raw($bytes, 3), @methods)];
}


sub lines {
    my ($first, @headers) = @_;

    return join "\r\n", "$first HTTP/1.1", 'Host: a', @headers, '', '';
}


my $last = lines('GET /svc/last', 'Connection: close');

is_deeply(statuses(lines('GET /svc/a/b') . $last), [404, 200],
          'the connection is kept after 404');
is_deeply(statuses(lines('PUT /svc/a', 'Content-Length: 0') . $last),
          [405, 200], 'and after 405');
is_deeply(statuses(lines('HEAD /svc/a/b') . $last, 'HEAD', 'GET'), [404, 200],
          'and after HEAD');
is_deeply(statuses(lines('GET /svc//a') . $last), [400],
          'but closed after 400');

my $smuggled = lines('GET /svc/smuggled');
is_deeply(statuses(lines('POST /svc/a/b', 'Content-Length: '
                         . length $smuggled) . $smuggled . $last),
          [404, 200], 'the body of a refused request is not a request');
is_deeply(statuses(lines('POST /svc/a/b', 'Transfer-Encoding: chunked')
                   . sprintf("%x\r\n%s\r\n0\r\n\r\n", length $smuggled,
                             $smuggled) . $last),
          [404, 200], 'nor is a chunked one');
is_deeply(statuses(lines('POST /svc//a', 'Content-Length: '
                         . length $smuggled) . $smuggled . $last),
          [400], 'after 400 nothing is read at all');
is_deeply(statuses(lines('POST /svc/a/b', 'Content-Length: 5',
                         'Expect: 100-continue') . 'abcde' . $last),
          [404, 200], 'a refused body that was announced is read and dropped');
is_deeply(statuses("GET /svc/a/b HTTP/1.0\r\n\r\n" . $last), [404],
          'HTTP/1.0 closes after an answer');
like($gate->raw("GET /svc/a/b HTTP/1.0\r\n\r\n"), qr/^HTTP.*"status":404/s,
     'and gets the same one');
is_deeply(statuses(lines('GET /svc/a/b', 'Connection: close') . $last), [404],
          'close is kept');

done_testing;
