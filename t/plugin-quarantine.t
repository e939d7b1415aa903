# Copyright (C) Civic Gate
#
# A route that keeps failing is left alone for a while, in all workers; a
# success of its own or a new version forgets that.  Problems of its own are
# no failures, and no other route suffers.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use Civic::Metrics;
use Test::More;
use Time::HiRes ();

my %run = (auth => ['public']);
my %manifest = (
    routes => { 'GET /good' => { %run, run => 'good' },
                'GET /bad' => { %run, run => 'bad' },
                'GET /own' => { %run, run => 'own' } },
    problems => { taken => { status => 409, zh => '已占用',
                             en => 'Taken' } });
my $lua = <<'END';
local M = {}
function M.good() return 200, "good" end
function M.bad(r)
    if r.query.ok then return 200, "well" end
    if r.query.loop then while true do end end
    error("of its own")
end
function M.own() civic.problem("taken") end
return M
END

my $gate = Civic::Plugin->start(workers => 2);
mkdir $gate->dir . '/plugins';


sub plugin {
    my ($version) = @_;

    my %files = Civic::Plugin->files('', manifest => {
        %manifest, version => $version });
    Civic::Plugin->write($gate, 'health/hello', %files,
                         'plugin.lua' => $lua);
    Civic::Plugin->await($gate, 'health/hello',
        sub { ($_[0]{state} // '') ne '' && $_[0]{version} eq $version });
    Time::HiRes::sleep(0.3);
    return;
}


sub ask { return $gate->get("/health/hello/$_[0]") }
sub is_quarantined { return ask('bad')->{content} =~ /plugin-quarantined/ }

plugin('1.0.0');
Civic::Plugin->write($gate, 'health/other',
                     Civic::Plugin->files('other', name => 'other'));
Civic::Plugin->await($gate, 'health/other',
                     sub { ($_[0]{state} // '') eq 'ready' });

ask('own') for 1 .. 8;
is ask('good')->{status}, 200, 'problems of its own are no failures';

for (1 .. 4) {
    ask('bad') for 1 .. 4;
    is ask('bad?ok=1')->{status}, 200, 'four failures and a success are none';
}

ask('bad') for 1 .. 4;
is ask('good')->{status}, 200, 'a success of another route';
ask('bad');
my $res = ask('bad?ok=1');
is $res->{status}, 503, 'after five failures in a row it is left alone';
like $res->{content}, qr/"code":"plugin-quarantined"/, 'and says so';
is $res->{headers}{'retry-after'}, 1, 'for a second';
is scalar(grep { ask('bad?ok=1')->{status} == 503 } 1 .. 8), 8,
   'in all workers';
is ask('good')->{status}, 200, 'another route of the plugin answers';
my $entry = Civic::Plugin->status($gate, 'health/hello');
is $entry->{state}, 'quarantined', 'the status says so too';
is_deeply [map { $_->{route} } grep { $_->{rests} > 0 }
               @{ $entry->{routes} }], ['GET /bad'], 'and which';
is $gate->get('/health/other/')->{status}, 200, 'its neighbour answers';
like $gate->log, qr{"health/hello" keeps failing .* alone for 1s: GET /bad},
     'and the log says so';

Time::HiRes::sleep(1.1);
isnt ask('bad?loop=1')->{status}, 200, 'a loop fails';
$res = ask('bad?ok=1');
is $res->{headers}{'retry-after'}, 2, 'who fails at once rests for longer';
Time::HiRes::sleep(2.1);
is ask('bad?ok=1')->{status}, 200, 'then it answers';
ask('bad') for 1 .. 4;
is ask('bad?ok=1')->{status}, 200, 'and all is forgotten';

ask('bad') for 1 .. 5;
ok is_quarantined(), 'it rests again';
plugin('1.0.1');
is ask('bad?ok=1')->{status}, 200, 'a new version begins anew';

Time::HiRes::sleep(0.5);
my $metrics = $gate->get('/metrics')->{content};
like $metrics, qr/^civic_plugin_state\{plugin="health\/hello",
                  state="ready"\}[ ]1$/mx,
     'metrics have its state';
like $metrics, qr/^civic_plugin_requests_total\{plugin="health\/hello",
                  outcome="failed"\}[ ]\d\d$/mx, 'its failures';
like $metrics, qr/^civic_plugin_requests_total\{plugin="health\/hello",
                  outcome="killed"\}[ ][1-9]/mx, 'its kills';
like $metrics, qr/^civic_plugin_quarantines_total\{plugin="health\/hello"
                  \}[ ]3$/mx, 'its quarantines';
like $metrics, qr/^civic_plugin_loads_total\{plugin="health\/hello"\} 2$/m,
     'its versions';
like $metrics, qr/^civic_plugin_lua_seconds_total\{plugin="health\/hello"
                  \}[ ]0\.0*[1-9]/mx, 'its time';
like $metrics, qr/^civic_plugin_memory_bytes\{plugin="health\/hello"
                  \}[ ][1-9]\d{4,}/mx, 'and its memory';

done_testing;
