# Copyright (C) Civic Gate
#
# civic token revoke, lift, revoked: against a gate of its own.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use Test::More;

use Civic::Cli;
use Civic::Issuer;
use Civic::Redis;
use Civic::Revoke;

my $redis = Civic::Redis->start;
my $issuer = Civic::Issuer->new(name => 'citizens', alg => 'ES256');
my $gate = Civic::Revoke->gate($redis, $issuer, workers => 1,
                               words => 'interval=50ms');
my $cli = Civic::Cli->new(port => $gate->port);
my $now = time;

sub status {
    return $gate->{door}->get('/', { Authorization => "Bearer $_[0]" })
           ->{status};
}

sub becomes {
    my ($token, $status, $title) = @_;

    ok defined Civic::Revoke->await(sub { status($token) == $status }),
        $title;
}

ok defined Civic::Revoke->await(sub {
    Civic::Revoke->state($gate)->{known} }), 'the gate has a list';

my $token = $issuer->token(sub => 'anna', jti => 'one', iat => $now - 10);
my $file = File::Temp->new(TMPDIR => 1);
print {$file} "$token\n";
close $file;

becomes($token, 200, 'a token is let in');
my ($failed, $said) = $cli->run('token', 'revoke', '--token-file', "$file",
                                '--reason', "lost 'phone'");
is $failed, 0, 'it is revoked by its file' or diag $said;
like $said, qr/已吊销.*\nrevoked: .*\ntoken .*"one".*expires=.*lost 'phone'/,
    'in two languages';
unlike $said, qr/eyJ/, 'without being shown';
becomes($token, 401, 'and refused');

($failed, $said) = $cli->run('token', 'revoked');
is $failed, 0, 'what is revoked can be listed';
is scalar(split /\n/, $said), 1, 'in one line';
like $said, qr/^token  \{.*"jti":"one".*created=\d{4}-/, 'that says what';

($failed, $said) = $cli->run('token', 'lift', '--jti', 'one', '--issuer',
                             $issuer->iss);
is $failed, 0, 'it is lifted' or diag $said;
becomes($token, 200, 'and let in again');

my @orders = (
    ['--jti', 'one', '--issuer', 'citizens', '--expires', '+10m'],
    ['--subject', 'citizens:anna'],
    ['--subject=citizens:anna', '--before=now', '--expires', '+1h'],
    ['--issuer', 'citizens', '--before', $now - 9],
    ['--all', '--before', $now - 9],
    ['--all', '--before', '2100-01-01T08:00:00+08:00'],
);
my $refused = pop @orders;
for my $order (@orders) {
    my @what = grep { !/^--expires$|^\+/ } @$order;
    ($failed, $said) = $cli->run('token', 'revoke', @$order);
    is $failed, 0, "revoke @$order" or diag $said;
    becomes($token, 401, 'is obeyed');
    ($failed, $said) = $cli->run('token', 'lift', @what);
    is $failed, 0, "lift @what" or diag $said;
    becomes($token, 200, 'is obeyed');
}
($failed, $said) = $cli->run('token', 'revoke', '--app', 'his');
is $failed, 0, 'an application is revoked' or diag $said;
($failed, $said) = $cli->run('token', 'revoke', '--client', 'citizens:p');
is $failed, 0, 'and a client' or diag $said;

($failed, $said) = $cli->run('token', 'revoke', @$refused);
is $failed, 1, 'what the gate refuses fails';
like $said, qr/the gate refuses \(422\): "before" is more than a day ahead/,
    'and says why';


# times

for (['1970-01-02T00:00:00Z', 86400], ['2000-03-01T00:00:00Z', 951868800],
     ['2026-01-31T08:00:00+08:00', 1769817600],
     ['2024-02-29T12:34:56-03:30', 1709222696])
{
    my ($text, $wanted) = @$_;
    $cli->run('token', 'lift', '--all');
    $cli->run('token', 'revoke', '--all', '--before', $text);
    my ($all) = grep { $_->{all} }
                @{ Civic::Revoke->list($gate)->{json}{revocations} };
    is $all->{before}, $wanted, "$text is understood";
}
my $then = time;
$cli->run('token', 'lift', '--all');
$cli->run('token', 'revoke', '--all', '--before', 'now');
my ($all) = grep { $_->{all} }
            @{ Civic::Revoke->list($gate)->{json}{revocations} };
cmp_ok $all->{before}, '>', $then, 'before now: what is of this second, too';
$cli->run('token', 'lift', '--all');


# what is wrong

$file = File::Temp->new(TMPDIR => 1);
print {$file} 'no token';
close $file;
my $bare = File::Temp->new(TMPDIR => 1);
print {$bare} $issuer->token(jti => undef);
close $bare;

my @wrong = (
    [['revoke', '--colour', 'red'], qr/no such option: --colour/],
    [['revoke', 'word'], qr/no such option: word/],
    [['revoke', '--app'], qr/--app wants a value/],
    [['revoke', '--app', 'a', '--app', 'b'], qr/--app comes twice/],
    [['revoke', '--jti', 'one'], qr/usage: /],
    [['revoke', '--all', '--before', 'soon'], qr/--before is not a time/],
    [['revoke', '--token-file', '/nowhere'], qr/cannot read/],
    [['revoke', '--token-file', "$file"], qr/holds no token/],
    [['revoke', '--token-file', "$bare"], qr/use --subject/],
    [['revoke'], qr/refuses \(422\): .*exactly one/],
    [['lift', '--app', 'never'], qr/refuses \(404\): it is not revoked/],
    [['revoked', '--all'], qr/no such option/],
);
for (@wrong) {
    my ($words, $why) = @$_;
    ($failed, $said) = $cli->run('token', @$words);
    ok $failed == 1 && $said =~ $why, "\"token @$words\" is refused"
        or diag $said;
    is scalar(split /\n/, $said), 2, 'in two lines';
}

$gate->stop;
($failed, $said) = $cli->run('token', 'revoke', '--app', 'his');
like $said, qr/the gate does not answer/, 'without a gate, that is said';
done_testing;
