# Copyright (C) Civic Gate
#
# ./civic plugin on a gate that runs: from a new folder to a rollback.

use strict;
use warnings;

use lib 't/lib';
use Civic::Cli;
use File::Path ();
use Test::More;
use Time::HiRes ();

my $cli = Civic::Cli->new;
my $plugins = $cli->home . '/plugins/health';
File::Path::make_path($plugins);
chmod 0755, $cli->home, $cli->home . '/plugins', $plugins;


my $last;

sub runs {
    my ($words, $pattern, $title) = @_;

    my ($status, $output) = $cli->run('plugin', @$words);
    $last = $output;
    is $status, 0, "civic plugin @$words" or diag $output;
    like $output, $pattern, $title;
    return;
}


sub hello { return $cli->gate->get('/health/hello/hello/li') }


sub change {
    my ($file, $from, $to) = @_;

    my $path = "$plugins/hello/$file";
    open my $in, '<', $path or die "$path: $!\n";
    my $text = do { local $/; <$in> };
    $text =~ s/$from/$to/;
    open my $out, '>', $path or die "$path: $!\n";
    print {$out} $text;
    close $out;
    return;
}

my ($status, $output) = $cli->run('up', '-d');
is $status, 0, 'the demo runs' or diag $output;

my $start = Time::HiRes::time();
runs(['new', 'health/hello'], qr/^health\/hello +ready +0\.1\.0/m,
     'a new plugin is live');
cmp_ok Time::HiRes::time() - $start, '<', 4, 'in no time';
unlike $last, qr{/\.\./}, 'its folder has a plain path';
is hello()->{content}, '{"hello":"li"}', 'it answers';
runs(['list'], qr/^health\/hello +ready +0\.1\.0 +\w{32}$/m, 'it is listed');
runs(['check', 'health/hello'], qr/nothing is wrong/, 'nothing is wrong');
runs(['test', 'health/hello', '--path', $plugins], qr/1 success/,
     'its specs pass');
ok -e "$plugins/hello/$_", "it has a $_"
    for qw(manifest.json plugin.lua README.md spec/hello_spec.lua);

change('plugin.lua', 'hello = request', 'moin = request');
change('manifest.json', '0\.1\.0', '0.2.0');
for (1 .. 40) {
    last if hello()->{content} =~ /moin/;
    Time::HiRes::sleep(0.05);
}
is hello()->{content}, '{"moin":"li"}', 'a change is live within two seconds';

runs(['rollback', 'health/hello'], qr/0\.1\.0/, 'the version before is back');
like hello()->{content}, qr/hello/, 'and answers';
runs(['deploy', 'health/hello'], qr/0\.2\.0/, 'deploy takes the folder');
like hello()->{content}, qr/moin/, 'which answers';
runs(['stop', 'health/hello'], qr/stopped/, 'it is stopped');
is hello()->{status}, 503, 'and answers so';
runs(['start', 'health/hello'], qr/ready/, 'it is started');
is hello()->{status}, 200, 'and answers again';

# what the workers' user left in its folder leads root nowhere

my $kept = $cli->home . '/state/plugins/health/hello';
my $other = $cli->home . '/other';
open my $out, '>', $other or die "$!\n";
print {$out} "other\n";
close $out;
chmod 0600, $other;
symlink $other, "$kept/stopped.new" or die "$!\n";
runs(['stop', 'health/hello'], qr/stopped/, 'beside a link it is stopped');
is -s $other, 6, 'and the link is not followed';
is +(stat $other)[2] & 0777, 0600, 'nor does its rights change';
runs(['start', 'health/hello'], qr/ready/, 'it is started');


# deploy from elsewhere

my $from = $cli->home . '/from';
system('cp', '-R', "$plugins/hello", $from) == 0 or die;
symlink 'from', $cli->home . '/link' or die "$!\n";
runs(['deploy', 'health/hello', $cli->home . '/link'], qr/0\.2\.0/,
     'a folder behind a link is deployed as a folder');
open $out, '>', "$from/plugin.lua" or die "$!\n";
print {$out} "error('no')\n";
close $out;
($status, $output) = $cli->run('plugin', 'deploy', 'health/hello', $from);
is $status, 1, 'to deploy what is broken is a failure';
like $output, qr/was not taken/, 'which is said';
like hello()->{content}, qr/moin/, 'and the version before answers';
change('plugin.lua', q{error\('no'\)}, <<'END');
local M = {}
function M.hello(request)
    return 200, { moin = request.params.name }
end
return M
END
runs(['deploy', 'health/hello'], qr/ready/, 'a folder that is whole is taken');

change('manifest.json', '"version"',
       '"needs": { "http": ["bank"], "claims": ["sub"] }, "version"');
change('plugin.lua', 'return 200', 'retrun 200');
($status, $output) = $cli->run('plugin', 'check', 'health/hello');
is $status, 1, 'check fails where something is wrong';
like $output, qr/allow http=bank;.*allow claims=sub;/s, 'names all grants';
like $output, qr/plugin\.lua:\d+: /, 'and the line of the mistake';

($status, $output) = $cli->run('plugin', 'new', 'nobody/x');
is $status, 1, 'a department that is not there has no plugins';
like $output, qr/no civic_department nobody/, 'and the error says so';
($status, $output) = $cli->run('plugin', 'list', 'more');
isnt $status, 0, 'too many words are refused';

done_testing;
