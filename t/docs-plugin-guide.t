# Copyright (C) Civic Gate
#
# The guide for plugin authors, followed to the letter: what it tells to
# write is taken from the page, what it says is answered is answered.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Civic::Cli;
use Civic::Upstream;
use Encode ();
use File::Path ();
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep);

my $guide = slurp('docs/plugins/guide.md');
my $cli = Civic::Cli->new;
my $plugins = $cli->home . '/plugins/health';
my $folder = "$plugins/vaccine";
my $day = POSIX::strftime('%Y-%m-%d', gmtime(time + 8 * 3600 + 5 * 86400));
my $json = JSON::PP->new->utf8->canonical;


sub slurp {
    my ($file) = @_;

    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    local $/;
    return scalar <$in>;
}


sub spew {
    my ($file, $text) = @_;

    open my $out, '>:encoding(UTF-8)', $file or die "$file: $!\n";
    print {$out} $text;
    close $out or die "$file: $!\n";
    return;
}


# the first block of code after those words

sub code {
    my ($words) = @_;

    my ($code) = $guide =~ /\Q$words\E.*?^```\w*\n(.*?)^```$/ms
        or die "the guide has no code after \"$words\"\n";
    return $code;
}


sub change {
    my ($file, $from, $to) = @_;

    my $text = slurp("$folder/$file");
    $text =~ s/$from/$to/ or die "$file has no $from\n";
    spew("$folder/$file", $text);
    return;
}


sub plugin {
    my ($status, $output) = $cli->run('plugin', @_);
    return Encode::decode('UTF-8', $output);
}


# until the gate has taken notice

sub list {
    my ($wanted) = @_;

    my $list;
    for (1 .. 50) {
        $list = plugin('list');
        last if $list =~ $wanted;
        sleep 0.1;
    }
    return $list;
}


sub await {
    my ($path, $wanted) = @_;

    my $res;
    for (1 .. 50) {
        $res = $cli->gate->get($path, { 'Accept-Language' => 'en' });
        last if $res->{content} =~ $wanted;
        sleep 0.1;
    }
    return $res;
}


my %token;

sub reserve {
    my ($who, $when) = @_;

    $token{$who} //= ($cli->run('token', '--sub', $who,
                                '--scope', 'vaccine:write'))[1];
    chomp $token{$who};
    my $res = $cli->gate->request('POST', '/health/vaccine/reservations',
        { headers => { 'Accept-Language' => 'en',
                       'Authorization' => "Bearer $token{$who}",
                       'Content-Type' => 'application/json' },
          content => $json->encode({ day => $when }) });
    return ($res->{status}, $json->decode($res->{content}));
}


File::Path::make_path($plugins);
chmod 0755, $cli->home, $cli->home . '/plugins', $plugins;

my ($status, $output) = $cli->run('up', '-d');
is $status, 0, 'the demo runs' or diag $output;


# 1 to 3: new, change, mistakes

like plugin('new', 'health/vaccine'), qr/ready/, 'a new plugin is live';
is $cli->gate->get('/health/vaccine/hello/li')->{content}, '{"hello":"li"}',
   'and answers as the guide says';

my ($old) = grep { /return 200/ } split /^/, slurp("$folder/plugin.lua");
my $new = code('Write another answer');
change('plugin.lua', qr/\Q$old\E/, $new);
like await('/health/vaccine/hello/li', qr/department/)->{content},
     qr/"department":"health"/, 'a change is live';

change('plugin.lua', qr/ \}\n/, "\n");
my ($told) = code('and the list says why') =~ /^ +plugin.lua:\d+: (.*)$/m;
like list(qr/expected/),
     qr/^health\/vaccine +ready .*\n +plugin\.lua:\d+: \Q$told\E$/m,
     'a mistake is told, the old version serves on';
like $cli->gate->get('/health/vaccine/hello/li')->{content}, qr/"li"/,
     'as can be seen';

