# Copyright (C) Civic Gate
#
# civic_apps redis=: what administrators change reaches all workers within a
# second, Redis may go and come, and a flood of unknown keys hurts nobody.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use IO::Socket::INET ();
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);

use Civic::App;
use Civic::Gate;
use Civic::Metrics;
use Civic::Redis;

my $workers = 2;
my $folder = File::Temp->newdir('civic-app-XXXXXX', TMPDIR => 1);
my $redis = Civic::Redis->start;
my $server = $redis->server;
my @secrets;

open my $file, '>:raw', "$folder/seal.key" or die;
print $file map { chr int rand 256 } 1 .. 32;
close $file;
chmod 0600, "$folder/seal.key";

sub conf {
    my ($words) = @_;

    return <<"END";
    civic_redis main { server $server; timeout 1s;
                       breaker failures=5 cooldown=200ms; }
    civic_apps redis=main $words;
    civic_zone 2m;
    log_format full '\$civic_code \$civic_app';
END
}

my %option = (workers => $workers, allow_log => qr/is refused/,
    http => conf("cache=1m key_file=$folder/seal.key"), server => <<'END');
    access_log access.log full;
    civic_auth off;
    location /admin/ { civic_admin local; }
    location / { civic_auth app:key;
                 return 200 "$pid $civic_app $civic_scope"; }
    location = /metrics { civic_metrics; }
    location = /status { civic_status full; }
END
my $gate = Civic::Gate->start(%option);

