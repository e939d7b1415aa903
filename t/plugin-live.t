# Copyright (C) Civic Gate
#
# A folder that is dropped into its department's place is live within two
# seconds, and so is a change; what is broken changes nothing but the reason
# that operators see.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use Test::More;
use Time::HiRes ();

my $name = 'health/hello';
my $gate = Civic::Plugin->start(workers => 2);
mkdir $gate->dir . '/plugins';


# how long it takes until the route says so

sub says {
    my ($text, $title) = @_;

    my $start = Time::HiRes::time();
    my $res;
    while (Time::HiRes::time() - $start < 2) {
        $res = $gate->get('/health/hello/');
        last if $res->{content} eq $text;
        Time::HiRes::sleep(0.02);
    }
    is $res->{content}, $text, $title;
    return;
}


sub stays {
    my ($reason, $title) = @_;

    my $entry = Civic::Plugin->await($gate, $name,
                                     sub { $_[0]{reason} =~ $reason });
    is $entry->{state}, 'ready', "$title: the last good version serves on";
    is $gate->get('/health/hello/')->{content}, 'two', 'with its text';
    like $gate->log, qr/\[error\] .*"$name" was not taken, .*: .*$reason/,
         'and the log says why';
    unlink map { $gate->dir . "/plugins/$name/$_" }
               qw(config.json lib/outside.lua);
    Civic::Plugin->write($gate, $name, Civic::Plugin->files('two'));
    Civic::Plugin->await($gate, $name, sub { $_[0]{reason} eq '' });
    return;
}


sub broken {
    my ($title, $reason, %files) = @_;

    Civic::Plugin->write($gate, $name, %files);
    stays($reason, $title);
    return;
}


is $gate->get('/health/hello/')->{status}, 404, 'at first there is nothing';
Civic::Plugin->write($gate, $name, Civic::Plugin->files('one'));
says('one', 'a new folder is live within two seconds');
Civic::Plugin->write($gate, $name, Civic::Plugin->files('two'));
says('two', 'and so is a change');

broken('a manifest that is no JSON', qr/JSON|expected/i,
       'manifest.json' => '{ "title": ');
broken('an unknown word', qr/colour/,
       Civic::Plugin->files('x', manifest => { colour => 1 }));
broken('a manifest of 1 MB', qr/manifest\.json is too large/,
       'manifest.json' => '{"title":"' . 'x' x 1000000 . '"}');
broken('a syntax error', qr/plugin\.lua:2: /,
       'plugin.lua' => "local M = {}\nfunction function\n");
broken('an error while it is loaded', qr/plugin\.lua:1: .*of its own/,
       'plugin.lua' => "error('of its own')\n");
broken('an error that would be two lines of the log', qr/ours  \[2J/,
       'plugin.lua' => "error('ours\\n\\27[2J')\n");
broken('bytecode', qr/wrong mode|bytecode/,
       'plugin.lua' => "\x1bLJ\x02\x0a" . 'x' x 100);
broken('a loop at the top', qr/plugin\.lua/,
       'plugin.lua' => "while true do end\n");
broken('a function that is missing', qr/no function "hello"/,
       'plugin.lua' => "return {}\n");
broken('a setting that nobody declared', qr/config\.json/,
       'config.json' => '{"slot": 1}');


# links lead nowhere

$gate->write('outside.lua' => 'return {}');
my $lib = $gate->dir . "/plugins/$name/lib";
mkdir $lib;
symlink '../../../../outside.lua', "$lib/outside.lua" or die;
stays(qr{lib/outside\.lua cannot be read: it is a link}, 'a link out of it');
symlink '/etc', "$lib/etc" or die;
Time::HiRes::sleep(1.2);
is(Civic::Plugin->status($gate, $name)->{reason}, '',
   'a folder that is a link is not looked into');
unlink "$lib/etc";

rmdir $lib or unlink glob("$lib/*") and rmdir $lib or die "$lib: $!\n";
symlink '/etc', $lib or die;
Civic::Plugin->await($gate, $name, sub { $_[0]{reason} =~ /lib is no folder/ });
unlink $lib;
Civic::Plugin->await($gate, $name, sub { $_[0]{reason} eq '' });
pass 'nor is a lib/ that is one, whose going is seen';

symlink "$name", $gate->dir . '/plugins/health/alias';
my $entry = Civic::Plugin->await($gate, 'health/alias',
                                 sub { ($_[0]{state} // '') ne '' });
is $entry->{state}, 'not-loaded', 'a plugin that is a link is not loaded';
unlink $gate->dir . '/plugins/health/alias';


# a folder is judged when it has been quiet

my $loads = () = $gate->log =~ /is live/g;
for my $i (1 .. 12) {
    Civic::Plugin->write($gate, 'health/slow',
                         'lib/part' . $i . '.lua' => "return $i\n");
    Time::HiRes::sleep(0.1);
}
Civic::Plugin->write($gate, 'health/slow', Civic::Plugin->files('slow',
                                                  name => 'slow'));
Civic::Plugin->await($gate, 'health/slow',
                     sub { ($_[0]{state} // '') eq 'ready' });
my $now = () = $gate->log =~ /is live/g;
is $now, $loads + 1, 'a folder that is being copied is left alone';
unlike $gate->log, qr{"health/slow" was not taken},
       'until it is whole';


# without a good version its routes say so

Civic::Plugin->write($gate, 'health/never', 'plugin.lua' => 'error("no")',
    'manifest.json' => {Civic::Plugin->files('', name => 'never')}
                       ->{'manifest.json'});
Civic::Plugin->await($gate, 'health/never',
                     sub { ($_[0]{state} // '') eq 'not-loaded' });
my $res;
for (1 .. 50) {
    $res = $gate->get('/health/never/');
    last if $res->{status} == 503;
    Time::HiRes::sleep(0.02);
}
is $res->{status}, 503, 'a plugin that was never good answers 503';
like $res->{content}, qr/"code":"plugin-not-loaded"/, 'and says so';


for my $n (1 .. 3) {
    Civic::Plugin->write($gate, 'health/never', 'plugin.lua' => "error($n)");
    Civic::Plugin->await($gate, 'health/never',
                         sub { $_[0]{reason} =~ /: $n \[/ });
}
my @copies = grep { -d } glob $gate->dir . '/conf/state/plugins/health/never/*';
is scalar @copies, 1, 'of versions that never served one copy is kept';


# a folder that is gone takes its service with it

my $folder = $gate->dir . '/plugins/health/slow';
rename $folder, $gate->dir . '/away' or die;
Time::HiRes::sleep(2);
is $gate->get('/health/slow/')->{status}, 200,
   'a folder that is missing for a moment changes nothing';
my $gone;
for (1 .. 120) {
    $gone = !defined Civic::Plugin->status($gate, 'health/slow') and last;
    Time::HiRes::sleep(0.1);
}
ok $gone, 'one that is gone takes its service with it';
Time::HiRes::sleep(0.3);
is $gate->get('/health/slow/')->{status}, 404, 'and its routes';
my $kept = $gate->dir . '/conf/state/plugins/health/slow';
ok -e $kept, 'its copies stay for requests that began before';
for (1 .. 200) {
    last if !-e $kept;
    Time::HiRes::sleep(0.1);
}
ok !-e $kept, 'and go, too';

done_testing;
