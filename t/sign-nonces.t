# Copyright (C) Civic Gate
#
# Where nonces are kept: what a full zone does, what several gates share,
# and what an absent Redis means.

use strict;
use warnings;

use lib 't/lib';

use Civic::Gate;
use Civic::Redis;
use Civic::Signer;
use Test::More;

my $signer = Civic::Signer->new(id => 'k1',
                                secret => 'a secret of 32 bytes, or of more');
my $file = Civic::Signer::file(Civic::Signer::apps($signer));


sub gate {
    my ($http, %option) = @_;

    return Civic::Gate->start(http => qq{
        civic_apps file=$file;
        log_format code '\$civic_code';
        $http
    }, server => qq{
        access_log %DIR%/code.log code;
        civic_signature rfc9421 ahead=0s;
        location / { civic_auth app:signature; return 204; }
    }, %option);
}


sub ask {
    my ($gate, %headers) = @_;

    %headers = $signer->headers('GET', 'gate.example', '/x') if !%headers;
    return $gate->get('/x', { Host => 'gate.example', %headers })->{status};
}


sub code {
    my ($gate) = @_;

    select undef, undef, undef, 0.05;
    return (split /\n/, $gate->read('code.log'))[-1];
}


# errors

for (
    ['civic_signature_nonces redis=none;',
     qr/civic_signature_nonces names an unknown civic_redis "none"/],
    ['civic_signature_nonces zone=1k;', qr/"zone=1k" is not a size of at/],
    ['civic_signature_nonces memory;', qr/is neither zone, zone=SIZE nor/],
    ['civic_signature_nonces zone; civic_signature_nonces zone;',
     qr/"civic_signature_nonces" directive is duplicate/],
    ['civic_signature window=5m;', qr/civic_signature names no scheme/],
    ['civic_signature rfc9421 rfc9421;', qr/"rfc9421" comes twice/],
    ['civic_signature rfc9421 often;',
     qr/unknown word "often" in .* knows rfc9421, x-ca, x-tif, window=/],
    ['civic_signature rfc9421 ahead=1s ahead=9s;', qr/"ahead=" comes twice/],
    ['civic_signature rfc9421 label=;', qr/"label=" .* an empty value/],
    ['civic_signature rfc9421 window=2h;',
     qr/"window=2h" in civic_signature is not a time from 1s to 1h/],
    ['civic_signature rfc9421 ahead=x;', qr/"ahead=x" in civic_signature/],
    ['civic_signature rfc9421 cover=a,,b;', qr/"cover=a,,b" .* empty name/],
    ['civic_signature rfc9421 scheme=http;', qr/"scheme=http" .* is not https/],
    ['civic_signature x-tif cleartext=on;', qr/"cleartext=on" .* is not x-tif/],
    ['civic_signature x-ca debug=on;', qr/"debug=on" .* is not x-ca/],
) {
    my ($words, $error) = @$_;
    my ($ok, $said) = Civic::Gate->check(
        http => "civic_apps file=$file; $words");
    ok !$ok && $said =~ $error && $said =~ /nginx\.conf:\d+/,
        "\"$words\" is refused" or diag $said;
}

my ($fine, $words) = Civic::Gate->check(
    server => 'location / { civic_auth app:signature; }');
ok !$fine, 'app:signature wants civic_apps';


# a zone that is full: no nonce is forgotten, and nobody passes unnoticed

my $gate = gate('civic_signature_nonces zone=64k;');
sleep 2;

my %first = $signer->headers('GET', 'gate.example', '/x');
is ask($gate, %first), 204, 'the first passes';

my ($passed, $status) = (1, 204);
for (1 .. 3000) {
    $status = ask($gate);
    last if $status != 204;
    $passed++;
}
is $status, 503, "a full zone refuses (after $passed)";
is code($gate), 'nonces-full', 'and says why';
is ask($gate, %first), 401, 'the first is still known';
is code($gate), 'nonce-replayed', 'as a replay';
$gate->stop;


# what came before a zone began may have been good for another location

my $far = gate('', server => q{
    access_log %DIR%/code.log code;
    civic_auth app:signature;
    civic_signature rfc9421 ahead=0s;
    location / { return 204; }
    location /far/ { civic_signature rfc9421 ahead=60s; return 204; }
});
sleep 2;
is ask($far), 401, 'where one location takes clocks that are a minute ahead';
is code($far), 'signature-before-start',
    '... a zone that is younger tells of nobody that he was not here before';
