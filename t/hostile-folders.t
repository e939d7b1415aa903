# Copyright (C) Civic Gate
#
# Folders that are no plugin: whatever a department drops into its place,
# what was there serves on, and nobody else notices.

use strict;
use warnings;

use lib 't/lib';
use Civic::Host;
use Civic::Hostile;
use File::Path ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep);

my $hostile = Civic::Hostile->start;
my $gate = $hostile->gate;
my $json = JSON::PP->new->canonical;
my $fine = "return { fine = function() return 200, 'fine' end }\n";
my $routes = { 'GET /fine' => 'fine' };

$hostile->plugin($fine, routes => $routes);


# the folder is as it says, then whole again

sub dropped {
    my ($title, $reason, $write) = @_;

    $write->();
    my $entry = eval { Civic::Plugin->await($gate, 'bad/plugin',
        sub { ($_[0]{reason} // '') ne '' }) };
    like $entry->{reason} // '', $reason, "$title is refused";
    is $hostile->ask('fine')->{content}, 'fine', 'what was there serves on';
    File::Path::remove_tree($gate->dir . '/plugins/bad/plugin',
                            { keep_root => 1 });
    $hostile->plugin($fine, routes => $routes);
    return;
}


sub file {
    my ($file, $text) = @_;

    return sub { $gate->write("plugins/bad/plugin/$file" => $text) };
}


sub manifest {
    my (%manifest) = @_;

    return sub { Civic::Host->write($gate, 'bad/plugin', $fine,
                                    routes => $routes, %manifest) };
}


dropped('a manifest of 1 MB', qr/too large/,
        file('manifest.json', '{"title":"' . 'x' x 1_000_000 . '"}'));
dropped('a manifest that is nested deeply', qr/nested too deeply/,
        file('manifest.json', '[' x 50_000));
dropped('ten thousand routes', qr/./, manifest(routes => {
        map { ("GET /r$_" => { run => 'fine', auth => ['public'] }) }
        1 .. 3_000 }));
dropped('a plugin.lua of 1 MB', qr/plugin\.lua/,
        file('plugin.lua', '-- ' . 'x' x 1_000_000));
dropped('an empty plugin.lua', qr/plugin\.lua/, file('plugin.lua', ''));
dropped('half a plugin.lua', qr/plugin\.lua:1: /,
        file('plugin.lua', substr $fine, 0, 30));
dropped('half a manifest', qr/JSON/, file('manifest.json', '{ "title": { "z'));
dropped('a syntax error', qr/plugin\.lua:2: /,
        file('plugin.lua', "local M = {}\nfunction (\n"));
dropped('a loop at the top', qr/plugin\.lua/,
        file('plugin.lua', 'while true do end'));
dropped('a loop at the top under pcall', qr/plugin\.lua/,
        file('plugin.lua', 'local function f() pcall(f) return f() end f()'));
dropped('a memory bomb at the top', qr/memory/,
        file('plugin.lua', 'local s = "x" while true do s = s .. s end'));
dropped('a pattern bomb at the top', qr/plugin\.lua|time|killed/i,
        file('plugin.lua', '(("a"):rep(1e5)):find((".-"):rep(20) .. "b")'));
dropped('a module that loops', qr{plugin\.lua|lib/loop}, sub {
        file('lib/loop.lua', 'while true do end')->();
        file('plugin.lua', "require 'loop' $fine")->() });
dropped('an operation at the top', qr/while the plugin is loaded/,
        file('plugin.lua', "civic.log.info('x') $fine"));
dropped('bytecode', qr/./, file('plugin.lua', "\x1bLJ\x02\x0a" . 'x' x 100));
dropped('bytecode in a module', qr/./, sub {
        file('lib/code.lua', "\x1bLJ\x02\x0a")->();
        file('plugin.lua', "require 'code' $fine")->() });


# paths that are not its own

dropped("another department's prefix", qr/prefix/,
        manifest(prefix => ['/quiet/hello']));
dropped('the root', qr/prefix/, manifest(prefix => ['/']));
dropped('no prefix', qr/prefix/, manifest(prefix => []));
dropped('a prefix that climbs', qr/prefix/,
        manifest(prefix => ['/bad/../quiet']));
dropped('a prefix that only begins alike', qr/prefix/,
        manifest(prefix => ['/badly']));
for my $path ('/../../quiet/hello/x', '//quiet', '/{a...}/{b...}', '/{a',
              "/x\ny", '~^/quiet')
{
    dropped("a route GET $path" =~ s/\n/\\n/r, qr/./, manifest(
        routes => { "GET $path" => 'fine', 'GET /fine' => 'fine' }));
}
$hostile->quiet;


# a second plugin that wants the first one's paths

Civic::Host->write($gate, 'bad/second', $fine, prefix => ['/bad/plugin'],
                   routes => { 'GET /fine' => 'fine' });
my $entry = Civic::Plugin->await($gate, 'bad/second',
                                 sub { ($_[0]{reason} // '') ne '' });
ok $entry, "another plugin's route is refused";
is $hostile->ask('fine')->{content}, 'fine', 'and stays where it was';
is $gate->get('/plain/x')->{content}, "plain/plain/x\n",
   "nginx's own locations stay its own";


# links and other things that are no files

my $dir = $gate->dir . '/plugins/bad/plugin';
dropped('a plugin.lua that is a link', qr/link/, sub {
        unlink "$dir/plugin.lua"; symlink '/etc/hostname', "$dir/plugin.lua" });
dropped('a manifest that is a link', qr/link/, sub {
        unlink "$dir/manifest.json";
        symlink '../../quiet/hello/manifest.json', "$dir/manifest.json" });
dropped('a module that is a link', qr/link/, sub {
        mkdir "$dir/lib"; symlink '/etc/passwd', "$dir/lib/x.lua" });
dropped('a pipe', qr/./, sub {
        unlink "$dir/plugin.lua"; system 'mkfifo', "$dir/plugin.lua" });
dropped('a folder of that name', qr/./, sub {
        unlink "$dir/plugin.lua"; mkdir "$dir/plugin.lua" });
dropped('thousands of files', qr/./, sub {
        mkdir "$dir/lib"; file("lib/f$_.lua", 'return 1')->() for 1 .. 3_000 });
dropped('files of 100 MB', qr/./, sub {
        mkdir "$dir/lib"; file('lib/big.lua', ' ' x 100_000_000)->() });
dropped('folders nested deeply', qr/^$|./, sub {
        File::Path::make_path("$dir/lib" . '/a' x 500);
        file('plugin.lua', "require 'none' $fine")->() });


# files that change all the time, and one that is gone in between

for my $i (1 .. 60) {
    file('plugin.lua', $i % 3 ? "$fine -- $i" : 'x' x $i)->();
    unlink "$dir/plugin.lua" if $i % 7 == 0;
    sleep 0.05;
    is $hostile->ask('fine')->{content}, 'fine', 'always an answer' or last
        if $i % 10 == 0;
}

$hostile->same;
$hostile->quiet('the neighbours saw nothing of all that');

done_testing;
