# Copyright (C) Civic Gate
#
# Things of which there are only so many: never one too many, whoever comes
# at once, and nothing held for longer than was said.

use strict;
use warnings;

use FindBin;
use Test::More;

use lib "$FindBin::Bin/lib";
use Civic::Blocks;

my $server = Civic::Blocks->start;
my $redis = $server->client;


sub keys_of { return [map { "$_[0]:$_" } qw(pool places numbers)] }

sub script {
    my ($name, $pool, @args) = @_;

    return $redis->run("capacity_$name", keys_of($pool), @args);
}

sub opened {
    my ($capacity, $closed, $expires, @pools) = @_;

    return $redis->run('capacity_open', [map { "$_:pool" } @pools],
                       $capacity, $closed, $expires);
}

sub counted {
    my ($now, @pools) = @_;

    return $redis->run('capacity_count',
                       [map { ("$_:pool", "$_:places") } @pools], $now);
}

sub flat { return join ' ', map { $_ // 'nil' } @{ $_[0] } }


is flat(script(hold => 'p', 'a', 1000, 50, '')), 'unknown',
   'nothing is to be had where nothing was opened';
is opened(2, 0, 0, 'p', 'q'), 0, 'two pools are opened at once';
is flat(script(hold => 'p', 'a', 1000, 50, 'n1')), 'held 1 1050',
   'a place is held';
is flat(script(hold => 'p', 'a', 1010, 50, 'n2')), 'already 1 1050',
   'its holder holds no second, and no longer';
is flat(script(hold => 'p', 'b', 1010, 0, 'n3')), 'held 2 0',
   'a hold of nothing is confirmed at once';
is flat(script(hold => 'p', 'c', 1049, 50, '')), 'taken', 'then it is full';
is flat(counted(1049, 'p', 'q', 'none')), '2 1 1 0 2 0 0 0 -1 0 0 0',
   'many pools are counted at once';

is flat(script(hold => 'p', 'c', 1050, 50, 'n4')), 'held 3 1100',
   'what has lapsed is there for the next';
is flat(script(confirm => 'p', 'a', 1, 1050, '')), 'lapsed',
   'and cannot be confirmed';
is flat(script(confirm => 'p', 'c', 1, 1050, '')), 'lapsed',
   'nor with the number of another';
is flat(script(confirm => 'p', 'c', 3, 1099, 'n5')), 'confirmed',
   'a hold is confirmed to its last millisecond';
is flat(script(confirm => 'p', 'c', 3, 9999, 'n6')), 'confirmed',
   'twice is once';
is flat(script(find => 'p', 3, '', 9999)), 'confirmed 3 c n5 0',
   'with the note of the first';
is flat(script(find => 'p', 0, 'c', 9999)), 'confirmed 3 c n5 0',
   'it is found by its holder';
is flat(script(find => 'p', 1, '', 9999)), 'gone 1 a n1 0',
   'a number that lapsed is remembered';
is flat(script(find => 'p', 3, 'b', 9999)), 'unknown',
   'a number of another is not found';

is flat(script(release => 'p', 'c', 2, 9999, '')), 'gone',
   'nothing is given back with another number';
is flat(script(release => 'p', 'c', 3, 9999, 'n7')), 'released',
   'a place is given back';
is flat(script(release => 'p', 'c', 3, 9999, 'n8')), 'gone', 'once';
is flat(script(find => 'p', 3, '', 9999)), 'gone 3 c n7 0',
   'and it is noted why';
is flat(script(hold => 'p', 'c', 9999, 10, 'n9')), 'held 4 10009',
   'a number is never given twice';

is flat($redis->run('capacity_note', ['p:pool'], 4, 'n9', 'x')), 'noted',
   'a note is changed';
is flat($redis->run('capacity_note', ['p:pool'], 4, 'n9', 'y')), 'other x',
   'unless it changed meanwhile';
is flat($redis->run('capacity_note', ['p:pool'], 9, '', 'y')), 'unknown',
   'and if it is there';

is opened(-1, 1, 0, 'p', 'none'), 1, 'a pool is closed';
is flat(script(hold => 'p', 'd', 10000, 10, '')), 'closed',
   'then it gives nothing more';
is flat(counted(10009, 'p', 'none')), '2 1 0 1 -1 0 0 0',
   'who holds a place keeps it; and no pool comes of closing';
is flat(script(list => 'p', 0, 9, 10000)), '0 2 b n3 0 4 c x 10009',
   'who is there is listed by number';
is flat(script(list => 'p', 0, 1, 10000)), '2 2 b n3 0', 'page by page';

for ([open => -2, 0, 0], [open => 10001, 0, 0], [open => 1, 2, 0],
     [hold => '', 1, 1, ''], [hold => 'a', 1, -1, ''],
     [hold => 'a', 1.5, 1, ''], [hold => 'a', 'x', 1, ''],
     [hold => 'a', 1, 1e300, ''], [hold => 'a', 1, 1, 'n' x 1025],
     [hold => 'a' x 129, 1, 1, ''], [confirm => 'a', 'x', 1, ''],
     [release => 'a', 1, 'x', ''], [list => 0, 201, 1], [find => 1, ''])
{
    my ($name, @args) = @$_;
    ok !eval { script($name => 'q', @args); 1 },
       "$name refuses " . substr "@args", 0, 20;
}

# many at once

for my $capacity (1, 30) {
    my $pool = "rush$capacity";
    my (%count, %number);

    opened($capacity, 0, 0, $pool);
    for ($server->parallel(200, sub {
        my ($client, $i) = @_;
        return flat($client->run('capacity_hold', keys_of($pool), "h$i",
                                 1000, $i % 2 ? 60000 : 0, ''));
    }))
    {
        my ($word, $number) = split;
        $count{$word}++;
        $number{$number}++ if $number;
    }
    is_deeply \%count, { held => $capacity, taken => 200 - $capacity },
              "of 200 at once, exactly $capacity get one";
    is scalar keys %number, $capacity, 'each with its own number';
    is $redis->command('ZCARD', "$pool:places"), $capacity,
       'and so it stands in Redis';
}

# a model of it, step by step

my ($now, %live, $last) = (1000, ());
my ($capacity, $closed, $wrong) = (3, 0, 0);
srand 11;
opened($capacity, $closed, 0, 'walk');
$last = 0;

for my $step (1 .. 6000) {
    my $who = 'h' . int rand 8;
    my $what = rand;
    my ($is, $should);

    $now += int rand 30;
    delete @live{ grep { $live{$_}[1] && $live{$_}[1] <= $now } keys %live };
    my $mine = $live{$who};

    if ($what < 0.5) {
        my $hold = rand() < 0.2 ? 0 : 1 + int rand 100;
        $is = script(hold => 'walk', $who, $now, $hold, "n$step");
        my $lapses = $hold ? $now + $hold : 0;
        $should = $mine ? "already $mine->[0] $mine->[1]"
                  : $closed ? 'closed'
                  : keys %live >= $capacity ? 'taken'
                  : 'held ' . ++$last . " $lapses";
        $live{$who} = [$last, $lapses] if $should =~ /^held/;

    } elsif ($what < 0.65) {
        my $number = $mine && rand() < 0.8 ? $mine->[0] : int rand $last + 1;
        $is = script(confirm => 'walk', $who, $number, $now, 'c');
        $should = $mine && $mine->[0] == $number ? 'confirmed' : 'lapsed';
        $mine->[1] = 0 if $should eq 'confirmed';

    } elsif ($what < 0.85) {
        my $number = $mine && rand() < 0.8 ? $mine->[0] : int rand $last + 1;
        $is = script(release => 'walk', $who, $number, $now, 'r');
        $should = $mine && $mine->[0] == $number ? 'released' : 'gone';
        delete $live{$who} if $should eq 'released';

    } elsif ($what < 0.9) {
        ($capacity, $closed) = (int rand 6, rand() < 0.2 ? 1 : 0);
        $is = [opened($capacity, $closed, 0, 'walk')];
        $should = 1;

    } else {
        my $firm = grep { !$_->[1] } values %live;
        $is = counted($now, 'walk');
        $should = "$capacity $firm " . (keys(%live) - $firm) . " $closed";
    }

    if (flat($is) ne $should) {
        $wrong++ || diag "step $step: " . flat($is) . " for $should";
        last;
    }
}
is $wrong, 0, 'six thousand random steps agree with the model';
cmp_ok $last, '>', 300, 'and much happened in them';

# bounded, whatever has gathered

opened(10000, 0, 0, 'full');
$redis->command('ZADD', 'full:places', map { ($_, "old$_") } 1 .. 5000);
script(hold => 'full', 'a', 10000, 50, '');
is $redis->command('ZCARD', 'full:places'), 4901,
   'a hundred lapsed holds are swept at a time';
is flat(counted(10000, 'full')), '10000 0 1 0', 'but none of them counts';

opened(1, 0, 32503680000000, 'kept');
script(hold => 'kept', 'a', 1000, 50, '');
cmp_ok $redis->command('PTTL', "kept:$_"), '>', 0,
       "an expiry that was told goes for $_" for qw(pool places numbers);

done_testing;
