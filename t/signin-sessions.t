#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# Sessions of civic_signin: tokens that change, lives that end, and a Redis
# that does not answer.

use strict;
use warnings;

use Digest::SHA ();
use POSIX ();
use Test::More;
use Time::HiRes ();

use lib 't/lib';
use Civic::Signin;

if (my $why = Civic::Provider->missing) {
    plan skip_all => $why;
}

# a page of several parts, which are fetched at the same time

my $parts = Civic::Upstream->start(sub {
    return [200, { 'Content-Type' => 'text/html' },
            join ' and ', map { "<!--# include virtual=\"/half/$_\" -->" }
                          1 .. 3];
});

my $set = Civic::Signin->start(rotate => '1h', idle => '1h', workers => 2,
                               refresh => '2s',
                               server => <<'END' =~ s/%PARTS%/$parts->addr/er);
    location = /status { civic_auth off; civic_metrics; }
    location /first { civic_auth portal; error_page 418 = /api; return 418; }
    location /asked {
        civic_auth off; auth_request /inner; try_files /none =204;
    }
    location = /copies {
        civic_auth off; mirror /copy/1; mirror /copy/2; empty_gif;
    }
    location /copy/ {
        civic_auth portal; log_subrequest on; access_log %DIR%/copies.log;
        empty_gif;
    }
    location = /inner { internal; civic_auth portal; return 204; }
    location /both { civic_auth portal; auth_request /inner; return 200; }
    location = /halves {
        civic_auth off; ssi on; ssi_types *; proxy_pass http://%PARTS%/;
    }
    location /half { civic_auth portal; return 200 "[half]"; }
END
my $cookie = '__Host-civic-portal';


