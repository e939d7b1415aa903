#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# What nginx -t says about routes: the mistake, the file and the line.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;


# the routes are a file of their own, so that lines can be counted

sub check {
    my ($text, %more) = @_;

    return Civic::Gate->check(server => 'civic_auth off; include routes.conf;',
                              files => { 'routes.conf' => $text }, %more);
}


sub refused {
    my ($title, $text, $message, $line) = @_;

    my ($ok, $output) = check($text);
    ok(!$ok, "$title is refused");
    like($output, qr/\[emerg\] .*\Q$message\E/, 'with the reason');
    like($output, qr{ in \S*/routes\.conf:$line$}m, "and line $line");
}


sub in_location {
    my ($title, $route, $message) = @_;

    refused($title, "location /a/ {\n    return 200;\n    $route\n}\n",
            $message, 3);
}


# the line itself

in_location('an unknown method', 'civic_route FETCH "/a/b";',
            'unknown method "FETCH" of civic_route; write GET,POST,... or any');
in_location('a method in lower case', 'civic_route get "/a/b";',
            'unknown method "get"');
in_location('an empty method', 'civic_route GET,,POST "/a/b";',
            'unknown method ""');
in_location('a comma too many', 'civic_route GET, "/a/b";',
            'unknown method ""');
in_location('any among methods', 'civic_route GET,any "/a/b";',
            'unknown method "any"');
in_location('a method that comes twice', 'civic_route GET,GET "/a/b";',
            'method "GET" of civic_route comes twice');
in_location('an unknown parameter', 'civic_route GET "/a/b" nmae=x;',
            'unknown word "nmae=x" in civic_route; it knows name=, scope=');
in_location('a name that is empty', 'civic_route GET "/a/b" name=;',
            '"name=" in civic_route has an empty value');
in_location('a scope that is empty', 'civic_route GET "/a/b" scope=;',
            '"scope=" in civic_route has an empty value');
in_location('a scope that is empty among others',
            'civic_route GET "/a/b" scope=a,,b;',
            'empty scope in "scope=a,,b"');
in_location('a second list of scopes',
            'civic_route GET "/a/b" scope=a scope=b;',
            '"scope=" comes twice in civic_route');
in_location('a second name', 'civic_route GET "/a/b" name=a name=b;',
            '"name=" comes twice in civic_route');
in_location('a route without a pattern', 'civic_route GET;',
            'invalid number of arguments in "civic_route" directive');
in_location('a route with too many words',
            'civic_route GET "/a/b" name=a scope=b scope=c;',
            'invalid number of arguments in "civic_route" directive');

# the pattern

in_location('a pattern outside of its location', 'civic_route GET "/b/c";',
            'the pattern "/b/c" must begin with its location\'s name, "/a/"');
in_location('a parameter over the name of the location',
            'civic_route GET "/{a}/b";',
             'must begin with its location\'s name');
in_location('a pattern without a slash', 'civic_route GET "a/b";',
            'the pattern "a/b" must begin with "/" or "~^"');
in_location('an empty pattern', 'civic_route GET "";',
            'the pattern "" must begin with "/"');
in_location('a parameter without a name', 'civic_route GET "/a/{}";',
            'has an invalid parameter at "{}"');
in_location('a parameter with a digit first', 'civic_route GET "/a/{1a}";',
            'has an invalid parameter at "{1a}"');
in_location('a parameter with a space', 'civic_route GET "/a/{a b}";',
            'has an invalid parameter at "{a b}"');
in_location('a parameter that does not end', 'civic_route GET "/a/{b";',
            'has an invalid parameter at "{b"');
in_location('a brace that does not begin', 'civic_route GET "/a/b}";',
            'has a "}" without "{"');
in_location('a name that comes twice', 'civic_route GET "/a/{b}/{b}";',
            'has two parameters of the name "b"');
in_location('a name that is the same to variables',
            'civic_route GET "/a/{b-c}/{B_c}";',
            'has two parameters of the name "B_c"');
in_location('two parameters side by side', 'civic_route GET "/a/{b}{c}";',
            'have no text between them');
in_location('a tail before the end', 'civic_route GET "/a/{b...}/c";',
            '"{b...}" must follow a "/" and end the pattern');
in_location('a tail inside of a segment', 'civic_route GET "/a/x{b...}";',
            '"{b...}" must follow a "/" and end the pattern');
