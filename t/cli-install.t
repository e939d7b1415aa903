# Copyright (C) Civic Gate
#
# What the command does with packages that are missing, with apt-get, sudo
# and their like replaced by words on paper.

use strict;
use warnings;

use lib 't/lib';
use File::Temp ();
use Test::More;

my $temp = File::Temp->newdir('civic-install-XXXXXX', TMPDIR => 1);


# script NAME => TEXT, before all others in PATH

sub script {
    my ($name, $text) = @_;

    open my $out, '>', "$temp/bin/$name" or die "$name: $!\n";
    print {$out} "#!/bin/sh\n$text\n";
    close $out;
    chmod 0755, "$temp/bin/$name";
    return;
}

mkdir "$temp/bin";
script('id', 'echo 1000');
script($_, 'exit 0') for qw(apt-get systemctl);
script('sudo', "echo \"\$*\" >> $temp/sudo.log");
script('dpkg-query', 'shift 3
for name; do
    case " $LACKING " in *" $name "*) ;; *) echo $name/installed ;; esac
done');

system 'cp', 'civic', "$temp";
$ENV{PATH} = "$temp/bin:$ENV{PATH}";
$ENV{CIVIC_NGINX} = 'false';            # and there it ends
$ENV{LACKING} = 'nginx';
my $said = qx($temp/civic build 2>&1);

like $said, qr/^installing: nginx $/m, 'only what is missing is installed';
open my $in, '<', "$temp/sudo.log" or die "sudo.log: $!\n";
my @done = map { s/^-n //r } <$in>;
my ($apt) = grep { $done[$_] =~ /apt-get .*install nginx$/ } 0 .. $#done;
ok defined $apt, 'by apt-get';
my @services = grep { $done[$_] =~ /systemctl/ } 0 .. $#done;
is "@done[@services]", "systemctl disable nginx\n",
   'its service, and no other, will not start at the next boot';
cmp_ok $services[0], '>', $apt, 'which is said after it is there';

# what t/bench/ runs: wrk, and tokens.lua through libjwt
$ENV{LACKING} = 'libjwt-dev luajit valgrind wrk';
like qx($temp/civic bench 2>&1), qr/^installing: libjwt-dev luajit wrk $/m,
     'the benchmark installs what mints its tokens and what drives it';
like qx($temp/civic bench instructions 2>&1),
     qr/^installing: libjwt-dev luajit valgrind wrk $/m,
     'and what counts instructions, if they are asked for';

done_testing;
