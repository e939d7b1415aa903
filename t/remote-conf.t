# Copyright (C) Civic Gate
#
# civic_remote at nginx -t: every wrong word has its sentence, file and line.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use Test::More;

use Civic::Probe;

my $pem = File::Temp->newdir(TMPDIR => 1);
Civic::Probe::pem($pem);
system("openssl pkey -in $pem/server.key -aes128 -passout pass:x "
       . "-out $pem/locked.key 2>/dev/null");

sub file {
    my ($name, $text, $mode) = @_;

    open my $out, '>', "$pem/$name" or die "$pem/$name: $!\n";
    print {$out} $text;
    close $out;
    chmod $mode // 0600, "$pem/$name";
}

file('secret', "Bearer s3cret\n");
file('lines', "s3cret\nsecond\n");
file('empty', '');
file('blank', "\n");
file('open', "s3cret\n", 0644);
file('noise', "no certificate s3cret\n");
file('large', 's3cret' x 10_000);


sub check {
    my ($words, $name) = @_;

    return Civic::Gate->check(http => "civic_remote @{[$name // 'r']} {\n"
                                      . "$words\n}\n");
}

my $url = 'url https://example.com;';
my @right = (
    $url, 'url http://a;', 'url http://a:80/;', 'url https://[::1]:443/x/y;',
    'url http://10.0.0.1/a%20b;', 'url http://unix:/run/x.sock;',
    'url http://unix:/run/x.sock:/base/;', 'url https://unix:/run/x.sock;',
    "$url timeout 5m; connect_timeout 100ms; max_body 64m; connections 1;",
    "$url timeout 300ms;",
    "$url header A b; header A c; header X-Key file=$pem/secret;",
    "$url ca $pem/ca.pem;", "$url verify off;", "$url verify on;",
    "$url certificate $pem/client.pem; certificate_key $pem/client.key;",
);
for my $words (@right) {
    my ($ok, $output) = check($words);
    ok $ok, "$words is right" =~ s/\Q$pem\E//r or diag $output;
}

my @wrong = (
    ['', 'civic_remote "r" does not say "url"'],
    ["$url urls x;", 'unknown word "urls" in civic_remote "r"'],
    ["$url $url", '"url" comes twice in civic_remote "r"'],
    ['url;', '"url" in civic_remote "r" takes one value'],
    ['url "";', '"url" in civic_remote "r" has an empty value'],
    ['url ftp://a;', 'url of civic_remote "r" is not http://'],
    ['url a.example;', 'is not http://'],
    ['url http://;', 'is not http://'],
    ['url http:///x;', 'has no host'],
    ['url http://a_b!;', 'has no host'],
    ['url http://[::1;', 'has no host'],
    ['url http://[zz];', 'has no host'],
    ['url http://me:s3cret@a;', 'has a user'],
    ['url http://a:0;', 'has a port that is not 1 to 65535'],
    ['url http://a:;', 'has a port'], ['url http://a:65536;', 'has a port'],
    ['url http://[::1]8;', 'has a port'],
    ['url http://a/?x;', 'has a path that is none, or is not plain'],
    ['url http://a/x/../y;', 'has a path'],
    ['url "http://a/#x";', 'has a path'],
    ['url http://unix:x.sock;', 'has a socket that is no absolute path'],
    ['url http://unix:/x:y;', 'has a path'],
    ['url http://unix:/' . 'x' x 107 . ';', 'has a socket'],
    map({ ["$url timeout $_;", "\"timeout $_\" in civic_remote \"r\" is not "
           . 'a time from 1ms to 5m'] } qw(0 x 6m -1)),
    ["$url connect_timeout 0;", 'is not a time'],
    ["$url timeout 1s; connect_timeout 2s;", 'is longer than its timeout'],
    map({ ["$url max_body $_;", 'is not a size of 1 to 64m'] } qw(0 x 65m)),
    map({ ["$url connections $_;", 'is not a number from 1 to'] } qw(0 x 1025)),
    ["$url verify no;", '"verify no" in civic_remote "r" is not on or off'],
    ["$url header A;", '"header" in civic_remote "r" takes two values'],
    ["$url header A b c;", 'takes two values'],
    ["$url header \"A B\" s3cret;", "a header's name is no word"],
    ["$url header Host s3cret;", 'a header belongs to the connection'],
    ["$url header A \"s3cret\nB: c\";", "a header's value has control bytes"],
    ["$url header A file=;", 'a file has no name'],
    ["$url header A file=/no/such;", 'cannot be opened: No such file'],
    ["$url header A file=$pem;", 'is not a file'],
    ["$url header A file=$pem/empty;", 'is empty'],
    ["$url header A file=$pem/blank;", 'is empty'],
    ["$url header A file=$pem/large;", 'larger than 8 kB'],
    ["$url header A file=$pem/lines;", "a header's value has control bytes"],
    ["$url header A file=$pem/open;", 'everybody may read or write it'],
    ["$url\n" . "header A b;\n" x 33, 'has more than 32 headers'],
    ["$url ca /no/such;", 'cannot be opened'],
    ["$url ca $pem/noise;", '"ca" of civic_remote "r" has no certificate'],
    ["$url ca $pem/ca.pem; verify off;", '"ca" in civic_remote "r" has no '
     . 'effect: verify is off'],
    ["url http://a; ca $pem/ca.pem;", '"ca" in civic_remote "r" has no '
     . 'effect: its url is not https'],
    ['url http://a; verify on;', '"verify" in civic_remote "r" has no effe'],
    ["$url certificate $pem/client.pem;", 'has one of "certificate" and'],
    ["$url certificate_key $pem/client.key;", 'has one of "certificate" '],
    ["$url certificate $pem/client.pem; certificate_key $pem/server.key;",
     'are no pair in PEM'],
    ["$url certificate $pem/noise; certificate_key $pem/server.key;",
     'are no pair in PEM'],
    ["$url certificate $pem/server.pem; certificate_key $pem/locked.key;",
     'are no pair in PEM without a password'],
);

for my $case (@wrong) {
    my ($words, $sentence) = @$case;

    my ($ok, $output) = check($words);
    ok !$ok, "$sentence: refused" =~ s/\Q$pem\E//r;
    like $output, qr/\[emerg\].*\Q$sentence\E.* in \S+nginx\.conf:\d+$/m,
         'with file and line';
    unlike $output, qr/s3cret/, 'and no secret' if $words =~ /s3cret|pem/;
}

for my $name ('a.b', '"a b"', '""', 'x' x 65) {
    my ($ok, $output) = check($url, $name);
    like $output, qr/cannot name a civic_remote.* in \S+:\d+$/m,
         "$name is no name";
}

my ($ok, $output) = check("$url }\ncivic_remote r { $url");
like $output, qr/civic_remote "r" is defined already in \S+nginx\.conf:\d+, in/,
     'a name is taken once';

done_testing;
