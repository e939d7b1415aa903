# Copyright (C) Civic Gate
#
# One department fills its place, with folders, with files, with Lua that
# takes as long to load as it may: another's plugin is live all the same.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use Test::More;
use Time::HiRes ();

my $gate = Civic::Plugin->start(departments => <<'END');
civic_department health { path %DIR%/plugins/health; prefix /health; }
civic_department data { path %DIR%/plugins/data; prefix /data; }
civic_department busy {
    path         %DIR%/plugins/busy;
    prefix       /busy;
    instructions 1000m;
    cpu          1s;
}
END
my $dir = $gate->dir . '/plugins';
mkdir $_ or die "$_: $!\n" for $dir, "$dir/health", "$dir/data";


sub says {
    my ($pattern, $title) = @_;

    for (1 .. 200) {
        last if $gate->log =~ $pattern;
        Time::HiRes::sleep(0.1);
    }
    like $gate->log, $pattern, $title;
    return;
}


sub live {
    my ($name, $title) = @_;

    my $start = Time::HiRes::time();
    Civic::Plugin->write($gate, "data/$name",
        Civic::Plugin->files('x', name => $name,
                             manifest => { prefix => ["/data/$name"] }));
    says(qr{"data/$name" .* is live},
         "another department's plugin is live $title");
    return Time::HiRes::time() - $start;
}


# folders

mkdir "$dir/health/p$_" or die "$!\n" for 1 .. 600;
says(qr/"health" has more than 170 folders, which is its share/,
     'a department that has too many folders is told so');
live('folders', 'beside 600 folders');
rmdir "$dir/health/p$_" or die "$!\n" for 1 .. 600;


# files

my $lib = "$dir/health/files/lib";
mkdir "$dir/health/files" or die;
mkdir $lib or die;
for my $n (1 .. 1001) {
    open my $file, '>', "$lib/f$n" or die "$!\n";
}
says(qr{"health/files" .*: lib/ and redis/ hold more than 1000 },
     'a folder with too many names is refused');


# time: each bomb takes the three seconds of a trial

for my $n (1 .. 5) {
    Civic::Plugin->write($gate, "health/bomb$n",
        Civic::Plugin->files('', name => "bomb$n"),
        'plugin.lua' => '("a"):rep(3000):find((".-"):rep(60) .. "b")'
                        . "\nreturn {}\n");
}
cmp_ok live('time', 'beside five that load for ever'), '<', 9,
       'and waits for one of them at most';


# a department's own folders: some take a second each, and change all the time

my @names = qw(anew bees cats dogs east fish);

sub busy {
    my ($n) = @_;

    Civic::Plugin->write($gate, "busy/$_",
        Civic::Plugin->files('', name => $_,
                             manifest => { prefix => ["/busy/$_"] }),
        'plugin.lua' => "-- $n\nwhile true do end\n")
        for @names[grep { $_ % 3 == $n % 3 } 0 .. $#names];
    return;
}

busy($_) for 0 .. 2;
Time::HiRes::sleep(2);
Civic::Plugin->write($gate, "busy/late$_", Civic::Plugin->files('x',
    name => "late$_", manifest => { prefix => ["/busy/late$_"] }))
    for 1 .. 4;
my @late;
for my $n (3 .. 40) {
    @late = grep { $gate->log =~ m{"busy/late$_" .* is live} } 1 .. 4;
    last if @late == 4;
    busy($n);
    Time::HiRes::sleep(1);
}
is @late, 4, 'folders that are changed all the time do not keep others away';

done_testing;
