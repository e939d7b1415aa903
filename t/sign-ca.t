# Copyright (C) Civic Gate
#
# x-ca-*, with Aliyun's own SDK as the client.

use strict;
use warnings;

use lib 't/lib';

use Civic::Gate;
use Civic::Npm;
use Civic::Signer;
use Civic::Upstream;
use Digest::MD5 qw(md5_base64);
use Digest::SHA qw(hmac_sha256);
use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(encode_base64);
use Test::More;

my $secret = 'a-secret-of-enough-bytes';
my $signer = Civic::Signer->new(id => '203000001', secret => $secret);
my $file = Civic::Signer::file(Civic::Signer::apps($signer));
my $up = Civic::Upstream->start(sub {
    my ($req) = @_;
    return [200, { 'Content-Type' => 'application/json' }, encode_json($req)];
});

my $gate = Civic::Gate->start(workers => 2, http => qq{
    civic_apps file=$file;
    log_format code '\$civic_code';
}, server => qq{
    access_log %DIR%/code.log code;
    civic_auth app:signature;
    civic_signature x-ca ahead=0s;
    location / { proxy_pass http://@{[$up->addr]}; }
    location /debug/ {
        civic_signature x-ca ahead=0s debug=x-ca;
        proxy_pass http://@{[$up->addr]};
    }
});
my $n = 0;


# by our own reading: what the SDK never sends

sub headers {
    my ($method, $target, %option) = @_;

    my %has = ('x-ca-key' => '203000001', 'x-ca-nonce' => 'n-' . ++$n,
               'x-ca-timestamp' => 1000 * time, 'accept' => '*/*',
               %{ $option{headers} // {} });
    my @names = @{ $option{names}
                   // ['x-ca-key', 'x-ca-nonce', 'x-ca-timestamp'] };
    $has{'x-ca-signature-headers'} = join ',', @names;
    my $text = join '', map { "$_\n" } $method,
               map { $_ // '' }
               @has{qw(accept content-md5 content-type date)};
    $text .= join '', map { "$_:$has{$_}\n" } sort @names;
    $has{'x-ca-signature'} =
        encode_base64(hmac_sha256($text . $target, $secret), '');
    return %has;
}


sub refused {
    my ($title, $status, $code, $method, $path, $body, %headers) = @_;

    my $res = $gate->request($method, $path, { headers => \%headers,
        defined $body ? (content => $body) : () });
    select undef, undef, undef, 0.05;
    is "$res->{status} " . (split /\n/, $gate->read('code.log'))[-1],
       "$status $code", $title;
    return $res;
}


sleep 2;

is $gate->get('/a?b=2&a=1', { headers('GET', '/a?a=1&b=2') })->{status}, 200,
   'a query is signed in order';
is $gate->get('/a?b=%E4%B8%AD&a=', { headers('GET', "/a?a&b=\xe4\xb8\xad") })
       ->{status}, 200, 'decoded, and without what has no value';

my %md5 = ('content-type' => 'text/plain',
           'content-md5' => md5_base64('body') . '==');
is $gate->request('PUT', '/a', { content => 'body', headers =>
       { headers('PUT', '/a', headers => \%md5) } })->{status}, 200,
   'a body with Content-MD5 passes';
refused('an altered one does not', 401, 'digest-mismatch', 'PUT', '/a',
        'else', headers('PUT', '/a', headers => \%md5));
refused('nor does one without', 401, 'signature-incomplete', 'PUT', '/a',
        'body', headers('PUT', '/a',
                        headers => { 'content-type' => 'text/plain' }));

my %form = ('content-type' => 'application/x-www-form-urlencoded');
is $gate->request('POST', '/a?b=2', { content => 'c=3&a=x+y', headers =>
       { headers('POST', '/a?a=x y&b=2&c=3', headers => \%form) } })
       ->{status}, 200, 'fields of a form are signed with the query';
refused('an altered field', 401, 'signature-invalid', 'POST', '/a', 'a=2',
        headers('POST', '/a?a=1', headers => \%form));
refused('a name twice', 400, 'signature-malformed', 'POST', '/a?a=1', 'a=2',
        headers('POST', '/a?a=1&a=2', headers => \%form));
refused('a value that reads as two', 400, 'signature-malformed', 'GET',
        '/a?a=1%26b=2', undef, headers('GET', '/a?a=1&b=2'));
refused('a form that is too large', 413, 'body-too-large', 'POST', '/a',
        'a=' . 'x' x 70_000, headers('POST', '/a?a=', headers => \%form));
refused('a nonce that is not signed', 401, 'signature-incomplete', 'GET',
        '/a', undef, headers('GET', '/a',
                             names => ['x-ca-key', 'x-ca-timestamp']));
refused('another digest', 401, 'algorithm-refused', 'GET', '/a', undef,
        headers('GET', '/a', headers => {
            'x-ca-signature-method' => 'HmacSHA1' }));
refused('a stale one', 401, 'signature-stale', 'GET', '/a', undef,
        headers('GET', '/a', headers => {
            'x-ca-timestamp' => 1000 * (time - 901) }));
my %same = headers('GET', '/a');
is $gate->get('/a', \%same)->{status}, 200, 'once';
refused('not twice', 401, 'nonce-replayed', 'GET', '/a', undef, %same);

my $res = refused('an altered query', 401, 'signature-invalid', 'GET',
                  '/a?secret=1', undef, headers('GET', '/a?secret=2'));
ok !exists $res->{headers}{'x-ca-error-message'},
   'what should have been signed is nobody\'s business';
$res = $gate->get('/debug/a?x=%0D%0Ay', { headers('GET', '/debug/a') });
like $res->{headers}{'x-ca-error-message'},
     qr{^Invalid Signature, Server StringToSign:GET#\*/\*#.*#/debug/a\?x=##y$},
     'debug=x-ca says it, on one line';


SKIP: {
    skip $Civic::Npm::missing, 5 if !Civic::Npm::folder();

    my $base = 'http://127.0.0.1:' . $gate->port;
    my $said = Civic::Npm::run(<<'END', $base, $secret);
import sdk from 'aliyun-api-gateway';
const [base, secret] = process.argv.slice(2);
const client = new sdk.Client('203000001', secret);
const ask = async (name, what) => {
    try { console.log(name, (await what()).method); }
    catch (e) { console.log(name, e.message); }
};
await ask('get', () => client.get(base + '/edu/v1?b=2', {
    query: { a: '福建', c: '' }, headers: { accept: 'application/json' } }));
await ask('json', () => client.post(base + '/edu/v1?b=2&a=1', {
    data: { a: 1, name: '课程' } }));
await ask('form', () => client.post(base + '/edu/v1?z=1', {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    data: { name: '张 三', b: 'x+y' } }));
await ask('signed', () => client.get(base + '/edu/v1', {
    signHeaders: { 'x-more': 'value' } }));
await ask('delete', () => client.delete(base + '/edu/v1?a=1', {}));
END
    for (['get', 'GET'], ['json', 'POST'], ['form', 'POST'],
         ['signed', 'GET'], ['delete', 'DELETE'])
    {
        my ($name, $method) = @$_;
        like $said, qr/^$name $method$/m, "the SDK is understood: $name"
            or diag $said;
    }
}

unlike $gate->log, qr/a-secret-of/, 'no secret in the log';

done_testing;
