# Copyright (C) Civic Gate
#
# What the other tests lean on.

use strict;
use warnings;

use lib 't/lib';
use IO::Socket::INET ();
use JSON::PP qw(decode_json);
use Test::More;
use Civic::Gate;
use Civic::Token;
use Civic::Upstream;

my $up = Civic::Upstream->start;
my $gate = Civic::Gate->start(
    files  => { 'page/index.html' => 'port %PORT%' },
    http   => 'upstream up { server ' . $up->addr . '; keepalive 4; }',
    server => <<'END');
location / {
    proxy_pass http://up;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
}
location /page/ { root conf; }
END

my $res = $gate->get('/a%2Fb?x=1', { 'X-Twice' => ['1', '2'] });
is $res->{status}, 200, 'the gate answers';
my $seen = decode_json($res->{content});
is $seen->{uri}, '/a%2Fb?x=1', 'the upstream echoes what it was asked';
is_deeply [Civic::Upstream::header($seen, 'x-twice')], ['1', '2'],
          'a repeated header is seen twice';

is $gate->get('/page/')->{content}, 'port ' . $gate->port,
   '%PORT% is filled in, in files too';

$gate->request('POST', '/big', { content => 'x' x 300_000 });
$gate->request('POST', '/chunks', {
    headers => { 'Transfer-Encoding' => 'chunked' },
    content => "3\r\nabc\r\n0\r\n\r\n",
});
is $up->count, 3, 'the upstream counts';
is_deeply [map { length $_->{body} } $up->requests], [0, 300_000, 3],
          'and keeps what came, chunked or not';

like $gate->raw("GET /page/ HTTP/1.0\r\n\r\n"), qr/\AHTTP\S+ 200 .*port/s,
     'raw bytes go in and out';

my @before = $gate->pids;
is @before, 1, 'there is one worker';
ok $gate->reload, 'a reload is noticed';
isnt(($gate->pids)[-1], $before[0], 'and has a new worker');

my $slow = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                 PeerPort => $gate->port);
print {$slow} "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1";
$slow->flush;
ok $gate->reload && $gate->reload,
   'so is one while an old worker has yet to end';
close $slow;

my ($ok, $output) = Civic::Gate->check(server => 'return 200;');
ok $ok, 'a good configuration passes' or diag $output;
($ok, $output) = Civic::Gate->check(server => 'retrun 200;');
ok !$ok, 'a bad one does not';
like $output, qr/unknown directive "retrun"/, 'and nginx says why';
ok !eval { Civic::Gate->start(server => 'retrun 200;') },
   'a gate that cannot start dies';
like $@, qr/unknown directive "retrun"/, "with nginx's words";

for my $alg (qw(RS256 PS384 ES256 ES384 ES512 EdDSA HS256 SM2)) {
    my $key = Civic::Token->key($alg, kid => 'k');
    open my $jwk, '>', $gate->dir . '/jwk' or die;
    print {$jwk} $key->jwk;
    close $jwk;
    open my $token, '>', $gate->dir . '/token' or die;
    print {$token} $key->token({ sub => $alg });
    close $token;
    my $dir = $gate->dir;
    like qx(build/jws-verify '$dir/jwk' < '$dir/token' 2>&1),
         qr/\A\{"sub":"$alg"\}/, "$alg is signed as its JWK says";
}

is(Civic::Token->key('ES256', kid => 'k')->jwk,
   Civic::Token->key('ES256', kid => 'k')->jwk, 'a key is made once');
isnt(Civic::Token->key('ES256', kid => 'k')->jwk,
     Civic::Token->key('ES256', kid => 'l')->jwk, 'another kid, another key');

my @alive = ($gate->pid, $gate->pids);
$gate->stop;
is kill(0, @alive), 0, 'stop leaves no process behind';

done_testing;
