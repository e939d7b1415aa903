package Civic::Cli;

# Copyright (C) Civic Gate
#
# The civic command in a CIVIC_HOME and on a port of its own; what it
# started is stopped when the test ends.
#
#     my $cli = Civic::Cli->new;       idp_port => that of up --idp
#     my ($status, $output) = $cli->run('token', '--sub', 'x');
#     my $job = $cli->begin('up');     the same in two steps, $job->{pid}
#     my ($status, $output) = $cli->end($job);           between them
#     $cli->token('imaging:read')    a token
#     $cli->left                     processes in its folder
#     $cli->await('run/ready')       until a file is there
#     $cli->home, $cli->port, $cli->gate (a client: see Civic::Gate)

use strict;
use warnings;

use Cwd ();
use File::Basename ();
use File::Temp ();
use POSIX ();
use Time::HiRes ();
use Civic::Gate;

my $patience = 300;                     # seconds; `up` may have to build
my @all;
my $root = Cwd::abs_path(File::Basename::dirname(__FILE__) . '/../../..');


sub new {
    my ($class, %option) = @_;

    my $self = bless {
        home => File::Temp->newdir('civic-cli-XXXXXX', TMPDIR => 1),
        port => Civic::Gate->free_port, owner => $$, %option }, $class;
    push @all, $self;
    return $self;
}


sub home { return $_[0]{home} . '' }
sub port { return $_[0]{port} }
sub gate { return Civic::Gate->at($_[0]{port}) }


# the output goes through a file: what runs on in the background would hold
# a pipe open

sub run {
    my ($self, @words) = @_;

    return $self->end($self->begin(@words));
}


sub begin {
    my ($self, @words) = @_;

    my $out = File::Temp->new(TMPDIR => 1);
    my $pid = fork // die "cli: fork: $!\n";
    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        $ENV{CIVIC_HOME} = $self->home;
        $ENV{CIVIC_PORT} = $self->port;
        $ENV{CIVIC_IDP_PORT} = $self->{idp_port} // 8081;
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', $out->filename;
        open STDERR, '>&', \*STDOUT;
        exec "$root/civic", @words or POSIX::_exit(127);
    }

    return { pid => $pid, out => $out, words => "@words" };
}


sub end {
    my ($self, $job) = @_;

    local $SIG{ALRM} = sub {
        kill 'KILL', $job->{pid};
        die "cli: civic $job->{words}: no end after $patience seconds\n";
    };
    alarm $patience;
    waitpid $job->{pid}, 0;
    my $status = $? >> 8;
    alarm 0;

    open my $in, '<', $job->{out}->filename or die "cli: $!\n";
    local $/;
    return $status, <$in> // '';
}


# the processes that live in our folder

sub left {
    my ($self) = @_;

    my $home = Cwd::abs_path($self->home);
    return grep { index(readlink "/proc/$_/cwd" // '', $home) == 0 }
           map { m{(\d+)$} } glob '/proc/[0-9]*';
}


# true once a file is there, relative to our folder, or gone

sub await {
    my ($self, $file, $gone) = @_;

    for (1 .. 600) {
        return 1 if !$gone == !!-e $self->home . "/$file";
        Time::HiRes::sleep(0.05);
    }
    return 0;
}


sub token {
    my ($self, $scope) = @_;

    my ($status, $token) = $self->run('token', '--sub', 'zhang',
                                      '--scope', $scope);
    die "cli: $token" if $status != 0;
    chomp $token;
    return $token;
}


sub stop {
    my ($self) = @_;

    return if $self->{owner} != $$ || !-e $self->home . '/run/up.pid';
    local ($?, $!);
    $self->run('down');
    return;
}


END { $_->stop for @all }


1;