in_location('an empty constraint', 'civic_route GET "/a/{b:}";',
            'has an invalid parameter at "{b:}"');
in_location('a constraint that is no expression',
            'civic_route GET "/a/{b:[0-9}";', 'does not end');
in_location('a constraint that cannot be compiled',
            'civic_route GET "/a/{b:*}";', 'the constraint "*" is invalid: ');
in_location('a constraint that captures', 'civic_route GET "/a/{b:(?<n>x)}";',
            'its groups may not capture: use "(?:...)"');
in_location('too many parameters', 'civic_route GET "/a'
            . join('', map { "/{p$_}" } 1 .. 17) . '";',
            'has more than 16 parameters');
in_location('a very long pattern', 'civic_route GET "/a/' . 'x' x 3000 . '";',
            'is longer than');
in_location('an expression without its beginning',
            'civic_route GET "~/a/b";', 'must begin with "~^"');
in_location('an expression outside of its location',
            'civic_route GET "~^/b/.*";',
            'must begin with its location\'s name, "/a/", as plain text');
in_location('an expression that is none', 'civic_route GET "~^/a/(";',
            'is invalid: ');


# the place

refused('a route in a location of a regular expression',
        "location ~ ^/a {\n    civic_route GET \"/a/b\";\n}\n",
        'civic_route is not for locations with a regular expression; use a '
        . 'prefix or a named one', 2);
refused('a route in a server', "\ncivic_route GET \"/a\";\n",
        '"civic_route" directive is not allowed here', 2);
refused('a route in an if block',
        "location / {\n  if (\$arg_a) {\n    civic_route GET \"/a\";\n  }\n}\n",
        '"civic_route" directive is not allowed here', 3);
refused('civic_accel_redirect with another word',
        "civic_accel_redirect maybe;\n",
        'invalid value "maybe" in "civic_accel_redirect" directive, it must '
        . 'be "on" or "off"', 1);
refused('civic_accel_redirect twice',
        "civic_accel_redirect on;\ncivic_accel_redirect off;\n",
        '"civic_accel_redirect" directive is duplicate', 2);


# two routes that no request could tell apart

my %twins = (
    'the same pattern'         => ['GET "/a/{b}"', 'GET "/a/{b}"'],
    'another name of it'       => ['GET "/a/{b}"', 'GET,POST "/a/{c}"'],
    'any, twice'               => ['any "/a/b"', 'any "/a/b"'],
    'the same expression'      => ['GET "~^/a/.*$"', 'GET "~^/a/.*$"'],
    'the same constraint'      => ['PUT "/a/{b:x+}"', 'PUT "/a/{c:x+}"'],
    'two tails'                => ['GET "/a/{b...}"', 'GET "/a/{c...}"'],
);

for my $title (sort keys %twins) {
    my ($first, $second) = @{ $twins{$title} };
    my ($ok, $output) = check("location \@x {\n    civic_route $first;\n}\n"
                              . "location \@y {\n    civic_route $second;\n}");
    ok(!$ok, "$title: refused");
    like($output, qr{same requests.*/routes\.conf:2\) in \S*/routes\.conf:5$}m,
         'naming both lines');
}

my ($ok, $output) = check(<<'END');
    location @x {
        civic_route GET "/a/{b}";
        civic_route any "/a/{b}";
        civic_route POST "/a/{b:x+}";
        civic_route GET "/a/{b:x+}";
        civic_route GET "/a/b";
        civic_route GET "/a/{b...}";
        return 200;
    }
END
ok($ok, 'routes that some request can tell apart are fine');
unlike($output, qr/\[warn\]/, 'without a warning');

($ok, $output) = check('location @x { civic_route GET "/a"; return 200; }',
    http => 'server { listen 127.0.0.1:%PORT%; server_name b; civic_auth off; '
            . 'location @x { civic_route GET "/a"; return 200; } }');
ok($ok, 'servers do not share their routes');


# routes that no request can reach

for my $never ('/a//b', '/a/./b', '/a/../b', '/a/b\\\\c') {
    ($ok, $output) = check("location \@x {\n  civic_route GET \"$never\";\n}");
    ok($ok, "$never is accepted");
    like($output, qr{\[warn\].*can never match: .*/routes\.conf:2$}m,
         'with a warning that names the line');
}

done_testing;
