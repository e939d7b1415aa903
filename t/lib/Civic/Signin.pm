package Civic::Signin;

# Copyright (C) Civic Gate
#
# A gate with a civic_signin, the provider that it leads to, a Redis, and a
# service behind it that answers with the request it got.
#
#     my $set = Civic::Signin->start(
#         words => 'of the block, or others', server => '...', http => '...',
#         ttl => '8h', idle => '30m', rotate => '5m', refresh => '1s',
#         workers => 1,
#         remote => 'url ...;', keys => 'remote=idp path=/jwks');
#     $set->gate, idp, redis, up        the parts
#     $set->url('/page')                its address
#     $set->stop
#
# /page, /api, /own: civic_auth portal; /either: a token or a session;
# /maybe: optional; /signin/ its pages; /open: open to all.

use strict;
use warnings;

use Civic::Browser;
use Civic::Gate;
use Civic::Provider;
use Civic::Redis;
use Civic::Upstream;


sub start {
    my ($class, %option) = @_;

    my $port = Civic::Gate->free_port;
    my $self = bless {
        port => $port,
        idp => Civic::Provider->start(gates => ["http://127.0.0.1:$port"],
                                      %{ $option{provider} // {} }),
        redis => Civic::Redis->start,
        up => Civic::Upstream->start,
    }, $class;

    $self->{gate} = Civic::Gate->start(
        port => $port, workers => $option{workers} // 1,
        allow_log => $option{allow_log},
        files => { 'keys/idp.json' => $self->keys,
                   'keys/secret' => $self->{idp}->secret('civic-signin') },
        mode => { 'keys/secret' => 0600 },
        http => $self->http(%option), server => $self->server(%option));
    return $self;
}


sub gate  { return $_[0]{gate} }
sub idp   { return $_[0]{idp} }
sub redis { return $_[0]{redis} }
sub up    { return $_[0]{up} }
sub port  { return $_[0]{port} }
sub url   { return "http://127.0.0.1:$_[0]{port}$_[1]" }


sub keys {
    my ($self) = @_;

    return HTTP::Tiny->new->get($self->{idp}->issuer . '/jwks')->{content};
}


sub http {
    my ($self, %option) = @_;

    my $idp = $self->{idp}->issuer;
    my ($ttl, $idle, $rotate) = ($option{ttl} // '8h', $option{idle} // '30m',
                                 $option{rotate} // '5m');
    my $words = $option{words} // '';
    my $refresh = $option{refresh} ? "refresh=$option{refresh}" : '';
    my $remote = $option{remote} // "url $idp;";
    my $keys = $option{keys} // 'keys/idp.json';

    return <<"END" . ($option{http} // '');
civic_redis main { server @{[$self->{redis}->server]}; timeout 2s; }
civic_remote idp { $remote }
civic_issuer citizens {
    issuer $idp; audience social-services; keys $keys;
    algorithms ES256; type at+jwt;
}
civic_signin portal {
    issuer citizens; remote idp; origin http://127.0.0.1:%PORT%;
    authorize $idp/auth; token /token; end_session $idp/session/end;
    client_id civic-signin; client_secret_file keys/secret;
    scope openid profile imaging:read;
    session redis=main ttl=$ttl idle=$idle rotate=$rotate $refresh;
    $words
}
END
}


sub server {
    my ($self, %option) = @_;

    my $up = $self->{up}->addr;
    return <<"END" . ($option{server} // '');
add_header X-Seen "\$civic_auth_status|\$civic_caller|\$civic_code" always;
location /signin/ { civic_auth off; civic_signin_pages portal; }
location /page   { civic_auth portal; proxy_pass http://$up; }
location /api    { civic_auth portal; proxy_pass http://$up; }
location /either { civic_auth citizens portal; proxy_pass http://$up; }
location /maybe  { civic_auth optional portal; proxy_pass http://$up; }
location /open   { civic_auth off; proxy_pass http://$up; }
location = /     { civic_auth off; return 200 "home"; }
END
}


sub stop {
    my ($self) = @_;

    $_->stop for grep { $_ } @$self{qw(gate up redis idp)};
    return;
}


1;
