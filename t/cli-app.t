# Copyright (C) Civic Gate
#
# civic app: against a gate of its own.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use Test::More;
use Time::HiRes qw(sleep time);

use Civic::Cli;
use Civic::Gate;
use Civic::Redis;

my $folder = File::Temp->newdir('civic-app-XXXXXX', TMPDIR => 1);
my $redis = Civic::Redis->start;
my $server = $redis->server;

sub put {
    my ($name, $text) = @_;

    open my $file, '>:raw', "$folder/$name" or die;
    print $file $text;
    close $file;
    chmod 0600, "$folder/$name";
}

put('seal.key', 'x' x 32);
my $gate = Civic::Gate->start(http => <<"END", server => <<'END2');
    civic_redis main { server $server; }
    civic_apps redis=main key_file=$folder/seal.key;
END
    civic_auth off;
    location /admin/ { civic_admin local; }
    location / { civic_auth app:key; return 200 "$civic_app $civic_scope"; }
END2
my $cli = Civic::Cli->new(port => $gate->port);

sub run {
    my ($wanted, @words) = @_;

    my ($failed, $said) = $cli->run('app', @words);
    is !!$failed, !$wanted, "app @words" or diag $said;
    return $said;
}

sub ok_run { return run(1, @_) }
sub no_run { return run(0, @_) }

sub soon {
    my ($key, $status, $title) = @_;

    my $end = time + 10;
    my $got = 0;
    while (time < $end && $got != $status) {
        $got = $gate->get('/', { 'X-Api-Key' => $key })->{status};
        sleep 0.05;
    }
    is $got, $status, $title;
}

my $said = ok_run('create', 'his', '--title', "Lianjiang's HIS", '--scopes',
                  'a b', '--region', '350122', '--addresses',
                  '127.0.0.0/8,10.0.0.0/8');
like $said, qr/^his\n.*title: Lianjiang's HIS\n.*scopes: a b\n/,
    'what was created is shown';
like no_run('create', 'his'), qr/\(409\): there is an application/,
    'a name is there once';
like no_run('create', 'b', '--region', 'x'), qr/\(422\): region is no region/,
    'a mistake is told';

$said = ok_run('key', 'add', 'his', '--ttl', '30d');
my ($key) = $said =~ /^(cg_\w+)$/m;
ok $key, 'a key is shown';
like $said, qr/只显示这一次\n.*shown this once/, 'and that it is this once';
soon($key, 200, 'it opens the door');
my ($id) = $key =~ /^cg_(\w{8})_/;
$said = ok_run('show', 'his');
like $said, qr/key: $id  cg_${id}_\.\.\.  created \d.*expires \d/,
    'of which its beginning is shown';
unlike $said, qr/\Q$key\E/, 'and no more';
like ok_run('list'), qr/^his .*1 keys  0 signers/, 'it is in the list';

ok_run('disable', 'his');
soon($key, 401, 'disabled');
ok_run('enable', 'his');
soon($key, 200, 'enabled');
like ok_run('set', 'his', '--scopes', 'c', '--region', ''),
    qr/^his\n.*\n.*scopes: c\n.*addresses/, 'members are changed';
ok_run('key', 'revoke', 'his', $id);
soon($key, 401, 'revoked');
no_run('key', 'revoke', 'his', $id);

$said = ok_run('secret', 'add', 'his', '--algorithm', 'hmac-sha256',
               '--schemes', 'x-ca rfc9421', '--id', 'firm.1');
my ($secret) = $said =~ /^(\w{43})$/m;
ok $secret, 'a secret is shown';
unlike ok_run('show', 'his'), qr/\Q$secret\E/, 'once';
put('given', "given by the firm\n");
$said = ok_run('secret', 'add', 'his', '--algorithm', 'hmac-sm3',
               '--schemes', 'x-tif', '--secret-file', "$folder/given");
unlike $said, qr/given by/, 'a secret that was given is not repeated';
ok_run('secret', 'remove', 'his', 'firm.1');
put('jwk', '{"kty":"OKP","crv":"Ed25519","alg":"EdDSA",'
           . '"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}');
ok_run('secret', 'add', 'his', '--algorithm', 'ed25519', '--schemes',
       'rfc9421', '--jwk-file', "$folder/jwk", '--id', 'ed');
ok_run('secret', 'remove', 'his', 'ed');

my $hex = join ':', ('AB') x 32;
ok_run('certificate', 'add', 'his', '--sha256', $hex);
ok_run('certificate', 'add', 'his', '--subject', 'CN=his,C=CN');
like ok_run('show', 'his'), qr/certificate: (ab){32}\n.*CN=his,C=CN/,
    'certificates are shown';
ok_run('certificate', 'remove', 'his', 'ab' x 32);
ok_run('certificate', 'remove', 'his', 'CN=his,C=CN');

no_run($_) for 'dance', 'show', 'key';
no_run('key', 'add', 'his', '--ttl', '0');
no_run('key', 'add', 'his', '--near', '1');
ok_run('delete', 'his');
like no_run('show', 'his'), qr/\(404\)/, 'what is removed is gone';
$gate->stop;
like no_run('list'), qr/does not answer/, 'without a gate there is no answer';

done_testing;
