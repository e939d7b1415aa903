# Copyright (C) Civic Gate
#
# Programs of others, from npm: put into build/npm once, by npm itself.
#
#     Civic::Npm::folder()         where they are; undef where npm's registry
#                                  cannot be reached, which CIVIC_NPM=required
#                                  (CI says so) makes an error
#     Civic::Npm::run($script, @arguments)   a few lines with these packages;
#                                  what they print

package Civic::Npm;

use strict;
use warnings;

use Cwd qw(getcwd);
use Fcntl qw(LOCK_EX);
use File::Path qw(make_path);

our $missing = "npm's registry cannot be reached, see build/npm/npm.log";

my @packages = ('@seriousme/openapi-schema-validator@2.11.0',
                'ajv@8.20.0', 'aliyun-api-gateway@1.1.6', 'fhir@4.12.0',
                'http-message-signatures@1.0.4', 'ical.js@2.2.1',
                'jose@6.2.17',
                map { "$_->[0]\@$_->[1]" } provider());
my $folder;


# the version that the demo has

sub provider {
    open my $in, '<', 'conf/examples/idp/package.json' or die "npm: $!\n";
    local $/;
    return map { [split /": "/] } <$in> =~ /"(oidc-provider": "[^"]+)"/g;
}


sub folder {
    my $dir = getcwd() . '/build/npm';
    return $folder if $folder;

    make_path($dir);
    open my $lock, '>>', "$dir/lock" or die "$dir/lock: $!\n";
    flock $lock, LOCK_EX or die "$dir/lock: $!\n";

    my $stamp = "$dir/stamp-" . join('_', @packages) =~ tr{/}{_}r;
    return $folder = $dir if -e $stamp;

    my $required = ($ENV{CIVIC_NPM} // '') eq 'required';
    my $retries = $required ? 2 : 0;
    if (system("npm install --no-audit --no-fund --ignore-scripts "
               . "--fetch-retries=$retries --prefix '$dir' @packages "
               . "> '$dir/npm.log' 2>&1") != 0)
    {
        die "$missing\n" if $required;
        return;
    }
    open my $done, '>', $stamp or die "$stamp: $!\n";
    return $folder = $dir;
}


sub run {
    my ($script, @arguments) = @_;

    open my $out, '>', "$folder/$$.mjs" or die "$folder/$$.mjs: $!\n";
    print $out $script;
    close $out or die "$folder/$$.mjs: $!\n";

    my $said = qx(node $folder/$$.mjs @arguments 2>&1);
    unlink "$folder/$$.mjs";
    return $said;
}

1;
