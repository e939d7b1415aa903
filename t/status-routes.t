# Copyright (C) Civic Gate
#
# civic_metrics_routes: routes are labels only where asked, and never more
# than a thousand.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use Civic::Gate;
use Civic::Metrics;

my $many = join '', map { "civic_route GET \"/many/$_\";\n" } 1 .. 1005;

my %option = (server => <<"END");
civic_auth off;

location /asked/ {
    civic_metrics_routes on;
    civic_route GET "/asked/{id}" name=one;
    civic_route GET "~^/asked/x/\\d\$";
    civic_route POST "/asked/{id}";
    return 200 "asked";
}

location /unasked/ {
    civic_route GET "/unasked/{id}" name=one;
    return 200 "unasked";
}

location = /metrics { civic_metrics; }
END

my $gate = Civic::Gate->start(%option);

$gate->get('/asked/1') for 1 .. 3;
$gate->get('/asked/x/7');
$gate->request('POST', '/asked/2');
$gate->get('/unasked/1');
$gate->get('/asked/1/2');

my $metrics = Civic::Metrics->of($gate);
my @routes = grep { $_->[0] eq 'civic_route_requests_total' }
             $metrics->samples;

sub route {
    my ($service, $route, $class) = @_;

    return $metrics->value('civic_route_requests_total',
                           service => $service, route => $route,
                           class => $class);
}

is(route('/asked/', 'one', '2xx'), 3, 'a route counts by its name');
is(route('/asked/', '/asked/{id}', '2xx'), 1,
   'a route without a name counts by its pattern');
is(route('/asked/', '~^/asked/x/\d$', '2xx'), 1,
   'backslashes in a label are escaped');
is(scalar(grep { $_->[1]{service} eq '/unasked/' } @routes), 0,
   'a service that did not ask has no routes as labels');
is(scalar(grep { $_->[1]{class} eq '4xx' } @routes), 0,
   'a request that matched no route counts for none');

$option{server} .= <<"END";
location /many/ {
    civic_metrics_routes on;
    $many
    return 200 "many";
}
END
$gate->write('conf/nginx.conf', Civic::Gate->configuration(%option));
ok($gate->reload, 'more than a thousand routes are no error');

$gate->get("/many/$_") for 1, 2, 1004, 1005;
$metrics = Civic::Metrics->of($gate);

is(route('/asked/', 'one', '2xx'), 3, 'routes count on over a reload');
is(route('/many/', '/many/1', '2xx'), 1, 'routes that came in time count');
is(route('other', 'other', '2xx'), 2, 'the others count together');
like($gate->log,
     qr/\[warn\].*civic status: no room for the names of \d+ routes/,
     'and the log says so');

$gate->stop;

$gate = Civic::Gate->start(server => <<'END');
civic_auth off;
civic_metrics_routes on;

location /a/ { civic_route GET "/a/x"; return 200 "x"; }
location /b/ { civic_route GET "/b/x"; civic_metrics_routes off;
               return 200 "x"; }
location = /metrics { civic_metrics; }
END

$gate->get('/a/x');
$gate->get('/b/x');
$metrics = Civic::Metrics->of($gate);

is(route('/a/', '/a/x', '2xx'), 1, 'a location inherits the word');
is(route('/b/', '/b/x', '2xx'), 0, 'and may take it back');

$gate->stop;
done_testing();
