# Copyright (C) Civic Gate
#
# Revocations and a Redis that is not there, that has lost what it had, or
# that has more than a gate has room for.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use Civic::Issuer;
use Civic::Redis;
use Civic::Revoke;

my $redis = Civic::Redis->start;
my $issuer = Civic::Issuer->new(name => 'citizens', alg => 'ES256');
my $now = time;
my $anna = $issuer->bearer(sub => 'anna', jti => 'a', iat => $now - 10);
my $bo = $issuer->bearer(sub => 'bo', jti => 'b', iat => $now - 10);

sub known {
    my ($gate) = @_;

    return defined Civic::Revoke->await(sub {
        Civic::Revoke->state($gate)->{known} });
}

sub statuses {
    return join ',', sort keys %{ Civic::Revoke->all(@_) };
}


# nginx -t

for (['redis=other', qr/names "other", and there is no civic_redis/],
     ['', qr/invalid number of arguments/],
     ['interval=1s', qr/does not say "redis="/],
     ['redis=main redis=main', qr/"redis=" comes twice/],
     ['redis=', qr/"redis=" in civic_revocations has an empty value/],
     ['redis=main interval=5ms', qr/not a time from 20ms to 10s/],
     ['redis=main interval=11s', qr/not a time from 20ms to 10s/],
     ['redis=main unknown=maybe', qr/"unknown=maybe" .* not refuse or pass/],
     ['redis=main size=1k', qr/not a size of at least 64k/],
     ['redis=main colour=red', qr/unknown word "colour=red"/],
     ['redis=main; civic_revocations redis=main', qr/is duplicate/])
{
    my ($words, $error) = @$_;
    my $server = $redis->server;
    my ($ok, $said) = Civic::Gate->check(http =>
        "civic_redis main { server $server; } civic_revocations $words;");
    ok !$ok && $said =~ $error && $said =~ /nginx\.conf:\d+/,
        "\"civic_revocations $words\" is refused" or diag $said;
}


# a gate that never read a list

$redis->stop;
my $gate = Civic::Revoke->gate($redis, $issuer, words => 'interval=50ms',
    server => 'location /led { civic_auth citizens; error_page 503 /asked;
                               return 200; }
               location /asked { civic_auth citizens; return 200; }');
my $res = $gate->{door}->get('/', $anna);
is $res->{status}, 503, 'without a first list nobody is let in';
is $res->{headers}{'x-code'}, 'revocations-unknown', 'and operators know why';
is $res->{headers}{'retry-after'}, 1, 'clients are told to come again';
my @told = $gate->{door}->raw("GET /led HTTP/1.0\r\n"
    . "Authorization: $anna->{Authorization}\r\n\r\n") =~ /^Retry-After/mg;
is @told, 1, '... once, wherever they are led';
ok !Civic::Revoke->state($gate)->{known}, 'the status says so';
$res = $gate->get('/ready');
is $res->{status}, 503, 'and whoever sends traffic is told to wait';
like $res->{content}, qr/"status":"starting"/, 'with the word for it';
is $gate->{door}->get('/')->{status}, 401, 'whoever brings nothing is asked';
is(Civic::Revoke->add($gate, { app => 'his' })->{status}, 503,
   'nor can anything be revoked');
is(Civic::Revoke->list($gate)->{status}, 503, 'or listed');
is(Civic::Revoke->lift($gate, 'app=his')->{status}, 503, 'or lifted');

my $lax = Civic::Revoke->gate($redis, $issuer,
                              words => 'interval=50ms unknown=pass');
is $lax->{door}->get('/', $anna)->{status}, 200,
    'unknown=pass lets them in';
like $lax->get('/ready')->{content}, qr/"status":"degraded"/,
    'and only degrades the gate';

$redis->restart;
ok known($gate), 'when Redis comes, the list is read';
is statuses($gate, $anna), 200, 'and people are let in';
is $gate->get('/ready')->{status}, 200, 'and traffic may come';
ok known($lax), 'likewise there';


# a list that holds

is(Civic::Revoke->add($gate, { subject => 'citizens:anna' })->{status}, 201,
   'a subject is revoked');
ok defined Civic::Revoke->await(sub { statuses($gate, $anna) eq '401' }),
    'and refused';
$redis->stop;
ok defined Civic::Revoke->await(sub {
    Civic::Revoke->state($gate)->{age_seconds} > 1 }),
    'without Redis the list grows old';
is statuses($gate, $anna), 401, 'and holds';
is statuses($gate, $bo), 200, 'while others are let in';
ok $gate->reload, 'the gate reloads without Redis';
is statuses($gate, $anna), 401, 'and the list holds';
my ($age) = $gate->get('/metrics')->{content}
            =~ /^civic_revocations_age_seconds (\S+)$/m;
