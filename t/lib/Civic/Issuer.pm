package Civic::Issuer;

# Copyright (C) Civic Gate
#
# An issuer for one test: a key, its file, its civic_issuer block, and tokens
# that pass unless the test says otherwise.
#
#     my $citizens = Civic::Issuer->new(name => 'citizens', alg => 'ES256');
#         iss, aud, kid have defaults; key => a Civic::Token key
#     $citizens->block("leeway 1s;")    civic_issuer text, words added; a
#                                       word that has a default is replaced
#     $citizens->files                  for Civic::Gate: name => content
#     $citizens->token(%claims)         undef takes a claim away
#     $citizens->bearer(%claims)        { Authorization => 'Bearer ...' }

use strict;
use warnings;

use Civic::Token;


sub new {
    my ($class, %option) = @_;

    my $name = $option{name} // 'citizens';
    my $alg = $option{alg} // 'ES256';
    my $kid = $option{kid} // "$name-1";

    return bless {
        name => $name, alg => $alg,
        iss  => $option{iss} // "https://$name.example.gov.cn",
        aud  => $option{aud} // 'social-services',
        key  => $option{key} // Civic::Token->key($alg, kid => $kid),
    }, $class;
}


sub block {
    my ($self, $words) = @_;

    $words //= '';
    my %default = (issuer => $self->{iss}, audience => $self->{aud},
                   keys => "keys/$self->{name}.json",
                   algorithms => $self->{alg});
    my $text = join '', map { $words =~ /^\s*$_\b/m ? ''
                                                    : "$_ $default{$_};\n" }
                        sort keys %default;

    return "civic_issuer $self->{name} {\n$text$words\n}\n";
}


sub files {
    my ($self) = @_;

    return ("keys/$self->{name}.json" => Civic::Token->jwks($self->{key}));
}


sub claims {
    my ($self, %change) = @_;

    my %claims = (iss => $self->{iss}, aud => $self->{aud},
                  sub => '110101199003078515', iat => time - 1,
                  exp => time + 300, %change);
    delete @claims{ grep { !defined $claims{$_} } keys %claims };
    return \%claims;
}


sub token {
    my ($self, %change) = @_;

    return $self->{key}->token($self->claims(%change), { typ => 'JWT' });
}


sub bearer {
    my ($self, %change) = @_;

    return { Authorization => 'Bearer ' . $self->token(%change) };
}


sub key { return $_[0]{key} }
sub iss { return $_[0]{iss} }


1;
