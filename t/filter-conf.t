# Copyright (C) Civic Gate
#
# civic_filter and civic_filter_max_body at nginx -t.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use Test::More;


sub check {
    my ($server, $http) = @_;

    return Civic::Gate->check(Civic::Plugin->options(
        http => $http // '', server => $server, departments => <<'END'));
civic_department health { path %DIR%/plugins/health; prefix /health; }
civic_department data   { path %DIR%/plugins/data; prefix /data; }
civic_department old    { path %DIR%/plugins/old; prefix /old; off; }
END
}


sub refused {
    my ($title, $why, @conf) = @_;

    my ($ok, $output) = check(@conf);
    ok !$ok, "refused: $title";
    like $output, qr/\[emerg\].*$why.* in \S+conf:\d+$/m,
         '... with the reason, file and line' or diag $output;
}


sub accepted {
    my ($title, @conf) = @_;

    my ($ok, $output) = check(@conf);
    ok $ok, "accepted: $title" or diag $output;
}


my $eight = join ' ', map { "data/n$_" } 1 .. 8;

accepted('a plugin that is not there yet', 'civic_filter health/none;');
accepted('several in a line and several lines',
    'location /a/ { civic_filter data/a data/b; civic_filter health/c; }');
accepted('eight of them', "location /a/ { civic_filter $eight; }");
accepted('off where others are inherited',
    'location /a/ { civic_filter off; civic_filter_max_body 16k; }',
    "civic_filter $eight;");
accepted('the same plugin below an off',
    'location /a/ { civic_filter off;
                    location /a/b/ { civic_filter data/a; } }',
    'civic_filter data/a;');

refused('a name without a department', 'wants DEPARTMENT/NAME, not "mask"',
    'civic_filter mask;');
refused('a path', 'wants DEPARTMENT/NAME, not "data/a/b"',
    'civic_filter data/a/b;');
refused('a name with capitals', 'wants DEPARTMENT/NAME',
    'civic_filter data/Mask;');
refused('an empty half', 'wants DEPARTMENT/NAME', 'civic_filter data/;');
refused('the same twice', 'names "data/a" again \(first in \S+:\d+\)',
    'civic_filter data/a data/a;');
refused('the same as inherited', 'names "data/a" again',
    'location /a/ { civic_filter data/b data/a; }', 'civic_filter data/a;');
refused('a ninth', 'more than 8 plugins',
    "location /a/ { civic_filter $eight health/a; }");
refused('a ninth with those inherited', 'more than 8 plugins',
    "civic_filter $eight; location /a/ { civic_filter health/a; }");
refused('a department that is not defined',
    'the department "tax" is not defined', 'civic_filter tax/a;');
refused('a department that is off', 'the department "old" is off',
    'civic_filter old/a;');
refused('one of the http block, though nobody inherits it',
    'the department "tax" is not defined', 'civic_filter off;',
    'civic_filter tax/a;');
refused('off beside others', 'off stands alone',
    'civic_filter data/a; civic_filter off;');
refused('others beside off', 'off stands alone',
    'civic_filter off; civic_filter data/a;');
refused('off twice', 'off stands alone',
    'civic_filter off; civic_filter off;');
refused('off in a list', 'off stands alone', 'civic_filter off data/a;');
refused('bodies of no size', 'cannot be 0', 'civic_filter_max_body 0;');

done_testing;
