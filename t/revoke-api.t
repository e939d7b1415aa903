# Copyright (C) Civic Gate
#
# Revocations through the administrators' API: what is understood, and what
# is refused since it is not.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use Civic::Issuer;
use Civic::Redis;
use Civic::Revoke;

my $redis = Civic::Redis->start;
my $issuer = Civic::Issuer->new(name => 'citizens', alg => 'ES256');
my $gate = Civic::Revoke->gate($redis, $issuer, workers => 1);
my $now = time;
my $true = JSON::PP::true();
my %json = ('Content-Type' => 'application/json');


# what is refused, and a word of why

my %token = (issuer => 'citizens', jti => 'x', expires => $now + 60);
my @wrong = (
    [{}, qr/exactly one/],
    [{ reason => 'x' }, qr/exactly one/],
    [{ app => 'his', subject => 'citizens:a' }, qr/exactly one/],
    [{ token => \%token, issuer => 'citizens' }, qr/exactly one/],
    [{ colour => 'red' }, qr/unknown member/],
    [{ token => 'x' }, qr/not an object/],
    [{ token => [1] }, qr/not an object/],
    [{ token => { %token, sub => 'a' } }, qr/unknown member/],
    [{ token => { issuer => 'citizens', jti => 'x' } }, qr/"?expires/],
    [{ token => { issuer => 'citizens', expires => 9 } }, qr/jti/],
    [{ token => { jti => 'x', expires => 9 } }, qr/issuer/],
    [{ token => { %token, jti => '' } }, qr/1 to 512/],
    [{ token => { %token, jti => 'x' x 513 } }, qr/1 to 512/],
    [{ token => { %token, jti => "a\nb" } }, qr/1 to 512/],
    [{ token => { %token, jti => 7 } }, qr/strings/],
    [{ token => { %token, issuer => 'others' } }, qr/no civic_issuer/],
    [{ token => { %token, expires => $now - 301 } }, qr/has expired/],
    [{ token => { %token, expires => "$now" } }, qr/second/],
    [{ token => { %token, expires => $now + 0.5 } }, qr/second/],
    [{ token => { %token, expires => 1e15 } }, qr/second/],
    [{ token => \%token, before => $now }, qr/before/],
    [{ token => \%token, expires => $now + 9 }, qr/within/],
    [{ subject => 'anna' }, qr/ISSUER:NAME/],
    [{ subject => 'citizens:' }, qr/ISSUER:NAME/],
    [{ subject => 'others:anna' }, qr/ISSUER:NAME/],
    [{ subject => 'app:his' }, qr/ISSUER:NAME/],
    [{ subject => 7 }, qr/not a string/],
    [{ subject => undef }, qr/not a string/],
    [{ subject => 'citizens:a', before => -1 }, qr/before/],
    [{ subject => 'citizens:a', before => 'now' }, qr/before/],
    [{ subject => 'citizens:a', before => $now * 1000 }, qr/second/],
    [{ subject => 'citizens:a', before => $now + 90_000 }, qr/a day/],
    [{ subject => 'citizens:a', expires => $now }, qr/past/],
    [{ app => '' }, qr/name of an application/],
    [{ app => 'a:b' }, qr/name of an application/],
    [{ app => 'a' x 65 }, qr/name of an application/],
    [{ app => 'his', before => $now }, qr/before/],
    [{ client => 'portal' }, qr/ISSUER:NAME/],
    [{ issuer => 'citizens' }, qr/before/],
    [{ issuer => 'others', before => $now }, qr/no civic_issuer/],
    [{ all => $true }, qr/before/],
    [{ all => JSON::PP::false(), before => $now }, qr/not true/],
    [{ all => 'true', before => $now }, qr/not true/],
    [{ app => 'his', reason => '' }, qr/reason/],
    [{ app => 'his', reason => 'x' x 257 }, qr/reason/],
    [{ app => 'his', reason => "a\tb" }, qr/reason/],
    [{ app => 'his', reason => 7 }, qr/reason/],
);
for (@wrong) {
    my ($order, $why) = @$_;
    my $text = JSON::PP->new->canonical->encode($order);
    my $res = Civic::Revoke->add($gate, $text);
    my $title = length $text > 70 ? substr($text, 0, 67) . '...' : $text;
    ok $res->{status} == 422 && $res->{json}{code} eq 'invalid-body'
       && $res->{json}{detail} =~ $why, "422: $title"
        or diag "$res->{status} $res->{content}";
}

for (['', 422], ['[]', 400], ['"x"', 400], ['{', 400], ['{"app":"his"', 400],
     ['{"app":"his","app":"her"}', 400], ['{"app":"his"} x', 400],
     ["{\"app\":\"\xff\"}", 400], ['{"before":1e400,"app":"his"}', 400],
     ['[' x 40, 400], ['{"app":"' . 'x' x 70_000 . '"}', 413])
{
    my ($text, $status) = @$_;
    my $title = length $text > 50 ? substr($text, 0, 47) . '...' : $text;
    my $res = Civic::Revoke->add($gate, $text);
    is $res->{status}, $status, "$status: '$title'"
        or diag $res->{content};
}

for (['text/plain', 415], ['application/x-www-form-urlencoded', 415],
     [undef, 415], ['application/json; charset=utf-8', 201])
{
    my ($type, $status) = @$_;
    my $res = $gate->request('POST', '/admin/revocations', {
        content => '{"app":"typed"}', headers => { 'Content-Type' => $type } });
    is $res->{status}, $status, "$status: " . ($type // 'no type');
}

for (['https://evil.example', 403], ['null', 403],
     ['http://127.0.0.1:' . $gate->port, 201])
{
    my ($origin, $status) = @$_;
    my $res = $gate->request('POST', '/admin/revocations', {
        content => '{"app":"page"}', headers => { %json, Origin => $origin } });
    is $res->{status}, $status, "$status: from a page of $origin";
}
is $gate->request('POST', '/admin/revocations', { content => '{"app":"x"}',
    headers => { %json, 'Sec-Fetch-Site' => 'cross-site' } })->{status}, 403,
    '403: from a page that only says it is elsewhere';

for my $query ('', 'app=', 'app=a&app=b', 'app=a&subject=citizens:b',
               'token=x', 'token=x&issuer=others', 'token=&issuer=citizens',
               'all=1', 'all', 'app=a%00', 'subject=a',
               'issuer=others', 'token=x&issuer=citizens&all=true', 'x=1')
{
    is(Civic::Revoke->lift($gate, $query)->{status}, 422,
       "422: DELETE ?$query");
}
for my $query ('app=never', 'subject=citizens:never', 'all=true',
               'client=citizens:never', 'issuer=citizens',
               'token=x&issuer=citizens')
{
    is(Civic::Revoke->lift($gate, $query)->{status}, 404,
       "404: DELETE ?$query");
}
for my $query ('limit=0', 'limit=1001', 'limit=x', 'limit=', 'after=',
               'after=x', 'after=-1', 'after=99999999999999999',
               'limit=1&limit=2', 'before=1')
{
    is(Civic::Revoke->list($gate, $query)->{status}, 422,
       "422: GET ?$query");
}
is $gate->request('PUT', '/admin/revocations')->{status}, 405, '405: PUT';
is $gate->get('/admin/revocations/x')->{status}, 404, '404: a part of it';


# what is understood is told as it was said

Civic::Revoke->lift($gate, "app=$_") for qw(typed page);
my @right = (
    { token => { issuer => 'citizens', jti => 'a:b/c d' },
      expires => $now + 600 },
    { subject => 'citizens:a:b', before => $now, reason => "离职 \x{1F600}" },
    { app => 'his', expires => $now + 600 },
    { client => 'citizens:portal' },
    { issuer => 'citizens', before => $now - 9, expires => $now + 600 },
    { all => $true, before => 1 },
);
for my $wanted (@right) {
    my %order = %$wanted;
    $order{token} = { %{ $order{token} },
                      expires => delete($order{expires}) - 300 }
        if $order{token};
    my $res = Civic::Revoke->add($gate, \%order);
    my %got = %{ $res->{json} // {} };
    ok delete $got{created}, "$res->{status}: it says when";
    is_deeply \%got, $wanted, 'and what';
}
my $res = Civic::Revoke->list($gate);
is_deeply [map { my %got = %$_; delete $got{created}; \%got }
           @{ $res->{json}{revocations} }], \@right, 'all are listed';
ok !exists $res->{json}{next}, 'and there are no more';

my ($next, @pages) = (0);
while (defined $next && @pages < 9) {
    $res = Civic::Revoke->list($gate, "limit=2&after=$next");
    push @pages, scalar @{ $res->{json}{revocations} };
    $next = $res->{json}{next};
}
my $sum = 0;
$sum += $_ for @pages;
ok $sum == @right && !grep({ $_ > 2 } @pages), 'page by page, too'
    or diag "@pages";

is(Civic::Revoke->lift($gate, 'token=a:b%2Fc%20d&issuer=citizens')->{status},
   204, 'what is lifted in a query is decoded');
is scalar @{ Civic::Revoke->list($gate)->{json}{revocations} }, 5,
    'what is lifted is not listed';
my $before = time;
$res = Civic::Revoke->add($gate, { subject => 'citizens:new' });
cmp_ok $res->{json}{before}, '>', $before,
    'a subject is revoked with all that was issued until now';


# leeway lets a token in when it has expired: revoked it stays out

my $brief = { Authorization => 'Bearer '
    . $issuer->token(jti => 'brief', iat => time - 5, exp => time + 2) };
my $seen = sub { return $gate->{door}->get('/', $brief)->{headers}{'x-code'} };
is $gate->{door}->get('/', $brief)->{status}, 200, 'a token is let in';
Civic::Revoke->add($gate, { token => { issuer => 'citizens', jti => 'brief',
                                       expires => time + 2 } });
ok defined Civic::Revoke->await(sub { ($seen->() // '') eq 'token-revoked' }),
    'it is revoked';
sleep 3;
is $seen->(), 'token-revoked', '... and is so when it has expired';

like $gate->log, qr/civic admin: "this machine" asked for POST "\/admin\/rev/,
    'who asked for what is in the log';
unlike $gate->log, qr/citizens:a:b|a:b\/c d/, 'but not of whom';


# clients that leave, and a Redis that takes its time

$redis->pause;
for (1 .. 20) {
    my $text = '{"app":"gone"}';
    $gate->raw("POST /admin/revocations HTTP/1.1\r\nHost: localhost\r\n"
               . "Content-Type: application/json\r\n"
               . 'Content-Length: ' . length($text) . "\r\n\r\n$text", 0.02);
    $gate->raw("GET /admin/revocations HTTP/1.1\r\nHost: localhost\r\n\r\n",
               0.01);
}
$redis->resume;
is(Civic::Revoke->list($gate)->{status}, 200,
   'clients that leave harm nobody');
my @left = $gate->log =~ /asked for POST "\/admin\/revocations": he left/g;
is @left, 20, '... and what they asked for is in the log all the same';
my $text = '{"app":"slowly"}';
$res = Civic::Gate::parse($gate->raw("POST /admin/revocations HTTP/1.1\r\n"
    . "Host: localhost\r\nContent-Type: application/json\r\n"
    . "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    . join('', map { "1\r\n$_\r\n" } split //, $text) . "0\r\n\r\n"));
is $res->{status}, 201, 'a body may come in pieces';

my $bare = Civic::Gate->start(
    server => 'location /admin/ { civic_admin local; }');
is $bare->get('/admin/revocations')->{status}, 404,
    'a gate without civic_revocations has none';
$_->stop for $gate, $bare;
done_testing;
