# Copyright (C) Civic Gate
#
# Validators of others, from npm: put into build/npm once, by npm itself.

package Civic::Npm;

use strict;
use warnings;

use Cwd qw(getcwd);
use Fcntl qw(LOCK_EX);
use File::Path qw(make_path);

my @packages = ('@seriousme/openapi-schema-validator@2.11.0',
                'ajv@8.20.0');


# dies where it cannot be had: a test without its judge has tested nothing

sub install {
    my $dir = getcwd() . '/build/npm';

    make_path($dir);
    open my $lock, '>>', "$dir/lock" or die "$dir/lock: $!\n";
    flock $lock, LOCK_EX or die "$dir/lock: $!\n";

    my $stamp = "$dir/stamp-" . join('_', @packages) =~ tr{/}{_}r;
    return $dir if -e $stamp;

    system("npm install --no-audit --no-fund --ignore-scripts --prefix '$dir' "
           . "@packages > '$dir/npm.log' 2>&1") == 0
        or die "npm install failed, see build/npm/npm.log\n";
    open my $done, '>', $stamp or die "$stamp: $!\n";
    return $dir;
}


# runs a script of a few lines with these packages; what it prints

sub run {
    my ($script, @arguments) = @_;

    my $dir = install();
    open my $out, '>', "$dir/$$.mjs" or die "$dir/$$.mjs: $!\n";
    print $out $script;
    close $out or die "$dir/$$.mjs: $!\n";

    my $said = qx(node $dir/$$.mjs @arguments 2>&1);
    unlink "$dir/$$.mjs";
    return $said;
}

1;