sub admin {
    my ($method, $path, $body, $status) = @_;

    my $res = $gate->request($method, "/admin/$path", $body ? {
        headers => { 'Content-Type' => 'application/json' },
        content => JSON::PP::encode_json($body) } : {});
    is $res->{status}, $status, "$method $path: $status"
        or diag $res->{content};
    return $res->{content} =~ /^\{/ ? JSON::PP::decode_json($res->{content})
                                    : undef;
}

sub new_key {
    my ($name, %body) = @_;

    my $made = admin('POST', "apps/$name/keys", \%body, 201);
    push @secrets, $made->{key};
    return $made;
}

sub call {
    my ($key) = @_;

    return $gate->get('/', { 'X-Api-Key' => $key });
}

# what is true of every worker: { status => count }, after each was asked

sub everywhere {
    my ($key) = @_;

    my (%pid, %status);
    for (1 .. 40) {
        my $res = call($key);
        $status{ $res->{status} }++;
    }
    return join ' ', sort keys %status;
}

# true: within five seconds (a second, and a busy machine) all say so

sub soon {
    my ($key, $status) = @_;

    my $end = time + 5;
    while (time < $end) {
        return 1 if everywhere($key) eq $status;
        sleep 0.05;
    }
    return 0;
}


# created, and found

my $made = admin('POST', 'apps', { name => 'his', title => 'HIS 一院',
    scopes => ['a', 'b'], region => '350100' }, 201);
is $made->{name}, 'his', 'what was created is shown';
admin('POST', 'apps', { name => 'his' }, 409);
admin('POST', 'apps', { name => 'b', scopes => ['x y'] }, 422);
like admin('POST', 'apps', { name => 'b', addresses => ['1.2.3.4/8'] },
           422)->{detail}, qr/addresses\[0\] "1\.2\.3\.4\/8" has bits/,
    'a mistake has a sentence with its place';
admin('POST', 'apps', { name => 'b', keys => [] }, 422);

my $first = new_key('his');
like $first->{key}, qr/^cg_$first->{id}_\w{49}$/, 'a key looks like one';
is $first->{prefix}, "cg_$first->{id}", 'and is known by how it begins';
ok soon($first->{key}, '200'), 'every worker takes it';
like call($first->{key})->{content}, qr/^\d+ his a b$/,
    'for that application';

my $record = $redis->command('HGET', 'civic:{apps}:records', 'his');
unlike $record, qr/\Q$first->{key}\E/, 'Redis does not know the key';
my $shown = admin('GET', 'apps/his', undef, 200);
unlike JSON::PP::encode_json($shown), qr/sha256|\Q$first->{key}\E/,
    'it is shown once';
is $shown->{keys}[0]{prefix}, $first->{prefix}, 'but for its prefix';


# rotation

my $second = new_key('his', ttl => 3600);
is $second->{expires}, $second->{created} + 3600, 'a key may expire';
ok soon($second->{key}, '200'), 'two keys are valid at once';
is everywhere($first->{key}), '200', 'the old one, too';
like admin('POST', 'apps/his/keys', {}, 422)->{detail},
    qr/has 3 valid keys, and not at most 2/, 'a third is refused';

admin('DELETE', "apps/his/keys/$first->{id}", undef, 204);
ok soon($first->{key}, '401'), 'a revoked key ends on all workers';
is everywhere($second->{key}), '200', 'the other goes on';
admin('DELETE', "apps/his/keys/$first->{id}", undef, 404);

my $brief = new_key('his', ttl => 2);
ok soon($brief->{key}, '200'), 'a key of two seconds is good at first';
ok soon($brief->{key}, '401'), 'and not when they are over';
admin('POST', 'apps/his/keys', { ttl => 0 }, 422);
admin('POST', 'apps/his/keys', { ttl => 1, expires => time + 9 }, 422);
admin('POST', 'apps/none/keys', {}, 404);


# the application itself

admin('PATCH', 'apps/his', { enabled => JSON::PP::false }, 200);
ok soon($second->{key}, '401'), 'a disabled application is refused';
admin('PATCH', 'apps/his', { enabled => JSON::PP::true,
                             scopes => ['c'], region => undef }, 200);
ok soon($second->{key}, '200'), 'and taken again';
like call($second->{key})->{content}, qr/ his c$/, 'with its new scopes';
ok !exists admin('GET', 'apps/his', undef, 200)->{region},
    'null takes a member away';

admin('PATCH', 'apps/his', { addresses => ['10.0.0.0/8'] }, 200);
ok soon($second->{key}, '401'), 'from elsewhere it may not call';
admin('PATCH', 'apps/his', { addresses => ['127.0.0.1'] }, 200);
ok soon($second->{key}, '200'), 'from here it may';
admin('PATCH', 'apps/his', { expires => 1 }, 200);
ok soon($second->{key}, '401'), 'an expired application is refused';
admin('PATCH', 'apps/his', { expires => undef }, 200);
ok soon($second->{key}, '200'), 'unless it no longer is';


# a key that was unknown becomes known

my $key = Civic::App->key;
push @secrets, $key;
is everywhere($key), '401', 'an unknown key is refused';
$redis->command('HSET', 'civic:{apps}:records', 'raw',
    JSON::PP::encode_json({ name => 'raw',
                            keys => [Civic::App->record($key)] }));
$redis->command('HSET', 'civic:{apps}:index',
    'key:' . Civic::App->record($key)->{sha256}, 'raw');
admin('PATCH', 'apps/raw', { title => 'raw' }, 200);
ok soon($key, '200'), 'once it is written, it is known';


# signers and certificates

my $signer = admin('POST', 'apps/his/signers',
    { algorithm => 'hmac-sha256', schemes => ['x-ca', 'rfc9421'] }, 201);
push @secrets, $signer->{secret};
like $signer->{secret}, qr/^\w{43}$/, 'a secret is shown once';
$shown = admin('GET', 'apps/his', undef, 200);
is_deeply [sort keys %{ $shown->{signers}[0] }],
    [qw(algorithm created id schemes)], 'and then no more';
unlike $redis->command('HGET', 'civic:{apps}:records', 'his'),
    qr/\Q$signer->{secret}\E/, 'Redis has it sealed';
ok soon($second->{key}, '200'), 'which the workers open';
my $given = 'given by the firm';
push @secrets, $given;
ok !exists admin('POST', 'apps/his/signers', { id => 'firm/1',
    algorithm => 'hmac-sm3', schemes => ['x-tif'], secret => $given },
    201)->{secret}, 'a secret that was given is not repeated';
admin('POST', 'apps/his/signers', { id => 'firm/1',
    algorithm => 'hmac-sm3', schemes => ['x-tif'], secret => $given }, 422);
admin('POST', 'apps/raw/signers', { id => 'firm/1',
    algorithm => 'hmac-sm3', schemes => ['x-tif'], secret => $given }, 409);
admin('POST', 'apps/his/signers', { algorithm => 'hmac-md5',
    schemes => ['x-ca'] }, 422);
admin('DELETE', "apps/his/signers/$signer->{id}", undef, 204);

my $hex = 'ab' x 32;
admin('POST', 'apps/his/certificates', { sha256 => $hex }, 201);
admin('POST', 'apps/his/certificates', { subject => 'CN=his,C=CN' }, 201);
like admin('POST', 'apps/raw/certificates', { sha256 => $hex }, 409)
    ->{detail}, qr/"fingerprint:$hex" belongs to application "his"/,
    'what leads to one leads to no other';
admin('POST', 'apps/raw/certificates', {}, 422);
admin('DELETE', "apps/his/certificates/$hex", undef, 204);
admin('DELETE', 'apps/his/certificates/CN=his,C=CN', undef, 204);
admin('POST', 'apps/raw/certificates', { sha256 => $hex }, 201);


# a list, in pages

my $page = admin('GET', 'apps?limit=1', undef, 200);
is $page->{apps}[0]{name}, 'his', 'a page of the list';
$page = admin('GET', "apps?limit=1&after=$page->{next}", undef, 200);
is $page->{apps}[0]{name}, 'raw', 'and the next';
is scalar @{ admin('GET', 'apps?after=raw', undef, 200)->{apps} }, 0,
    'until there is none';
admin('GET', 'apps?limit=0', undef, 422);
admin('DELETE', 'apps/raw', undef, 204);
ok soon($key, '401'), 'a removed application is gone';
admin('GET', 'apps/raw', undef, 404);
is $redis->command('HEXISTS', 'civic:{apps}:index', "fingerprint:$hex"), 0,
    'with all that led to it';


# who asks at once for the same key shares one look-up

sub lookups {
    my $metrics = Civic::Metrics->of($gate);
    return $metrics->value('civic_app_lookups_total', result => $_[0]);
}

sub send_off {
    my ($key) = @_;

    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $gate->port) or die;
    print $sock "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                . "X-Api-Key: $key\r\n\r\n";
    return $sock;
}

