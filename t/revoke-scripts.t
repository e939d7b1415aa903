# Copyright (C) Civic Gate
#
# The scripts of revocations against a Redis of their own, without a gate.

use strict;
use warnings;

use lib 't/lib';

use Test::More;

use Civic::Redis;

my $redis = Civic::Redis->start;
my @keys = map { "civic:{revocations}:$_" } qw(entries changes lapses state);
my $now = time;
my %text;
for my $name (qw(add lift read)) {
    open my $in, '<', "lua/redis/revocations_$name.lua" or die "$name: $!\n";
    local $/;
    $text{$name} = <$in>;
}

sub run {
    my ($name, @args) = @_;

    my @own = $name eq 'read' ? @keys[0, 1, 3] : @keys;
    return $redis->command('EVAL', $text{$name}, scalar @own, @own, @args);
}

sub add { return run('add', $_[0], $_[1] // 0, $_[2] // 0, $_[3] // '', 9) }


my $added = add('app:a', 0, 0, "reason\n2");
is_deeply [@$added[0 .. 2]], ['done', 0, 0], 'something is revoked';
my $read = run('read', 0, 10);
is_deeply [@$read[0 .. 2]], [$added->[3], 'app:a', $added->[3]],
    'and read, by its version';
like $read->[3], qr/\A0 0 \d+\nreason\n2\z/, 'with its reason as it was';
is_deeply run('read', $added->[3], 10), [$added->[3]],
    'whoever knows that version reads nothing';
cmp_ok $added->[3], '>', $now * 1_000_000 - 1, 'versions are times';


# the wider of both

my @cases = (
    [[100, 0], [200, 0], [200, 0]], [[200, 0], [100, 0], [200, 0]],
    [[0, 0], [100, 0], [0, 0]], [[100, 0], [0, 0], [0, 0]],
    [[0, $now + 50], [0, $now + 90], [0, $now + 90]],
    [[0, $now + 90], [0, $now + 50], [0, $now + 90]],
    [[0, $now + 90], [0, 0], [0, 0]], [[0, 0], [0, $now + 90], [0, 0]],
    [[100, $now + 90], [200, $now + 50], [200, $now + 90]],
);
for (@cases) {
    my ($first, $second, $both) = @$_;
    run('lift', 'client:x:y', 60);
    $redis->command('DEL', @keys[0 .. 2]);
    add('client:x:y', @$first);
    my $res = add('client:x:y', @$second);
    is_deeply [@$res[1, 2]], $both, "@$first and @$second: @$both";
}


# lifting, and what lapses

is run('lift', 'app:never', 60)->[0], 'none', 'what is not there stays away';
add('app:b');
my $lifted = run('lift', 'app:b', 60);
is $lifted->[0], 'done', 'what is there is lifted';
is run('read', $lifted->[1] - 1, 10)->[3], 'lifted', 'and said to be';
is run('lift', 'app:b', 60)->[0], 'none', 'once';
cmp_ok $redis->command('ZSCORE', $keys[2], 'app:b'), '>', $now + 30,
    'the word stays for a while';
is add('app:b', 0, $now + 99)->[2], $now + 99, 'it may be revoked again';

$redis->command('DEL', @keys);
add("token:x:$_", 0, $now - 1) for 1 .. 5;
is $redis->command('HLEN', $keys[0]), 1, 'what has expired goes';
is $redis->command($_->[0], $_->[1]), 1, "of $_->[1] too"
    for ['ZCARD', $keys[1]], ['ZCARD', $keys[2]];
is run('lift', 'token:x:5', 60)->[0], 'none', 'it cannot be lifted';


# no room, and versions that only grow

$redis->command('DEL', @keys);
add("app:$_") for 1 .. 9;
is_deeply add('app:10'), ['full'], 'there is an end of room';
is add('app:9')->[0], 'done', 'but what is there may be said again';
run('lift', 'app:9', 60);
is_deeply add('app:10'), ['full'], 'a word that is kept takes room';

$redis->command('SET', $keys[3], ($now + 1000) * 1_000_000);
my @versions = map { add("app:$_")->[3] } 1 .. 3;
is_deeply \@versions, [map { ($now + 1000) * 1_000_000 + $_ } 1 .. 3],
    'versions grow even where the clock is behind';

my @page = @{ run('read', 0, 4) };
is scalar @page, 1 + 3 * 4, 'a page has as many as were asked for';
my @rest = @{ run('read', $page[-2], 100) };
is scalar @rest, 1 + 3 * 5, 'and the next one has the rest';


# what makes no sense

for (['add', 'a', 0, 0, ''], ['add', '', 0, 0, '', 9],
     ['add', 'a', -1, 0, '', 9], ['add', 'a', 'x', 0, '', 9],
     ['add', 'a', 0, 1.5, '', 9], ['add', 'a', 0, '1e300', '', 9],
     ['add', 'a', 0, 'nan', '', 9], ['add', 'a', 'inf', 0, '', 9],
     ['lift', 'a'], ['lift', '', 60], ['lift', 'a', 0], ['lift', 'a', 'x'],
     ['read', 0], ['read', 'x', 10], ['read', -1, 10], ['read', 0, 0],
     ['read', 0, 1001])
{
    ok !eval { run(@$_); 1 } && $@ =~ /ERR revocations_$_->[0]: /,
        "refused: @$_" or diag $@;
}

$redis->stop;
done_testing;
