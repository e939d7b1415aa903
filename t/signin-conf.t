#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_signin as nginx -t reads it.

use strict;
use warnings;

use Test::More;

use lib 't/lib';
use Civic::Gate;
use Civic::Issuer;

my $issuer = Civic::Issuer->new;

my %block = (
    issuer => 'citizens', remote => 'idp',
    origin => 'https://services.example.gov.cn',
    authorize => 'https://id.example.gov.cn/auth', token => '/token',
    client_id => 'gate', client_secret_file => 'keys/secret',
    session => 'redis=main');


# words of the block changed, or taken away; the rest of the files

sub check {
    my ($change, %more) = @_;

    my %word = (%block, %$change);
    my $words = join "\n", map { "$_ $word{$_};" }
                           grep { defined $word{$_} } sort keys %word;
    return Civic::Gate->check(
        files => { $issuer->files, 'keys/secret' => "0123456789abcdef\n",
                   'keys/short' => "x\n" },
        mode => { 'keys/secret' => $more{mode} // 0600,
                  'keys/short' => 0600 },
        http => $issuer->block . <<"END" . ($more{http} // ''),
civic_redis main { server 127.0.0.1:1; }
civic_remote idp { url https://id.example.gov.cn; }
civic_signin @{[$more{name} // 'portal']} { $words }
END
        server => $more{server} // '
            location /signin/ { civic_signin_pages portal; }
            location / { civic_auth portal; }');
}


sub refused {
    my ($change, $message, %more) = @_;

    my ($ok, $output) = check($change, %more);
    ok !$ok, $message;
    like $output, qr/\[emerg\] [^\n]*\Q$message\E.* in .*nginx\.conf:\d+/s,
        '...';
}


my ($ok, $output) = check({});
ok $ok, 'what is mandatory will do' or diag $output;
unlike $output, qr/warn/, 'without a warning';

for my $word (sort keys %block) {
    refused({ $word => undef }, "civic_signin \"portal\" does not say "
                                . "\"$word\"");
}

refused({ issuer => 'x' }, 'civic_signin "portal" names an unknown '
                           . 'civic_issuer "x"');
refused({ remote => 'x' }, 'civic_signin "portal" names an unknown '
                           . 'civic_remote "x"');
refused({ session => 'redis=x' }, 'civic_signin "portal" names an unknown '
                                  . 'civic_redis "x"');
refused({ session => 'ttl=1h' }, '"session" of civic_signin "portal" does '
                                 . 'not say "redis="');
refused({ session => 'redis=main ttl=31d' },
        '"ttl=31d" in "session" of civic_signin "portal" is not a time '
        . 'from 1s to 30d');
for my $origin ('services.example.gov.cn', 'https://', 'https://a/',
                'https://a/b', 'https://u@a', 'ftp://a')
{
    refused({ origin => $origin }, "\"origin $origin\" in civic_signin "
                                   . '"portal" is not https://HOST[:PORT]');
}
for my $origin ('http://services.example.gov.cn', 'http://localhost.evil',
                'http://127.0.0.1.evil:80')
{
    refused({ origin => $origin }, 'civic_signin "portal" is for https: '
            . "\"origin $origin\" wants \"cookie insecure\"");
}
for my $origin ('http://localhost', 'http://127.0.0.1:8080', 'http://[::1]:1')
{
    ok((check({ origin => $origin }))[0], "$origin is this machine");
}

refused({ authorize => '/auth' }, '"authorize /auth" in civic_signin '
                                  . '"portal" is no http[s]:// address');
refused({ token => 'token' }, '"token token" in civic_signin "portal" is no '
                              . 'path');
refused({ home => '//evil' }, '"home //evil" in civic_signin "portal" is no '
                              . 'path');
refused({ client_auth => 'jwt' }, '"client_auth jwt" in civic_signin '
                                  . '"portal" is not basic or post');
refused({ cookie => 'secure' }, '"cookie secure" in civic_signin "portal" '
                                . 'is not "cookie insecure"');
refused({ client_secret_file => 'keys/none' },
        '/keys/none" cannot be opened: No such file');
refused({ client_secret_file => 'keys' }, '/keys" is not a file');
refused({}, '" holds a secret, and everybody may read or write it',
        mode => 0644);
refused({ client_secret_file => 'keys/short' }, 'client_secret_file "');

refused({}, '"off" cannot name a civic_signin', name => 'off');
refused({}, 'civic_signin "citizens" has the name of a civic_issuer',
        name => 'citizens', server => 'location / { civic_auth off; }');
refused({}, 'civic_signin "portal" is defined already in ',
        http => 'civic_signin portal { }');
refused({ logout => '/signin/callback' },
        '"callback" and "logout" in civic_signin "portal" are the same path');
refused({ start => '/x', frontchannel => '/x' },
        '"start" and "frontchannel" in civic_signin "portal" are the same ');

my $again = 'civic_signin again { '
            . join(' ', map { "$_ $block{$_};" } sort keys %block) . ' %s }';
refused({}, 'civic_signin "again" has the callback of "portal" (',
        http => sprintf $again, '');
ok((check({}, http => sprintf $again, 'callback /again/callback;'))[0],
   'another callback of the same origin');
ok((check({ origin => 'https://b' }, http => sprintf $again, ''))[0],
   'or the same of another');

refused({}, 'civic_signin_pages names an unknown civic_signin "x"',
        server => 'location / { civic_signin_pages x; }');
refused({}, 'civic_signin_pages is for whoever has no session yet: state '
            . 'civic_auth off there',
        server => 'civic_auth portal;
                   location /signin/ { civic_signin_pages portal; }');

($ok, $output) = check({ origin => 'http://intranet', cookie => 'insecure' });
ok $ok, 'cookie insecure' or diag $output;
like $output, qr/\[warn\] civic_signin "portal" sends its cookies over plain /,
    'is a warning';

done_testing();
