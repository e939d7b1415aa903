# Copyright (C) Civic Gate
#
# The budgets of the house: what keeps a file a page, and a folder a shelf.

use strict;
use warnings;

use File::Basename qw(basename dirname);
use File::Find ();
use Test::More;

my %limit = (c => 800, h => 150, lua => 400, t => 400, pm => 500,
             function => 100, folder => 16);


sub files {
    my ($pattern, @folders) = @_;

    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub {
        push @found, $_ if -f && /$pattern/;
    } }, grep { -d } @folders);
    return sort @found;
}


sub lines {
    my ($file) = @_;

    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    chomp(my @lines = <$in>);
    return @lines;
}


# text without comments and strings, so that its braces and // are code

sub code {
    my ($file) = @_;

    my $text = join "\n", lines($file);
    $text =~ s{(/\*.*?\*/)|("(?:\\.|[^"\\\n])*")|('(?:\\.|[^'\\\n])*')}
              {defined $2 ? '""' : defined $3 ? "''" : $1 =~ tr/\n//cdr}gse;
    return split /\n/, $text, -1;
}


sub faults {
    my ($title, @faults) = @_;

    ok !@faults, $title or diag join "\n", @faults;
}


sub where {
    my ($wrong, @files) = @_;

    my @faults;
    for my $file (@files) {
        my $n = 0;
        for (lines($file)) {
            $n++;
            push @faults, "$file:$n: $_" if $wrong->();
        }
    }
    return @faults;
}


# a C function begins with "name(" in the first column and ends with "}"

sub long_functions {
    my ($file) = @_;

    my ($name, $start, @faults);
    my $n = 0;
    for (code($file)) {
        $n++;
        ($name, $start) = ($1, $n) if /^(\w+)\(/;
        if (/^\}/ && defined $name) {
            my $length = $n - $start + 1;
            push @faults, "$file:$start: $name has $length lines"
                if $length > $limit{function};
            undef $name;
        }
    }
    return @faults;
}


# a body is at depth 1: five levels inside it are one too many

sub deep_nesting {
    my ($file) = @_;

    my ($depth, $inside, $n, @faults) = (0, 0, 0);
    for (code($file)) {
        $n++;
        $inside = 1 if /^\{/;
        $depth += tr/{// - tr/}// if $inside;
        push @faults, "$file:$n" if $inside && $depth > 5 && /\{/;
        ($inside, $depth) = (0, 0) if /^\}/;
    }
    return @faults;
}


my @c    = files(qr/\.[ch]$/, 'src', 't/unit', 't/fuzz');
my @own  = grep { m{^src/} } @c;
my @lua  = files(qr/\.lua$/, 'lua');
my @perl = files(qr/\.(t|pm)$/, 't');
my @sh   = ('civic', '.ci/run', files(qr/\.sh$|\/run$/, 't'));
my @conf = ('config', files(qr/./, 'conf'));
my @text = (@c, @lua, @perl, @sh, @conf);

faults 'no line of C, Perl or shell is wider than 80 columns',
       where(sub { length > 80 && !m{^/\* sources: } }, @c, @perl, @sh);
faults 'no line of Lua is wider than 100 columns',
       where(sub { length > 100 }, @lua);
faults 'nothing is indented with tabs', where(sub { /\t/ }, @text);
faults 'no line ends with a blank', where(sub { /[ \t]$/ }, @text);

faults 'C has no // comments', map {
    my ($file, $n) = ($_, 0);
    map { $n++; m{//} ? "$file:$n: $_" : () } code($file);
} @c;

# it says which of the system's features there are; nginx 1.31 needs it first

faults 'ngx_config.h comes before the headers of others', grep {
    my ($first) = grep { /^#include/ } lines($_);
    defined $first && $first !~ /"civic|<ngx_config\.h>/;
} @own;

faults 'each file says whose it is, near its top', grep {
    my @top = lines($_);
    (join "\n", @top[0 .. ($#top < 8 ? $#top : 8)]) !~ /Civic Gate/;
} grep { !m{\.json$|/corpus/} } @text;

for my $kind (qw(c h lua t pm)) {
    faults "no .$kind file is longer than $limit{$kind} lines", grep {
        /\.$kind$/ && (my @all = lines($_)) > $limit{$kind};
    } @c, @lua, @perl;
}

faults 'no C function is longer than its ceiling',
       map { long_functions($_) } grep { /\.c$/ } @own;
faults 'no C is nested deeper than four levels',
       map { deep_nesting($_) } grep { /\.c$/ } @own;

my (%base, %folder);
$base{basename($_)}++   for @own;
$folder{dirname($_)}++  for grep { /\.c$/ } @own;
faults 'base names are unique in src/', grep { $base{$_} > 1 } keys %base;
faults 'no folder holds more C files than a shelf',
       grep { $folder{$_} > $limit{folder} } keys %folder;

faults 'functions and files carry the prefix', grep {
    basename($_) !~ /^(?:ngx_http_)?civic[_.]/;
} @own;
faults 'labels are failed, done, found, next or invalid',
       where(sub { /^([a-z_]+):$/ && $1 !~ /^(failed|done|found|next|invalid)$/
             }, grep { /\.c$/ } @own);

done_testing;
