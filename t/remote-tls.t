# Copyright (C) Civic Gate
#
# TLS of remotes: who is believed, who is told who we are, and that a
# connection is not lent to those who would not have got it.

use strict;
use warnings;

use lib 't/lib';

use File::Temp ();
use Test::More;

use Civic::Probe;

my $pem = File::Temp->newdir(TMPDIR => 1);
Civic::Probe::pem($pem);

my ($tls, $other, $mutual, $old) = map { Civic::Gate::free_port() } 1 .. 4;

sub server {
    my ($port, $name, $rest) = @_;

    return <<"END";
    server {
        listen 127.0.0.1:$port ssl;
        ssl_certificate $pem/$name.pem;
        ssl_certificate_key $pem/$name.key;
        $rest
        location / {
            return 200 "\$ssl_client_verify \$ssl_client_s_dn \$connection";
        }
    }
END
}

my $gate = Civic::Probe->start(
    http => server($tls, 'server', '') . server($other, 'other', '')
        . server($mutual, 'server', "ssl_client_certificate $pem/ca.pem;
                                     ssl_verify_client optional;")
        . server($old, 'server', 'ssl_protocols TLSv1.1;
                                  ssl_ciphers ALL:@SECLEVEL=0;')
        . <<"END");
    civic_remote known    { url https://localhost:$tls; ca $pem/ca.pem; }
    civic_remote address  { url https://127.0.0.1:$tls; ca $pem/ca.pem; }
    civic_remote system   { url https://localhost:$tls; }
    civic_remote wrongca  { url https://localhost:$tls; ca $pem/other.pem; }
    civic_remote wrong    { url https://localhost:$other; ca $pem/ca.pem; }
    civic_remote itself   { url https://localhost:$other; ca $pem/other.pem; }
    civic_remote name     {
        url https://127.0.0.1:$other; ca $pem/other.pem;
    }
    civic_remote careless { url https://localhost:$tls; verify off; }
    civic_remote mutual   {
        url https://localhost:$mutual; ca $pem/ca.pem;
        certificate $pem/client.pem; certificate_key $pem/client.key;
    }
    civic_remote nobody   { url https://localhost:$mutual; ca $pem/ca.pem; }
    civic_remote old      { url https://localhost:$old; ca $pem/ca.pem; }
    civic_remote plain    { url https://127.0.0.1:%PORT%; ca $pem/ca.pem; }
    civic_remote hidden   { url http://localhost:$tls; }
END


sub ask { return Civic::Probe::ask($gate, @_, p => '/') }


is ask('known')->{status}, 200, 'a known authority is believed';
is ask('address')->{status}, 200, 'an address may be what is certified';
is ask('itself')->{status}, 200, 'a certificate may be its own authority';
is ask('careless')->{status}, 200, 'verify off asks nobody';
for my $name (qw(system wrongca wrong name old plain)) {
    is ask($name)->{error}, 'remote-tls', "$name is refused";
}
is ask('hidden')->{status}, 400, 'http to a TLS port is no TLS';

like ask('mutual')->{body}, qr/^SUCCESS CN=client /,
     'a certificate says who we are';
like ask('nobody')->{body}, qr/^NONE  /,
     'but not for a remote that has none';
like ask('mutual')->{body}, qr/^SUCCESS CN=client /,
     'nor the other way round';


# kept connections

sub number { return (split / /, ask(@_)->{body})[-1] }

my $first = number('known');
is number('known'), $first, 'a connection is kept';
isnt number('careless'), $first, 'but not for those who ask less';
is ask('wrongca')->{error}, 'remote-tls', 'nor for those who believe others';
is number('known'), $first, 'while it is still there';

like $gate->log, qr/civic_remote "careless" does not verify whom it talks/,
     'what is not verified is a warning';
unlike $gate->log, qr/PRIVATE KEY/, 'no key is logged';

$gate->stop;
done_testing;
