# Copyright (C) Civic Gate
#
# Each file of conf/examples starts as it is, but for its ports and paths,
# and does what its comments promise.

use strict;
use warnings;

use lib 't/lib';
use Civic::Gate;
use Civic::Issuer;
use Civic::Upstream;
use Cwd ();
use File::Temp ();
use IO::Socket::INET ();
use IO::Socket::UNIX ();
use JSON::PP ();
use POSIX ();
use Test::More;

my $module = $ENV{CIVIC_MODULE} // Cwd::abs_path('.')
             . '/build/ngx_http_civic_module.so';
my $temp = File::Temp->newdir(TMPDIR => 1);
chmod 0755, $temp;
my @children;

END { my $status = $?; kill 'KILL', @children; $? = $status }

my $citizens = Civic::Issuer->new(name => 'citizens',
                                  iss => 'https://id.example.gov.cn');
my $officers = Civic::Issuer->new(name => 'officers', aud => 'documents',
                                  iss => 'https://sso.example.gov.cn');


# start(NAME, [what => by what], ...): text of the example to replace

sub start {
    my ($name, @replaced) = @_;

    open my $in, '<', "conf/examples/$name.conf" or die "$name: $!\n";
    my $text = do { local $/; <$in> };

    my $own = Civic::Gate->free_port;
    for (["127.0.0.1:9080", "127.0.0.1:$own"], @replaced,
         ['listen  8080', 'listen  127.0.0.1:%PORT%'],
         ['listen       8080', 'listen       127.0.0.1:%PORT%'],
         ['modules/ngx_http_civic_module.so', $module],
         ['/var/log/nginx/', '%DIR%/'],
         ['/srv/www', "$temp/www"])
    {
        my ($from, $to) = @$_;
        $text =~ s/\Q$from\E/$to/g;
    }
    $text =~ s{^user .*\n^pid .*\n}{pid %DIR%/nginx.pid;
                                    error_log %DIR%/error.log info;\n}m;
    $text =~ s/^http \{\n/"http {\n" . join '', map { "${_}_temp_path t_$_;" }
               qw(client_body proxy fastcgi uwsgi scgi)/me;
    $text =~ s/^http \{/http { access_log %DIR%\/access.log;/m
        if $text !~ /access_log/;

    my $gate = Civic::Gate->start(
        conf => $text, files => { $citizens->files, $officers->files,
            'keys/citizens.jwks.json' => Civic::Token->jwks($citizens->key),
            'keys/officers.jwks.json' => Civic::Token->jwks($officers->key),
        });
    return ($gate, Civic::Gate->at($own));
}


# answers each connection of a forked server with answer(socket)

sub serve {
    my ($listen, $answer) = @_;

    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        while (my $sock = $listen->accept) {
            $answer->($sock);
            close $sock;
        }
        POSIX::_exit(0);
    }
    push @children, $pid;
}


sub take {
    my ($sock, $n) = @_;

    my $bytes = '';
    while (length $bytes < $n) {
        read $sock, $bytes, $n - length $bytes, length $bytes or return;
    }
    return $bytes;
}


sub report {
    my (%env) = @_;

    return "Status: 200 OK\r\nContent-Type: application/json\r\n\r\n"
           . JSON::PP->new->canonical->encode(\%env);
}


# FastCGI: records of version, type, id, length, padding; PARAMS are type 4,
# STDIN 5, STDOUT 6, END_REQUEST 3

sub fastcgi {
    my ($sock) = @_;

    my ($params, %env) = ('');
    while (defined(my $head = take($sock, 8))) {
        my (undef, $type, undef, $len, $pad) = unpack 'CCnnC', $head;
        my $body = substr take($sock, $len + $pad), 0, $len;
        $params .= $body if $type == 4;
        last if $type == 5 && $len == 0;
    }
    while (length $params) {
        my @n = map {
            my $n = unpack 'C', $params;
            $n = $n & 0x80 ? unpack('N', $params) & 0x7fffffff : $n;
            substr $params, 0, $n > 127 ? 4 : 1, '';
            $n;
        } 1, 2;
        my $name = substr $params, 0, $n[0], '';
        $env{$name} = substr $params, 0, $n[1], '';
    }
    my $out = report(%env);
    print {$sock} pack('CCnnCC', 1, 6, 1, length $out, 0, 0), $out,
                  pack('CCnnCCx8', 1, 3, 1, 8, 0, 0);
}


# uwsgi: modifier, size, modifier; then names and values with their sizes

sub uwsgi {
    my ($sock) = @_;

    my (undef, $size) = unpack 'CvC', take($sock, 4);
    my %env = unpack '(v/a v/a)*', take($sock, $size);
    print {$sock} "HTTP/1.1 200 OK\r\n", report(%env);
}


sub decoded { return JSON::PP::decode_json($_[0]{content}) }


{
    my $php = "$temp/php.sock";
    serve(IO::Socket::UNIX->new(Listen => 16, Local => $php), \&fastcgi);
    chmod 0777, $php;
    my $python = IO::Socket::INET->new(Listen => 16,
                                       LocalAddr => '127.0.0.1');
    serve($python, \&uwsgi);

    my ($gate) = start('existing-stack', ['/run/php/php-fpm.sock', $php],
                       ['127.0.0.1:3031', '127.0.0.1:'
                                          . $python->sockport]);
    my $token = $citizens->bearer(scope => 'training:enrol');
    my %forged = (%$token, 'X-Civic-Subject' => 'somebody else',
                  'X-Civic-App' => 'forged');

    my $res = $gate->get('/care/visits/7', \%forged);
    is $res->{status}, 200, 'the PHP application answers behind the gate';
    my $env = decoded($res);
    is $env->{REMOTE_USER}, '110101199003078515',
       'PHP reads the subject in REMOTE_USER';
    is $env->{HTTP_X_CIVIC_SCOPE}, 'training:enrol', 'and the scope';
    is $env->{HTTP_X_CIVIC_SUBJECT}, '110101199003078515',
       'what the client sent under such a name does not arrive';
    ok !exists $env->{HTTP_X_CIVIC_APP}, 'whatever it is called';
    ok !exists $env->{HTTP_AUTHORIZATION}, 'PHP does not see the token';
    is $env->{SCRIPT_FILENAME}, '/srv/care/index.php',
       'the front controller runs';
    is $gate->get('/care/visits/7')->{status}, 401,
       'nobody comes to it without a token';

    mkdir "$temp/www";
    mkdir "$temp/www/care";
    mkdir "$temp/www/care/assets";
    page('care/assets/a.css', 'body {}');
    is $gate->get('/care/assets/a.css')->{content}, 'body {}',
       'style sheets are for everybody';

    $res = $gate->request('POST', '/training/courses/3/places',
                          { headers => \%forged, content => '' });
    is $res->{status}, 200, 'the Python application answers as well';
    is decoded($res)->{REMOTE_USER}, '110101199003078515',
       'and reads the subject in REMOTE_USER';
    is $gate->request('POST', '/training/courses/3/places',
                      { headers => $citizens->bearer, content => '' })
            ->{status}, 403, 'enrolling needs a scope';
}


sub page {
    my ($name, $text) = @_;

    open my $out, '>', "$temp/www/$name" or die "$name: $!\n";
    print {$out} $text;
    close $out;
}


my $up = Civic::Upstream->start;

{
    my ($gate, $own) = start('rest-backend', ['127.0.0.1:3000', $up->addr]);
    my $reader = $citizens->bearer(scope => 'booking:read');
    my $writer = $citizens->bearer(sub => 'li', scope => 'booking:write');
    my $book = sub { $gate->request('POST', '/booking/v1/appointments',
        { headers => $_[0], content => '{}' })->{status} };

    is $gate->get('/booking/v1/slots', $reader)->{status}, 200,
       'reading needs a token';
    is $gate->get('/booking/v1/appointments/7', $reader)->{status}, 200,
       'or one with a scope, where the route asks for it';
    is $gate->get('/booking/v1/appointments/7', $writer)->{status}, 403,
       'a scope for writing is none for reading';
    is $book->($reader), 403, 'booking needs the scope for it';
    is_deeply [map { $book->($writer) } 1 .. 6], [(200) x 5, 429],
              'a person books five times a day';
    is $gate->get('/elsewhere')->{status}, 404, 'other paths are unknown';

    my @log = map { JSON::PP::decode_json($_) }
              split /\n/, $gate->read('gate.json');
    is $log[0]{route}, 'slots', 'the log is JSON and names the route';
    is $log[-2]{code}, 'rate-limited', 'and the code of a refusal';
    like $own->get('/metrics')->{content},
         qr/^civic_refusals_total\{code="scope-denied"\} 2$/m,
         'metrics are on a port of their own';
    like $own->get("/status/why?trace=$log[-2]{trace}")->{content},
         qr/"code":"rate-limited"/, 'and so are decisions';
    is $own->get($_)->{status}, 200, "$_ answers" for qw(/ready /status);
    is $gate->get('/metrics')->{status}, 404, 'the public has none of that';
}


{
    my ($gate, $own) = start('departments', ['127.0.0.1:3001', $up->addr],
                             ['127.0.0.1:3002', $up->addr]);
    my $health = { Host => 'health.example.gov.cn' };
    my $schools = { Host => 'education.example.gov.cn' };
    my $officer = { Authorization => 'Bearer ' . $officers->key->token(
        $officers->claims(aud => 'government-services', scope =>
                          'records:read', department => 'A1'),
        { typ => 'at+jwt' }) };
    my $ask = sub { $gate->get($_[0], { map { %$_ } @_[1 .. $#_] }) };

    is $ask->('/records/v1/mine', $health, $citizens->bearer)->{status}, 200,
       'a citizen reads what is hers';
    is $ask->('/records/v1/mine', $health, $officer)->{status}, 401,
       'the token of an officer does not open that';
    is $ask->('/records/v1/patients/7', $health, $citizens->bearer)
       ->{status}, 401, 'nor a citizen\'s the records of patients';
    my $res = $ask->('/records/v1/patients/7', $health, $officer);
    is $res->{status}, 200, 'officers read records';
    is scalar Civic::Upstream::header(decoded($res), 'X-Department'), 'A1',
       'and the service learns of which department they are';
    is $ask->('/schools/v1/schools/3', $schools)->{status}, 200,
       'the list of schools is for everybody';
    is $ask->('/schools/v1/schools/3', $health, $citizens->bearer)
       ->{status}, 404, 'but not in another department';
    is $gate->request('POST', '/schools/v1/applications',
                      { headers => $schools })->{status}, 401,
       'an application needs a token';
    is $ask->('/records/v1/mine', { Host => 'other.example' })->{status},
       421, 'an unknown name leads nowhere';
    like $own->get('/metrics')->{content}, qr/service="\/records\/v1\/"/,
         'the operator sees the services apart';
}


{
    mkdir "$temp/www/documents";
    page('index.html', 'welcome');
    page('sign-in.html', 'please sign in');
    page('no-access.html', 'not for you');
    page('documents/a.txt', 'secret');

    my ($gate) = start('static-site');
    my $reader = $officers->bearer(scope => 'documents:read');
    my $res = $gate->get('/documents/a.txt', $reader);

    is $gate->get('/')->{content}, 'welcome', 'public pages are public';
    is $res->{content}, 'secret', 'who may read documents reads them';
    is $res->{headers}{'cache-control'}, 'private, no-store',
       'and no cache keeps them';
    $res = $gate->get('/documents/a.txt');
    is "$res->{status} $res->{content}", '401 please sign in',
       'others get the page of the site for it';
    $res = $gate->get('/documents/a.txt', $officers->bearer);
    is "$res->{status} $res->{content}", '403 not for you',
       'also those who lack the scope';
    is $gate->get('/documents/../documents/a.txt')->{status}, 401,
       'a detour leads to the same door';
    is $gate->get('/status')->{status}, 200, 'the status page answers';
}

done_testing;
