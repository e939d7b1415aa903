package Civic::Provider;

# Copyright (C) Civic Gate
#
# A real identity provider for one test: npm's oidc-provider, by the script
# that the demo has, conf/examples/idp/.  Owns the process.
#
#     Civic::Provider->missing     why it cannot be had here, or undef: for
#                                  plan skip_all
#     my $idp = Civic::Provider->start(port => ..., gates => [$address],
#         clients => [...], people => {...}, lifetime => $seconds);
#     $idp->issuer, $idp->port, $idp->addr      http://127.0.0.1:PORT, ...
#     $idp->token(scope => ..., client => ...)  a JWT for social-services,
#                                  by client_credentials
#     $idp->token_of($person, scope => ...)     one of a person, who signs in
#     $idp->opaque_token(...)      the same, opaque: for introspection
#     $idp->secret($client)        of one of its clients
#     $idp->post($path, %form)     as a client: { status, content, json };
#                                  client => 'civic-gate' says which
#     $idp->revoke($token)
#     $idp->rotate                 it signs with a new key, the old ones are
#                                  still in the set
#     $idp->withdraw               until this
#     $idp->kids                   of the set, the signing key's first
#     $idp->seen($path)            how often that was asked for
#     $idp->pause, $idp->resume    SIGSTOP, SIGCONT
#     $idp->stop, $idp->restart    the same port, other keys, nothing known

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use File::Temp ();
use HTTP::Tiny ();
use JSON::PP ();
use POSIX ();
use Scalar::Util ();
use Time::HiRes ();
use Civic::Browser;
use Civic::Gate;
use Civic::Npm;

my $patience = 60;                      # seconds; the machine may be busy
my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../..');
my %running;


sub missing {
    return Civic::Npm::folder() ? undef : $Civic::Npm::missing;
}


sub start {
    my ($class, %option) = @_;

    my $modules = Civic::Npm::folder() or die "$Civic::Npm::missing\n";
    my $dir = File::Temp->newdir('civic-idp-XXXXXX', TMPDIR => 1);
    my $port = delete $option{port} // Civic::Gate->free_port;
    my $self = bless { dir => $dir, owner => $$, pid => 0, port => $port,
                       http => HTTP::Tiny->new(max_redirect => 0) }, $class;

    open my $out, '>', "$dir/idp.json" or die "idp: $!\n";
    print {$out} JSON::PP->new->utf8->encode(
        { %option, port => 0 + $port, modules => $modules });
    close $out or die "idp: $!\n";

    return $self->restart;
}


sub restart {
    my ($self) = @_;

    $self->stop;
    my $pid = fork // die "idp: fork: $!\n";
    if ($pid == 0) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$self->{dir}/idp.log";
        open STDERR, '>&', \*STDOUT;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        exec 'node', "$root/conf/examples/idp/idp.mjs",
             "$self->{dir}/idp.json" or POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    Scalar::Util::weaken($running{$pid} = $self);
    $self->_await;
    return $self;
}


sub issuer { return "http://127.0.0.1:$_[0]{port}" }
sub addr   { return "127.0.0.1:$_[0]{port}" }
sub port   { return $_[0]{port} }
sub pause  { kill 'STOP', $_[0]{pid} }
sub resume { kill 'CONT', $_[0]{pid} }


sub secret {
    my ($self, $client) = @_;

    return "$client-secret-of-the-demo";
}


sub token {
    my ($self, %form) = @_;

    my $said = $self->post('/token', client => 'civic-service',
                           grant_type => 'client_credentials', %form);
    die "idp: no token: $said->{content}\n" if $said->{status} != 200;
    return $said->{json}{access_token};
}


# by the code flow of a public client; PKCE's pair is that of RFC 7636

sub token_of {
    my ($self, $person, %query) = @_;

    my $browser = Civic::Browser->new;
    my $to = 'http://127.0.0.1/app';
    my $res = $browser->sign_in(
        $browser->get($self->issuer . '/auth?'
                      . $self->{http}->www_form_urlencode({
            response_type => 'code', client_id => 'civic-app',
            redirect_uri => $to, code_challenge_method => 'S256',
            code_challenge => 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
            %query, scope => "openid profile $query{scope}" })),
        $person, qr{^\Q$to\E});
    my ($code) = ($res->{location} // '') =~ /[?&]code=([^&]+)/
        or die "idp: no code for $person\n";

    my $said = $self->{http}->post_form($self->issuer . '/token', {
        grant_type => 'authorization_code', client_id => 'civic-app',
        code => $code, redirect_uri => $to, code_verifier =>
            'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk' });
    die "idp: no token: $said->{content}\n" if $said->{status} != 200;
    return JSON::PP::decode_json($said->{content})->{access_token};
}


sub opaque_token {
    my ($self, %form) = @_;

    return $self->token(resource => 'urn:civic:opaque', %form);
}


sub revoke {
    my ($self, $token, %form) = @_;

    my $said = $self->post('/token/revocation', token => $token, %form);
    die "idp: not revoked: $said->{content}\n" if $said->{status} != 200;
    return;
}


sub post {
    my ($self, $path, %form) = @_;

    my $client = delete $form{client} // 'civic-service';
    my $said = $self->{http}->post_form($self->issuer . $path, {
        %form, client_id => $client, client_secret => $self->secret($client),
    });
    $said->{json} = eval { JSON::PP::decode_json($said->{content}) };
    return $said;
}


sub rotate {
    my ($self) = @_;

    $self->_control('POST', 'rotate');
    return;
}


sub withdraw {
    my ($self) = @_;

    $self->_control('POST', 'withdraw');
    return;
}


sub seen {
    my ($self, $path) = @_;

    return $self->_control('GET', 'seen')->{$path} // 0;
}


sub kids {
    my ($self) = @_;

    my $said = $self->{http}->get($self->issuer . '/jwks');
    return map { $_->{kid} } @{ JSON::PP::decode_json($said->{content})
                                ->{keys} };
}


sub stop {
    my ($self) = @_;

    return if !$self->{pid} || $self->{owner} != $$;
    local ($?, $!);
    kill 'KILL', $self->{pid};
    waitpid $self->{pid}, 0;
    delete $running{ $self->{pid} };
    $self->{pid} = 0;
    return;
}


sub DESTROY { $_[0]->stop }

END { $_->stop for grep { defined } values %running }


sub _control {
    my ($self, $method, $word) = @_;

    my $said = $self->{http}->request($method,
                                      $self->issuer . "/control/$word");
    die "idp: $word: $said->{content}\n" if $said->{status} != 200;
    return JSON::PP::decode_json($said->{content});
}


sub _await {
    my ($self) = @_;

    for (1 .. $patience * 20) {
        my $said = $self->{http}->get($self->issuer . '/jwks');
        return if $said->{status} == 200;
        last if waitpid($self->{pid}, POSIX::WNOHANG()) == $self->{pid};
        Time::HiRes::sleep(0.05);
    }

    open my $log, '<', "$self->{dir}/idp.log";
    local $/;
    my $text = <$log> // '';
    $self->stop;
    die "idp: it did not start:\n$text";
}


1;
