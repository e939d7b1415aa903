#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# civic_require_dry_run: what would be refused is logged, by its line, and
# counted, and passes.

use strict;
use warnings;

use lib 't/lib';
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files => { $citizens->files }, http => $citizens->block,
    server => <<'END');
    civic_auth optional citizens;
    civic_require_dry_run on;
    civic_require scope=read;
    add_header X-Status $civic_require_status always;
    location = /m { civic_auth off; civic_require off; civic_metrics; }
    location = /dry { civic_require query.id=claim.sub; return 200; }
    location = /wet { civic_require_dry_run off; return 200; }
    location /r/ {
        civic_route GET "/r/x" scope=write;
        return 200;
    }
END


sub ask {
    my ($path, %claims) = @_;

    my $res = $gate->get($path, $citizens->bearer(sub => 'hidden', %claims));
    return "$res->{status} " . ($res->{headers}{'x-status'} // '');
}


sub dry {
    return $gate->log =~ /dry run, would refuse: (\S+) by/g;
}


is ask('/dry?id=hidden', scope => 'read'), '200 passed', 'what is met passes';
is_deeply [dry()], [], '... and is not logged';

is ask('/dry?id=other-person'), '200 dry_run', 'what is not passes, too';
is_deeply [dry()], ['scope-denied', 'source-denied'],
    '... and all that it lacks is logged';

is ask('/dry?id=a&id=b', scope => 'read'), '200 dry_run',
    'malformed sources pass';
is ask('/r/x', scope => 'read'), '200 dry_run', 'so do scopes of routes';
is $gate->get('/dry?id=1')->{status}, 200, 'so does nobody';
is_deeply [(dry())[2 .. 5]],
    ['source-duplicate', 'scope-denied', 'credentials-missing',
     'credentials-missing'], '... each is logged with its code';

my $line = 0;
my ($stated) = map { $line++; /query\.id=claim/ ? $line : () }
               split /\n/, $gate->read('conf/nginx.conf');
like $gate->log, qr/\[notice\] .*would refuse: source-denied by \S+:$stated\b/,
    '... and its line';
unlike $gate->log, qr/would refuse.*(?:hidden,|other-person by)/,
    '... and nothing of the caller';

is ask('/wet', scope => 'write'), '403 refused',
    'a location may take it seriously';
my $metrics = $gate->get('/m')->{content};
like $metrics, qr/^civic_require_total\{result="dry_run"\} 6$/m,
    'what would be refused is counted';
like $metrics, qr/^civic_require_total\{result="refused"\} 1$/m,
    '... and what is';

done_testing;
