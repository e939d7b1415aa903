# Copyright (C) Civic Gate
#
# Over HTTP/2 a plugin's route does the same: answers at once and after a
# wait, bodies, problems, streams, and clients that leave.

use strict;
use warnings;

use lib 't/lib';
use Civic::Gate;
use Civic::Host;
use Civic::Plugin;
use Civic::Upstream;
use Test::More;

plan skip_all => 'curl with HTTP/2 is not installed'
    if (`curl --version 2>/dev/null` // '') !~ /^Features:.*HTTP2/m;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;
    select undef, undef, undef, 0.2 if $req->{uri} eq '/wait';
    select undef, undef, undef, 2 if $req->{uri} eq '/long';
    return [200, { 'Content-Type' => 'text/x' },
            $req->{uri} eq '/big' ? 'x' x 3_000_000 : $req->{uri}];
});
my $addr = $up->addr;
my $port = Civic::Gate::free_port();

my %option = Civic::Plugin->options(
    http => "civic_remote his { url http://$addr; timeout 5s; }",
    department => 'allow http=his; timeout 3s;');
$option{http} .= <<"END";
server {
    listen 127.0.0.1:$port http2;
    civic_auth off;
    location \@plugins { civic_mount all; }
}
END
my $gate = Civic::Gate->start(%option);

Civic::Host->plugin($gate, 'health/two', <<'END',
local m = {}
function m.now(r) return 200, { method = r.method } end
function m.echo(r) return 200, r.body end
function m.wait(r)
    return 200, civic.http("his", { path = r.path:match("/%w+$") }).body
end
function m.stream(r) return civic.forward("his", { path = "/big" }) end
function m.fails(r) error("no") end
return m
END
    needs => { http => ['his'] },
    routes => { 'GET /now' => 'now', 'GET /wait' => 'wait',
                'GET /long' => 'wait', 'GET /stream' => 'stream',
                'GET /fails' => 'fails', 'POST /echo' => 'echo' });


sub curl {
    my ($path, @options) = @_;

    open my $pipe, '-|', 'curl', '-s', '-i', '--http2-prior-knowledge',
        '--max-time', 10, @options, "http://127.0.0.1:$port/health/two$path"
        or die "curl: $!\n";
    local $/;
    my ($head, $body) = split /\r\n\r\n/, <$pipe> // '', 2;
    close $pipe;
    my ($status) = ($head // '') =~ m{^HTTP/2 (\d{3})};
    return { status => $status // 0, content => $body // '' };
}


is curl('/now')->{content}, '{"method":"GET"}', 'an answer at once';
is curl('/now', '-I')->{content}, '', 'HEAD';
is curl('/wait')->{content}, '/wait', 'an answer after a wait';
is curl('/echo', '-d', '{"a":[1,2]}', '-H',
        'Content-Type: application/json')->{content}, '{"a":[1,2]}', 'a body';
is curl('/echo', '-d', '{', '-H',
        'Content-Type: application/json')->{status}, 400, 'a bad one';
is curl('/fails')->{status}, 500, 'a failure';
is length(curl('/stream')->{content}), 3_000_000, 'a stream';
is length(curl('/stream', '--limit-rate', '3M')->{content}), 3_000_000,
   'a stream to a slow client';

curl('/long', '--max-time', 0.1) for 1 .. 3;
curl('/stream', '--limit-rate', '100k', '--max-time', 0.2) for 1 .. 3;
is curl('/now')->{status}, 200, 'clients may leave';

done_testing;
