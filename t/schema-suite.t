# Copyright (C) Civic Gate
#
# The public JSON Schema Test Suite, as Debian's package of
# Test::JSON::Schema::Acceptance carries it, against build/schema-check: the
# files of the keywords that schemas may use here.

use strict;
use warnings;

use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

binmode Test::More->builder->$_, ':utf8'
    for qw(output failure_output todo_output);

# files that are run

my @files = qw(
    additionalProperties allOf anyOf boolean_schema const contains default
    defs dependentRequired enum exclusiveMaximum exclusiveMinimum
    if-then-else infinite-loop-detection items maxContains maxItems maxLength
    maxProperties maximum minContains minItems minLength minProperties
    minimum multipleOf not oneOf pattern patternProperties prefixItems
    properties propertyNames ref required type uniqueItems
    optional/float-overflow optional/no-schema optional/non-bmp-regex
    optional/format/date optional/format/date-time optional/format/email
    optional/format/ipv4 optional/format/ipv6 optional/format/time
    optional/format/uri optional/format/uuid
);

# files that are not, and why

my %left_out = (
    'anchor'                => '$anchor is not supported',
    'content'               => 'contentMediaType is not supported',
    'dependentSchemas'      => 'dependentSchemas is not supported',
    'dynamicRef'            => '$dynamicRef is not supported',
    'format'                => 'formats assert here',
    'id'                    => '$id is not supported',
    'refRemote'             => 'of references to other documents',
    'unevaluatedItems'      => 'unevaluatedItems is not supported',
    'unevaluatedProperties' => 'unevaluatedProperties is not supported',
    'unknownKeyword'        => 'an unknown keyword is an error here',
    'vocabulary'            => '$vocabulary is not supported',
);

# what a schema inside a file that is run may be refused for

my $refused = join '|', (
    '"(?:\$id|\$anchor|\$dynamicRef|\$dynamicAnchor)" is not supported',
    '"unevaluated(?:Items|Properties)" is not supported',
    '"(?:foo|definitions)" is not supported',
    'only references within the document are supported',
);

# groups that are left out, by their description

my %without = (
    'nul characters in strings' => 'no NUL passes the gate',
);

my $suite = suite();
my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->allow_nonref->ascii->canonical;


sub suite {
    my ($list) = grep { m{/tests/draft2020-12/allOf\.json$} }
                 split /\n/, qx(dpkg -L libtest-json-schema-acceptance-perl);
    BAIL_OUT 'libtest-json-schema-acceptance-perl is not installed'
        unless $list;
    return $list =~ s{/allOf\.json$}{}r;
}


# numbers stay as they are written, so that 1.0 is not 1: they are strings
# with a mark for so long

sub groups {
    my ($file) = @_;

    open my $in, '<', "$suite/$file.json" or die "$file: $!\n";
    my $text = join '', <$in>;
    $text =~ s{("(?:\\.|[^"\\])*")|(-?\d[\d.eE+-]*)}
              {$1 // "\"\\u0001$2\""}ge;
    return @{JSON::PP->new->utf8->decode($text)};
}


sub text {
    return $json->encode($_[0]) =~ s{"\\u0001([^"]*)"}{$1}gr;
}


# what schema-check says about each value; or nothing, and of the schema why

sub verdicts {
    my ($schema, @values) = @_;

    write_file("$dir/schema.json", text($schema));
    write_file("$dir/values", map { text($_) . "\n" } @values);
    my @said = split /\n/,
               qx(build/schema-check $dir/schema.json < $dir/values);
    return $? ? ($said[0]) : ('', @said);
}


sub write_file {
    my ($name, @text) = @_;

    open my $out, '>', $name or die "$name: $!\n";
    print $out @text;
    close $out or die "$name: $!\n";
}


sub run_group {
    my ($group) = @_;

    my $title = $group->{description};
    my @tests = @{$group->{tests}};
    my ($error, @said) = verdicts($group->{schema}, map { $_->{data} } @tests);

    if ($error) {
        like $error, qr/$refused/, "$title: refused as what is not supported";
        return;
    }

    for my $test (@tests) {
        my $said = shift @said // 'nothing';
        is $said eq 'ok' ? 1 : 0, $test->{valid} ? 1 : 0,
           "$title: $test->{description}" or diag $said;
    }
}


for my $file (@files) {
    subtest $file => sub {
        for my $group (groups($file)) {
            run_group($group) unless $without{$group->{description}};
        }
        ok 1, 'it is read to its end';
    };
}

my %known = map { $_ => 1 } @files, keys %left_out;
my @unknown = grep { !$known{$_} }
              map { s{^\Q$suite\E/|\.json$}{}gr } glob "$suite/*.json";
is "@unknown", '', 'each file of the suite is run, or left out for a reason';

done_testing;
