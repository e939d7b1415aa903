# Copyright (C) Civic Gate
#
# civic_openapi: one page of all that plugins answer, which follows them as
# they come, change and go.

use strict;
use warnings;

use lib 't/lib';
use Civic::Gate;
use Civic::Plugin;
use JSON::PP ();
use Test::More;

my $page = 'location = /openapi.json { civic_openapi; }';
my $gate = Civic::Plugin->start(workers => 2, server => $page);


sub paths {
    my $res = $gate->get('/openapi.json');
    return [sort keys %{ JSON::PP::decode_json($res->{content})->{paths} }];
}


sub until_paths {
    my ($wanted, $title) = @_;

    # each worker follows on its own
    my $same = 0;
    for (1 .. 200) {
        $same = "@{ paths() }" eq "@$wanted" ? $same + 1 : 0;
        last if $same == 20;
        select undef, undef, undef, 0.02;
    }
    is_deeply paths(), $wanted, $title;
}


my $res = $gate->get('/openapi.json');
is $res->{status}, 200, 'without plugins there is a page';
is $res->{headers}{'content-type'}, 'application/json', 'of JSON';
is_deeply paths(), [], 'with no paths';

Civic::Plugin->write($gate, 'health/hello');
Civic::Plugin->await($gate, 'health/hello',
                     sub { ($_[0]{state} // '') eq 'ready' });
until_paths(['/health/hello/'], 'a plugin that came is on it');

$res = $gate->get('/openapi.json');
my $doc = JSON::PP::decode_json($res->{content});
is $doc->{openapi}, '3.1.0', 'as OpenAPI 3.1';
is $gate->get('/openapi.json', { 'If-None-Match' => $res->{headers}{etag} })
        ->{status}, 304, 'who has it already is told so';
is $gate->request('HEAD', '/openapi.json')->{headers}{'content-length'},
   length $res->{content}, 'HEAD has its length';

$res = $gate->request('POST', '/openapi.json', { content => 'x' });
is $res->{status}, 405, 'POST is refused';
is $res->{headers}{allow}, 'GET, HEAD', 'and told what is not';

my %files = Civic::Plugin->files('two', manifest => {
    routes => { 'GET /two' => { auth => ['public'], run => 'hello' } } });
Civic::Plugin->write($gate, 'health/hello', %files);
until_paths(['/health/hello/two'], 'a changed one has its new routes');

my ($ok, $output) = Civic::Gate->check(
    server => 'location = /a { civic_openapi; civic_openapi; }');
ok !$ok, 'it stands once in a location';
like $output, qr/"civic_openapi" directive is duplicate in .*nginx.conf:\d+/,
     'else nginx -t says so';

($ok, $output) = Civic::Gate->check(server =>
    'location = /a { proxy_pass http://127.0.0.1:1; civic_openapi; }');
ok !$ok, 'it shares no location';
like $output, qr/civic_openapi shares its location .* in .*nginx.conf:\d+/,
     'with another content handler';

done_testing;
