#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A thousand real routes in one location: the templates of GitHub's public
# API.  A request made from each finds it again, with its parameters.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

open my $in, '<', 't/data/github-routes.txt' or die "$!\n";
my @routes = grep { /^[A-Z]/ } map { chomp; $_ } <$in>;
my (%names, $lines, $requests, @expected);

for my $route (@routes) {
    my ($method, $template) = split / /, $route;

    $lines .= qq{civic_route $method "$template" "name=$route";\n};

    my @params = map { tr/-/_/r } $template =~ /\{([\w-]+)\}/g;
    $names{$_} = 1 for @params;
    (my $path = $template) =~ s/\{([\w-]+)\}/'value-of-' . $1 =~ tr,-,_,r/ge;
    push @expected, join ' ', $route,
                    map { "$_=value-of-$_" } sort @params;

    $requests .= "$method $path HTTP/1.1\r\nHost: a\r\n"
                 . ($method eq 'GET' ? '' : "Content-Length: 0\r\n") . "\r\n";
}

cmp_ok(scalar @routes, '>', 1200, 'the templates are there');

# one word of nginx.conf holds no more than 4,096 bytes

my @names = sort keys %names;
my ($sets, @parts) = ('');
while (my @some = splice @names, 0, 30) {
    push @parts, '$part_' . scalar @parts;
    $sets .= "set $parts[-1] \""
             . join(' ', map { "$_=\$civic_param_$_" } @some) . "\";\n";
}

my $gate = Civic::Gate->start(server => <<"END");
    civic_auth off;
    keepalive_requests 10000;
    location \@github {
        $lines
        $sets
        return 200 "\$civic_route @parts";
    }
END

my $bytes = $gate->raw($requests . "GET /zen HTTP/1.1\r\nHost: a\r\n"
                       . "Connection: close\r\n\r\n", 60);
my @answers = Civic::Gate::parse_all($bytes);

is(scalar @answers, @routes + 1, 'one connection carries every request');

my @wrong;
for my $i (0 .. $#routes) {
    my $got = $answers[$i]{content} // '';
    $got =~ s/ \w+=(?= |$)//g;
    push @wrong, "$expected[$i] was taken by $got" if $got ne $expected[$i];
}

is(scalar @wrong, 0, 'each request finds its own template and parameters')
    or diag join "\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)];

done_testing;
