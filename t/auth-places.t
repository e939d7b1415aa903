#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Where a token may stand: as its issuer says, in one place only, gone from
# what the service and the logs see, and from a cookie only where the site's
# own page asked for it.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;

my $up = Civic::Upstream->start;
my $citizens = Civic::Issuer->new;
my $kiosks = Civic::Issuer->new(name => 'kiosks', alg => 'EdDSA');
my $gate = Civic::Gate->start(
    files => { $citizens->files, $kiosks->files },
    http => $citizens->block('token header cookie=sid query=access_token;')
          . $kiosks->block('token cookie=kiosk;')
          . 'log_format all "$request|$request_uri|$args|'
          . '$civic_caller"; access_log %DIR%/all.log all;'
          . 'upstream service { server ' . $up->addr . '; }',
    server => <<'END');
    civic_auth citizens;
    location / { proxy_pass http://service; }
    location /both { civic_auth citizens kiosks; proxy_pass http://service; }
    location /pass { civic_credentials pass; proxy_pass http://service; }
    location /off { civic_auth off; proxy_pass http://service; }
END

my $token = $citizens->token(sub => '7');
my $kiosk = $kiosks->token(sub => 'hall-3');


sub get {
    my ($path, %header) = @_;

    my $method = delete $header{method} // 'GET';
    my $res = $gate->request($method, $path, { headers => \%header });
    return ($res->{status}, {}) if $res->{status} != 200;

    my $seen = JSON::PP::decode_json($res->{content});
    my %sent = map { (lc $_->[0], $_->[1]) } @{ $seen->{headers} };
    return (200, { %sent, uri => $seen->{uri} // $seen->{path},
            method => $seen->{method} });
}


# each place

for (['the header', '/', Authorization => "Bearer $token"],
     ['a cookie', '/', Cookie => "sid=$token"],
     ['a cookie among others', '/', Cookie => "a=1; sid=$token; b=2"],
     ['the address', "/?access_token=$token"],
     ['the address, escaped', "/?access%5Ftoken=$token"])
{
    my ($title, $path, %header) = @$_;
    my ($status, $sent) = get($path, %header);
    is $status, 200, "a token from $title is taken";
    is $sent->{'x-civic-caller'}, 'citizens:7', '... and known';
    ok !(grep { index($_ // '', $token) >= 0 } values %$sent),
        '... and does not reach the service';
}

my (undef, $sent) = get('/', Cookie => "a=1; sid=$token; b=2");
is $sent->{cookie}, 'a=1; b=2', 'other cookies reach it';

(undef, $sent) = get("/x?a=1&access_token=$token&b=2");
like $sent->{uri}, qr{^/x\?a=1&b=2$}, 'other arguments reach it';

(undef, $sent) = get("/off?a=1&access_token=$token");
is $sent->{uri}, '/off?a=1',
    'where nobody is asked the address is rid of the token too';

(undef, $sent) = get('/off/%61b/abc?access_token=abc&x=abc');
is $sent->{uri}, '/off/%61b/abc?x=abc',
    'a token that stands in the path, too, is left there';
(undef, $sent) = get('/off/x?access_token=GET', method => 'GET');
is $sent->{method}, 'GET', '... and in the method';

# what is taken for a token is hidden where it stands, and nowhere else: the
# service must not see another path than was judged

for (['/secret/../off/x?access_token=..', '/secret/../off/x'],
     ['/off/a/%2e%2e/b?access_token=%2e%2e', '/off/a/%2e%2e/b'],
     ['/off/abc?access_token=b&c=abc&d=b', '/off/abc?c=abc&d=b'])
{
    my ($asked, $seen) = @$_;
    (undef, $sent) = get($asked);
    is $sent->{uri}, $seen, "$asked reaches the service as it was judged";
}

(undef, $sent) = get("/pass?access_token=$token");
is $sent->{authorization}, "Bearer $token",
    'civic_credentials pass gives it in the header that is made for it';

# two of them, or one that is none

for (['header and cookie', '/', Authorization => "Bearer $token",
      Cookie => "sid=$token"],
     ['header and address', "/?access_token=$token",
      Authorization => "Bearer $token"],
     ['cookie and address', "/?access_token=$token", Cookie => "sid=$token"],
     ['two cookies', '/', Cookie => "sid=$token; sid=$token"],
     ['cookies in two headers', '/', Cookie => ["sid=$token", "sid=$token"]],
     ['two arguments', "/?access_token=$token&access_token=$token"],
     ['two arguments in two spellings',
      "/?access_token=$token&%61ccess_token=$token"],
     ['an empty argument', '/?access_token='],
     ['an argument without a value', '/?access_token'],
     ['an empty cookie', '/', Cookie => 'sid='],
     ['cookies of two issuers', '/both',
      Cookie => "sid=$token; kiosk=$kiosk"])
{
    my ($title, $path, %header) = @$_;
    is((get($path, %header))[0], 400, "$title: 400");
}

# an issuer's places are its own

is((get('/both', Cookie => "kiosk=$kiosk"))[1]{'x-civic-caller'},
   'kiosks:hall-3', 'another issuer has a cookie of its own');
is((get('/both', Authorization => "Bearer $kiosk"))[0], 401,
   'whose tokens are not taken from the header');
is((get('/both', Cookie => "sid=$kiosk"))[0], 401,
   'nor from the cookie of another issuer');
is((get('/both', Authorization => "Bearer $kiosk"))[0], 401,
   'nor once they are remembered');
is((get('/', Cookie => "Sid=$token"))[0], 401, 'names of cookies have case');

# a cookie comes with whatever any page makes a browser send

my $own = 'http://127.0.0.1:' . $gate->port;
for (['without Origin', 403],
     ['of the own site', 200, Origin => $own],
     ['of the own site, over TLS in front', 200, Origin => $own =~ s/p:/ps:/r],
     ['of another site', 403, Origin => 'https://evil.example'],
     ['of another port', 403, Origin => 'http://127.0.0.1:1'],
     ['of a file', 403, Origin => 'null'],
     ['with two origins', 403, Origin => [$own, $own]],
     ['of the own site, by Sec-Fetch-Site', 200,
      'Sec-Fetch-Site' => 'same-origin'],
     ['of a sibling', 403, 'Sec-Fetch-Site' => 'same-site'],
     ['of another site, by Sec-Fetch-Site', 403,
      'Sec-Fetch-Site' => 'cross-site'],
     ['that says both', 403, Origin => 'https://evil.example',
      'Sec-Fetch-Site' => 'same-origin'])
{
    my ($title, $status, %header) = @$_;
    is((get('/', method => 'POST', Cookie => "sid=$token", %header))[0],
       $status, "a POST $title: $status");
}
is((get('/', Cookie => "sid=$token", Origin => 'https://evil.example'))[0],
   200, 'a safe method changes nothing, from wherever it comes');
is((get('/', Cookie => "sid=$token", Origin => 'https://evil.example',
        Upgrade => 'websocket', Connection => 'close, Upgrade'))[0],
   403, 'but an upgrade is a channel that another page would read');
is((get('/', method => 'POST', Authorization => "Bearer $token",
        Origin => 'https://evil.example'))[0],
   200, 'a header is nothing that a browser adds by itself');

# no log

$gate->stop;
my $log = $gate->read('all.log') . $gate->log;
ok index($log, $token) < 0, 'no log has the token';
ok index($log, $kiosk) < 0, 'nor the other one';
like $log, qr/\?access_token=\*+/, 'its bytes are stars in the request line';

done_testing;
