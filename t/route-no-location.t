#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Where a request comes to no location, a server's own set and rewrite run
# once, as in bare nginx, whether the server has civic_ directives or its
# neighbour.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;

my %files = ('../www/x/y/1' => 'the file', '../www/set' => 'set');
my $rewrites = <<'END';
    root %DIR%/www;
    set $n "${n}i";
    add_header X-N $n;
    rewrite ^/x/(.*)$ /x/y/$1;
END

my %servers = (
    'bare nginx'            => '',
    'a server of the gate'  => 'civic_auth off;',
);

for my $name (sort keys %servers) {
    my $gate = Civic::Gate->start(files => \%files,
                                  server => "$servers{$name} $rewrites");

    is($gate->get('/x/1')->{content}, 'the file', "$name rewrites once");
    is($gate->get('/set')->{headers}{'x-n'}, 'i', "$name sets once");
}

my $gate = Civic::Gate->start(
    files  => \%files,
    http   => "server { listen 127.0.0.1:%PORT%; server_name plain;"
              . "$rewrites }",
    server => 'civic_auth off; location / { return 200; }');

is($gate->request('GET', '/x/1', { headers => { Host => 'plain' } })
        ->{content},
   'the file', 'a neighbour of the gate rewrites once');

my $routed = Civic::Gate->start(files => \%files, server => <<"END");
    civic_auth off;
    $rewrites
    location /zz { civic_route GET "/zz"; return 200; }
END
is($routed->get('/x/1')->{content}, 'the file',
   'so does a server with routes and no location for the request');

done_testing();
