# Copyright (C) Civic Gate
#
# What happens at most once: leases, fences, and the answer for later.

use strict;
use warnings;

use FindBin;
use Test::More;

use lib "$FindBin::Bin/lib";
use Civic::Blocks;

my $server = Civic::Blocks->start;
my $redis = $server->client;


sub begin { return $redis->run('once_begin', [shift], @_) }
sub done  { return $redis->run('once_end', [shift], @_) }
sub freed { return $redis->run('once_free', [shift], @_) }

sub flat { return join ' ', map { $_ // 'nil' } @{ $_[0] } }


my ($word, $fence) = @{ begin('a', 'd', 1000, 5000) };
is $word, 'begin', 'the first to come begins';
like $fence, qr/^\d{16}$/, 'its fence is a string of digits';
is flat(begin('a', 'd', 1000, 5001)), 'busy 999',
   'the second is told for how long the first may take';
is flat(begin('a', 'e', 1000, 5001)), 'mismatch',
   'the same key for something else is a mismatch';
is flat(begin('a', 'd', 1000, 5999)), 'busy 1',
   'a lease holds to its last millisecond';

my ($again, $later) = @{ begin('a', 'd', 1000, 6000) };
is $again, 'begin', 'a lapsed lease goes to the next';
cmp_ok $later, '>', $fence, 'with a higher fence';
is flat(done('a', $fence, 'late', 60000)), 'lost',
   'whoever overstayed cannot end it';
is flat(freed('a', $fence)), 'lost', 'nor free it';

is flat(done('a', $later, "answer\r\n\0", 60000)), 'done', 'it is ended';
is_deeply begin('a', 'd', 1000, 6500), ['done', "answer\r\n\0"],
          'who asks again gets the answer, byte for byte';
is flat(begin('a', 'e', 1000, 6500)), 'mismatch',
   'a mismatch stays one afterwards';
is flat(done('a', $later, 'other', 60000)), 'done', 'ended twice';
is_deeply begin('a', 'd', 1000, 6500), ['done', "answer\r\n\0"],
          'the first answer stays';
is_deeply done('a', $fence, 'late', 60000), ['lost', "answer\r\n\0"],
          'whoever overstayed is told the answer';
is flat(freed('a', $later)), 'lost', 'what is done cannot be freed';
cmp_ok $redis->command('PTTL', 'a'), '>', 50000, 'it is kept as told';

($word, $fence) = @{ begin('b', 'd', 1000, 5000) };
is flat(freed('b', $fence)), 'freed', 'what came to nothing is freed';
is flat(freed('b', $fence)), 'freed', 'twice';
($word, $later) = @{ begin('b', 'e', 1000, 5000) };
is $word, 'begin', 'and anybody may begin, with anything';
cmp_ok $later, '>', $fence, 'fences grow although the record was gone';
is flat(done('b', $later, '', 60000)), 'done', 'an empty answer';
is_deeply begin('b', 'e', 1000, 5000), ['done', ''], 'is one too';

is flat(done('nothing', 1, 'x', 1000)), 'lost',
   'what was never begun cannot be ended';

for ([once_begin => 'd', 0, 1], [once_begin => 'd', 1.5, 1],
     [once_begin => 'd', 1000], [once_begin => 'd', 'x', 'y'],
     [once_begin => 'd', 1e300, 1], [once_end => 1, 'a', 0],
     [once_end => 1, 'a', 'nan'], [once_free => 1, 2])
{
    my ($name, @args) = @$_;
    ok !eval { $redis->run($name, ['c'], @args); 1 },
       "$name refuses @args";
    is $redis->command('EXISTS', 'c'), 0, 'and changes nothing';
}

my %count;
$count{$_}++ for $server->parallel(100, sub {
    my ($client, $i) = @_;
    return $client->run('once_begin', ['many'], 'd', 60000, 5000)->[0];
});
is_deeply \%count, { begin => 1, busy => 99 },
          'of a hundred at once one begins';

# a random walk: exactly one fence is good at a time, and fences grow

my ($now, $last, $holder, $until, $answer) = (1e6, 0, undef, 0, undef);
my @stale;
my $wrong = 0;
srand 7;

for my $step (1 .. 3000) {
    my $what = rand;
    $now += int rand 400;

    if ($what < 0.6) {
        my $is = begin('walk', 'd', 1000, $now);
        my $should = defined $answer ? 'done'
                     : defined $holder && $until > $now ? 'busy' : 'begin';
        $wrong++ if $is->[0] ne $should;
        if ($is->[0] eq 'begin') {
            $wrong++ if $is->[1] <= $last;
            push @stale, $holder if defined $holder;
            ($last, $holder, $until) = ($is->[1], $is->[1], $now + 1000);
        }

    } elsif ($what < 0.7 && @stale) {
        my $old = $stale[rand @stale];
        $wrong++ if done('walk', $old, 'x', 60000)->[0] ne 'lost'
                    && defined $holder;

    } elsif ($what < 0.9 && defined $holder && !defined $answer) {
        $wrong++ if freed('walk', $holder)->[0] ne 'freed';
        push @stale, $holder;
        undef $holder;

    } elsif (defined $holder && !defined $answer) {
        $wrong++ if done('walk', $holder, $step, 60000)->[0] ne 'done';
        $answer = $step;

    } elsif (defined $answer) {
        $redis->command('DEL', 'walk');
        push @stale, $holder;
        undef $holder;
        undef $answer;
    }
}
is $wrong, 0, 'three thousand random steps agree with the model';

done_testing;
