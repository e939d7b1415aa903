# Copyright (C) Civic Gate
#
# What served last serves again after a restart, from the first request on;
# stop, start and rollback, each a file in the state folder, hold over
# restarts; a reload that takes a grant away takes the plugin away.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use JSON::PP ();
use Test::More;

my $name = 'health/hello';
my $temp = File::Temp->newdir;
chmod 0755, $temp;
my %option = Civic::Plugin->options(departments => <<"END", workers => 2);
civic_state $temp/state;
civic_department health {
    path    $temp/plugins;
    prefix  /health;
    allow   claims=sub;
}
END
my $kept = "$temp/state/plugins/$name";


sub put {
    my ($file, $text) = @_;

    File::Path::make_path(File::Basename::dirname($file));
    open my $out, '>', "$file.new" or die "$file: $!\n";
    print {$out} $text;
    close $out;
    rename "$file.new", $file or die;
    return;
}


sub plugin {
    my ($text, %manifest) = @_;

    my %files = Civic::Plugin->files($text, manifest => \%manifest);
    put("$temp/plugins/hello/$_", $files{$_}) for keys %files;
    return;
}


sub text { return $_[0]->get('/health/hello/')->{content} }


sub becomes {
    my ($gate, $wanted, $title) = @_;

    Civic::Plugin->await($gate, $name, $wanted);
    Time::HiRes::sleep(0.3);
    pass $title;
    return;
}


my $gate = Civic::Gate->start(%option);
plugin('one');
becomes($gate, sub { ($_[0]{state} // '') eq 'ready' }, 'it is live');
my $one = Civic::Plugin->status($gate, $name)->{hash};
plugin('two');
becomes($gate, sub { $_[0]{hash} ne $one }, 'and changed');
is text($gate), 'two', 'it is the second version';
put("$temp/plugins/hello/plugin.lua", 'error("broken")');
becomes($gate, sub { $_[0]{reason} =~ /broken/ }, 'its folder breaks');
$gate->stop;

$gate = Civic::Gate->start(%option);
is text($gate), 'two', 'the last good version serves the first request';
becomes($gate, sub { $_[0]{reason} =~ /broken/ },
        'and the reason why it is not the folder is known again');
$gate->reload;
is text($gate), 'two', 'a reload changes nothing';
plugin('two');
becomes($gate, sub { $_[0]{reason} eq '' }, 'the folder is whole again');


# stop and start

put("$kept/stopped", '');
becomes($gate, sub { $_[0]{state} eq 'stopped' }, 'it is stopped');
my $res = $gate->get('/health/hello/');
is $res->{status}, 503, 'a stopped plugin answers 503';
like $res->{content}, qr/"code":"plugin-stopped"/, 'and says so';
$gate->stop;
$gate = Civic::Gate->start(%option);
is $gate->get('/health/hello/')->{status}, 503,
   'it is stopped after a restart';
unlink "$kept/stopped";
becomes($gate, sub { $_[0]{state} eq 'ready' }, 'it is started');
is text($gate), 'two', 'and answers again';


# rollback

put("$kept/pin", "$one\n");
becomes($gate, sub { $_[0]{hash} eq $one }, 'it is rolled back');
is text($gate), 'one', 'to the version before';
plugin('three');
Time::HiRes::sleep(1.5);
is text($gate), 'one', 'the folder does not matter then';
$gate->stop;
$gate = Civic::Gate->start(%option);
Time::HiRes::sleep(1.5);
is text($gate), 'one', 'nor after a restart';
unlink "$kept/pin";
becomes($gate, sub { $_[0]{hash} ne $one }, 'the rollback ends');
is text($gate), 'three', 'and the folder is what serves';

for my $n (1 .. 6) {
    my $hash = Civic::Plugin->status($gate, $name)->{hash};
    plugin("more $n");
    Civic::Plugin->await($gate, $name, sub { $_[0]{hash} ne $hash });
}
my @copies = grep { -d } glob "$kept/*";
is scalar @copies, 6, 'five copies are kept beside the current';


# a grant that is taken away

plugin('claims', needs => { claims => ['sub'] });
becomes($gate, sub { $_[0]{reason} eq '' }, 'it needs a claim');
Time::HiRes::sleep(1);
is text($gate), 'claims', 'and has it';
(my $less = $option{http}) =~ s/allow .*;//;
$gate->write('conf/nginx.conf' => Civic::Gate->configuration(%option,
                                                             http => $less));
ok $gate->reload, 'a reload takes the claim away';
becomes($gate, sub { $_[0]{state} eq 'not-loaded' }, 'and so the plugin');
like(Civic::Plugin->status($gate, $name)->{reason},
     qr/"allow claims=sub;"/, 'with the word to write');
isnt $gate->get('/health/hello/')->{status}, 200, 'it does not answer';
put("$temp/plugins/hello/plugin.lua", 'error("broken")');
$gate->write('conf/nginx.conf' => Civic::Gate->configuration(%option));
ok $gate->reload, 'a reload gives it back';
becomes($gate, sub { $_[0]{state} eq 'ready' && $_[0]{reason} =~ /broken/ },
        'what served then serves again, though its folder is broken');
is text($gate), 'claims', 'and answers';


# a location that comes is nginx's, whatever the folder says

$gate->write('conf/nginx.conf' => Civic::Gate->configuration(%option,
    server => $option{server}
              . 'location = /health/hello/ { return 200 "nginx"; }'));
ok $gate->reload, 'a reload gives the path to nginx';
becomes($gate, sub { $_[0]{state} eq 'not-loaded' },
        'the version that served does not serve over it');
$gate->write('conf/nginx.conf' => Civic::Gate->configuration(%option));
ok $gate->reload, 'a reload takes it back';
becomes($gate, sub { $_[0]{state} eq 'ready' }, 'and it serves again');


# a copy of which a machine without power left half

plugin('claims', needs => { claims => ['sub'] });
becomes($gate, sub { $_[0]{reason} eq '' }, 'its folder is whole');
my $hash = Civic::Plugin->status($gate, $name)->{hash};
$gate->stop;
open my $half, '>', "$kept/$hash/manifest.json" or die "$!\n";
close $half;
$gate = Civic::Gate->start(%option, allow_log => qr/cannot be used/);
becomes($gate, sub { $_[0]{reason} eq '' }, 'it is made anew from the folder');
is text($gate), 'claims', 'and answers';


# a word that comes within the same tick of the kernel's clock as another

my ($watcher) = $gate->log =~ /.*start cache manager process (\d+)/s;
my $tick = time;
kill STOP => $watcher;
put("$kept/other", '');
utime $tick, $tick, $kept;
kill CONT => $watcher;
Time::HiRes::sleep(0.6);
kill STOP => $watcher;
put("$kept/stopped", '');
utime $tick, $tick, $kept;
kill CONT => $watcher;
becomes($gate, sub { $_[0]{state} eq 'stopped' }, 'is seen');

done_testing;
