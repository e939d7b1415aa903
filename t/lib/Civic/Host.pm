package Civic::Host;

# Copyright (C) Civic Gate
#
# Plugins of a test: a manifest as a hash, their Lua as text, and the wait
# until they are served.
#
#     Civic::Host->plugin($gate, 'health/echo', $lua, %manifest)
#         routes => { 'GET /x' => 'function' or {...} }; auth is public, the
#         prefix /health/echo, unless they say otherwise.  Returns when this
#         version is served.
#     Civic::Host->write(...)        the same without the wait
#     Civic::Host::body($res)        decoded JSON, or {}
#     my $sock = Civic::Host->open($gate, $request)   sends it and returns the
#         socket, so that a client can leave

use strict;
use warnings;

use Civic::Plugin;
use IO::Socket::INET ();
use JSON::PP ();

my $json = JSON::PP->new->canonical->allow_nonref;
my $version = 0;


sub write {
    my ($class, $gate, $name, $lua, %manifest) = @_;

    my ($department, $plugin) = split m{/}, $name;
    my $routes = delete $manifest{routes} // {};
    my %routes = map {
        my $route = $routes->{$_};
        $_ => { auth => ['public'],
                ref $route ? %$route : (run => $route) };
    } keys %$routes;
    my $files = delete $manifest{files} // {};

    $version++;
    Civic::Plugin->write($gate, $name,
        'plugin.lua' => $lua, %$files,
        'manifest.json' => $json->encode({
            title => { zh => $name, en => $name },
            version => "1.0.$version",
            prefix => ["/$department/$plugin"],
            routes => \%routes, %manifest }));
    return "1.0.$version";
}


sub plugin {
    my ($class, $gate, $name, @rest) = @_;

    my $wanted = $class->write($gate, $name, @rest);
    return Civic::Plugin->await($gate, $name, sub {
        ($_[0]{state} // '') eq 'ready' && $_[0]{version} eq $wanted;
    });
}


sub body {
    my ($res) = @_;

    return eval { $json->decode($res->{content}) } // {};
}


sub open {
    my ($class, $gate, $path) = @_;

    my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
                                     PeerPort => $gate->port)
        or die "host: $!\n";
    syswrite $sock, "GET $path HTTP/1.1\r\nHost: a\r\n\r\n";
    return $sock;
}


1;