$far->stop;


# a reload that makes the window longer

my $short = 'civic_signature rfc9421 ahead=0s window=2s;';
my %grown = (http => "civic_apps file=$file; log_format code '\$civic_code';",
             server => "access_log %DIR%/code.log code; $short
                        civic_auth app:signature; location / { return 204; }");
my $grown = Civic::Gate->start(%grown);
sleep 2;
%first = $signer->headers('GET', 'gate.example', '/x');
is ask($grown, %first), 204, 'a signature is good for two seconds';
$grown->write('conf/nginx.conf', Civic::Gate->configuration(
    %grown, server => $grown{server} =~ s/window=2s/window=60s/r));
ok $grown->reload, 'then for a minute';
sleep 3;
is ask($grown, %first), 401, 'what was used before is not good again';
is code($grown), 'signature-stale', '... for its nonce may be forgotten';
is ask($grown), 204, 'what is signed now is accepted';
$grown->stop;

$grown = Civic::Gate->start(%grown);
sleep 2;
%first = $signer->headers('GET', 'gate.example', '/x');
is ask($grown, %first), 204, 'a scheme with a window of two seconds';
for (['rfc9421', 'x-ca'], ['window=2s', 'window=60s']) {
    my ($was, $is) = @$_;
    $grown->write('conf/nginx.conf', Civic::Gate->configuration(
        %grown, server => $grown{server} =~ s/$was/$is/r));
    ok $grown->reload, "... then $is";
}
sleep 3;
is ask($grown, %first), 401, 'is remembered while nobody accepts it';
is code($grown), 'signature-stale', '... with its window';
$grown->stop;


# two gates and one Redis

my $redis = Civic::Redis->start;
my $http = 'civic_redis main { server ' . $redis->server . '; '
           . 'timeout 2s; breaker failures=2 cooldown=200ms; } '
           . 'civic_signature_nonces redis=main;';
my @gates = (gate($http, workers => 2), gate($http));

%first = $signer->headers('GET', 'gate.example', '/x');
is ask($gates[0], %first), 204,
   'Redis knows of no start: the first second is served';
is ask($gates[1], %first), 401, 'what one gate saw, the other refuses';
is code($gates[1]), 'nonce-replayed', 'as a replay';

my @keys = @{ $redis->command('KEYS', 'civic:nonce:*') };
is scalar @keys, 1, 'one key for one nonce';
my $ttl = $redis->command('PTTL', $keys[0]);
ok $ttl > 200_000 && $ttl <= 301_000, 'which goes when the signature does'
    or diag $ttl;


# a request and its subrequests have one signature, and wait for one answer

my $mirrors = Civic::Gate->start(
    http => "civic_apps file=$file; log_format copy 'copy \$status'; $http",
    server => q{
        civic_signature rfc9421;
        location /x {
            civic_auth off;
            mirror /copy/1;
            mirror /copy/2;
            mirror /copy/3;
            empty_gif;
        }
        location /copy/ {
            civic_auth app:signature;
            log_subrequest on;
            access_log %DIR%/copies.log copy;
            empty_gif;
        }
    });
is ask($mirrors), 200, 'a request with three signed subrequests';
ok $redis->wait_until(sub {
    3 == grep { $_ eq 'copy 200' } split /\n/, $mirrors->read('copies.log');
}), '... all of which come to their end' or diag $mirrors->read('copies.log');
$mirrors->stop;


# a reload that has Redis in the place of a zone

my $moved = Civic::Gate->start(%grown);
sleep 2;
%first = $signer->headers('GET', 'gate.example', '/x');
is ask($moved, %first), 204, 'what a zone knows';
$moved->write('conf/nginx.conf', Civic::Gate->configuration(
    %grown, http => $grown{http} . $http));
ok $moved->reload, '... when Redis takes its place';
is ask($moved, %first), 401, '... is not good again';
is code($moved), 'signature-before-start', '... for Redis does not know it';
sleep 1;
is ask($moved), 204, 'what is signed now is accepted there';
$moved->stop;


# Redis ends

$redis->stop;
is ask($gates[0]), 503, 'without Redis nobody passes';
is code($gates[0]), 'nonces-unavailable', 'and the code says so';

$redis->restart;
my $again;
for (1 .. 100) {
    $again = ask($gates[0]);
    last if $again == 204;
    select undef, undef, undef, 0.1;
}
is $again, 204, 'it comes back, and so do they';

done_testing;
