# Copyright (C) Civic Gate
#
# Two gates of two workers each and one Redis: what one gate is told to
# revoke, all four workers refuse, tokens that they remember too.

use strict;
use warnings;

use lib 't/lib';

use IO::Socket::INET ();
use Test::More;

use Civic::Issuer;
use Civic::Redis;
use Civic::Revoke;

my $redis = Civic::Redis->start;
my $issuer = Civic::Issuer->new(name => 'citizens', alg => 'ES256');
my @gates = map { Civic::Revoke->gate($redis, $issuer) } 1, 2;
my ($here, $there) = @gates;
my $now = time;

sub bearer { return $issuer->bearer(iat => $now - 10, exp => $now + 600, @_) }

sub answers {
    my ($bearer) = @_;

    return map { Civic::Revoke->all($_, $bearer) } @gates;
}

sub is_let_in {
    my ($bearer, $title) = @_;

    ok !(grep { join(',', keys %$_) ne '200' } answers($bearer)), $title;
}

# seconds until all refuse, from the order on

sub refused_in {
    my ($bearer) = @_;

    return Civic::Revoke->await(sub {
        !grep { join(',', keys %$_) ne '401' } answers($bearer) });
}

sub revoke {
    my ($title, $order, $bearer) = @_;

    is_let_in($bearer, "$title: let in, and remembered") for 1, 2;
    my $res = Civic::Revoke->add($here, $order);
    is $res->{status}, 201, "$title: revoked" or diag $res->{content};
    my $seconds = refused_in($bearer);
    ok defined $seconds, "$title: refused by all workers of both gates";
    note sprintf "%s: after %.3f s", $title, $seconds // -1;
    return;
}

sub lift {
    my ($title, $query, $bearer) = @_;

    is(Civic::Revoke->lift($there, $query)->{status}, 204,
       "$title: lifted, by the other gate");
    ok defined Civic::Revoke->await(sub {
        !grep { join(',', keys %$_) ne '200' } answers($bearer) }),
        "$title: let in again";
    return;
}


ok defined Civic::Revoke->await(sub {
    !grep { !Civic::Revoke->state($_)->{known} } @gates }),
    'both gates read an empty list';

my $one = bearer(jti => 'one', sub => 'anna');
my $other = bearer(jti => 'other', sub => 'anna');
revoke('a token', { token => { issuer => 'citizens', jti => 'one',
                               expires => $now + 600 } }, $one);
is_let_in($other, 'another token of the same person is let in');

my $res = $here->{door}->get('/', $one);
is $res->{headers}{'x-code'}, 'token-revoked', 'the operator learns why';
unlike $res->{content}, qr/revoked/, 'the client does not';
like $res->{headers}{'www-authenticate'}, qr/error="invalid_token"/,
    'but that the token is no good';
lift('a token', 'token=one&issuer=citizens', $one);

revoke('a token of an issuer by its own name',
       { token => { issuer => $issuer->iss, jti => 'named',
                    expires => $now + 600 } }, bearer(jti => 'named'));

revoke('a subject', { subject => 'citizens:bo' }, bearer(sub => 'bo'));
is_let_in(bearer(sub => 'bo', iat => time + 2),
          'what is issued later is another matter');
is_let_in(bearer(sub => 'bobo'), 'and so is another subject');
lift('a subject', 'subject=citizens:bo', bearer(sub => 'bo'));

revoke('a client', { client => 'citizens:portal' },
       bearer(azp => 'portal', client_id => 'portal'));
is_let_in(bearer(azp => 'app', client_id => 'app'),
          'another client is let in');

revoke('what was issued before a time',
       { issuer => 'citizens', before => $now - 100 },
       bearer(iat => $now - 101));
is_let_in(bearer(iat => $now - 100), 'what was issued then is let in');
is((answers(bearer(iat => undef)))[0]{401} ? 401 : 0, 401,
   'a token that does not say when it was issued is refused');
lift('the time of an issuer', 'issuer=citizens', bearer(iat => $now - 101));

revoke('everything before a time', { all => JSON::PP::true(),
                                     before => $now - 50 },
       bearer(iat => $now - 51, sub => 'cy'));
$res = Civic::Revoke->add($here, { all => JSON::PP::true(),
                                   before => $now - 90 });
is $res->{json}{before}, $now - 50, 'an earlier time weakens nothing';
lift('everything', 'all=true', bearer(iat => $now - 51, sub => 'cy'));


# it ends by itself

revoke('a subject for some seconds',
       { subject => 'citizens:di', expires => time + 4 },
       bearer(sub => 'di'));
ok defined Civic::Revoke->await(sub {
    !grep { join(',', keys %$_) ne '200' } answers(bearer(sub => 'di')) }),
    'and not longer';


# over a reload, of another size too

revoke('a subject', { subject => 'citizens:ed' }, bearer(sub => 'ed'));
ok $here->reload, 'the gate reloads';
is join(',', keys %{ Civic::Revoke->all($here, bearer(sub => 'ed')) }), 401,
    'and has the list at once';
$here->write('conf/nginx.conf', $here->read('conf/nginx.conf')
             =~ s/redis=main ;/redis=main size=1m;/r);
my $late = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                 PeerPort => $here->{door}->port);
print {$late} "GET / HTTP/1.0\r\nAuthorization: "
              . bearer(sub => 'late')->{Authorization} . "\r\n";
$late->flush;
sleep 1;
ok $here->reload, 'it reloads with another size';
is join(',', keys %{ Civic::Revoke->all($here, bearer(sub => 'ed')) }), 401,
    'and has the list at once';
Civic::Revoke->add($here, { subject => 'citizens:late' });
sleep 2;
print {$late} "\r\n";
like scalar(<$late>) // '', qr/ 401 /,
    'a worker that leaves goes on reading what is revoked';


# the worker that reads dies

my ($victim) = $here->pids;
kill 'KILL', $_ for $here->pids;
ok defined Civic::Revoke->await(sub {
    my @pids = $here->pids; @pids == 2 && !grep { $_ == $victim } @pids }),
    'workers die and come again';
revoke('a subject after that', { subject => 'citizens:fi' },
       bearer(sub => 'fi'));

for my $gate (@gates) {
    unlike $gate->log . $gate->read('access.log'), qr/eyJ/,
        'no token is in a log';
    $gate->{allow} = qr/exited on signal 9/;
    $gate->stop;
}
done_testing;
