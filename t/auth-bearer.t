#!/usr/bin/perl

# Copyright (C) Civic Gate
#
# How a bearer token is asked for, taken and refused (RFC 6750).

use strict;
use warnings;

use lib 't/lib';
use JSON::PP ();
use Test::More;

use Civic::Gate;
use Civic::Issuer;

my $citizens = Civic::Issuer->new;
my $gate = Civic::Gate->start(
    files => { $citizens->files }, http => $citizens->block,
    server => <<'END');
    location / {
        civic_auth citizens;
        add_header X-Who $civic_caller;
        return 200 "open";
    }
END

my $token = $citizens->token;


sub answer {
    my ($value) = @_;

    return $gate->get('/', defined $value ? { Authorization => $value } : {});
}


sub refused {
    my ($title, $value, $status, $challenge, $code) = @_;

    my $res = answer($value);
    is $res->{status}, $status, "$title: $status";
    is $res->{headers}{'www-authenticate'}, $challenge,
        "$title: WWW-Authenticate";
    is JSON::PP::decode_json($res->{content})->{code}, $code,
        "$title: the client learns no more than \"$code\"";
    unlike $res->{content}, qr/open/, "$title: the service is not reached";
}


sub accepted {
    my ($title, $value) = @_;

    my $res = answer($value);
    is $res->{status}, 200, "$title is accepted";
    is $res->{headers}{'x-who'}, 'citizens:110101199003078515',
        "$title: the caller is issuer and subject";
}


my $ask = 'Bearer realm="civic"';
my $invalid = "$ask, error=\"invalid_token\"";
my $malformed = "$ask, error=\"invalid_request\"";

refused('no credential', undef, 401, $ask, 'unauthenticated');
refused('an empty header', '', 401, $ask, 'unauthenticated');
refused('Basic', 'Basic YTpi', 401, $ask, 'unauthenticated');
refused('a scheme that begins with Bearer', "Bearers $token", 401, $ask,
        'unauthenticated');
refused('a tab for a space', "Bearer\t$token", 401, $ask, 'unauthenticated');

refused('a scheme alone', 'Bearer', 400, $malformed, 'malformed');
refused('two tokens', "Bearer $token $token", 400, $malformed, 'malformed');
refused('a comma', "Bearer $token,$token", 400, $malformed, 'malformed');
refused('a byte beyond ASCII', "Bearer $token\xc3\xa9", 400, $malformed,
        'malformed');
refused('only padding', 'Bearer ==', 400, $malformed, 'malformed');

refused('no JWT at all', 'Bearer abc', 401, $invalid, 'unauthenticated');
refused('a cut token', 'Bearer ' . substr($token, 0, -1), 401, $invalid,
        'unauthenticated');

for my $scheme ('Bearer ', 'bearer ', 'BEARER ', 'Bearer    ') {
    accepted("the scheme \"$scheme\"", $scheme . $token);
}

my $two = $gate->get('/', { Authorization => [("Bearer $token") x 2] });
is $two->{status}, 400, 'two Authorization headers are refused';

$two = $gate->get('/', { Authorization => ["Bearer $token", 'Basic YTpi'] });
is $two->{status}, 400, 'so are two of different schemes';

my $long = $gate->get('/', { Authorization => 'Bearer ' . 'a' x 8000 });
is $long->{status}, 401, 'a long token is no JWT';

done_testing;