sub answer {
    my ($sock) = @_;

    local $/;
    my $text = <$sock> // '';
    return $text =~ m{^HTTP/1.1 (\d+)} ? $1 : '';
}

ok soon($second->{key}, '200'), 'a good key';
admin('PATCH', 'apps/his', { title => 'again' }, 200);
sleep 1;
my $before = lookups('loaded');
$redis->pause;
my @socks = map { send_off($second->{key}) } 1 .. 20;
close shift @socks;
sleep 0.3;
$redis->resume;
is join(' ', map { answer($_) } @socks), join(' ', ('200') x 19),
    'those who wait are all answered';
cmp_ok lookups('loaded') - $before, '<=', $workers,
    'by one look-up of each worker';


# a flood of unknown keys, and good ones among them

my @flood = map { Civic::App->key } 1 .. 600;
$before = lookups('unknown');
my ($bad, $good) = (0, 0);
while (@flood) {
    my @unknown = map { send_off($_) } splice @flood, 0, 50;
    my @known = map { send_off($second->{key}) } 1 .. 5;
    $good += grep { answer($_) == 200 } @known;
    $bad += grep { answer($_) == 401 } @unknown;
}
is $good, 60, 'good keys pass in a flood of unknown ones';
is $bad, 600, 'which are all refused';
is lookups('loaded') - $before, lookups('loaded') - $before,
    'and push none out';
my $nobody = Civic::App->key;
call($nobody) for 1 .. 20;
cmp_ok lookups('unknown') - $before, '<=', 600 + $workers,
    'what led nowhere is not asked for again';
my $loaded = lookups('loaded');
call($second->{key}) for 1 .. 20;
is lookups('loaded'), $loaded, 'and what is known stays known';
$before = lookups('unknown');
call(substr($nobody, 0, -1) . '-') for 1 .. 20;
is lookups('unknown'), $before, 'what is no key asks nobody';


# Redis stops and starts

is everywhere($second->{key}), '200', 'Redis is there';
$redis->stop;
is everywhere($second->{key}), '200', 'without Redis, who is known may call';
my $res = call(Civic::App->key);
is $res->{status}, 503, 'who is not known must wait';
ok $res->{headers}{'retry-after'}, 'and is told when to come again';
admin('GET', 'apps/his', undef, 503);
admin('POST', 'apps/his/keys', {}, 503);
sleep 2.5;
my $status = JSON::PP::decode_json($gate->get('/status')->{content});
cmp_ok $status->{apps}{age_seconds}, '>=', 2,
    'the status says how old the knowledge is';
cmp_ok(Civic::Metrics->of($gate)->value('civic_apps_age_seconds'), '>=', 2,
    'and a metric');
$redis->restart;
$redis->wait_until(sub { call(Civic::App->key)->{status} == 401 });
ok soon($second->{key}, '200'), 'Redis is back, and nothing was lost';
admin('DELETE', "apps/his/keys/$second->{id}", undef, 204);
ok soon($second->{key}, '401'), 'and changes come through again';

my $third = new_key('his');
ok soon($third->{key}, '200'), 'a new key';
$redis->command('FLUSHALL');
ok soon($third->{key}, '401'), 'an emptied Redis knows nobody';


# without key_file

admin('POST', 'apps', { name => 'sealed' }, 201);
my $again = new_key('sealed');
admin('POST', 'apps/sealed/signers', { id => 's', algorithm => 'hmac-sha256',
    schemes => ['x-ca'], secret => $given }, 201);
ok soon($again->{key}, '200'), 'a record with a sealed secret';
my $text = $gate->read('conf/nginx.conf') =~ s/key_file=\S+?;/;/r;
$gate->write('conf/nginx.conf' => $text);
ok $gate->reload, 'the key_file is taken away';
is everywhere($again->{key}), '503', 'and the record cannot be read';
like $gate->log, qr/record of "sealed" is refused: signers\[0\] has a sealed
                    \ secret,\ and\ civic_apps\ has\ no\ key_file/x,
    'which the log says';
admin('POST', 'apps/sealed/signers', { algorithm => 'hmac-sha256',
    schemes => ['x-ca'] }, 409);

my $logs = $gate->log . $gate->read('access.log');
unlike $logs, qr/\Q$_\E/, 'no secret is in any log' for @secrets;
unlike $logs, qr/cg_\w{8}_/, 'nor anything like a key';
for my $code (qw(apps-unavailable key-unknown app-disabled address-refused
                 credential-expired))
{
    like $logs, qr/^$code /m, "$code is what the operator reads";
}

done_testing;