cmp_ok $age, '>', 1, 'its age is a metric';
like $gate->get('/metrics')->{content},
    qr/^civic_revocations_reads_total\{result="failed"\} [1-9]/m,
    'and so are the readings that failed';
like $gate->log, qr/civic revoke: Redis does not answer: the list of/,
    'the log tells';

$redis->restart;
ok defined Civic::Revoke->await(sub {
    Civic::Revoke->state($gate)->{age_seconds} < 0.5 }),
    'with Redis it is new again';


# a Redis that lost everything

$redis->command('FLUSHALL');
ok defined Civic::Revoke->await(sub {
    Civic::Revoke->add($lax, { subject => 'citizens:bo' })->{status} == 201 }),
    'after a loss, another is revoked';
ok defined Civic::Revoke->await(sub {
    statuses($gate, $bo) eq '401' && statuses($lax, $bo) eq '401' }),
    'all gates obey that one';
is statuses($gate, $anna), 401, 'and keep the one that Redis lost';
$redis->command('FLUSHALL');
ok defined Civic::Revoke->await(sub {
    $gate->log =~ /civic revoke: Redis knows fewer revocations/ }),
    'the log tells that Redis lost something';
like $gate->get('/metrics')->{content},
    qr/^civic_revocations_lost_total [1-9]/m, 'a metric counts it';
is statuses($gate, $bo), 401, 'and it holds';


# more than one page, and more than there is room for

my $small = Civic::Revoke->gate($redis, $issuer,
                                words => 'interval=50ms size=64k');
ok known($small), 'a gate with little room reads an empty list';
my $room = Civic::Revoke->state($small)->{room};
cmp_ok $room, '>', 100, 'it has some';

my $many = 2500;
$redis->command('EVAL', <<'END', 3,
for i = 1, tonumber(ARGV[1]) do
    local what = "token:citizens:many-" .. i
    redis.call("HSET", KEYS[1], what, "0 " .. ARGV[2] .. " 1\n")
    redis.call("ZADD", KEYS[2], string.format("%.0f", ARGV[3] + i), what)
end
redis.call("SET", KEYS[3], string.format("%.0f", ARGV[3] + ARGV[1]))
END
    (map { "civic:{revocations}:$_" } qw(entries changes state)),
    $many, $now + 3600, $now * 1_000_000);

ok defined Civic::Revoke->await(sub {
    Civic::Revoke->state($lax)->{entries} >= $many }),
    'a list of several pages is read as a whole';
is statuses($lax, $issuer->bearer(jti => "many-$_")), 401, "even its no. $_"
    for 1, 1000, 1001, $many;
ok defined Civic::Revoke->await(sub {
    Civic::Revoke->state($small)->{full} }),
    'where there is no room for it, the status says so';
is(Civic::Revoke->state($small)->{entries}, $room, 'it is full');
is statuses($small, $issuer->bearer(jti => 'many-1')), 401,
    'what is known there is not forgotten';
like $small->log, qr/civic revoke: the list is full with $room entries/,
    'the log tells';
cmp_ok(Civic::Revoke->state($small)->{age_seconds}, '>', 0.1,
       'its age grows');
$res = Civic::Revoke->add($small, { app => 'his' });
is $res->{status}, 409, 'a gate without room adds no more';
like $res->{content}, qr/raise size=/, 'and says what to do';
is(Civic::Revoke->add($lax, { app => 'his' })->{status}, 201,
   'one with room does');

my ($next, @all) = ('');
for (1 .. 10) {
    $res = Civic::Revoke->list($lax, "limit=1000&after=" . ($next || 0));
    push @all, @{ $res->{json}{revocations} };
    $next = $res->{json}{next} or last;
}
is scalar @all, $many + 1, 'all of them are listed, page by page';


# a Redis with something else in it

$redis->command('HSET', 'civic:{revocations}:entries', 'tokem:x', 'y');
$redis->command('ZADD', 'civic:{revocations}:changes', time() * 1_000_000,
                'tokem:x');
$redis->command('SET', 'civic:{revocations}:state', time() * 1_000_000 + 1);
ok defined Civic::Revoke->await(sub {
    $lax->log =~ /a revocation that this gate does not understand/ }),
    'what it does not understand is told';
is statuses($lax, $bo), 401, 'and changes nothing';
$redis->command('SET', 'civic:{revocations}:state', 'nonsense');
ok defined Civic::Revoke->await(sub {
    $lax->log =~ /what Redis answers makes no sense/ }),
    'so is an answer that makes no sense';

$_->stop for $gate, $lax, $small;
done_testing;
