# Copyright (C) Civic Gate
#
# A manifest is judged alike by the gate's parser and by the published
# schema, which the gate's own validator and one of others read alike.

use strict;
use warnings;

use lib 't/lib';

use Civic::Npm;
use File::Temp qw(tempdir);
use JSON::PP;
use Storable qw(dclone);
use Test::More;

my $dir = tempdir(CLEANUP => 1);
my $json = JSON::PP->new->ascii->canonical->allow_nonref;
my $schema = 'docs/plugins/manifest.schema.json';
my ($yes, $no) = (JSON::PP::true, JSON::PP::false);

my $good = {
    title => { zh => '分时段预约诊疗', en => 'Outpatient booking' },
    version => '1.0.0',
    prefix => ['/health/booking/v1', '/fhir'],
    needs => { store => $yes, http => ['his'], claims => ['sub'],
               calls => ['data/credit:POST /facts'], data => 'P4' },
    config => { minutes => { type => 'integer', minimum => 5,
                             default => 30 } },
    routes => {
        'GET /slots' => {
            auth => ['citizens'], require => ['scope=booking:read,x'],
            query => { type => 'object', properties => {
                date => { type => 'string', format => 'date' },
                id => { type => 'array', items => { type => 'integer' } },
            } },
            run => 'list_slots',
        },
        'POST /appointments' => {
            auth => ['citizens', 'optional'], once => $yes, run => 'book',
            body => { '$ref' => '#/schemas/Appointment' },
            timeout => '5s', max_body => '64k', limit => ['citizen'],
        },
        'GET,HEAD /fhir/Slot/{id:[0-9]+}' => { auth => ['public'],
                                               run => 'fhir' },
        'any /raw/{rest...}' => { auth => ['plugins'], run => 'raw',
                                  body => 'raw' },
    },
    filter => { access => 'check', log => 'note' },
    schedule => [{ run => 'sweep', every => '30s' },
                 { run => 'remind', at => '06:30' }],
    problems => { 'slot-taken' => { status => 409, zh => '该时段已被预约',
                                    en => 'The slot is taken' } },
    schemas => { Appointment => { type => 'object' } },
};

# a path into the manifest, what to put there (undef: nothing), and who
# takes it: 1 both, 0 none, 'schema' what only the parser can see

