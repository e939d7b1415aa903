# Copyright (C) Civic Gate
#
# A plugin of which no version is good has no routes that could be known:
# what lies below its prefix, and is nobody else's, answers 503.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use JSON::PP ();
use Test::More;
use Time::HiRes ();

my %option = (
    http => "civic_redis main { server unix:%DIR%/redis.sock; }\n",
    departments => <<'END',
civic_department health {
    path    %DIR%/plugins/health;
    prefix  /health /fhir;
    allow   store;
}
civic_department data { path %DIR%/plugins/data; prefix /data; }
END
    server => 'location /health/files/old/ { return 204; }'
              . ' location @old { civic_route GET "/health/broken/fixed";'
              . ' return 204; }');
my $gate = Civic::Plugin->start(%option, workers => 2);
mkdir $gate->dir . '/plugins';


sub manifest {
    my ($name, %manifest) = @_;

    return { Civic::Plugin->files('x', name => $name,
                                  manifest => \%manifest) }
           ->{'manifest.json'};
}


sub dropped {
    my ($name, $text, %files) = @_;

    Civic::Plugin->write($gate, "health/$name", 'manifest.json' => $text,
                         'plugin.lua' => "return {}\n", %files);
    Civic::Plugin->await($gate, "health/$name",
                         sub { ($_[0]{reason} // '') ne '' });
    return;
}


# both workers have followed when it was so ten times in a row

sub status {
    my ($path, $wanted, $title, $method) = @_;

    my ($row, $res) = (0);
    for (1 .. 300) {
        $res = $gate->request($method // 'GET', $path);
        $row = $res->{status} == $wanted ? $row + 1 : 0;
        last if $row == 10;
        Time::HiRes::sleep(0.02);
    }
    is $res->{status}, $wanted, $title;
    like $res->{content}, qr/"code":"plugin-not-loaded"/, 'and says why'
        if $wanted == 503;
    return $res;
}


# what its manifest claims, as far as it can be read

Civic::Plugin->write($gate, 'health/fine',
                     Civic::Plugin->files('x', name => 'fine'));
Civic::Plugin->await($gate, 'health/fine',
                     sub { ($_[0]{state} // '') eq 'ready' });

dropped('strange', manifest('strange', colour => 1,
                            prefix => ['/health/else', '/fhir/Strange']));
my $res = status('/health/else/where', 503, 'a manifest with a wrong word');
ok $res->{headers}{'retry-after'}, 'and when to come again';
status('/health/else', 503, 'its prefix itself');
status('/fhir/Strange/1', 503, 'each of its prefixes');
status('/health/else/x', 503, 'any method', 'DELETE');
status('/health/elsewhere', 404, 'but not what only begins so');
status('/health/strange/x', 404, 'nor what it does not claim');

dropped('greedy', manifest('greedy', needs => { data => 'P4' }));
status('/health/greedy/', 503, 'one that needs what is not granted');


# nobody else's

dropped('thief', manifest('thief', prefix => ['/health', '/health/fine/sub',
    '/data/thief', '/health/files', '/health/thief/in', 'x', 3]));
status('/health/thief/in', 503, 'a claim that is its own');
status('/health/none', 404, 'none above the prefix of another plugin');
status('/health/fine/sub/none', 404, 'none below it');
status('/data/thief/x', 404, 'none of another department');
status('/health/files/new', 404, 'none around a location of nginx');
status('/health/files/old/x', 204, 'which answers as ever');


# a manifest that cannot be read at all

dropped('broken', '{ "title": ');
status('/health/broken/x', 503, 'below DEPARTMENT/NAME where it says nothing');
status('/health/broken/fixed', 204, 'a civic_route line goes first');
status('/fhir/broken/x', 404, 'by the first prefix of its department');
dropped('empty', '[]');
status('/health/empty/x', 503, 'the same for one that is no object');
dropped('abroad', manifest('abroad', prefix => ['/data/abroad']));
status('/health/abroad/x', 503, 'and one that claims nothing it may');

Civic::Plugin->write($gate, 'health/strange', 'manifest.json' => '{');
Civic::Plugin->await($gate, 'health/strange',
                     sub { $_[0]{reason} =~ /JSON|expected|end/i });
status('/health/else/where', 503, 'what it claimed last counts, if anything');


# it becomes good

Civic::Plugin->write($gate, 'health/strange',
                     Civic::Plugin->files('good', name => 'strange'));
Civic::Plugin->await($gate, 'health/strange', sub { $_[0]{state} eq 'ready' });
is status('/health/strange/', 200, 'a good version')->{content}, 'good',
   'serves';
status('/health/else/where', 404, 'and nothing is left of the claim');
Civic::Plugin->write($gate, 'health/strange', 'manifest.json' => '{');
Civic::Plugin->await($gate, 'health/strange', sub { $_[0]{reason} ne '' });
status('/health/strange/', 200, 'a broken one after it changes nothing');
status('/health/strange/x', 404, 'nothing at all');


# a grant that is taken away, and given back

Civic::Plugin->write($gate, 'health/stores', Civic::Plugin->files('stores',
    name => 'stores', manifest => { needs => { store => JSON::PP::true } }));
Civic::Plugin->await($gate, 'health/stores',
                     sub { ($_[0]{state} // '') eq 'ready' });
my $conf = $gate->dir . '/conf/nginx.conf';
my $granted = do { local (@ARGV, $/) = $conf; <> };
for my $word ('', 'allow store;') {
    $gate->write('conf/nginx.conf' =>
                 $granted =~ s/allow\s+store;/$word/r);
    $gate->reload;
    my ($state, $status) = $word ? ('ready', 200) : ('not-loaded', 503);
    Civic::Plugin->await($gate, 'health/stores',
                         sub { ($_[0]{state} // '') eq $state });
    status('/health/stores/', $status, $word ? 'given back: it serves'
           : 'a grant that is taken away');
}


# a folder that is gone claims nothing

rename $gate->dir . '/plugins/health/broken', $gate->dir . '/away' or die;
for (1 .. 150) {
    last if !defined Civic::Plugin->status($gate, 'health/broken');
    Time::HiRes::sleep(0.1);
}
status('/health/broken/x', 404, 'what is gone claims nothing');

done_testing;
