package Civic::Metrics;

# Copyright (C) Civic Gate
#
# Reads Prometheus text (0.0.4) as strictly as a scraper would.
#
#     my $metrics = Civic::Metrics->parse($text);   dies: what is wrong where
#     $metrics->value('civic_requests_total',
#                     service => '/a/', status => 200)     0 if not there
#     $metrics->types            { family => 'counter', ... }
#     $metrics->samples          [ name, { label => value }, value ], ...
#     Civic::Metrics->of($gate)  parses $gate's /metrics

use strict;
use warnings;

my $name = qr/[a-zA-Z_:][a-zA-Z0-9_:]*/;
my $label = qr/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"/;
my $number = qr/\d+(?:\.\d+)?/;


sub of {
    my ($class, $gate) = @_;

    return $class->parse($gate->get('/metrics')->{content});
}


sub parse {
    my ($class, $text) = @_;

    die "the text does not end with a line feed\n" if $text !~ /\n\z/;

    my $self = bless { types => {}, help => {}, samples => [], value => {} },
                     $class;
    my $n = 0;
    for my $line (split /\n/, $text) {
        $n++;
        eval { $self->_line($line); 1 } or die "line $n: $line: $@";
    }
    return $self;
}


sub value {
    my ($self, $sample, %label) = @_;

    return $self->{value}{_key($sample, \%label)} // 0;
}


sub types   { return $_[0]{types} }
sub help    { return $_[0]{help} }
sub samples { return @{ $_[0]{samples} } }


sub _line {
    my ($self, $line) = @_;

    if ($line =~ /^# HELP ($name) (.+)$/) {
        die "HELP twice\n" if exists $self->{help}{$1};
        $self->{help}{$1} = $2;
        return;
    }
    if ($line =~ /^# TYPE ($name) (counter|gauge|histogram)$/) {
        die "TYPE twice\n" if exists $self->{types}{$1};
        die "TYPE without HELP\n" if !exists $self->{help}{$1};
        $self->{types}{$1} = $2;
        $self->{family} = $1;
        return;
    }

    $line =~ /^($name)(?:\{(.*)\})? ($number)$/ or die "no sample\n";
    my ($sample, $labels, $value) = ($1, $2 // '', $3);

    my %label;
    while ($labels =~ s/^$label(?:,(?=.)|$)//) {
        my ($key, $text) = ($1, $2);
        die "label $key twice\n" if exists $label{$key};
        $text =~ s/\\(.)/$1 eq 'n' ? "\n" : $1/ge;
        $label{$key} = $text;
    }
    die "labels end in: $labels\n" if $labels ne '';

    my $family = $self->{family} // '';
    my $parts = ($self->{types}{$family} // '') eq 'histogram'
                ? qr/_(?:bucket|sum|count)/ : qr//;
    die "out of its family\n" if $sample !~ /^\Q$family\E$parts$/;

    my $key = _key($sample, \%label);
    die "sample twice\n" if exists $self->{value}{$key};
    $self->{value}{$key} = $value;
    push @{ $self->{samples} }, [$sample, \%label, $value];
    return;
}


sub _key {
    my ($sample, $label) = @_;

    return join "\0", $sample, map { "$_=$label->{$_}" } sort keys %$label;
}


1;
