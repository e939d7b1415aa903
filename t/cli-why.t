# Copyright (C) Civic Gate
#
# ./civic why has words in both languages for every code of the sources, and
# for no other.

use strict;
use warnings;
use utf8;

use Test::More;

my $header = do {
    local (@ARGV, $/) = glob 'src/problem/*.h';
    join '', <>;
};
my @codes = grep { length }
            $header =~ /\bX\(\w+,\s*\d+,\s*(?:\\\s*)?"([^"]*)"/g;
cmp_ok scalar @codes, '>=', 45, 'there are codes';

open my $in, '-|:encoding(UTF-8)', 'luajit', '-e', <<'END' or die $!;
package.path = "lua/cli/?.lua"
for code, text in pairs(require "why_reasons") do print(code, text) end
END
my %reason = map { chomp; split /\t/, $_, 2 } <$in>;
close $in or die "luajit: $?\n";

is_deeply [grep { !exists $reason{$_} } @codes], [],
          'every code of src/problem/ has a line in why_reasons.lua';
my %known = map { $_ => 1 } @codes;
is_deeply [grep { !$known{$_} } sort keys %reason], [],
          'every line there is of a code';
is_deeply [grep { $reason{$_} !~ /^[^\/]*\p{Han}[^\/]* \/ [\x20-\x7e]+$/ }
                sort keys %reason], [], 'in Chinese, then in English';

done_testing;
