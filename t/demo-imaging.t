# Copyright (C) Civic Gate
#
# The demo as a whole: Orthanc behind the gate, with sample studies.

use strict;
use warnings;

use lib 't/lib';
use JSON::PP qw(decode_json);
use Test::More;
use Time::HiRes ();
use Civic::Cli;

my $cli = Civic::Cli->new;
my $gate = $cli->gate;
my $imaging = '/health/imaging/v1';
my $public = "http://127.0.0.1:" . $cli->port . $imaging;

my ($status, $said) = $cli->run('up', '-d');
is $status, 0, 'the demo comes up' or BAIL_OUT($said);

my %reader = (Authorization => 'Bearer ' . $cli->token('imaging:read'));
my %other = (Authorization => 'Bearer ' . $cli->token('booking:read'));

is $gate->get("$imaging/studies")->{status}, 401, 'without a token: 401';
is $gate->get("$imaging/studies", \%other)->{status}, 403,
   'with a token that lacks imaging:read: 403';

my $res = $gate->get("$imaging/studies", \%reader);
is $res->{status}, 200, 'with imaging:read: the study list';
my $studies = decode_json($res->{content});
is @$studies, 4, 'it holds four studies';
my @names = grep { defined }
            map { $_->{'00100010'}{Value}[0]{Ideographic} } @$studies;
is_deeply [sort @names],
          ["\x{738b}^\x{5c0f}\x{4e1c}", "\x{738b}^\x{5c0f}\x{6771}"],
          'two patients have Chinese names, 王^小东 and 王^小東'
    or diag explain \@names;

my @urls = map { $_->{'00081190'}{Value}[0] } @$studies;
is_deeply [grep { index($_, "$public/studies/") != 0 } @urls], [],
          "each study's address is the gate's";

my ($ct) = grep { $_->{'00100020'}{Value}[0] eq '1CT1' } @$studies;
my $study = "$imaging/studies/" . $ct->{'0020000D'}{Value}[0];
(my $path = $ct->{'00081190'}{Value}[0]) =~ s{^http://[^/]+}{};
is $path, $study, 'and leads back to it';

$res = $gate->get("$study/rendered", \%reader);
is $res->{status}, 200, 'a study is rendered';
like $res->{content}, qr/\A(?:\xff\xd8\xff|\x89PNG)/, 'as a picture';

$res = $gate->get("$study/metadata", \%reader);
is $res->{status}, 200, 'metadata is served';
unlike $res->{content}, qr/orthanc\.internal/, "without Orthanc's own name";

$res = $gate->get($study, \%reader);
like $res->{headers}{'content-type'}, qr{^multipart/related},
     'a whole study is served';
like $res->{content}, qr/DICM/, 'as DICOM';

my $series = decode_json($gate->get("$study/series", \%reader)->{content});
(my $frame = $series->[0]{'00081190'}{Value}[0]) =~ s{^http://[^/]+}{};
my $list = decode_json($gate->get("$frame/instances", \%reader)->{content});
($frame = $list->[0]{'00081190'}{Value}[0]) =~ s{^http://[^/]+}{};
$res = $gate->get("$frame/frames/1", \%reader);
is $res->{status}, 200, 'a frame is served';
like $res->{content}, qr{^Content-Location: \Q$public\E/studies/}m,
     "a frame's address is the gate's";

for my $trick ({ Host => 'evil.example' },
               { Forwarded => 'host=evil.example;proto=https' },
               { 'X-Forwarded-Host' => 'evil.example' })
{
    $res = $gate->get("$imaging/studies", { %reader, %$trick });
    is $res->{status}, 200, "a client that sends its own @{[ %$trick ]}";
    unlike $res->{content}, qr/evil\.example/, 'does not choose addresses';
}

# servers of departments, with a key of their own

$cli->run('app', 'create', 'his', '--scopes', 'imaging:read');
my ($key) = ($cli->run('app', 'key', 'add', 'his'))[1] =~ /^(cg_\S+)$/m;
for (1 .. 50) {
    $res = $gate->get("$imaging/studies", { 'X-Api-Key' => $key });
    last if $res->{status} != 503;      # a Redis that is busy: come again
    Time::HiRes::sleep(0.2);
}
is $res->{status}, 200,
   "an application's API key opens it, too";
my $keys = decode_json($gate->get('/.well-known/civic-jwks.json')->{content});
is $keys->{keys}[0]{kty}, 'EC',
   'services find the key that assertions are checked with';

is $gate->get("$imaging/system", \%reader)->{status}, 404,
   "a path that no route names is not served";
like $gate->get("$imaging/studies/../../system", \%reader)->{status},
     qr/^40[04]$/, "Orthanc's own interface is not reachable";
is $gate->request('DELETE', $study, { headers => \%reader })->{status}, 405,
   'nothing can be deleted';

my %count;
$count{ $gate->get("$imaging/studies", \%reader)->{status} }++ for 1 .. 60;
ok $count{429}, 'above the rate: 429' or diag explain \%count;
ok $count{200}, 'up to the rate: served';
is join(' ', sort keys %count), '200 429', 'and nothing else';

done_testing;
