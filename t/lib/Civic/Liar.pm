package Civic::Liar;

# Copyright (C) Civic Gate
#
# A gate with civic_signin, and a provider that lies, fails or waits: what its
# token endpoint answers is the test's to say.
#
#     my $set = Civic::Liar->start;
#     $set->{gate}, {idp}, {redis}, {issuer}, {port}, {secret}
#     $set->url('/page')            its address
#     $set->answer(200, {...})      what the provider says from now on;
#                                   'wait': nothing, for five seconds
#     my ($browser, $query) = $set->leave('/page')
#         as far as the provider, which says nothing to the browser but a code
#     my ($browser, $res) = $set->come_back({ sub => 'wang' }, '/page',
#                                           { refresh_token => 'r1' })
#         and back, with the claims of an ID token, or the text of one
#     $set->id_token($query, sub => 'wang')
#
# /page is behind one sign-in; /other behind one that refreshes each second,
# by a form; /slowly behind one whose provider may take a minute.

use strict;
use warnings;

use File::Temp ();
use JSON::PP ();

use Civic::Browser;
use Civic::Gate;
use Civic::Issuer;
use Civic::Redis;
use Civic::Upstream;


sub start {
    my ($class) = @_;

    my $issuer = Civic::Issuer->new;
    my $port = Civic::Gate->free_port;
    my $redis = Civic::Redis->start;
    my $dir = File::Temp->newdir('civic-signin-XXXXXX', TMPDIR => 1);
    my $secret = 'a secret with: odd characters';

    # answers with the file that the test wrote

    my $idp = Civic::Upstream->start(sub {
        open my $in, '<', "$dir/answer" or return [500, {}, ''];
        local $/;
        my ($status, $body) = split /\n/, <$in>, 2;
        return sub { sleep 5 } if $status eq 'wait';
        return [$status, { 'Content-Type' => 'application/json' }, $body];
    });

    my $self = bless { issuer => $issuer, port => $port, redis => $redis,
                       dir => $dir, secret => $secret, idp => $idp }, $class;

    $self->{gate} = Civic::Gate->start(
        port => $port,
        files => { $issuer->files, 'keys/secret' => "$secret\n" },
        mode => { 'keys/secret' => 0600 },
        http => $issuer->block('require_claims department; lifetime 1m;')
                . <<"END", server => <<'END');
civic_redis main { server @{[$redis->server]}; timeout 2s; }
civic_revocations redis=main interval=50ms;
civic_remote idp { url http://@{[$idp->addr]}/realm; timeout 1s; }
civic_remote patient { url http://@{[$idp->addr]}/realm; timeout 1m; }
civic_signin portal {
    issuer citizens; remote idp; origin http://127.0.0.1:%PORT%;
    authorize https://id.example.gov.cn/auth?tenant=1; token /token;
    client_id "gate & co"; client_secret_file keys/secret;
    session redis=main;
}
civic_signin poster {
    issuer citizens; remote idp; origin http://127.0.0.1:%PORT%;
    authorize https://id.example.gov.cn/auth; token /token; client_auth post;
    client_id gate; client_secret_file keys/secret;
    session redis=main refresh=1s;
    callback /poster/callback; cookie insecure;
}
civic_signin patient {
    issuer citizens; remote patient; origin http://127.0.0.1:%PORT%;
    authorize https://id.example.gov.cn/auth; token /token;
    client_id gate; client_secret_file keys/secret;
    session redis=main refresh=1s; callback /patient/callback;
}
END
    add_header X-Seen "$civic_auth_status|$civic_caller|$civic_code" always;
    location /signin/ { civic_auth off; civic_signin_pages portal; }
    location /poster/ { civic_auth off; civic_signin_pages poster; }
    location /admin/ { civic_auth off; civic_admin local; }
    location /patient/ { civic_auth off; civic_signin_pages patient; }
    location /slowly { civic_auth patient; return 200; }
    location /page { civic_auth portal; return 200; }
    location /other {
        civic_auth poster; add_header X-Scope $civic_scope; return 200;
        add_header X-Seen "$civic_auth_status|$civic_caller|$civic_code";
    }
    location /scoped {
        civic_auth portal; civic_require scope=imaging:read; return 200;
    }
END
    return $self;
}


sub url { return "http://127.0.0.1:$_[0]{port}$_[1]" }


sub answer {
    my ($self, $status, $body) = @_;

    open my $out, '>', "$self->{dir}/answer.new" or die "$!\n";
    print {$out} "$status\n",
        ref $body ? JSON::PP::encode_json($body) : $body // '';
    close $out;
    rename "$self->{dir}/answer.new", "$self->{dir}/answer" or die "$!\n";
    return;
}


sub leave {
    my ($self, $page) = @_;

    my $browser = Civic::Browser->new;
    my $res = $browser->get($self->url($page // '/page'));
    my %query = map { split /=/, $_, 2 }
                split /&/, $res->{headers}{location} =~ s/^[^?]+\?//r;
    return $browser, \%query, $res->{headers}{location};
}


sub come_back {
    my ($self, $claims, $page, $more) = @_;

    my ($browser, $query) = $self->leave($page);
    my $token = ref $claims ? $self->id_token($query, %$claims) : $claims;
    $self->answer(200, { token_type => 'Bearer', access_token => 'x',
                         id_token => $token, %{ $more // {} } });
    my $path = { '/other' => 'poster', '/slowly' => 'patient' }
               ->{$page // ''} // 'signin';
    return $browser, $browser->get($self->url(
        "/$path/callback?code=the+c%26de&state=$query->{state}"));
}


sub id_token {
    my ($self, $query, %change) = @_;

    return $self->{issuer}->token(aud => 'gate & co',
                                  nonce => $query->{nonce}, %change);
}


sub stop {
    my ($self) = @_;

    $self->{$_}->stop for qw(gate idp redis);
    return;
}


1;
