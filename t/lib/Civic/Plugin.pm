package Civic::Plugin;

# Copyright (C) Civic Gate
#
# A gate with departments' folders, and plugins written into them.
#
#     my $gate = Civic::Plugin->start(%option)    as Civic::Gate->start, with
#         department => $text     more words of department "health", whose
#                                 prefix is /health, or several blocks:
#         departments => $text    instead of it
#         mount => $text          instead of a mount of all
#     Civic::Plugin->write($gate, 'health/hello', %files)
#         manifest may be a hash; without files: one route, GET /health/hello
#     Civic::Plugin->files($text)      the files of a plugin that says $text
#     Civic::Plugin->status($gate, 'health/hello')  its entry, or undef
#     Civic::Plugin->await($gate, 'health/hello', sub { ... })  its entry,
#         once the function of it is true; dies after some seconds

use strict;
use warnings;

use Civic::Gate;
use JSON::PP ();
use Time::HiRes ();

my $patience = $ENV{CIVIC_PATIENCE} // 10;         # seconds


sub start {
    my ($class, %option) = @_;

    return Civic::Gate->start($class->options(%option));
}


sub options {
    my ($class, %option) = @_;

    my $word = delete $option{department} // '';
    my $departments = delete $option{departments} // <<"END";
civic_department health {
    path    %DIR%/plugins/health;
    prefix  /health;
    $word
}
END
    my $mount = delete $option{mount}
                // 'location @plugins { civic_mount all; }';

    $option{http} = ($option{http} // '') . $departments;
    $option{server} = ($option{server} // '') . <<"END";
civic_auth off;
$mount
location = /status { civic_status; }
location = /metrics { civic_metrics; }
END
    return %option;
}


sub files {
    my ($class, $text, %option) = @_;

    my $name = $option{name} // 'hello';
    my %manifest = (
        title => { zh => '测试', en => 'Test' },
        version => $option{version} // '1.0.0',
        prefix => ["/health/$name"],
        routes => { 'GET /' => { auth => ['public'], run => 'hello' } },
        %{ $option{manifest} // {} });

    my $json = JSON::PP->new->utf8->canonical->encode(\%manifest);
    return ('manifest.json' => $json,
            'plugin.lua' => "local M = {}\nfunction M.hello(request)\n"
                            . "    return 200, \"$text\"\nend\nreturn M\n");
}


sub write {
    my ($class, $gate, $name, %files) = @_;

    %files = $class->files($name =~ s{.*/}{}r) if !%files;
    $gate->write("plugins/$name/$_" => $files{$_}) for keys %files;
    return;
}


sub status {
    my ($class, $gate, $name) = @_;

    my $res = $gate->get('/status');
    my $all = eval { JSON::PP::decode_json($res->{content})->{plugins} }
              // die "no status: $res->{status} $res->{content}\n";
    my ($entry) = grep { $_->{name} eq $name } @$all;
    return $entry;
}


sub await {
    my ($class, $gate, $name, $wanted) = @_;

    my $entry;
    for (1 .. $patience * 20) {
        $entry = $class->status($gate, $name);
        return $entry if $wanted->($entry // {});
        Time::HiRes::sleep(0.05);
    }
    die "plugin $name is not as it should be: "
        . JSON::PP->new->canonical->allow_nonref->encode($entry) . "\n"
        . $gate->log =~ s/^(?!.*civic plugin: ).*\n//gmr;
}


1;
