# Copyright (C) Civic Gate
#
# A call to a remote: what goes out, what comes back, and what is refused
# before it goes.

use strict;
use warnings;

use lib 't/lib';

use JSON::PP ();
use Test::More;

use Civic::Metrics;
use Civic::Probe;
use Civic::Upstream;

my $up = Civic::Upstream->start(sub {
    my ($req) = @_;

    return [302, { Location => '/elsewhere' }, 'moved']
        if $req->{uri} =~ m{/moved};
    return [200, { 'Set-Cookie' => ['a=1', 'b=2'],
                   'Connection' => 'X-Hop', 'X-Hop' => 'gone',
                   'Keep-Alive' => 'timeout=5', 'X-Kept' => ' spaced out ' },
            'body'] if $req->{uri} =~ m{/headers};
    return [204, {}, ''] if $req->{uri} =~ m{/none};
    return "HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n"
           . "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
           . "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
           . "Trailer: X-Sum\r\n\r\n"
           . "3\r\nabc\r\n4\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n"
        if $req->{uri} =~ m{/chunked};
    return "HTTP/1.0 200 OK\r\nX-Old: yes\r\n\r\nuntil it closes"
        if $req->{uri} =~ m{/old};
    return [500, {}, 'broken'] if $req->{uri} =~ m{/broken};
    return [200, {}, JSON::PP->new->canonical->ascii->encode($req)];
});

