#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# A request is judged anew in every location it comes to, and each service
# hears of the caller that its own location accepts.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $up = Civic::Upstream->start;
my $dead = Civic::Gate->free_port;
my $citizens = Civic::Issuer->new;
my $officers = Civic::Issuer->new(name => 'officers');

my $gate = Civic::Gate->start(
    files => { $citizens->files, $officers->files },
    http => $citizens->block . $officers->block
            . 'log_format seen $civic_auth_status;'
            . 'upstream service { server ' . $up->addr . '; }',
    server => <<"END");
    civic_auth citizens;
    location / { proxy_pass http://service; }
    location /same { error_page 502 = \@same; proxy_pass http://127.0.0.1:1; }
    location /off { error_page 502 = \@off; proxy_pass http://127.0.0.1:1; }
    location /pass { error_page 502 = \@pass; proxy_pass http://127.0.0.1:1; }
    location /other { error_page 502 = \@other; proxy_pass http://127.0.0.1:1; }
    location /strict {
        error_page 502 = \@strict; proxy_pass http://127.0.0.1:1;
    }
    location /rewritten { rewrite ^ /other-than-this last; }
    location /other-than-this { civic_auth officers; return 200 "open"; }
    location \@same { proxy_pass http://service; }
    location \@off { civic_auth off; proxy_pass http://service; }
    location \@pass { civic_credentials pass; proxy_pass http://service; }
    location \@other { civic_auth officers; proxy_pass http://service; }
    location \@strict { civic_require scope=x; proxy_pass http://service; }

    location /first-off {
        civic_auth off;
        error_page 502 = \@same;
        proxy_pass http://127.0.0.1:1;
    }
    location /page {
        error_page 401 /sorry;
        proxy_pass http://service;
    }
    location /loop {
        error_page 401 /loop/sorry;
        proxy_pass http://service;
    }
    location /sorry { civic_auth off; return 200 "please log in"; }
    location /mirrored {
        mirror /copy;
        proxy_pass http://service;
        proxy_set_header X-Mine \$civic_caller;
        access_log %DIR%/seen seen;
    }
    location = /copy { internal; civic_auth off; proxy_pass http://service; }
    location = /judge { internal; proxy_pass http://service; }
    location = /judge/officers {
        internal;
        civic_auth officers;
        proxy_pass http://service;
    }
    location /judged {
        civic_auth off;
        auth_request /judge;
        proxy_pass http://service;
    }
    location /judged/officers {
        auth_request /judge/officers;
        proxy_pass http://service;
    }
    location /asked {
        auth_request /copy;
        proxy_pass http://service;
        proxy_set_header X-Mine \$civic_caller;
    }
END

my %bearer = %{ $citizens->bearer(sub => '7') };


sub sent {
    my ($path, %header) = @_;

    my $res = $gate->get($path, \%header);
    return {} if $res->{status} != 200;
    return { map { lc $_->[0] => $_->[1] }
             @{ JSON::PP::decode_json($res->{content})->{headers} } };
}


my $sent = sent('/same', %bearer);
is $sent->{'x-civic-caller'}, 'citizens:7',
    'the second location hears of the same caller';
is $sent->{authorization}, undef, '... without the credential';

$sent = sent('/off', %bearer);
is_deeply [grep { /^x-civic/ } keys %$sent], [],
    'a second location with civic_auth off hears of nobody';

is sent('/pass', %bearer)->{authorization}, $bearer{Authorization},
    'a second location that wants the credential gets it';

my $count = $up->count;
is $gate->get('/other', \%bearer)->{status}, 401,
    'a second location with another issuer refuses';
is $gate->get('/strict', \%bearer)->{status}, 403,
    'a second location that requires more refuses';
is $gate->get('/rewritten', \%bearer)->{status}, 401,
    'so does the target of a rewrite';
is $up->count, $count, '... and none of them reached the service';

is sent('/first-off', %bearer)->{'x-civic-caller'}, 'citizens:7',
    'a credential that the first location left alone serves the second';
is $gate->get('/first-off')->{status}, 401, '... and is needed there';

my $page = $gate->get('/page');
is $page->{status}, 401, 'an error_page for 401 keeps the status';
is $page->{content}, 'please log in', '... and shows its page';
is $page->{headers}{'www-authenticate'}, 'Bearer realm="civic"',
    '... and still says what is wanted';

my $loop = $gate->get('/loop');
is $loop->{status}, 401, 'an error_page that is itself closed is refused';
is $loop->{headers}{'www-authenticate'}, 'Bearer realm="civic"',
    '... and asks once';

for my $path ('/mirrored', '/asked') {
    $sent = sent($path, %bearer);
    is $sent->{'x-mine'}, 'citizens:7',
        "$path: a subrequest with civic_auth off does not make us forget";
    is $sent->{'x-civic-caller'}, 'citizens:7', "$path: nor the service";
}
like $gate->read('seen'), qr/^(cached|verified)$/, 'nor the log';

is $gate->get('/judged')->{status}, 401,
    'a subrequest is judged in its own location';
$sent = sent('/judged', %bearer);
is $sent->{'x-civic-caller'}, undef,
    'the caller it knows is not told to the service of its parent';
is $gate->get('/judged/officers', \%bearer)->{status}, 401,
    'an identity of its parent does not serve where it is not accepted';

my @judges = grep { $_->{uri} eq '/judge' } $up->requests;
is_deeply [map { Civic::Upstream::header($_, 'X-Civic-Caller') } @judges],
    ['citizens:7'], 'the service of the subrequest heard of the caller';

my @copies = grep { $_->{uri} eq '/copy' } $up->requests;
ok @copies >= 2, 'the subrequests were sent';
is_deeply [grep { defined Civic::Upstream::header($_, 'X-Civic-Caller') }
           @copies], [], '... and heard of nobody';

done_testing;