change('plugin.lua', qr/ +return 200.*\n/, code('ask for a name that is not'));
my $res = await('/health/vaccine/hello/li', qr/problem/);
my ($shown) = $guide =~ /^(\{"type":"urn:civicgate:problem:plugin-failed.*)$/m;
my %shown = %{ $json->decode($shown) };
my %failed = %{ $json->decode($res->{content}) };
delete $_->{trace} for \%shown, \%failed;
is_deeply \%failed, \%shown, 'a failure is what the guide shows';


# 4: the service

spew("$folder/manifest.json", code('Now the service itself'));
spew("$folder/plugin.lua", code("\n`plugin.lua`:"));
like list(qr/vaccine +ready +0\.2\.0/), qr/vaccine +ready +0\.2\.0/,
     'the service is live';
like plugin('check', 'health/vaccine'), qr/nothing is wrong/,
     'nothing is wrong with it';

is_deeply $json->decode($cli->gate->get("/health/vaccine/days/$day")
                            ->{content}),
          { day => $day, free => 2 }, 'two places are free';
is_deeply [reserve('zhang', $day)], [201, { day => $day, number => 1 }],
          'the first gets one';
is_deeply [reserve('li', $day)], [201, { day => $day, number => 2 }],
          'the second too';
my ($code, $body) = reserve('wang', $day);
is "$code $body->{code} $body->{day}", "409 no-places $day",
   'the third none';
($code, $body) = reserve('zhang', $day);
is "$code $body->{code}", '409 reserved-already', 'nobody gets two';
($code, $body) = reserve('wang', 'tomorrow');
is "$code $body->{detail}", '422 /day: is not of the format "date"',
   'a body that does not fit is refused';
($code, $body) = reserve('wang', '2020-01-01');
is $body->{code}, 'day-refused', 'so is a day that is over';

spew("$folder/config.json", code('`config.json` beside the manifest'));
sleep 0.1 until list(qr/vaccine +ready/) && (reserve('wang', $day))[0] == 201
                || $code++ > 900;
is_deeply $json->decode($cli->gate->get("/health/vaccine/days/$day")
                            ->{content}),
          { day => $day, free => 37 }, 'settings count';
unlink "$folder/config.json";


# 5: a remote

my $doses = '{"doses": 120}';
my $stock = Civic::Upstream->start(sub {
    return [200, { 'Content-Type' => 'application/json' }, $doses]
});

my $needs = code('In `manifest.json`, ask for it');
my ($problems) = $guide =~ /^( +"stock-unknown": .*\n.*\n)/m;
change('manifest.json', qr/ *"needs": .*\n/, $needs);
change('manifest.json', qr/(?<="problems": \{\n)/, $problems);
change('plugin.lua', qr/(?=^function M\.reserve)/m,
       code('above `M.reserve`') . "\n\n");
change('plugin.lua', qr/(?<=    check_day\(day\)\n)/, "    check_stock()\n");

my ($reason) = $guide =~ m{^ +(/needs/http/0: .*)$}m;
like list(qr/not granted/), qr/\Q$reason\E/, 'what is not granted is told';

my $conf = $cli->home . '/conf/nginx.conf';
my $text = slurp($conf);
my $remote = code('above `civic_state`,');
my $grant = code('the grant:');
my $addr = $stock->addr;
$remote =~ s/127\.0\.0\.1:8090/$addr/;
$text =~ s/(?=^ *civic_state)/$remote\n/m;
$text =~ s/^ *allow   store data=P4;\n/$grant/m;
spew($conf, $text);
my ($pid) = slurp($cli->home . '/run/nginx.pid') =~ /(\d+)/;
kill 'HUP', $pid;
unlike list(qr/vaccine +ready +0\.2\.0 +\w+\n(?! )/), qr/not granted/,
       'once it is granted the plugin is live';

my $other = POSIX::strftime('%Y-%m-%d',
                            gmtime(time + 8 * 3600 + 6 * 86400));
is +(reserve('zhang', $other))[0], 201, 'with a stock there are places';
$stock->stop;
($code, $body) = reserve('li', $other);
is "$code $body->{code} $body->{retry_after}", '503 stock-unknown 30',
   'without it is said so';


# 6 and 7: a timer, and the specs

change('plugin.lua', qr/(?=^    return 201)/m,
       code('A reminder on the evening before') . "\n");
change('plugin.lua', qr/(?=^return M)/m, code('and the function:') . "\n\n");
spew("$folder/spec/vaccine_spec.lua", code('`spec/vaccine_spec.lua`:'));
like plugin('check', 'health/vaccine'), qr/nothing is wrong/,
     'the whole has nothing wrong';
like plugin('test', 'health/vaccine', '--path', $plugins),
     qr/^4 successes \/ 0 failures \/ 0 errors/m, 'and its specs pass';

like $cli->gate->get('/openapi.json')->{content},
     qr{/health/vaccine/reservations}, 'it is in OpenAPI';

$cli->run('down');
done_testing;
