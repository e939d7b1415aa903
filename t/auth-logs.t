#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# No token that nginx lets through to the gate reaches a log, whatever
# becomes of it; the reason does.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files => { $citizens->files },
    http => $citizens->block . 'large_client_header_buffers 4 32k;',
    server => <<'END');
    civic_auth citizens;
    location / { return 200; }
    location /read { civic_require scope=read; return 200; }
    location /dead { proxy_pass http://127.0.0.1:1; }
END

my %tokens = (
    accepted  => $citizens->token,
    expired   => $citizens->token(exp => time - 100),
    forged    => $citizens->token =~ s/.{8}\z/AAAAAAAA/r,
    malformed => 'SECRETPART.SECRETPART.!!',
    huge      => 'SECRETPART' x 1000,
);

for my $kind (sort keys %tokens) {
    for my $path ('/', '/read', '/dead') {
        $gate->get($path, { Authorization => "Bearer $tokens{$kind}" });
    }
}

my $log = $gate->log;
my $all = $log . $gate->read('access.log');

for my $kind (sort keys %tokens) {
    my @part = grep { length > 7 } split /\./, $tokens{$kind};
    is_deeply [grep { index($all, substr $_, 0, 40) >= 0 } @part], [],
        "no part of the $kind token is in a log";
}

like $log, qr/\[info\] .*civic auth: refused: token-expired, client/,
    'the reason is: expired';
like $log, qr/civic auth: refused: signature-invalid, client/,
    'the reason is: signature';
like $log, qr/civic auth: refused: credentials-malformed, client/,
    'the reason is: malformed';

done_testing;
