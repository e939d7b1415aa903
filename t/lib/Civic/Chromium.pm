package Civic::Chromium;

# Copyright (C) Civic Gate
#
# A headless Chromium for one test, by WebDriver.  Owns chromedriver, the
# browser and its folder.
#
#     Civic::Chromium->missing     why there is none here, or undef
#     my $web = Civic::Chromium->start;
#     $web->go($address)           and waits until the page is there
#     $web->at                     the address it is at
#     $web->text                   what the page says
#     $web->type($selector, $text), $web->click($selector)
#     $web->run($script, @arguments)   JavaScript; what it returns
#     $web->wait(sub { ... })      false: not within a minute
#     $web->cookies                [{ name, value, httpOnly, ... }]
#     $web->stop

use strict;
use warnings;

use File::Temp ();
use HTTP::Tiny ();
use JSON::PP ();
use POSIX ();
use Scalar::Util ();
use Time::HiRes ();
use Civic::Gate;

my $json = JSON::PP->new->utf8->allow_nonref;
my $element = 'element-6066-11e4-a52e-4f735466cecf';   # W3C WebDriver
my @quiet = qw(--headless --no-sandbox --disable-gpu --disable-quic
               --no-first-run --disable-background-networking
               --disable-component-update --disable-sync
               --disable-dev-shm-usage);
my %running;


sub missing {
    return if -x '/usr/bin/chromedriver' && -x '/usr/bin/chromium';
    return 'there is no /usr/bin/chromedriver: ./civic test installs it';
}


sub start {
    my ($class) = @_;

    my $dir = File::Temp->newdir('civic-chromium-XXXXXX', TMPDIR => 1);
    my $port = Civic::Gate->free_port;
    my $self = bless { dir => $dir, owner => $$, port => $port,
                       http => HTTP::Tiny->new(timeout => 120) }, $class;

    my $pid = fork // die "chromium: fork: $!\n";
    if ($pid == 0) {
        POSIX::setpgid(0, 0);
        open STDIN, '<', '/dev/null';
        open STDOUT, '>>', "$dir/driver.log";
        open STDERR, '>&', \*STDOUT;
        $SIG{$_} = 'DEFAULT' for qw(INT TERM HUP PIPE);
        $ENV{HOME} = "$dir";
        exec '/usr/bin/chromedriver', "--port=$port" or POSIX::_exit(127);
    }

    $self->{pid} = $pid;
    Scalar::Util::weaken($running{$pid} = $self);
    $self->wait(sub { eval { $self->_ask('GET', '/status')->{ready} } })
        or die "chromium: chromedriver did not start\n";

    $self->{session} = $self->_ask('POST', '/session', {
        capabilities => { alwaysMatch => { 'goog:chromeOptions' => {
            binary => '/usr/bin/chromium',
            args => [@quiet, "--user-data-dir=$dir/profile"],
        } } } })->{sessionId};
    return $self;
}


sub go {
    my ($self, $address) = @_;

    $self->_do('POST', '/url', { url => $address });
    return;
}


sub at   { return $_[0]->_do('GET', '/url') }
sub text { return $_[0]->run('return document.body.innerText') }


sub cookies { return $_[0]->_do('GET', '/cookie') }


sub type {
    my ($self, $selector, $text) = @_;

    $self->_do('POST', '/element/' . $self->_find($selector) . '/value',
               { text => $text });
    return;
}


sub click {
    my ($self, $selector) = @_;

    $self->_do('POST', '/element/' . $self->_find($selector) . '/click', {});
    return;
}


sub run {
    my ($self, $script, @arguments) = @_;

    return $self->_do('POST', '/execute/sync',
                      { script => $script, args => \@arguments });
}


sub wait {
    my ($self, $condition) = @_;

    for (1 .. 600) {
        my $result = $condition->();
        return $result if $result;
        Time::HiRes::sleep(0.1);
    }
    return;
}


sub stop {
    my ($self) = @_;

    return if !$self->{pid} || $self->{owner} != $$;
    local ($?, $!, $@);
    eval { $self->_ask('DELETE', "/session/$self->{session}") }
        if $self->{session};
    kill 'KILL', -$self->{pid};
    waitpid $self->{pid}, 0;
    delete $running{ $self->{pid} };
    $self->{pid} = 0;
    return;
}


sub DESTROY { $_[0]->stop }

END { $_->stop for grep { defined } values %running }


sub _find {
    my ($self, $selector) = @_;

    return $self->_do('POST', '/element',
                      { using => 'css selector', value => $selector })
           ->{$element};
}


sub _do {
    my ($self, $method, $path, $body) = @_;

    return $self->_ask($method, "/session/$self->{session}$path", $body);
}


sub _ask {
    my ($self, $method, $path, $body) = @_;

    my $res = $self->{http}->request(
        $method, "http://127.0.0.1:$self->{port}$path",
        $body ? { content => $json->encode($body) } : {});
    my $said = eval { $json->decode($res->{content})->{value} };
    die "chromium: $path: " . ($said->{message} // $res->{content}) . "\n"
        if !$res->{success};
    return $said;
}


1;
