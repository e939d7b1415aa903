#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Keys of a remote: fetched once for all workers, fetched again when they
# age or a token names an unknown one, and kept whatever the provider sends
# that is no set of keys.

use strict;
use warnings;

use lib 't/lib';
use Test::More;
use IO::Socket::INET;
use JSON::PP;
use Time::HiRes qw(sleep);

use Civic::Gate;
use Civic::Issuer;
use Civic::Metrics;
use Civic::Token;
use Civic::Upstream;

my $json = JSON::PP->new;
my $play = File::Temp->new(TMPDIR => 1);    # what the provider does now
my $patience = 30;

my %key = map { $_ => Civic::Token->key('ES256', kid => $_) }
          qw(k1 k2 k3 stranger);
my $secret = Civic::Token->key('HS256', kid => 'h1', secret => 's' x 32);

play(status => 500);

my $provider = Civic::Upstream->start(sub {
    open my $in, '<', $play->filename or die "play: $!\n";
    my $do = $json->decode(do { local $/; <$in> });
    my $body = ($do->{body} // '') x ($do->{times} // 1);

    return sub {
        my ($sock) = @_;
        sleep $do->{wait};
        print {$sock} "HTTP/1.1 200 OK\r\nContent-Length: " . length($body)
                      . "\r\nConnection: close\r\n\r\n$body";
    } if $do->{wait};
    return [$do->{status} // 200, $do->{headers} // {}, $body];
});


sub play {
    my (%do) = @_;

    open my $out, '>', $play->filename . '.new' or die "play: $!\n";
    print {$out} $json->encode(\%do);
    close $out or die "play: $!\n";
    rename $play->filename . '.new', $play->filename or die "play: $!\n";
    return;
}

sub keys_of { return Civic::Token->jwks(map { $key{$_} } @_) }

sub start {
    my (%option) = @_;

    my $issuer = Civic::Issuer->new;
    my $words = $option{words} // '';
    return Civic::Gate->start(workers => 2, allow_log => $option{allow_log},
        http => "civic_zone 2m;\n"
        . "civic_remote idp { url http://" . $provider->addr . ";\n"
        . 'timeout ' . ($option{timeout} // '10s') . "; connections 4; }\n"
        . $issuer->block("keys remote=idp path=/jwks $words;\nleeway 0;\n"),
        server => <<'END');
    add_header X-Code $civic_code always;
    add_header X-Seen $civic_auth_status always;
    location / { civic_auth citizens; return 200; }
    location /status { civic_auth off; civic_status full; }
    location /metrics { civic_auth off; civic_metrics; }
END
}

sub token {
    my ($kid, %header) = @_;

    return $key{$kid}->token(Civic::Issuer->new->claims, \%header);
}

sub ask {
    my ($gate, $token) = @_;

    my $res = $gate->get('/', { Authorization => "Bearer $token" });
    return "$res->{status} " . ($res->{headers}{'x-code'} // '');
}

sub state_of {
    my ($gate) = @_;

    return $json->decode($gate->get('/status')->{content})->{issuers}[0];
}

sub await {
    my ($what) = @_;

    for (1 .. $patience * 20) {
        return 1 if $what->();
        sleep 0.05;
    }
    return 0;
}

# many requests at once, over all workers: how often each answer came

sub together {
    my ($gate, @tokens) = @_;

    my @socks = map {
        my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $gate->port) or die "connect: $!\n";
        print {$sock} "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                      . "Authorization: Bearer $_\r\n\r\n";
        $sock;
    } @tokens;

    my %seen;
    for my $sock (@socks) {
        local $/;
        my $res = Civic::Gate::parse(<$sock>, 'GET');
        $seen{"$res->{status} " . ($res->{headers}{'x-code'} // '')}++;
    }
    return \%seen;
}


# before the first good set

my $gate = start(words => 'refresh=1s cooldown=1s', timeout => '1s');
my $t1 = token('k1');

ok await(sub { state_of($gate)->{error} eq 'it answers 500' }),
    'the keys are asked for without any request';
is ask($gate, $t1), '503 keys-unavailable', 'without keys nobody passes';
like $gate->get('/', { Authorization => "Bearer $t1" })->{content},
    qr/"code":"unavailable"/, '... and the client learns no more';
is state_of($gate)->{keys}, 0, '... as the status says';

play(body => keys_of('k1'));
ok await(sub { ask($gate, $t1) =~ /^200/ }), 'with the first set he passes';
is state_of($gate)->{keys}, 1, '... as the status says';
is state_of($gate)->{error}, '', '... where the error is gone';
is ask($gate, token('stranger')), '401 key-unknown',
    'a key that is not in the set is unknown';
is ask($gate, token('stranger', kid => 'k1')), '401 signature-invalid',
    'and a name alone opens nothing';

# refreshed before it ages

play(body => keys_of('k2'));
ok await(sub { ask($gate, token('k2')) =~ /^200/ }),
    'another set is found without a reload';
is ask($gate, $t1), '401 key-unknown',
    'a token whose key is gone is remembered no more';

# what is no set of keys

my @faults = (
    ['an error', 'it answers 404', status => 404, body => keys_of('k1')],
    ['a redirect', 'it answers 302', status => 302,
     headers => { Location => '/elsewhere' }],
    ['HTML', qr/^JSON: /, body => '<html>Please sign in</html>',
     headers => { 'Content-Type' => 'text/html' }],
    ['10 MB', 'remote-too-large', body => 'x' x 1024, times => 10240],
    ['200 kB', 'it is larger than 128 kB', body => ' ' x 1024, times => 200],
    ['an empty set', qr/holds 0 keys/, body => '{"keys":[]}'],
    ['nothing', qr/^JSON: /, body => ''],
    ['a symmetric key', 'key 2: is symmetric',
     body => Civic::Token->jwks($key{k1}, $secret)],
    ['keys of no use', qr/^none of its keys can be used/,
     body => '{"keys":[' . $key{k1}->jwk(use => 'enc') . ']}'],
    ['no answer', 'remote-timeout', wait => 3],
);

for (@faults) {
    my ($what, $error, %do) = @$_;

    play(%do);
    ok await(sub { my $is = state_of($gate)->{error};
                   ref $error ? $is =~ $error : $is eq $error }),
        "the provider sends $what: the status says so"
        or diag state_of($gate)->{error};
    is ask($gate, token('k2')), '200 ', '... and the last good keys stay';
    is ask($gate, $secret->token(Civic::Issuer->new->claims)),
        '401 key-unknown', '... and no secret of his is believed'
        if $what =~ /symmetric/;
}

ok $gate->reload, 'the gate reloads while the provider is silent';
is ask($gate, token('k2')), '200 ', 'and has its last good keys still';

play(status => 503);
ok await(sub { state_of($gate)->{error} eq 'it answers 503' }),
    'the provider fails';
my $failed = state_of($gate)->{fetches}{failed};
ok await(sub { state_of($gate)->{fetches}{failed} > $failed + 1 }),
    '... again and again';
is scalar(my @told = $gate->log =~ /were not fetched .* it answers 503/g), 1,
    'and the log tells once';
cmp_ok state_of($gate)->{age}, '>=', 1, 'the status tells how old keys are';

my $metrics = Civic::Metrics->of($gate);
is $metrics->value('civic_issuer_keys', issuer => 'citizens'), 1,
    'a metric tells how many keys there are';
cmp_ok $metrics->value('civic_issuer_keys_age_seconds',
                       issuer => 'citizens'), '>=', 1, 'how old they are';
cmp_ok $metrics->value('civic_issuer_fetches_total', result => 'failed'),
    '>=', 2, 'and how many fetches failed';

play(body => keys_of('k3'));
ok await(sub { ask($gate, token('k3')) =~ /^200/ }), 'it recovers';
like $gate->log, qr/keys of issuer "citizens" are fetched again/,
    '... which the log tells';
unlike $gate->log, qr/eyJ/, 'and no token';
$gate->stop;

# an unknown key

play(body => keys_of('k1'));
$gate = start(words => 'refresh=1h cooldown=1h');
ok await(sub { ask($gate, token('k1')) =~ /^200/ }), 'another gate has keys';

my $count = $provider->count;
like ask($gate, token('k1')), qr/^200/, 'a known key is asked for again'
    for 1 .. 4;
is $provider->count, $count, '... without the provider';

play(body => keys_of('k1', 'k2'), wait => 1);
my @forged = map { token('stranger', kid => "forged-$_") } 1 .. 40;
my $seen = together($gate, @forged, (token('k2')) x 10);
is_deeply $seen, { '401 key-unknown' => 40, '200 ' => 10 },
    'many unknown keys wait for one fetch, the good ones pass then';
is $provider->count, $count + 1, '... which is one for all workers';

play(body => keys_of('k1', 'k2', 'k3'));
$seen = together($gate, @forged, token('k3'));
is_deeply $seen, { '401 key-unknown' => 41 },
    'within the cool-down they are refused at once';
is $provider->count, $count + 1, '... and nothing is fetched';

is ask($gate, $key{stranger}->token(Civic::Issuer->new->claims,
                                    { kid => undef })),
    '401 key-unknown', 'a token that names no key is not waited for';
$gate->stop;

# clients that leave while they wait

play(body => keys_of('k1'));
$gate = start(words => 'refresh=1h cooldown=1s');
ok await(sub { ask($gate, token('k1')) =~ /^200/ }), 'a third gate has keys';
play(body => keys_of('k1'), wait => 1);
$gate->raw("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer $_\r\n\r\n",
           0.05) for @forged[0 .. 9];
is ask($gate, $forged[0]), '401 key-unknown',
    'who leaves while he waits holds up nobody';
is ask($gate, token('k1')), '200 ', '... and the gate works';
$gate->stop;

# workers that die while they fetch

play(body => keys_of('k1'));
$gate = start(words => 'refresh=1s cooldown=1s', timeout => '1s',
              allow_log => qr/exited on signal 9/);
ok await(sub { ask($gate, token('k1')) =~ /^200/ }), 'a fourth gate has keys';
play(body => keys_of('k2'), wait => 3);
$count = $provider->count;
ok await(sub { $provider->count > $count }), 'it fetches';
kill 'KILL', $gate->pids;
play(body => keys_of('k2'));
ok await(sub { ask($gate, token('k1')) =~ /^200|^401/ }),
    'its workers die, and others take their place';
unlike ask($gate, token('k1')), qr/^503/, '... with the last good keys';
ok await(sub { ask($gate, token('k2')) =~ /^200/ }), '... and fetch the next';
$gate->stop;

done_testing;
