# Copyright (C) Civic Gate
#
# No two overlapping stretches of time of one thing.

use strict;
use warnings;

use FindBin;
use Test::More;

use lib "$FindBin::Bin/lib";
use Civic::Blocks;

my $server = Civic::Blocks->start;
my $redis = $server->client;


sub script {
    my ($name, @args) = @_;

    return $redis->run("intervals_$name", ['book'], @args);
}

sub hold {
    my ($id, $from, $to, $group, $now, $lapses, $instead) = @_;

    return script(hold => $id, $from, $to, $group, $now, $lapses, 1000,
                  $instead // '');
}

sub flat { return join ' ', map { $_ // 'nil' } @{ $_[0] } }


is flat(hold('a', 100, 200, 'g', 50, 80)), 'held', 'a free stretch is held';
is flat(hold('b', 199, 300, '', 50, 0)), 'conflict a held ',
   'another may not overlap it';
is flat(hold('b', 200, 300, '', 50, 0)), 'held',
   'it may begin where the other ends';
is flat(hold('c', 900, 950, 'g', 50, 0)), 'conflict a held ',
   'nor may another of its group be, wherever';
is flat(hold('a', 500, 600, 'h', 50, 0)), 'conflict a held ',
   'nor one of its own name';
is flat(hold('c', 150, 160, '', 80, 0)), 'conflict a lapsed ',
   'what has lapsed is in the way, and said to be doubtful';
is flat(hold('c', 150, 250, '', 80, 0)), 'conflict b firm ',
   'the surest of several is named';
is flat(script(settle => 'a', 0, '7 x')), 'settled', 'it is made firm';
is flat(hold('c', 150, 160, '', 99, 0)), 'conflict a firm 7 x',
   'with the data that came along';
is flat(hold('c', 150, 160, '', 99, 0, 'a')), 'held',
   'one that is being given up for it does not count';
is flat(script(release => 'a', '6')), 'gone',
   'nothing is released that has other data';
is flat(script(release => 'a', '7 x')), 'released', 'it is released';
is flat(script(settle => 'a', 0, '')), 'gone',
   'what was released cannot be settled';
is flat(script(list => 99)), 'c 150 160 firm  0 b 200 300 firm  0',
   'all are listed, the earliest first';
is flat(hold('d', 5000, 5001, '', 1400, 0)), 'held', 'much later';
is flat(script(list => 1400)), 'd 5000 5001 firm  0',
   'those long over are gone';

for (['', 1, 2, '', 1, 0, 0, ''], ['x', 2, 2, '', 1, 0, 0, ''],
     ['x', 1, 2, 'a b', 1, 0, 0, ''], ['x', 'y', 2, '', 1, 0, 0, ''],
     ['x', 1, 1e300, '', 1, 0, 0, ''], ['x', 1, 2])
{
    ok !eval { script(hold => @$_); 1 }, "hold refuses @$_";
}

$redis->command('DEL', 'book');
hold("i$_", 10 * $_, 10 * $_ + 5, '', 0, 0) for 1 .. 256;
is flat(hold('more', 9000, 9001, '', 0, 0)), 'full', '256 are enough';

my %count;
$redis->command('DEL', 'book');
$count{$_}++ for $server->parallel(60, sub {
    my ($client, $i) = @_;
    return $client->run('intervals_hold', ['book'], "i$i", 100 + $i,
                        200 + $i, '', 50, 0, 0, '')->[0];
});
is_deeply \%count, { held => 1, conflict => 59 },
          'of sixty that overlap, at once, one is held';

my (%live, $wrong);
srand 5;
$redis->command('DEL', 'book');
for my $step (1 .. 3000) {
    my $id = 'i' . int rand 20;
    if (rand() < 0.6) {
        my $from = int rand 1000;
        my ($to, $group) = ($from + 1 + int rand 80, 'g' . int rand 10);
        my @other = grep { $_ eq $id || $live{$_}[2] eq $group
                           || ($live{$_}[0] < $to && $from < $live{$_}[1]) }
                    keys %live;
        my $is = hold($id, $from, $to, $group, 0, 0)->[0];
        $wrong++ if $is ne (@other ? 'conflict' : 'held');
        $live{$id} = [$from, $to, $group] if !@other;

    } else {
        my $is = script(release => $id, '')->[0];
        $wrong++ if $is ne ($live{$id} ? 'released' : 'gone');
        delete $live{$id};
    }
}
ok !$wrong, 'three thousand random steps agree with the model';

done_testing;