my $route = 'routes.POST /appointments';
my @cases = (
    ['the manifest of the guide', '', undef, 1],
    ['an editor finds its schema', '$schema', 'manifest.schema.json', 1],
    ['no title', 'title', undef, 0],
    ['a title in one language', 'title.zh', undef, 0],
    ['an empty title', 'title.en', '', 0],
    ['a title of a third language', 'title.fr', 'x', 0],
    ['no version', 'version', undef, 0],
    ['half a version', 'version', '1.0', 0],
    ['a version with a leading zero', 'version', '1.01.0', 0],
    ['a version before a release', 'version', '1.0.0-rc.1+b5', 1],
    ['a version that is a number', 'version', 1, 0],
    ['an unknown field', 'routez', {}, 0],
    ['routes without a prefix', 'prefix', undef, 0],
    ['no prefix in the list', 'prefix', [], 0],
    ['nine prefixes', 'prefix', [map { "/p$_" } 1 .. 9], 0],
    ['a prefix twice', 'prefix', ['/a', '/a'], 0],
    ['a relative prefix', 'prefix', ['a'], 0],
    ['a prefix that ends with a slash', 'prefix', ['/a/'], 0],
    ['a prefix with a parameter', 'prefix', ['/a/{b}'], 0],
    ['a prefix with dots', 'prefix', ['/a/../b'], 0],
    ['a prefix in Chinese', 'prefix', ['/卫生'], 1],
    ['an unknown need', 'needs.disk', $yes, 0],
    ['scripts without the store', 'needs', { scripts => $yes }, 0],
    ['scripts in the store', 'needs.scripts', $yes, 1],
    ['a need that is a string', 'needs.store', 'yes', 0],
    ['a remote with a blank', 'needs.http', ['a b'], 0],
    ['a call without a method', 'needs.calls', ['data/pay:/x'], 0],
    ['a call of two methods', 'needs.calls', ['data/pay:GET,PUT /x'], 0],
    ['data of no class', 'needs.data', 'P5', 0],
    ['a claim with a comma', 'needs.claims', ['a,b'], 0],
    ['a setting of two words', 'config.two-words', { type => 'string' }, 0],
    ['a default that does not fit', 'config.minutes.default', 3, 'schema'],
    ['a keyword that is not supported', 'config.minutes.contentEncoding', 'x',
     0],
    ['a method that does not exist', 'routes.BREW /x', { auth => ['a'],
     run => 'f' }, 0],
    ['a method twice', 'routes.GET,GET /x', { auth => ['a'], run => 'f' },
     'schema'],
    ['a relative path', 'routes.GET x', { auth => ['a'], run => 'f' }, 0],
    ['a path that does not parse', 'routes.GET /{x', { auth => ['a'],
     run => 'f' }, 'schema'],
    ['a constraint that does not compile', 'routes.GET /{x:[z-a]}',
     { auth => ['a'], run => 'f' }, 'schema'],
    ['two routes for the same requests', 'routes.HEAD /fhir/Slot/{n:[0-9]+}',
     { auth => ['a'], run => 'f' }, 'schema'],
    ['a path that never matches', 'routes.GET /a//b', { auth => ['a'],
     run => 'f' }, 'schema'],
    ['no auth', "$route.auth", undef, 0],
    ['auth of nobody', "$route.auth", [], 0],
    ['public beside an issuer', "$route.auth", ['public', 'citizens'], 0],
    ['plugins beside an issuer', "$route.auth", ['citizens', 'plugins'], 0],
    ['optional alone', "$route.auth", ['optional'], 0],
    ['an application and an issuer at once', "$route.auth",
     ['app:key', 'citizens+app:key'], 1],
    ['a word with two colons', "$route.auth", ['a:b:c'], 0],
    ['a word that ends with a plus', "$route.auth", ['citizens+'], 0],
    ['no function', "$route.run", undef, 0],
    ['a function that is a word of Lua', "$route.run", 'end', 0],
    ['a function with a dot', "$route.run", 'a.b', 0],
    ['requirements of all words', 'routes.GET /of/{id}',
     { auth => ['citizens'], run => 'f', require => [
         'scope=a,b', 'role=x,y', 'level>=2', 'level=urn:2', 'app=his-2',
         'for=officer region=query.region', 'param.id=claim.sub',
         'claim.a.b!=c,d for=x,y'] }, 1],
    ['requirements of comparisons', "$route.require",
     ['claim.n>=2', 'claim.n<1.5e3', 'claim.n>-1', 'claim.n<=claim.m',
      'query.a=b', 'header.X-A=b', 'cookie.a=claim.b',
      'region=claim.home.code'], 1],
    ['a requirement of a parameter that is not there', "$route.require",
     ['param.id=claim.sub'], 'schema'],
    ['a requirement of another word', "$route.require", ['body.x=1'], 0],
    ['a requirement of a region as such', "$route.require", ['region=35'],
     0],
    ['two requirements in one', "$route.require", ['scope=a scope=b'], 0],
    ['a requirement of whom only', "$route.require", ['for=a'], 0],
    ['a requirement of no number', "$route.require", ['claim.n>=x'], 0],
    ['a requirement of a number that is none', "$route.require",
     ['claim.n>=1-2'], 'schema'],
    ['a requirement with another sign', "$route.require", ['role!=a'], 0],
    ['a requirement with a source on its right', "$route.require",
     ['claim.a=query.b'], 'schema'],
    ['a requirement of no scope', "$route.require", ['scope='], 0],
    ['a requirement with an empty scope', "$route.require", ['scope=a,,b'],
     0],
    ['a requirement of the public', 'routes.GET,HEAD /fhir/Slot/{id:[0-9]+}'
     . '.require', ['scope=a'], 0],
    ['a body of an unknown word', "$route.body", 'json', 0],
    ['a body of an unknown keyword', "$route.body", { typ => 'object' }, 0],
    ['a body that refers to nothing', "$route.body",
     { '$ref' => '#/schemas/None' }, 'schema'],
    ['a body that refers elsewhere', "$route.body",
     { '$ref' => '#/config/minutes' }, 0],
    ['a body of a pattern that is none', "$route.body",
     { type => 'string', pattern => '[' }, 'schema'],
    ['a query that is no object', "$route.query", { type => 'string' }, 0],
    ['a query with objects', "$route.query", { type => 'object',
     properties => { a => { type => 'object' } } }, 0],
    ['a query without types', "$route.query", { type => 'object',
     properties => { a => {} } }, 0],
    ['a query of nothing', "$route.query", { type => 'object' }, 1],
    ['once on a GET', 'routes.GET /slots.once', $yes, 0],
    ['once that is a word', "$route.once", 'yes', 0],
    ['a time without a unit', "$route.timeout", '5', 0],
    ['a time too long', "$route.timeout", '2h', 'schema'],
    ['a body too large', "$route.max_body", '65m', 'schema'],
    ['a body of a number', "$route.max_body", 1024, 0],
    ['an unknown field of a route', "$route.cache", '1m', 0],
    ['a filter of nothing', 'filter', {}, 0],
    ['a filter of another phase', 'filter.rewrite', 'f', 0],
    ['a schedule that never runs', 'schedule', [{ run => 'f' }], 0],
    ['a schedule both ways', 'schedule', [{ run => 'f', every => '1m',
     at => '06:00' }], 0],
    ['a schedule too often', 'schedule', [{ run => 'f', every => '10ms' }],
     'schema'],
    ['a schedule at no time', 'schedule', [{ run => 'f', at => '24:00' }], 0],
    ['a problem in capitals', 'problems.Slot', { status => 409, zh => 'x',
     en => 'x' }, 0],
    ['a problem that is none', 'problems.slot-taken.status', 200, 0],
    ['a problem in one language', 'problems.slot-taken.zh', undef, 0],
    ['a schema with a bad name', 'schemas.a b', {}, 0],
    ['a schema that is a number', 'schemas.A', 1, 0],
    ['a schema that is true', 'schemas.A', $yes, 1],
    ['a type that is none', 'schemas.A', { type => 'text' }, 0],
    ['a format that is none', 'schemas.A', { format => 'iri' }, 0],
    ['a negative length', 'schemas.A', { minLength => -1 }, 0],
    ['a multiple of nothing', 'schemas.A', { multipleOf => 0 }, 0],
    ['a plugin that only filters', '', { title => { zh => 'x', en => 'x' },
     version => '0.1.0', filter => { response => 'mask' } }, 1],
);


