package Civic::Hostile;

# Copyright (C) Civic Gate
#
# A gate of two workers with a plugin that means harm, and neighbours whose
# answers must not change: another department's plugin and a proxied
# location, asked all the time by clients of their own.
#
#     my $hostile = Civic::Hostile->start(%option)   as Civic::Plugin->start;
#         allow => $text    the hostile department's words
#     $hostile->gate
#     $hostile->plugin($lua, %manifest)    is bad/plugin from now on
#     $hostile->cases(@cases)              each [title, Lua, wanted ...]:
#         the Lua is the body of a handler of the request r.  Wanted is a
#         status, with a code for problems: asked for a little while, each
#         answer must be so, and the plugin itself serves on.  Or a pattern
#         of the answer's content.  A hash before them is more of the
#         manifest; head => Lua on top
#     $hostile->ask($name, %option)        one request to a case: its answer
#     $hostile->quiet($title)              what the neighbours saw since the
#         last time: every answer was right.  Times are told, not judged
#     $hostile->same($title)               the workers are those of the start

use strict;
use warnings;

use Civic::Host;
use Civic::Plugin;
use File::Temp ();
use IO::Socket::INET ();
use POSIX ();
use Test::More ();
use Time::HiRes ();

my $clients = 3;
my @neighbours = ([ '/quiet/hello/', 'quiet' ], [ '/plain/', 'plain' ]);


