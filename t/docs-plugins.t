# Copyright (C) Civic Gate
#
# The pages for authors of plugins are complete and promise nothing: every
# function of lua/civic/ is in the reference, in both languages, and no
# other; so are the commands of the store, the fields of a manifest, and the
# bounds as the sources have them.

use strict;
use warnings;
use utf8;

use Encode ();
use JSON::PP ();
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)'
    for qw(output failure_output);


sub text {
    my ($file) = @_;

    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}


sub unique {
    my %seen;
    return [grep { !$seen{$_}++ } sort @_];
}


my @languages = (['docs/plugins', 'en'], ['docs/zh/plugins', 'zh']);


# what the faces offer, as a plugin writes it

sub offered {
    my ($file) = @_;

    my ($name) = $file =~ m{([a-z]+)\.lua$};
    my $lua = text($file);

    # what is in every environment; native.operation is for the faces alone

    return 'civic.config', $lua =~ /^function (civic\.\w+)\(/mg,
           $lua =~ /^function globals\.([\w.]+)\(/mg
        if $name eq 'base';

    my @found;
    push @found, "civic.$name" if $lua =~ /^return function\(/m;
    push @found, map { "$name.$_" } $lua =~ /^function _M\.(\w+)\(/mg;
    push @found, map { "s:$_" } $lua =~ /^function methods:(\w+)\(/mg;
    push @found, $lua =~ /^function ((?:pool|book):\w+)\(/mg;
    push @found, map { "civic.$name.$_" }
        $lua =~ /^function $name\.(\w+)\(/mg,
        $lua =~ /^$name\.(\w+) = writer\(/mg,
        ($lua =~ /^local $name = \{\n(.*?)^\}/ms ? $1 : '')
            =~ /^    (\w+) = native\./mg;
    return @found;
}

my ($list) = text('src/lua/civic_lua_sources.c')
             =~ /#define CIVIC_LUA_MODULES\(M\)(.*?)\n\n/s;
my @modules = $list =~ /M\(civic, (\w+)\)/g;
cmp_ok(scalar @modules, '>', 10, 'there are modules');

my @offered = map { offered("lua/civic/$_.lua") } @modules;
push @offered, 'require', 's:COMMAND';
cmp_ok(scalar @offered, '>', 60, 'which offer functions');

for (@languages) {
    my ($folder, $language) = @$_;
    my $page = text("$folder/api.md");
    my @told = map { /`((?:civic|capacity|intervals|once|pool|book|s|table)
                         [.:][a-zA-Z0-9.]+|i?pairs|xpcall|require)[(`]/gx }
               $page =~ /^\| (`[^|]*) \|/mg;

    is_deeply(unique(@told), unique(@offered),
              "every function is in the reference, and no other ($language)");

    my %section = map { $_ => 1 } $page =~ /^## civic\.(\w+)$/mg;
    is_deeply([sort keys %section],
              unique('config', 'problem', grep { $_ ne 'base' } @modules),
              "every module has its section ($language)");
}


# the fields of a request: members that host/ gives the table of that name

my @members = map { text($_) =~ /\b(?:value|request|&ex->value),
                    \s(?:pool|r->pool|visit->pool|ex->request->pool),
                    \s*"(\w+)"/gx } glob 'src/host/civic_host_request*.c
                                          src/host/civic_host_visit.c';
cmp_ok(scalar @{ unique(@members) }, '>', 12, 'a request has fields');

for (@languages) {
    my ($folder, $language) = @$_;
    my ($table) = text("$folder/api.md")
                  =~ /^\| (?:field|字段) \| (?:type|类型) \|.*?\n(.*?)\n\n/ms;
    is_deeply(unique($table =~ /^\| `(\w+)` \|/mg), unique(@members),
              "every field of a request is listed, no other ($language)");
}


# the commands that a plugin may send

my @commands = map { lc } text('src/host/civic_host_commands.c')
                          =~ /^ {4}\{ "([A-Z]+)", /mg;
cmp_ok(scalar @commands, '>', 100, 'there are commands');

for (@languages) {
    my ($folder, $language) = @$_;
    my ($table) = text("$folder/api.md")
                  =~ /^\| (?:of|关于) \| (?:commands|命令) \|\n(.*?)\n\n/ms;
    my @told = $table =~ /`(\w+)`/g;
    is_deeply(unique(@told), unique(@commands),
              "every command of the store is listed, no other ($language)");
}


# fields of the manifest: members of the objects in its schema

my $schema = JSON::PP->new->decode(Encode::encode('UTF-8',
                                   text('docs/plugins/manifest.schema.json')));
my %fields = (
    ''       => $schema->{properties},
    needs    => $schema->{properties}{needs}{properties},
    filter   => $schema->{properties}{filter}{properties},
    schedule => $schema->{properties}{schedule}{items}{properties},
    problems => $schema->{properties}{problems}{additionalProperties}
                       {properties},
    routes   => $schema->{'$defs'}{route}{properties},
);

for (@languages) {
    my ($folder, $language) = @$_;
    my $page = text("$folder/manifest.md");

    for my $part (sort keys %fields) {
        my ($section) = $part eq ''
                        ? $page =~ /\A(.*?)^## /ms
                        : $page =~ /^## $part\n(.*?)(?=^## |\z)/ms;
        my ($table) = $section =~ /^\| (?:field|字段) \|[^\n]*\n(.*?)\n\n/ms;
        my @told = map { s/^\[|\]$//gr } map { /`([\w\$]+)`/g }
                   $table =~ /^\| (\[?`[^|]+) \|/mg;
        is_deeply(unique(@told), [sort keys %{ $fields{$part} }],
                  ($part || 'the manifest')
                  . " has all its fields in the page ($language)");
    }

    is_deeply(unique($page =~ /^## (\S+)$/mg),
              [sort keys %{ $fields{''} }],
              "each field has a section with an example ($language)");
    for my $name (keys %{ $fields{''} }) {
        my ($section) = $page =~ /^## \Q$name\E\n(.*?)(?=^## |\z)/ms;
        like($section, qr/^ {4}"\Q$name\E": /m, "$name has its example");
    }
}


# bounds: a define of a source, and how the reference writes it

my @bounds = (
    ['src/host/civic_host_job.h', CIVIC_HOST_MAX_OPERATIONS => '1,000'],
    ['src/host/civic_host_job.h', CIVIC_HOST_MAX_WEIGHT => '32 MB'],
    ['src/host/civic_host_job.h', CIVIC_HOST_MAX_LINES => '100'],
    ['src/host/civic_host_job.h', CIVIC_HOST_MAX_DEPTH => '3'],
    ['src/host/civic_host_job.c', CIVIC_HOST_MESSAGE => '512'],
    ['src/host/civic_host_misc.c', CIVIC_HOST_LINE => '1,000'],
    ['src/host/civic_host_misc.c', CIVIC_HOST_MAX_RANDOM => '4096'],
    ['src/host/civic_host_store.c', CIVIC_HOST_MAX_ARGS => '1,024'],
    ['src/host/civic_host_store.c', CIVIC_HOST_MAX_SCRIPT => '64 KB'],
    ['src/host/civic_host_store.c', CIVIC_HOST_SCRIPT_NAME => '64'],
    ['src/host/civic_host_commands.c', CIVIC_HOST_KEY_PART => '512'],
    ['src/host/civic_host_commands.c', CIVIC_HOST_AGGREGATE => '128'],
    ['src/host/civic_host_commands.c', CIVIC_HOST_OFFSET => '7'],
    ['src/host/civic_host_call.c', CIVIC_HOST_CALL_BODY => '1 MB'],
    ['src/host/civic_host_http.c', CIVIC_HOST_HTTP_HEADERS => '64'],
    ['src/host/civic_host_http.c', CIVIC_HOST_HTTP_BODY => '4 MB'],
    ['src/host/civic_host_response.c', CIVIC_HOST_BODY_MAX => '16 MB'],
    ['src/host/civic_host_response.c', CIVIC_HOST_HEADERS_MAX => '64'],
    ['src/host/civic_host_response.c', CIVIC_HOST_HEADER_MAX => '8 KB'],
    ['src/host/civic_host_response.c', CIVIC_HOST_FIELDS_MAX => '64 KB'],
    ['src/host/civic_host_timers.c', CIVIC_HOST_TIMER_DATA => '64 KB'],
    ['src/host/civic_host_forward.c', CIVIC_HOST_FORWARD_MAX => '64 KB'],
    ['src/host/civic_host_visit.h', CIVIC_HOST_ONCE_KEY => '128'],
    ['src/clock/civic_clock.h', CIVIC_CLOCK_MAX_TIMERS => '100,000'],
    ['src/clock/civic_clock.h', CIVIC_CLOCK_ID => '128'],
    ['src/lua/civic_lua_vm.h', CIVIC_LUA_MAX_FILE => '256 KB'],
    ['src/lua/civic_lua_vm.h', CIVIC_LUA_MAX_JSON => '4 MB'],
    ['src/lua/civic_lua_vm.h', CIVIC_LUA_MAX_VALUES => '16'],
    ['src/lua/civic_lua_value.c', CIVIC_LUA_VALUE_NODES => '65,536'],
    ['src/lua/civic_lua_value.c', CIVIC_LUA_VALUE_BYTES => '8 MB'],
    ['src/json/civic_value.h', CIVIC_VALUE_MAX_DEPTH => '32'],
    ['src/plugin/civic_plugin_zone.h', CIVIC_PLUGIN_METRICS => '16'],
    ['src/plugin/civic_plugin_zone.h', CIVIC_PLUGIN_METRIC_LEN => '48'],
    ['src/plugin/civic_plugin_department.c', CIVIC_DEPARTMENT_MEMORY
         => '16m'],
    ['src/plugin/civic_plugin_department.c', CIVIC_DEPARTMENT_INSTRUCTIONS
         => '5m'],
    ['src/plugin/civic_plugin_department.c', CIVIC_DEPARTMENT_CPU => '20ms'],
    ['src/plugin/civic_plugin_department.c', CIVIC_DEPARTMENT_TIMEOUT
         => '5s'],
);

my %unit = ('' => 1, ' KB' => 1024, ' MB' => 1024 * 1024, m => 1024 * 1024,
            ms => 1, s => 1000);

for (@bounds) {
    my ($file, $name, $written) = @$_;

    my ($value) = text($file) =~ /^#define $name +\(?([\d *]+)\)?/m
        or die "$file: no $name\n";
    my $bound = 1;
    $bound *= $_ for split /\*/, $value;

    my ($number, $unit) = $written =~ /^([\d,]+)(.*)$/;
    $number =~ tr/,//d;
    is($bound, $number * $unit{$unit}, "$name is $written");

    like(text("$_->[0]/api.md"), qr/(?<![\d,])\Q$written\E(?![\d,])/,
         "and the reference says so ($_->[1])") for @languages;
}


# both languages show the same code

for my $name (qw(guide api manifest)) {
    my @code = map { [text("$_->[0]/$name.md") =~ /^```(.*?)^```$/msg] }
                   @languages;
    is_deeply($code[1], $code[0], "$name.md shows the same code in both");
}


# and the same bounds: every number of one is in the other

for my $name (qw(api manifest isolation)) {
    my @numbers = map {
        my $text = text("$_->[0]/$name.md");
        unique($text =~ /(?<![\w.,-])\d+(?:,\d+)*(?![\w-])/g);
    } @languages;
    is_deeply([grep { length > 2 } @{ $numbers[1] }],
              [grep { length > 2 } @{ $numbers[0] }],
              "$name.md has the same numbers in both");
}

done_testing;
