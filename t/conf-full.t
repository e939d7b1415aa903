# Copyright (C) Civic Gate
#
# conf/full.conf is a reference that runs: it has every directive, and what
# it calls a default is one.  So the file runs twice, as it is and without
# the lines that end in "# default", and both gates are asked the same.

use strict;
use warnings;

use lib 't/lib';
use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;
use JSON::PP ();
use Test::More;

my $module = $ENV{CIVIC_MODULE} // Cwd::abs_path('.')
             . '/build/ngx_http_civic_module.so';
my $up = Civic::Upstream->start(sub {
    my ($req) = @_;
    return [200, { 'X-Accel-Redirect' => '/news/' }, 'sent on']
        if $req->{uri} =~ /accel/;
    return [200, {}, Civic::Upstream::header($req, 'Authorization')
                     // 'no token'];
});

my $full = slurp('conf/full.conf');
my $bare = join '', grep { !/# default$/ } split /^/, $full;


sub slurp {
    my ($file) = @_;

    open my $in, '<', $file or die "$file: $!\n";
    local $/;
    return <$in>;
}


# the text for a free port and this module, with a location for probes

sub prepared {
    my ($text) = @_;

    $text =~ s/127\.0\.0\.1:8080/127.0.0.1:%PORT%/;
    $text =~ s/modules\/ngx_http_civic_module\.so/$module/;
    $text =~ s/(?=^        location \/news\/)/
               "location \/probe\/ { civic_auth citizens; "
               . "proxy_pass http:\/\/" . $up->addr . "; }\n"/me;
    return $text;
}


my $citizens = Civic::Issuer->new(name => 'citizens', kid => 'k1',
                                  iss => 'https://id.example.gov.cn');
my $officers = Civic::Issuer->new(
    name => 'officers', key => $citizens->key,
    iss => 'https://id.officers.example.gov.cn');
my %files = ('keys/citizens.jwks.json' =>
             Civic::Token->jwks($citizens->key),
             'keys/redis.password' => "secret\n",
             'keys/portal.secret' => "the secret of a client\n",
             'keys/assertion.pem' =>
             scalar qx(openssl genpkey -algorithm ED25519));
umask 027;
my %mode = ('keys/portal.secret' => 0600);

sub start {
    my ($text) = @_;

    return Civic::Gate->start(conf => prepared($text), files => \%files,
                               mode => \%mode);
}


# directives of the command tables, words of the blocks; a table with a
# NAME= is that of a line

my $without_prose = join '', grep { !/^\s*#/ } split /^/, $full;
my (@directives, @words, @parameters, @variables);
for my $file (glob 'src/*.c src/*/*.c') {
    my $text = slurp($file);
    while ($text =~ /ngx_command_t\s+\w+\[\]\s*=\s*\{(.*?)^\};/gms) {
        my $table = $1;
        push @directives, $table =~ /ngx_string\("(\w+)"\)/g;
    }
    push @variables, $text =~ /^    \{ ngx_string\("(civic_\w+)"\), NULL,/gm,
                     $text =~ /_variable =\s+ngx_string\("(\w+)"\)/g;
    while ($text =~ /civic_conf_word_t\s+\w+\[\] = \{(.*?)^\};/gms) {
        my $table = $1;
        $table =~ s/^    \{[^}]*?_block_later,.*?\}//gms;
        push @{ $table =~ /^    \{ "\w+=",/m ? \@parameters : \@words },
            $table =~ /^    \{ "(\w+=?)",/gm;
    }
}

cmp_ok scalar @directives, '>=', 16, 'the directives are found in the source';
cmp_ok scalar @words, '>=', 39, 'the words of blocks are found';
cmp_ok scalar @parameters, '>=', 30, 'the parameters are found';

is_deeply [grep { $without_prose !~ /^\s*$_\b/m } @directives], [],
          'conf/full.conf has every directive';
is_deeply [grep { $full !~ /^\s*(?:# )?$_\b.*;/m } @words], [],
          'conf/full.conf has every word of a block, some as a comment';
is_deeply [grep { $full !~ /^(?:[^#\n]*|\s*# civic_.*)\b$_/m }
           @parameters], [],
          'conf/full.conf has every parameter, some in a comment';
is_deeply [grep { my $name = $_;
                  !grep { slurp($_) =~ /^#+ $name$/m }
                        glob 'docs/directives/*.md' } @directives], [],
          'every directive has its section under docs/directives';

my $index = slurp('docs/directives/README.md');
is_deeply [grep { $index !~ /\]\(\w+\.md#$_\)/ } @directives], [],
          'the index of directives has every directive';

cmp_ok scalar @variables, '>=', 13, 'the variables are found in the source';
my $page = slurp('docs/variables.md');
is_deeply [grep { $page !~ /^## \$\Q$_\E(?:NAME)?$/m } @variables], [],
          'every variable has its section in docs/variables.md';


# the same questions for both

my $now = time;
my $lived = $citizens->token(scope => 'booking:read', region => '350100',
                             exp => $now - 20);
my $dead = $citizens->token(scope => 'booking:read', exp => $now - 40);

my %seen;
for my $which (['as it is', $full], ['without its defaults', $bare]) {
    my ($name, $text) = @$which;
    my $gate = start($text);
    my $slots = '/booking/v1/slots';
    my $auth = sub { return { Authorization => "Bearer $_[0]" } };
    my %res;

    $res{anonymous} = $gate->get($slots);
    $res{leeway} = $gate->get($slots, $auth->($lived));
    $res{dead} = $gate->get($slots, $auth->($dead));
    $res{limited} = $gate->get($slots, $auth->($lived));
    $res{officer} = $gate->get($slots, $officers->bearer(
        sub => 'li', scope => 'booking:read', jti => 'a',
        department => 'b'));
    $res{news} = $gate->get('/news/');
    $res{credentials} = $gate->get('/probe/', $auth->($lived));
    $res{accel} = $gate->get('/probe/accel', $auth->($lived));

    is $res{leeway}{status}, 200, "$name: a routed request works";
    is $res{leeway}{content}, "slots 110101199003078515 350100\n",
       "$name: subject, scope and region come from their claims";
    is $res{anonymous}{status}, 401, "$name: without a token it is 401";
    is $res{dead}{status}, 401, "$name: beyond the leeway it is 401";
    is $res{limited}{status}, 429, "$name: above the rate it is 429";
    like $res{limited}{headers}{'ratelimit-policy'}, qr/"citizen";q=1;/,
         "$name: no burst";
    like $gate->log, qr/\[error\].* civic limit: policy "citizen" refused,/,
         "$name: refusals of limits are logged as errors";
    is $res{officer}{status}, 401,
       "$name: an issuer with a type refuses tokens without";
    is $res{news}{content}, "hello \n", "$name: optional lets nobody in";
    is $res{credentials}{content}, 'no token',
       "$name: the service does not see the token";
    is $res{accel}{status}, 502, "$name: X-Accel-Redirect is refused";
    unlike $gate->get('/metrics')->{content}, qr/route_requests_total\{/,
           "$name: routes are not counted apart";

    my $status = JSON::PP::decode_json($gate->get('/status')->{content});
    $seen{$name} = {
        (map { $_ => [$res{$_}{status}, $res{$_}{content}
                                        =~ s/"trace":"\w+"//r] } keys %res),
        zone => $status->{zone}{services}, size => $status->{zone}{size},
    };
    is $gate->get("/$_")->{status}, 200, "$name: /$_ answers"
        for qw(live ready);
}

is_deeply $seen{'without its defaults'}, $seen{'as it is'},
          'what the file calls a default changes nothing';


# the rest of the defaults: what happens when they are changed, or tried

for my $text ($full, $bare) {
    my $cached = prepared($text);
    $cached =~ s/(?=^    server )/proxy_cache_path c keys_zone=c:1m;\n/m;
    $cached =~ s/(location \/probe\/ \{)/$1 proxy_cache c;/;
    my ($ok, $output) = Civic::Gate->check(conf => $cached,
                                           files => \%files,
                                           mode => \%mode);
    ok !$ok, 'a cache that would mix callers is refused' or diag $output;
    like $output, qr/proxy_cache under civic_auth/, 'and the error says so';
}

my $dry = $full =~ s/(civic_limit_dry_run\s+)off/$1on/r;
$dry =~ s/(key=\$civic_caller)/$1 anonymous=deny/;
$dry =~ s/^\s+anonymous=address.*\n//m;
my $gate = start($dry);
my $token = $citizens->bearer(scope => 'booking:read');
is $gate->get('/booking/v1/slots', $token)->{status}, 200,
   'with dry run on nothing is refused by limits' for 1 .. 2;

done_testing;
