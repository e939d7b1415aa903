# Copyright (C) Civic Gate
#
# What the guides show is what the gate does: their configurations are
# accepted, the errors that they quote are those of nginx -t, their links
# lead somewhere.

use strict;
use warnings;
use utf8;

use lib 't/lib';
use Civic::Gate;
use Civic::Issuer;
use Encode ();
use File::Basename ();
use File::Find ();
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)'
    for qw(output failure_output);

my @guides = qw(docs/operations.md docs/zh/operations.md);
my $citizens = Civic::Issuer->new(name => 'citizens');
my %files = ('keys/citizens.jwks.json' =>
                 Civic::Token->jwks($citizens->key),
             'keys/text.json'    => '{"keys":[{"kty":"EC",}]}',
             'keys/private.json' => '{"keys":[{"kty":"EC","crv":"P-256",'
                                    . '"x":"a","y":"b","d":"c"}]}',
             'keys/oct.json'     => '{"keys":[{"kty":"oct","alg":"HS256",'
                                    . '"k":"' . 'A' x 43 . '"}]}',
             'keys/portal.secret' => "the secret of a client\n");
my %mode = ('keys/portal.secret' => 0600);


sub slurp {
    my ($file) = @_;

    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}


# nginx -t of an http block's contents

sub check {
    my ($http, $module) = @_;

    local $ENV{CIVIC_MODULE} = $module // $ENV{CIVIC_MODULE};
    my $conf = Civic::Gate->configuration;
    $conf =~ s/^    server \{.*//ms;
    return Civic::Gate->check(conf => "$conf$http\n}\n", files => \%files,
                              mode => \%mode);
}


for my $guide (@guides) {
    my $n = 0;
    for my $http (slurp($guide) =~ /```nginx\n(.*?)```/gs) {
        $n++;
        $http =~ s/listen 80;/listen 127.0.0.1:%PORT%;/;
        $http =~ s/127\.0\.0\.1:9080/127.0.0.1:%PORT%/;
        $http =~ s{/var/log/nginx|/srv/plugins/health}{%DIR%};
        my ($ok, $output) = check($http);
        ok $ok, "configuration $n of $guide is accepted" or diag $output;
        unlike $output, qr/warn/, 'without a warning';
    }
    cmp_ok $n, '>=', 6, "$guide shows configurations";
}


# mistakes, each of which brings forth one of the errors in the guides

sub issuer {
    my ($words) = @_;

    return "civic_issuer citizens { issuer i; audience a; $words }\n";
}

my $issuer = issuer('keys keys/citizens.jwks.json; algorithms ES256;');
my $open = 'civic_auth off;';
my $route = 'location /a/ { civic_route GET "/a/{id}"; }';
my $policy = 'civic_limit_policy p';

my @mistakes = (
    'server { civic_auht off; }',
    "$issuer server { location /b/ { proxy_pass http://127.0.0.1:1; }
     location /a/ { civic_route GET \"/a/x\"; civic_auth citizens; } }",
    "$issuer server { civic_auth citizen; }",
    issuer('keys keys/citizens.jwks.json;'),
    issuer('keys keys/none.json; algorithms ES256;'),
    issuer('keys keys/text.json; algorithms ES256;'),
    issuer('keys keys/citizens.jwks.json; algorithms RS256;'),
    issuer('keys keys/private.json; algorithms ES256;'),
    issuer('keys keys/oct.json; algorithms HS256;'),
    "server { $open location /a/ { civic_route GET /a/{id}; } }",
    "server { $open location /a/ { civic_route GET \"/b/{id}\"; } }",
    "server { $open $route location \@b { civic_route GET \"/a/{nr}\"; } }",
    'server { civic_limit adress; }',
    "$policy key=\$remote_addr rate=10;",
    "$policy key=\$civic_caller rate=10r/s; server { civic_limit p early; }",
    "$policy key=\$remote_addr quota=5/day;",
    "server { $open location / { civic_require scope=a; } }",
    "$issuer server { civic_auth citizens; civic_require group=a; }",
    "$issuer server { civic_auth citizens;
     location /a/ { civic_route GET \"/a/{id}\";
                    civic_require param.nr=claim.sub; } }",
    "$issuer proxy_cache_path c keys_zone=c:1m; server { civic_auth citizens;
     location / { proxy_cache c; proxy_pass http://127.0.0.1:1; } }",
    "$policy key=\$remote_addr rate=1r/s; server { $open }",
    "server { $open add_header x \$civic_subjct; }",
);

my $said = (check('civic_zone 16m;', 'none'))[1];
$said .= (check($_))[1] for @mistakes;

for my $guide (@guides) {
    my ($table) = slurp($guide) =~ /^## (?:What )?`nginx -t`(.*?)^## /ms;
    my @rows = $table =~ /^\| `([^`]+)` \|/gm;
    cmp_ok scalar @rows, '>=', 20, "$guide quotes errors";

    for my $row (@rows) {
        my $text = $row =~ s{/etc/nginx/|(?<=…):\d+}{…}gr
                        =~ s{^\[warn\] }{}r;
        my $pattern = join '.*', map { quotemeta } split /…/, $text;
        like $said, qr/\] $pattern/, "nginx -t says: $row";
    }
}


# links: files, and headings as GitHub names them

sub anchors {
    my ($file) = @_;

    return map { my $name = lc; $name =~ s/[^\w\- ]//g; $name =~ tr/ /-/;
                 $name } slurp($file) =~ /^#+ (.*)$/gm;
}

my @pages = glob '*.md';
File::Find::find({ no_chdir => 1, wanted => sub {
    push @pages, $_ if /\.md$/;
} }, 'docs');

my @broken;
for my $page (@pages) {
    my $text = slurp($page) =~ s/```.*?```//gsr;
    while ($text =~ /\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g) {
        my ($path, $anchor) = ($1, $2);
        my $file = $path eq '' ? $page
                   : File::Basename::dirname($page) . "/$path";
        push @broken, "$page: $path" and next if !-e $file;
        push @broken, "$page: $path#$anchor"
            if defined $anchor && !grep { $_ eq $anchor } anchors($file);
    }
}
is_deeply \@broken, [], 'every link in the documentation leads somewhere';

my @directives = slurp('docs/directives/README.md')
                 =~ /^\| \[(civic_\w+)\]/gm;
is_deeply [sort @directives], \@directives, 'the index is in order';
my $chinese = slurp('docs/zh/directives.md');
is_deeply [grep { $chinese !~ /^### $_$/m } @directives], [],
          'the Chinese reference has every directive';

done_testing;