my $addr = $up->addr;
$ENV{http_proxy} = 'http://127.0.0.1:1';
my $gate = Civic::Probe->start(
    main => 'env http_proxy;',
    http => <<"END",
    civic_remote plain { url http://$addr; }
    civic_remote based {
        url     http://$addr/base/v1/;
        header  X-Key    s3cret;
        header  X-Empty  " ";
    }
    civic_remote sock { url http://unix:%DIR%/up.sock:/in; }
    server {
        listen unix:%DIR%/up.sock;
        location /in/size {
            client_max_body_size 5m;
            proxy_pass http://unix:%DIR%/up.sock:/size;
        }
        location = /size {
            client_max_body_size 5m;
            return 200 "\$content_length \$http_expect";
        }
        location / { return 200 "\$request_uri \$host"; }
    }
END
);


sub ask { return Civic::Probe::ask($gate, @_) }


sub seen {
    my $got = ask(@_);

    return $got->{error} ? $got : JSON::PP::decode_json($got->{body});
}


sub headers {
    my ($req) = @_;

    return join "\n", sort map { "$_->[0]: $_->[1]" } @{ $req->{headers} };
}


my $req = seen('plain', p => '/a?b=%2F&c');
is "$req->{method} $req->{uri} $req->{version}", 'GET /a?b=%2F&c HTTP/1.1',
   'a path goes out byte for byte, with its query';
is headers($req), "Host: $addr\nUser-Agent: civic-gate",
   'nothing is said that nobody asked for';

$req = seen('based', p => '/x', m => 'POST', b => 'hello',
            h => 'Content-Type: text/plain', h => 'x-key: mine',
            h => 'Accept: a', h => 'Accept: b');
is "$req->{method} $req->{uri}", 'POST /base/v1/x',
   'the path hangs below the base of the url';
is $req->{body}, 'hello', 'the body arrives';
is headers($req), join("\n", 'Accept:  a', 'Accept:  b', 'Content-Length: 5',
                       'Content-Type:  text/plain', "Host: $addr",
                       'User-Agent: civic-gate', 'X-Empty: ',
                       'X-Key: s3cret') =~ s/:  /: /gr,
   'headers are sent, and those of the configuration are not to be changed';

for my $method (qw(PUT PATCH DELETE OPTIONS REPORT)) {
    $req = seen('plain', p => '/', m => $method);
    is $req->{method}, $method, "$method is sent";
    is scalar Civic::Upstream::header($req, 'Content-Length'),
       $method =~ /^P/ ? 0 : undef, 'with the length it should have';
}

my $got = ask('plain', p => '/', m => 'HEAD');
is_deeply [@{$got}{qw(status body)}], [200, ''], 'HEAD brings no body';
like $got->{headers}{'content-length'}, qr/^\d+$/, 'but its length';

$req = seen('plain', p => '/', m => 'GET', b => 'x');
is "$req->{method} $req->{body}", 'GET x', 'GET may have a body';
is ask('sock', p => '/size', m => 'POST', b => 'x' x 1000,
       copies => 2500)->{body}, '2500000 ',
   'a large body goes out without asking for leave';

is ask('sock', p => '/x')->{body}, '/in/x localhost',
   'a remote may be a Unix socket';


# what comes back

$got = ask('plain', p => '/headers');
is_deeply $got->{headers}, { 'set-cookie' => ['a=1', 'b=2'],
                             'content-length' => 4,
                             'x-kept' => 'spaced out' },
          'headers come, repeated ones too, and those of the hop do not'
    or diag explain $got;

$got = ask('plain', p => '/chunked');
is_deeply $got, { status => 200, headers => {}, body => 'abcdefg' },
          'interim answers and trailers leave no trace'
    or diag explain $got;
$got = ask('plain', p => '/old');
is_deeply $got, { status => 200, headers => { 'x-old' => 'yes' },
                  body => 'until it closes' },
          'an answer may end with the connection' or diag explain $got;
is ask('plain', p => '/none')->{status}, 204, 'an answer may have no body';
is_deeply [@{ ask('plain', p => '/broken') }{qw(status body)}],
          [500, 'broken'], 'an error of the remote is an answer';
$got = ask('plain', p => '/moved');
is_deeply [$got->{status}, $got->{headers}{location}], [302, '/elsewhere'],
          'redirects are not followed';


# what does not go out

my $before = $up->count;
my %wrong = (
    'no slash' => [p => 'x'], 'no path' => [p => ''],
    'an address' => [p => '@evil/'], 'a fragment' => [p => '/a#b'],
    'a blank' => [p => '/a b'], 'a line feed' => [p => "/a\nb"],
    'a zero' => [p => "/a\0b"], 'bytes above ASCII' => [p => "/\xc3\xa4"],
    'a backslash' => [p => '/a\\b'], 'a broken escape' => [p => '/a%2'],
    'dots' => [p => '/a/../b'], 'dots at the end' => [p => '/a/..'],
    'one dot' => [p => '/./a'], 'encoded dots' => [p => '/a/%2e%2E/b'],
    'half encoded dots' => [p => '/a/.%2e?x'],
    'dots behind an encoded slash' => [p => '/a%2f..%2fb'],
    'dots behind an encoded backslash' => [p => '/a%5c..'],
    'dots with parameters' => [p => '/a/..;x/b'],
    'CONNECT' => [p => '/', m => 'CONNECT'], 'TRACE' => [p => '/',
                                                         m => 'TRACE'],
    'a method of two words' => [p => '/', m => 'GET /x'],
    'a method with a line feed' => [p => '/', m => "GET\r\nX"],
    'HEAD with a body' => [p => '/', m => 'HEAD', b => 'x'],
    'a line feed in a value' => [p => '/', h => "A: b\nC: d"],
    'a return in a value' => [p => '/', h => "A: b\rC: d"],
    'a zero in a value' => [p => '/', h => "A: b\0c"],
    'a blank in a name' => [p => '/', h => 'A B: c'],
    'a name of nothing' => [p => '/', h => ': c'],
    'Host' => [p => '/', h => 'hOsT: evil'],
    'Content-Length' => [p => '/', h => 'Content-Length: 3'],
    'Transfer-Encoding' => [p => '/', h => 'Transfer-Encoding: chunked'],
    'Connection' => [p => '/', h => 'Connection: close'],
    'Upgrade' => [p => '/', h => 'Upgrade: h2c'],
    'Expect' => [p => '/', h => 'Expect: 100-continue'],
    '65 headers' => [p => '/', map { (h => "H$_: x") } 1 .. 65],
);
is_deeply [grep { (ask('plain', @{ $wrong{$_} })->{error} // '')
                  ne 'remote-request' } sort keys %wrong],
          [], 'what is malformed is refused';
is $up->count, $before, 'and does not get out';
is ask('plain', p => '/a/.../..b/.c?x=/../')->{status}, 200,
   'what only looks like it is not';


# what is counted, and logged

my $metrics = Civic::Metrics->of($gate);
is $metrics->value('civic_remote_calls_total', result => 'request'),
   scalar keys %wrong, 'refused ones are counted';
cmp_ok $metrics->value('civic_remote_calls_total', result => 'ok'), '>', 15,
       'as are the others';
like $gate->log, qr/a call to "plain" failed: remote-request \(the path has /,
     'the log says why';
unlike $gate->log, qr/s3cret/, 'secrets are not logged';

$gate->stop;
done_testing;
