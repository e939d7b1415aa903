package Civic::Probe;

# Copyright (C) Civic Gate
#
# A gate whose locations make calls to remotes: t/module/remote says what
# their query means.
#
#     my $gate = Civic::Probe->start(http => 'civic_remote a { ... }', ...);
#         for each civic_remote NAME a location /NAME; rest as Civic::Gate
#     my $got = Civic::Probe::ask($gate, 'NAME', p => '/path', h => 'A: b');
#         {error}, or {status, headers, body}; headers as Civic::Gate's
#     Civic::Probe::path('NAME', p => ...)    the path to ask for
#     Civic::Probe::pem($folder)              makes certificates there: ca,
#         server (for localhost, 127.0.0.1), client, other (by nobody known);
#         each NAME.pem and NAME.key

use strict;
use warnings;

use Civic::Gate ();
use Cwd ();
use Test::More ();

my $module;


sub start {
    my ($class, %option) = @_;

    return Civic::Gate->start($class->options(%option));
}


sub options {
    my ($class, %option) = @_;

    $module //= _build();
    my @names = ($option{http} // '') =~ /civic_remote\s+(\w+)\s*\{/g;
    $option{main} = "load_module $module;\n" . ($option{main} // '');
    $option{server} = join '', "civic_auth off;\n",
        "location = /metrics { civic_metrics; }\n",
        (map { "location = /$_ { civic_probe_remote $_; }\n" } @names),
        $option{server} // '';
    return %option;
}


sub ask {
    my ($gate, $name, @query) = @_;

    return read_answer($gate->get(path($name, @query)));
}


sub path {
    my ($name, @query) = @_;

    my @pairs;
    while (my ($key, $value) = splice @query, 0, 2) {
        $value =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge;
        push @pairs, "$key=$value";
    }
    return "/$name?" . join '&', @pairs;
}


sub read_answer {
    my ($res) = @_;

    return { error => "gate: $res->{status}" } if $res->{status} != 200;
    return { error => $1 } if $res->{content} =~ /^error (\S+)/;

    my $text = $res->{content} =~ s/^status (\d+)/HTTP\/1.1 $1 OK/r;
    my $answer = Civic::Gate::parse($text);
    return { status => $answer->{status}, headers => $answer->{headers},
             body => $text =~ s/^.*?\r\n\r\n//sr };
}


sub pem {
    my ($folder) = @_;

    my $log = "$folder/openssl.log";
    my $run = sub {
        system("openssl @_ >> $log 2>&1") == 0
            or die "openssl @_: " . qx(cat $log);
    };
    my $new = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2';

    my $mask = umask 077;
    $run->("req -x509 $new -subj /CN=ca -keyout $folder/ca.key "
           . "-out $folder/ca.pem");
    $run->("req -x509 $new -subj /CN=localhost -keyout $folder/other.key "
           . "-addext subjectAltName=DNS:localhost -out $folder/other.pem");

    open my $ext, '>', "$folder/ext" or die "$folder/ext: $!\n";
    print {$ext} "subjectAltName=DNS:localhost,IP:127.0.0.1\n";
    close $ext;
    for my $name (qw(server client)) {
        $run->("req $new -subj /CN=$name -keyout $folder/$name.key "
               . "-out $folder/$name.csr");
        $run->("x509 -req -in $folder/$name.csr -CA $folder/ca.pem "
               . "-CAkey $folder/ca.key -CAcreateserial -days 2 "
               . "-extfile $folder/ext -out $folder/$name.pem");
    }
    umask $mask;
    return;
}


sub _build {
    open my $pipe, '-|', 't/module/build remote 2>&1' or die "probe: $!\n";
    my @lines = <$pipe>;
    close $pipe or die "probe: @lines";
    chomp @lines;
    return $lines[-1];
}


1;