sub signed_in {
    my ($name) = @_;

    my $browser = Civic::Browser->new;
    $browser->sign_in($browser->get($set->url('/page')), $name // 'zhang');
    return $browser;
}


sub ask {
    my ($token) = @_;

    return $set->gate->get('/api', { Cookie => "$cookie=$token" });
}


# the session's key in Redis; and its token is due to change

sub session_of {
    my ($token) = @_;

    return 'civic:{signin:portal}:session:'
        . $set->redis->command('GET', 'civic:{signin:portal}:token:'
                                      . Digest::SHA::sha256_hex($token));
}


sub due {
    my ($token) = @_;

    $set->redis->command('HSET', session_of($token), 'rotated', 0);
    return;
}


sub told {
    my ($res) = @_;

    return ($res->{headers}{'set-cookie'} // '') =~ /^$cookie=([\w-]{43});/
           ? $1 : undef;
}


subtest 'a token changes while the session lasts' => sub {
    my $first = signed_in->cookie($set->port, $cookie);
    is told(ask($first)), undef, 'not at once';

    due($first);
    my @answers = map { ask($first) } 1 .. 8;
    is scalar(grep { $_->{status} == 200 } @answers), 8,
        'with the old one all are let in';
    my @told = grep { defined } map { told($_) } @answers;
    is scalar @told, 1, 'one of them is told the new one';
    isnt $told[0], $first, 'which is another';
    my ($told) = grep { told($_) } @answers;
    is $told->{headers}{'cache-control'}, 'private',
        'in an answer that no shared cache may keep';

    is ask($first)->{status}, 200, 'the old one serves until that has come';
    is ask($told[0])->{status}, 200, 'the new one serves';
    is ask($first)->{status}, 200,
        'and those that were under way come in yet';

    my ($key) = grep { $set->redis->command('TTL', $_) <= 30 }
                $set->redis->command('KEYS', '*:token:*')->@*;
    ok $key, 'but not for long';
    $set->redis->command('DEL', $key);
    is ask($first)->{status}, 401, 'then it leads nowhere';
    is ask($told[0])->{status}, 200, 'the new one does';
};


subtest 'an answer that is lost loses no session' => sub {
    my $token = signed_in->cookie($set->port, $cookie);
    for (1 .. 3) {
        due($token);
        my $res = ask($token);
        is $res->{status}, 200, 'still signed in';
        ok told($res), 'told anew';
    }
    due($token);
    my $next = told(ask($token));
    is ask($next)->{status}, 200, 'the last that was told serves';
};


subtest 'many at once, when the token is due' => sub {
    my $token = signed_in->cookie($set->port, $cookie);
    due($token);

    my @pids = map {
        my $pid = fork // die "fork: $!\n";
        if ($pid == 0) {
            my $bad = grep { ask($token)->{status} != 200 } 1 .. 20;
            POSIX::_exit($bad ? 1 : 0);
        }
        $pid;
    } 1 .. 4;
    my $bad = 0;
    for my $pid (@pids) {
        waitpid $pid, 0;
        $bad++ if $?;
    }
    is $bad, 0, 'all are let in';
};


subtest 'a session that is left alone ends, and so does any' => sub {
    my ($name) = $set->redis->command('KEYS', '*:session:*')->@*;
    cmp_ok $set->redis->command('TTL', $name), '<=', 3600, 'idle';
    cmp_ok $set->redis->command('HGET', $name, 'ends'), '<=', time + 8 * 3600,
        'and at last';

    my $token = signed_in->cookie($set->port, $cookie);
    my $session = session_of($token);
    $set->redis->command('EXPIRE', $session, 100);
    ask($token);
    cmp_ok $set->redis->command('TTL', $session), '>', 3000,
        'seen, it lives on';

    for my $key ($set->redis->command('KEYS', '*:session:*')->@*) {
        $set->redis->command('HSET', $key, 'ends', time);
    }
    is ask($token)->{status}, 401, 'until its longest life is over';
    is_deeply [grep { $_ eq $session }
               $set->redis->command('KEYS', '*:session:*')->@*], [],
        'and nothing of it is left';
};


subtest 'claims are refreshed, again and again' => sub {
    my $token = signed_in('chen')->cookie($set->port, $cookie);
    my $session = session_of($token);
    my ($seen, $last) = (0, '');
    for (1 .. 60) {
        my $res = ask($token);
        is $res->{status}, 200, 'still signed in' if $res->{status} != 200;
        $token = told($res) // $token;
        my $now = $set->redis->command('HGET', $session, 'refresh_token');
        $seen++ if $now ne $last;
        $last = $now;
        last if $seen > 2;
        Time::HiRes::sleep(0.2);
    }
    cmp_ok $seen, '>', 2, 'each time with another refresh token';
    unlike $last, qr/^[\w-]+$/, 'which is sealed';
    is ask($token)->{headers}{'x-seen'}, 'verified|citizens:chen|',
        'of the same person';
};


subtest 'nothing in Redis tells a token' => sub {
    my $browser = signed_in;
    my $token = $browser->cookie($set->port, $cookie);
    my @all = map { my $key = $_;
        my $type = $set->redis->command('TYPE', $key);
        ($key, $type eq 'hash' ? $set->redis->command('HGETALL', $key)->@*
               : $type eq 'string' ? $set->redis->command('GET', $key) : ())
    } $set->redis->command('KEYS', '*')->@*;
    ok !(grep { index($_, $token) >= 0 } @all), 'it is kept as a digest';
    ok !(grep { !/^civic:\{signin:portal\}:/ }
         $set->redis->command('KEYS', '*')->@*), 'under names of its own';
};


subtest 'without Redis nobody is let in, nor taken for a stranger' => sub {
    my $browser = signed_in;
    my $other = Civic::Browser->new;
    my $door = $other->sign_in($other->get($set->url('/page')), 'li',
                               qr{/signin/callback})->{location};
    $set->redis->stop;

    my $res = $browser->get($set->url('/page'));
    is $res->{status}, 503, 'a page';
    like $res->{headers}{'x-seen'}, qr/signin-unavailable/, 'says why';
    is $res->{headers}{'retry-after'}, 1, 'and when to come again';
    is $browser->get($set->url('/maybe'))->{status}, 503,
        'also where it is optional';
    is $other->get($door)->{status}, 503, 'nobody signs in';
    is $browser->post($set->url('/signin/logout'), {})->{status}, 503,
        'nor out';
    is $other->get($set->url('/page'))->{status}, 303,
        'whoever is not signed in is led to the provider';

    $set->redis->restart;
    ok $set->redis->wait_until(sub {
        $browser->get($set->url('/page'))->{status} == 200;
    }), 'Redis again, and all is as it was';
    ok $set->redis->wait_until(sub {
        $other->get($door)->{status} == 303;
    }), 'the door is still open';
};


subtest 'clients that leave while Redis is silent' => sub {
    my $token = signed_in->cookie($set->port, $cookie);
    $set->redis->pause;
    $set->gate->raw("GET /api HTTP/1.1\r\nHost: x\r\n"
                    . "Cookie: $cookie=$token\r\n\r\n", 0.05) for 1 .. 20;
    $set->redis->resume;
    ok $set->redis->wait_until(sub { ask($token)->{status} == 200 }),
        'the gate goes on';
};


subtest 'one look serves all locations, and subrequests wait, too' => sub {
    my $cookies = { Cookie => "$cookie="
                              . signed_in('lin')->cookie($set->port, $cookie) };
    my $res = $set->gate->get('/first', $cookies);
    is $res->{headers}{'x-seen'}, 'verified|citizens:lin|',
        'the next location knows it too, though the cookie is gone';
    is $set->gate->get('/asked', $cookies)->{status}, 204,
        'a subrequest asks Redis';
    is $set->gate->get('/asked')->{status}, 401, 'and refuses';
    is $set->gate->get('/both', $cookies)->{status}, 200,
        'or finds what was asked before';

    is $set->gate->get('/copies', $cookies)->{status}, 200, 'two at once';
    ok $set->redis->wait_until(sub {
        2 == grep { / 200 / } split /\n/, $set->gate->read('copies.log');
    }), 'both of which are answered' or diag $set->gate->read('copies.log');

    $set->redis->pause;
    $set->gate->raw("GET /asked HTTP/1.1\r\nHost: x\r\n"
                    . "Cookie: $cookies->{Cookie}\r\n\r\n", 0.05)
        for 1 .. 5;
    $set->redis->resume;
    ok $set->redis->wait_until(sub {
        $set->gate->get('/asked', $cookies)->{status} == 204;
    }), 'a client may leave meanwhile';
};


subtest 'parts of a page that wait for the same answer' => sub {
    my $cookies = { Cookie => "$cookie="
                              . signed_in('lin')->cookie($set->port, $cookie) };
    is $set->gate->get('/halves', $cookies)->{content},
        '[half] and [half] and [half]', 'all get it';
};


subtest 'what happened is counted' => sub {
    my $metrics = $set->gate->get('/status')->{content};
    for my $event (qw(invited opened refreshed unknown)) {
        like $metrics, qr/^civic_signin_total\{event="$event"\} [1-9]/m,
            $event;
    }
};


$set->stop;
$parts->stop;
done_testing();
