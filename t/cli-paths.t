# Copyright (C) Civic Gate
#
# Folders with awkward names, and folders that move.

use strict;
use warnings;

use lib 't/lib';
use Cwd ();
use File::Temp ();
use Test::More;
use Civic::Cli;

my $temp = File::Temp->newdir('civic-paths-XXXXXX', TMPDIR => 1);


# ./civic of a checkout of its own

sub checkout {
    my ($name, @words) = @_;

    mkdir "$temp/$name";
    system 'cp', '-R', qw(civic config conf lua src), "$temp/$name";
    return qx(cd '$temp/$name' && ./civic @words 2>&1);
}


# File::Temp's folder is closed to others: a worker that is not root cannot
# pass it

my $home = "$temp/it's a home" . '/long' x 25;
my $cli = Civic::Cli->new(home => $home);
my ($status, $said) = $cli->run('up', '-d');
is $status, 0, 'a CIVIC_HOME may be long and hold white space'
    or BAIL_OUT($said);
like $said, qr{CIVIC_HOME='\Q$temp\E/it'\\''s[^']*' .*\./civic down$}m,
     'what is printed is quoted for the shell';

SKIP: {
    skip 'only root has rights to give up', 2 if $> != 0;
    is scalar(my @en = $said =~ /workers run as root$/mg), 1,
       'it says in one line that the workers run as root';
    is scalar(my @zh = $said =~ /以 root 运行$/mg), 1, 'in Chinese too';
}

($status) = $cli->run('down');
is $status, 0, 'it is stopped';
is_deeply [$cli->left], [], 'all of it';

$said = checkout('white space', 'build');
like $said, qr/\A.*含空白的路径.*\nnginx cannot be built with white space/,
     'a checkout in a path with white space is refused';
is scalar(split /\n/, $said), 2, 'in one sentence of each language';

# make is only to say what it would do

mkdir "$temp/moved";
system 'cp', '-R', 'build', "$temp/moved";
$ENV{MAKEFLAGS} = 'n';
checkout('moved', 'build');
open my $in, '<', "$temp/moved/build/nginx/objs/Makefile" or die;
my $makefile = join '', <$in>;
like $makefile, qr{\Q$temp\E/moved/src/civic_module\.c},
     'a checkout that was copied builds its own sources';
unlike $makefile, qr{ \Q@{[ Cwd::getcwd ]}\E/src/civic_module\.c},
     'and not those it was copied from';

done_testing;
