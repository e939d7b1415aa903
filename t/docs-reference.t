#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# The reference is complete and promises nothing: it has every directive,
# variable and problem code of the sources, and no others.

use strict;
use warnings;

use File::Find ();
use Test::More;


sub text {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}


sub all {
    my ($pattern, @folders) = @_;

    my @files;
    File::Find::find(sub { push @files, $File::Find::name
                               if /$pattern/ }, @folders);
    return join "\n", map { text($_) } sort @files;
}


sub unique {
    my %seen;
    return [grep { !$seen{$_}++ } sort @_];
}


my $sources = all(qr/\.c$/, 'src');
my $reference = all(qr/\.md$/, 'docs/directives');


# directives: {  ngx_string("name"), CONTEXT|...

my @directives = $sources =~ /\{\s*ngx_string\("(civic_\w+)"\),\s*NGX_\w*CONF/g;
my @documented = $reference =~ /^## (civic_\w+)$/mg;

cmp_ok(scalar @directives, '>', 10, 'there are directives');
is_deeply(unique(@documented), unique(@directives),
          'every directive is documented, and no other');
is(scalar @documented, @{ unique(@documented) }, 'in one place only');

my @index = text('docs/directives/README.md')
            =~ /^\| \[(civic_\w+)\]\(\w+\.md#\1\) \|/mg;
is_deeply(\@index, unique(@directives), 'the index has them in order');

for my $name (@documented) {
    my ($entry) = $reference =~ /^## $name\n(.*?)(?=^## |\z)/ms;
    like($entry, qr/^ {4}Syntax: +$name\b.*^ {4}Default: .*^ {4}Context: /ms,
         "$name has syntax, default and context");
}


# variables: { ngx_string("name"), NULL, get_handler, or a name of its own;
# one that ends in "_" has the rest from nginx.conf

my @variables = $sources =~ /\{\s*ngx_string\("(civic_\w+)"\),\s*NULL,/g;
push @variables,
    $sources =~ /_variable\w*\s*=\s*ngx_string\("(civic_\w+)"\);/g;
my $pages = $reference . (-e 'docs/variables.md' ? text('docs/variables.md')
                                                 : '');
my @described = $pages =~ /`\$(civic_[a-zA-Z_]+)`/g;
for my $prefix (grep { /_$/ } @variables) {
    s/^$prefix.*/$prefix/ for @described;
}

cmp_ok(scalar @variables, '>', 4, 'there are variables');
is_deeply(unique(@described), unique(@variables),
          'every variable is documented, and no other');


# problems: X(ID, status, "code", "public code")

my $table = join '', map { text($_) } glob 'src/problem/*.h';
my $problems = text('docs/problems.md');
my (%declared, %listed);
$declared{$2} = "$3 $1" while
    $table =~ /X\(\w+,\s*(\d+),\s*"([^"]+)",[\s\\]*"([^"]*)"\)/g;
$listed{$1} = "$2 $3" while
    $problems =~ /^\| `(\S+)` \| `(\S+)` \| (\d+) \| .+ \|$/mg;

cmp_ok(scalar keys %declared, '>', 20, 'there are problem codes');
is_deeply(\%listed, \%declared,
          'every problem code is listed with what clients see');

my ($texts) = text('src/civic_reply_body.c')
              =~ /civic_reply_texts\[\] = \{(.*?)\n\};/s;
my @shown = map { (split / /)[0] } values %declared;
is_deeply(unique($texts =~ /^ {4}\{ ngx_string\("([a-z-]+)"\),/mg),
          unique(@shown), 'every public code has a text in both languages');


# links between the pages

my @broken;
File::Find::find({ no_chdir => 1, wanted => sub {
    return if !/\.md$/;
    my ($file, $folder) = ($_, $File::Find::dir);
    for my $link (text($file) =~ /\]\((?!\w+:)([^)#]+)(?:#[^)]*)?\)/g) {
        push @broken, "$file: $link" if !-e "$folder/$link";
    }
} }, 'docs');
is_deeply(\@broken, [], 'no page links to what is not there');


# sources that the pages name

my %source;
File::Find::find(sub { $source{$_} = 1 }, 'src');
my $pages_all = join "\n", all(qr/\.md$/, 'docs'),
                           map { text($_) } 'README.md', 'README.zh-CN.md';
my @named = $pages_all =~ /\b(civic_\w+\.[ch])\b/g;
cmp_ok(scalar @named, '>', 20, 'pages name sources');
is_deeply([grep { !$source{$_} } @{ unique(@named) }], [],
          'that are all there');

done_testing;