sub start {
    my ($class, %option) = @_;

    my $allow = delete $option{allow} // '';
    my $gate = Civic::Plugin->start(workers => 2, %option,
        http => ($option{http} // '') . 'server {
            listen unix:%DIR%/plain.sock; return 200 "plain$uri\n"; }',
        server => ($option{server} // '') . 'location /plain/ {
            proxy_pass http://unix:%DIR%/plain.sock; }',
        departments => <<"END");
civic_department bad {
    path    %DIR%/plugins/bad;
    prefix  /bad;
    $allow
}
civic_department quiet {
    path    %DIR%/plugins/quiet;
    prefix  /quiet;
}
END

    Civic::Host->plugin($gate, 'quiet/hello', <<'END',
local M = {}
function M.hello(r) return 200, "quiet" .. r.path .. "\n" end
return M
END
        routes => { 'GET /{n}' => 'hello' });

    my $self = bless { gate => $gate, owner => $$, n => 0,
                       pids => join(' ', $gate->pids) }, $class;
    $self->_listen for 1 .. $clients;
    Time::HiRes::sleep(1);
    $self->quiet('the neighbours are well before anything happens');
    return $self;
}


sub gate { return $_[0]{gate} }


sub plugin {
    my ($self, $lua, %manifest) = @_;

    return Civic::Host->plugin($self->{gate}, 'bad/plugin', $lua, %manifest);
}


sub cases {
    my ($self, @cases) = @_;

    my %option = ref $cases[0] eq 'HASH' ? %{ shift @cases } : ();
    my $head = delete $option{head} // '';
    my @functions = map { "M[$_] = function(r)\n$cases[$_][1]\nend\n" }
                        0 .. $#cases;
    $self->plugin(<<"END",
$head
local M, N = {}, {}
@functions
for i, f in pairs(M) do
    N["case" .. i] = function(r)
        if r.headers["x-fine"] then return 200, "fine" end
        return f(r)
    end
end
function N.fine() return 200, "fine" end
return N
END
        %option,
        routes => { 'GET /fine' => 'fine', %{ $option{routes} // {} },
                    map { ("GET /case$_" => "case$_") } 0 .. $#cases });

    for my $i (0 .. $#cases) {
        my ($title, undef, @wanted) = @{ $cases[$i] };
        my $until = Time::HiRes::time() + (ref $wanted[0] ? 0 : 0.2);
        my $bad;
        for (my $n = 0; !$bad && $n < 3 || Time::HiRes::time() < $until; $n++)
        {
            my $res = $self->ask("case$i");
            $bad //= $res if !_as($res, @wanted);
            # a success of the route, too, or it would soon rest
            for my $name ('fine', "case$i") {
                my $fine = $self->ask($name, headers => { 'X-Fine' => 1 });
                $bad //= $fine if $fine->{content} ne 'fine';
            }
        }
        Test::More::ok(!$bad, "$title: @wanted")
            or Test::More::diag(Test::More::explain($bad), $self->_said);
    }
    return;
}


# the last words of the log

sub _said {
    my ($self) = @_;

    my @lines = split /^/, $self->{gate}->log;
    return @lines > 12 ? @lines[-12 .. -1] : @lines;
}


sub _as {
    my ($res, $wanted, $code) = @_;

    return $res->{status} == 200 && $res->{content} =~ $wanted
        if ref $wanted;
    return $res->{status} == $wanted
           && (!defined $code
               || (Civic::Host::body($res)->{code} // '') eq $code);
}


sub ask {
    my ($self, $name, %option) = @_;

    return $self->{gate}->request($option{method} // 'GET',
                                  "/bad/plugin/$name", \%option);
}


sub same {
    my ($self, $title) = @_;

    return Test::More::is(join(' ', $self->{gate}->pids), $self->{pids},
                          $title // 'the workers are the same as before');
}


sub quiet {
    my ($self, $title) = @_;

    Time::HiRes::sleep(0.1);
    my (@times, @wrong);
    for my $client (@{ $self->{clients} }) {
        seek $client->{file}, $client->{read} // 0, 0;
        my $file = $client->{file};
        while (defined(my $line = <$file>)) {
            last if $line !~ /\n\z/;
            $client->{read} = tell $file;
            $line =~ /^([\d.]+)$/ ? push @times, $1 : push @wrong, $line;
        }
    }

    @times = sort { $a <=> $b } @times;
    Test::More::ok(!@wrong && @times > 10,
                   $title // 'the neighbours saw nothing')
        or Test::More::diag(scalar @times, " answers\n", @wrong[0 .. 4]);
    Test::More::note(sprintf '%d answers, p50 %.1f ms, p99 %.1f ms, '
        . 'longest %.1f ms', scalar @times,
        map { ($times[$_ * $#times] // 0) * 1000 } 0.5, 0.99, 1);
    return;
}


sub _listen {
    my ($self) = @_;

    my $file = File::Temp->new(TMPDIR => 1);
    my $pid = fork // die "fork: $!\n";
    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP);
        $SIG{PIPE} = 'IGNORE';
        $file->autoflush(1);
        eval { $self->_ask_on($file) };
        print {$file} "client: $@\n";
        POSIX::_exit(1);
    }
    push @{ $self->{clients} }, { pid => $pid, file => $file };
    return;
}


# some requests on each connection, so that both workers are asked

sub _ask_on {
    my ($self, $file) = @_;

    for (my $n = 0; getppid == $self->{owner}; ) {
        my $sock = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
            PeerPort => $self->{gate}->port, Timeout => 10)
            or die "no connection: $!\n";
        for (1 .. 10) {
            my ($path, $says) = @{ $neighbours[++$n % @neighbours] };
            $path .= "n$n";
            my $start = Time::HiRes::time();
            my $got = _exchange($sock, $path);
            if ($got =~ m{^HTTP/1.1 200 .*\r\n\r\n\Q$says$path\E\n\z}s) {
                printf {$file} "%.6f\n", Time::HiRes::time() - $start;
            } else {
                print {$file} "$path: ", $got =~ s/\s+/ /gr, "\n";
                last;
            }
            Time::HiRes::sleep(0.01);
        }
    }
    return;
}


sub _exchange {
    my ($sock, $path) = @_;

    print {$sock} "GET $path HTTP/1.1\r\nHost: a\r\n\r\n";
    $sock->flush;
    my $got = '';
    local $SIG{ALRM} = sub { die "$path: no answer\n" };
    alarm 10;
    until ($got =~ /^Content-Length: (\d+)\r\n.*?\r\n\r\n/ms
           && length($got) >= $+[0] + $1)
    {
        sysread $sock, $got, 65536, length $got or last;
    }
    alarm 0;
    return $got;
}


sub stop {
    my ($self) = @_;

    return if $self->{owner} != $$;
    local ($?, $!);
    for my $client (@{ delete $self->{clients} // [] }) {
        kill 'KILL', $client->{pid};
        waitpid $client->{pid}, 0;
    }
    return;
}


sub DESTROY { $_[0]->stop }


1;