sub changed {
    my ($path, $value) = @_;

    return $value // $good if $path eq '';

    # names of routes have dots: only those before the last brace are steps
    my @steps = split /\.(?![^{]*\})/, $path;
    my $last = pop @steps;
    my $copy = dclone($good);
    my $at = $copy;
    $at = $at->{$_} for @steps;
    defined $value ? ($at->{$last} = $value) : delete $at->{$last};
    return $copy;
}


sub parser {
    my ($text) = @_;

    open my $out, '>', "$dir/manifest.json" or die "$dir: $!\n";
    print $out $text;
    close $out or die "$dir: $!\n";

    my $said = qx(build/plugin-manifest $dir/manifest.json);
    return ($? ? 0 : 1, $said);
}


sub write_lines {
    open my $out, '>', "$dir/lines" or die "$dir: $!\n";
    print $out map { "$_\n" } @_;
    close $out or die "$dir: $!\n";
}


my @texts = map { $json->encode(changed(@$_[1, 2])) } @cases;
write_lines(@texts);

my @own = split /\n/, qx(build/schema-check $schema < $dir/lines);
my $npm = Civic::Npm::folder();
my @ajv = !$npm ? () : split /\n/,
          Civic::Npm::run(<<'END', $schema, "$dir/lines");
import Ajv from "ajv/dist/2020.js";
import fs from "fs";
const [schema, lines] = process.argv.slice(2).map(f => fs.readFileSync(f));
const check = new Ajv.default({ strict: false }).compile(JSON.parse(schema));
for (const line of lines.toString().trim().split("\n")) {
    console.log(check(JSON.parse(line)) ? "ok" : "wrong");
}
END

for my $i (0 .. $#cases) {
    my ($title, undef, undef, $wanted) = @{$cases[$i]};
    my ($took, $said) = parser($texts[$i]);

    is $took, $wanted eq '1' ? 1 : 0, "the parser judges $title"
        or diag $said;
    is +($own[$i] // '') eq 'ok' ? 1 : 0, $wanted ? 1 : 0,
       "so does the schema: $title" or diag $own[$i];
    SKIP: {
        skip $Civic::Npm::missing, 1 if !$npm;
        is +($ajv[$i] // '') eq 'ok' ? 1 : 0, $wanted ? 1 : 0,
           "and another validator with it: $title" or diag $ajv[$i];
    }
}

my ($took, $said) = parser('{"title": 1, "version": 2, "prefixes": 3}');
is scalar(split /\n/, $said), 3, 'everything that is wrong is said at once'
    or diag $said;

done_testing;
