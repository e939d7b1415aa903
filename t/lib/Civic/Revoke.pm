package Civic::Revoke;

# Copyright (C) Civic Gate
#
# Gates that obey one list of revocations, for tests.  What they answer says
# which worker did.
#
#     my $gate = Civic::Revoke->gate($redis, $issuer, words => 'size=1m',
#         http => $text, server => $text, workers => 2, allow_log => qr/.../);
#         a Civic::Gate; /admin/ and /status are for this machine
#     Civic::Revoke->all($gate, \%headers)   asks until each worker has
#         answered: {status => [pids]}
#     Civic::Revoke->add($gate, \%order), ->lift($gate, 'app=his'),
#         ->list($gate, 'limit=1')           answers; {json}: decoded
#     Civic::Revoke->state($gate)            "revocations" of /status
#     Civic::Revoke->await(sub {...})        seconds until it was true; undef:
#         it never was

use strict;
use warnings;

use JSON::PP ();
use Time::HiRes ();

use Civic::Gate;

my $patience = $ENV{CIVIC_PATIENCE} // 20;         # seconds


# clients are spread over the workers by their ports: "reuseport"

sub gate {
    my ($class, $redis, $issuer, %option) = @_;

    my $port = Civic::Gate::free_port();
    my $server = $redis->server;
    my ($words, $http, $more) = map { $_ // '' }
                                @option{qw(words http server)};
    my $gate = Civic::Gate->start(
        workers => $option{workers} // 2, files => { $issuer->files },
        allow_log => $option{allow_log}, http => <<"END", server => <<'END2');
    civic_redis main { server $server; timeout 2s; }
    civic_revocations redis=main $words;
    ${\ $issuer->block}
    $http
    server {
        listen 127.0.0.1:$port reuseport;
        add_header X-Worker \$pid always;
        add_header X-Code \$civic_code always;
        location / { civic_auth citizens; return 200; }
        $more
    }
END
    location /admin/ { civic_admin local; civic_auth off; }
    location = /status { civic_status full; civic_auth off; }
    location = /ready { civic_status ready; civic_auth off; }
    location = /metrics { civic_metrics; civic_auth off; }
END2
    $gate->{door} = Civic::Gate->at($port);
    return $gate;
}


sub all {
    my ($class, $gate, $headers, $path) = @_;

    my (%seen, %missing);
    $missing{$_} = 1 for $gate->pids;
    for (1 .. 200) {
        my $res = $gate->{door}->get($path // '/', $headers);
        my $pid = $res->{headers}{'x-worker'} // 0;
        $seen{$res->{status}}{$pid} = 1;
        delete $missing{$pid};
        last if !%missing;
    }
    return { map { $_ => [sort keys %{ $seen{$_} }] } keys %seen };
}


sub add {
    my ($class, $gate, $order) = @_;

    my $content = ref $order ? JSON::PP::encode_json($order) : $order;
    return _decoded($gate->request('POST', '/admin/revocations',
        { content => $content,
          headers => { 'Content-Type' => 'application/json' } }));
}


sub lift {
    my ($class, $gate, $query) = @_;

    return _decoded($gate->request('DELETE', "/admin/revocations?$query"));
}


sub list {
    my ($class, $gate, $query) = @_;

    return _decoded($gate->get('/admin/revocations'
                               . ($query ? "?$query" : '')));
}


sub state {
    my ($class, $gate) = @_;

    return JSON::PP::decode_json($gate->get('/status')->{content})
           ->{revocations};
}


sub await {
    my ($class, $true) = @_;

    my $from = Time::HiRes::time();
    while (Time::HiRes::time() - $from < $patience) {
        return Time::HiRes::time() - $from if $true->();
        Time::HiRes::sleep(0.01);
    }
    return;
}


sub _decoded {
    my ($res) = @_;

    $res->{json} = eval { JSON::PP::decode_json($res->{content}) };
    return $res;
}


1;
