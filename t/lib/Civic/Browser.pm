package Civic::Browser;

# Copyright (C) Civic Gate
#
# What a browser does without its pages: cookies, redirects, forms, and the
# headers by which it says what a request is for.
#
#     my $browser = Civic::Browser->new;
#     my $res = $browser->get($address, \%headers)    a page, as if its
#                                  address was typed; no redirect is followed
#     my $res = $browser->fetch($address, \%headers)  as a script of the same
#                                  origin would ask
#     my $res = $browser->post($address, \%form, \%headers)   a form of a
#                                  page of the same origin
#         {status, reason, headers, content}, headers as HTTP::Tiny has them
#     $res = $browser->follow($res, $stop)   to the end, or to an address
#                                  that the pattern matches: { location }
#     $res = $browser->sign_in($res, $name)  through the provider's form, and
#                                  back to the page
#     $browser->{at}               the address that it is at
#     $browser->cookie($port, $name)         its value, or undef
#     $browser->cookies($port)               { name => value }
#     $browser->set_cookie($port, $name, $value)      undef takes it away

use strict;
use warnings;

use HTTP::Tiny ();


sub new {
    my ($class) = @_;

    return bless { jar => {}, at => '',
                   http => HTTP::Tiny->new(max_redirect => 0,
                                           timeout => 60) }, $class;
}


sub get {
    my ($self, $address, $headers) = @_;

    return $self->_send('GET', $address, {
        'Accept' => 'text/html,application/xhtml+xml,*/*;q=0.8',
        'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'document',
        'Sec-Fetch-Site' => 'none', %{ $headers // {} } });
}


sub fetch {
    my ($self, $address, $headers) = @_;

    return $self->_send('GET', $address, {
        'Accept' => '*/*',
        'Sec-Fetch-Mode' => 'cors', 'Sec-Fetch-Dest' => 'empty',
        'Sec-Fetch-Site' => 'same-origin', %{ $headers // {} } });
}


sub post {
    my ($self, $address, $form, $headers) = @_;

    my ($origin) = $address =~ m{^(https?://[^/]+)};
    return $self->_send('POST', $address, {
        'Content-Type' => 'application/x-www-form-urlencoded',
        'Origin' => $origin, 'Sec-Fetch-Site' => 'same-origin',
        'Sec-Fetch-Mode' => 'navigate', 'Sec-Fetch-Dest' => 'document',
        %{ $headers // {} } }, $self->{http}->www_form_urlencode($form));
}


sub follow {
    my ($self, $res, $stop) = @_;

    for (1 .. 20) {
        my $to = $res->{headers}{location};
        return $res if $res->{status} !~ /^30/ || !defined $to;

        $to = $self->_absolute($to);
        return { status => 0, location => $to } if $stop && $to =~ $stop;
        $res = $self->get($to, { 'Sec-Fetch-Site' => 'cross-site' });
    }
    die "browser: there is no end to redirects\n";
}


sub sign_in {
    my ($self, $res, $name, $stop) = @_;

    my $page = $self->follow($res, $stop);
    return $page if ($page->{content} // '') !~ /name="login"/;

    return $self->follow(
        $self->post($self->{at}, { login => $name, password => 'demo' }),
        $stop);
}


sub cookie {
    my ($self, $port, $name) = @_;

    return $self->{jar}{$port}{$name};
}


sub cookies {
    my ($self, $port) = @_;

    return { %{ $self->{jar}{$port} // {} } };
}


sub set_cookie {
    my ($self, $port, $name, $value) = @_;

    $self->{jar}{$port}{$name} = $value;
    delete $self->{jar}{$port}{$name} if !defined $value;
    return;
}


# cookies know no ports; a jar for each lets one address be many hosts

sub _send {
    my ($self, $method, $address, $headers, $content) = @_;

    my ($port) = $address =~ m{^http://[^/:]+:(\d+)}
        or die "browser: $address\n";
    my $jar = $self->{jar}{$port} //= {};
    my %header = map { $_ => $headers->{$_} }
                 grep { defined $headers->{$_} } keys %$headers;
    $header{Cookie} //= join '; ', map { "$_=$jar->{$_}" } sort keys %$jar
        if %$jar;

    my $res = $self->{http}->request($method, $address, {
        headers => \%header, defined $content ? (content => $content) : () });
    $self->{at} = $address;

    my $set = $res->{headers}{'set-cookie'} // [];
    for my $line (ref $set ? @$set : $set) {
        my ($name, $value) = $line =~ /^([^=]+)=([^;]*)/;
        $jar->{$name} = $value;
        delete $jar->{$name}
            if $line =~ /;\s*max-age=0/i || $line =~ /expires=Thu, 01 Jan 1970/;
    }
    return $res;
}


sub _absolute {
    my ($self, $to) = @_;

    my ($origin) = $self->{at} =~ m{^(http://[^/]+)};
    return $to =~ m{^/} ? "$origin$to" : $to;
}


1;
