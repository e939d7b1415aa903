# Copyright (C) Civic Gate

use strict;
use warnings;

use lib 't/lib';
use File::Temp ();
use JSON::PP qw(decode_json);
use MIME::Base64 qw(decode_base64url);
use Test::More;
use Civic::Cli;

my $cli = Civic::Cli->new;


# what build/jws-verify says about a token

sub verify {
    my ($token) = @_;

    my $in = File::Temp->new(TMPDIR => 1);
    print {$in} $token;
    close $in;
    my $keys = $cli->home . '/conf/keys/citizens.jwks.json';
    my $out = qx(build/jws-verify '$keys' < '$in' 2>&1);
    return $? >> 8, $out;
}


my ($status, $token) = $cli->run('token', '--sub', '张三', '--scope',
    'imaging:read booking:read', '--ttl', '10m', '--claim', 'level=2',
    '--claim', 'staff=true', '--claim', 'region="330100"', '--claim',
    'name=he said "hi"');
is $status, 0, 'a token is minted';
chomp $token;

my ($verdict, $payload) = verify($token);
is $verdict, 0, "the token verifies with the demo issuer's public key"
    or diag $payload;

my $claims = decode_json($payload);
is $claims->{sub}, "\x{5f20}\x{4e09}", 'the subject may be Chinese';
is $claims->{scope}, 'imaging:read booking:read', 'scopes keep their order';
is $claims->{aud}, 'social-services', 'the audience has a default';
is $claims->{iss}, 'https://id.civicgate.example', 'the issuer is the demo';
is $claims->{exp} - $claims->{iat}, 600, 'the time to live is kept';
like $claims->{jti}, qr/^[0-9a-f]{32}$/, 'the token has a name of its own';
like $payload, qr/"level":\s*2[,}]/, 'a number stays a number';
like $payload, qr/"staff":\s*true/, 'a boolean stays a boolean';
is $claims->{region}, '330100', 'a quoted number is a string';
is $claims->{name}, 'he said "hi"', 'any other text is a string';

my ($head) = split /\./, $token;
is_deeply decode_json(decode_base64url($head)),
          { alg => 'ES256', kid => 'demo', typ => 'JWT' },
          'the header names the key';

my (undef, $other) = $cli->run('token', '--sub', 'x', '--aud', 'else');
chomp $other;
(undef, $payload) = verify($other);
is decode_json($payload)->{aud}, 'else', '--aud sets the audience';
isnt decode_json($payload)->{jti}, $claims->{jti}, 'no two tokens are alike';

(my $forged = $token) =~ s/\.([^.]+)\./'.' . reverse($1) . '.'/e;
($verdict) = verify($forged);
is $verdict, 1, 'a token that was changed does not verify';

my $keys = $cli->home . '/conf/keys/citizens';
is((stat "$keys.pem")[2] & 0077, 0, 'the private key is for its owner alone');
is -e "$keys.jwks.json" && (-s _ > 0), 1, 'the public key lies beside it';

my %wrong = (
    'a missing subject'      => ['--scope', 'a'],
    'an unknown option'      => ['--sub', 'x', '--role', 'admin'],
    'a word that stands alone' => ['--sub', 'x', 'y'],
    'an option without value' => ['--sub', 'x', '--scope'],
    'a time without unit'    => ['--sub', 'x', '--ttl', 'soon'],
    'a claim without value'  => ['--sub', 'x', '--claim', 'a'],
    'a claim that is iss'    => ['--sub', 'x', '--claim', 'iss=me'],
);
for my $what (sort keys %wrong) {
    my ($failed, $said) = $cli->run('token', @{ $wrong{$what} });
    is $failed, 1, "$what is refused";
    is scalar(split /\n/, $said), 2, "$what is explained in two lines";
}

done_testing;
