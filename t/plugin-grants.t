# Copyright (C) Civic Gate
#
# What a plugin needs lies within what its department is allowed; what is
# not granted is named with the word that the operator would have to write.

use strict;
use warnings;

use lib 't/lib';
use Civic::Plugin;
use JSON::PP ();
use Test::More;

my $allowed = Civic::Plugin->start(
    http => "civic_redis main { server unix:%DIR%/redis.sock; }\n"
            . "civic_remote his { url http://127.0.0.1:1; }\n",
    department => 'allow store http=his calls=data/pay claims=sub data=P3;',
    server => 'location /health/status/ { return 204; }'
              . ' location = /health/exact/x { return 204; }'
              . ' location @old { civic_route GET "/health/fixed/{id}";'
              . ' return 204; }');
mkdir $allowed->dir . '/plugins';


sub refused {
    my ($name, $title, $reasons, %manifest) = @_;

    Civic::Plugin->write($allowed, "health/$name", Civic::Plugin->files('x',
        name => $name, manifest => \%manifest));
    my $entry = Civic::Plugin->await($allowed, "health/$name",
                                     sub { ($_[0]{state} // '') ne '' });
    is $entry->{state}, 'not-loaded', "$title is refused";
    like $entry->{reason}, $_, 'with the reason' for @$reasons;
    return;
}


my %needs = (store => JSON::PP::true, http => ['his'], data => 'P3',
             calls => ['data/pay:POST /orders'], claims => ['sub']);
Civic::Plugin->write($allowed, 'health/fine', Civic::Plugin->files('x',
    name => 'fine', manifest => { needs => \%needs }));
is(Civic::Plugin->await($allowed, 'health/fine',
                        sub { ($_[0]{state} // '') ne '' })->{reason}, '',
   'what is granted is taken');

refused('much', 'what is not granted',
        [qr{/needs/scripts: .* "allow scripts;"},
         qr{/needs/http/1: .* "allow http=bank;"},
         qr{/needs/calls/0: .* "allow calls=data/credit;"},
         qr{/needs/claims/1: .* "allow claims=region;"},
         qr{/needs/data: .* "allow data=P4;"}],
        needs => { %needs, scripts => JSON::PP::true,
                   http => ['his', 'bank'], calls => ['data/credit:GET /x'],
                   claims => ['sub', 'region'], data => 'P4' });

refused('abroad', 'a prefix of another department',
        [qr{/prefix/0: "/data/abroad" is not below .* "prefix /data/abroad;"}],
        prefix => ['/data/abroad']);
refused('nearly', 'a prefix that only looks like the own one',
        [qr{/prefix/0: "/healthy" is not below}], prefix => ['/healthy']);
refused('thief', 'a prefix of another plugin',
        [qr{/prefix/0: "/health/fine/sub" overlaps with "/health/fine" of}],
        prefix => ['/health/fine/sub']);
refused('giant', 'a prefix above those of others',
        [qr{"/health" overlaps with "/health/fine"}], prefix => ['/health']);
refused('status', 'a path in a location of nginx',
        [qr{/routes/GET ~1x: .* meets nginx's location "/health/status/"}],
        routes => { 'GET /x' => { auth => ['public'], run => 'hello' } });
refused('exact', 'what a parameter may turn into an exact location',
        [qr{meets nginx's location "/health/exact/x"}],
        routes => { 'GET /{name}' => { auth => ['public'],
                                       run => 'hello' } });
refused('fixed', 'a path of a civic_route line',
        [qr{same requests as "/health/fixed/\{id\}" \(first in .*nginx.conf:}],
        routes => { 'GET /{name}' => { auth => ['public'],
                                       run => 'hello' } });
refused('auth', 'an unknown issuer', [qr/names an unknown issuer "nobody"/],
        routes => { 'GET /' => { auth => ['nobody'], run => 'hello' } });
refused('limit', 'an unknown policy',
        [qr/no civic_limit_policy is named "none"/],
        routes => { 'GET /' => { auth => ['public'], limit => ['none'],
                                 run => 'hello' } });

unlike $allowed->get('/health/fine/')->{content}, qr/problem/,
       'and the good one answers all the while';


# a prefix that the operator wrote himself may be shared, route by route

my $shared = Civic::Plugin->start(departments => <<'END');
civic_department health {
    path    %DIR%/plugins/health;
    prefix  /health /fhir;
}
END
mkdir $shared->dir . '/plugins';
my %route = (auth => ['public'], run => 'hello');

for my $name ('slot', 'patient') {
    Civic::Plugin->write($shared, "health/$name", Civic::Plugin->files($name,
        name => $name, manifest => { prefix => ["/health/$name", '/fhir'],
            routes => { "GET /fhir/$name" => \%route } }));
    Civic::Plugin->await($shared, "health/$name",
                         sub { ($_[0]{state} // '') eq 'ready' });
}
Time::HiRes::sleep(0.3);
is $shared->get("/fhir/$_")->{content}, $_, "$_ answers below /fhir"
    for 'slot', 'patient';

Civic::Plugin->write($shared, 'health/copy', Civic::Plugin->files('copy',
    name => 'copy', manifest => { prefix => ['/health/copy', '/fhir'],
        routes => { 'GET /fhir/slot' => \%route } }));
my $entry = Civic::Plugin->await($shared, 'health/copy',
                                 sub { ($_[0]{state} // '') ne '' });
like $entry->{reason},
     qr{the same requests as "/fhir/slot" \(first in health/slot/mani},
     'but one path has one plugin';

done_testing;
