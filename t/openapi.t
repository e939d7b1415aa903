# Copyright (C) Civic Gate
#
# What plugins answer, as OpenAPI 3.1, before a validator of others.

use strict;
use utf8;
use warnings;

use lib 't/lib';

use Civic::Npm;
use File::Temp qw(tempdir);
use JSON::PP;
use Test::More;

binmode Test::More->builder->$_, ":utf8"
    for qw(output failure_output todo_output);

my $dir = tempdir(CLEANUP => 1);

my $manifest = <<'END';
{
    "title": { "zh": "预约", "en": "Booking" },
    "version": "1.0.0",
    "prefix": ["/health/booking/v1", "/fhir"],
    "routes": {
        "GET /slots": {
            "title": { "zh": "号源", "en": "Open slots" },
            "auth": ["citizens", "staff"],
            "require": ["scope=booking:read,booking:all", "scope=x",
                        "for=officer scope=y", "level>=2"],
            "query": {
                "type": "object",
                "required": ["date"],
                "properties": {
                    "date": { "type": "string", "format": "date" },
                    "id": { "type": "array", "items": { "type": "integer" } }
                }
            },
            "run": "slots"
        },
        "POST /appointments": {
            "auth": ["citizens", "optional"], "once": true, "run": "book",
            "body": { "anyOf": [{ "$ref": "#/schemas/Appointment" }] }
        },
        "GET /fhir/Slot/{id:[0-9]+}": { "auth": ["public"], "run": "slot" },
        "GET /fhir/Slot/{id}": { "auth": ["public"], "run": "any_slot" },
        "PUT,PROPPATCH /files/{base}...{head}/{rest...}": {
            "auth": ["citizens"], "body": "raw", "run": "file"
        },
        "any /all": { "auth": ["citizens", "staff+app:key"], "run": "all" },
        "POST /internal": { "auth": ["plugins"], "run": "internal" }
    },
    "problems": {
        "slot-taken": { "status": 409, "zh": "该时段已被预约",
                        "en": "The slot is taken" },
        "slot-over": { "status": 409, "zh": "已过期", "en": "It is over" },
        "gone": { "status": 410, "zh": "没有了", "en": "Gone" }
    },
    "schemas": {
        "Appointment": {
            "type": "object",
            "required": ["slot"],
            "properties": { "slot": { "type": "string" },
                            "who": { "$ref": "#/schemas/Person" } }
        },
        "Person": { "type": ["object", "null"],
                    "properties": { "child": { "$ref": "#/schemas/Person" } } }
    }
}
END

open my $out, '>', "$dir/manifest.json" or die "$dir: $!\n";
binmode $out, ":utf8";
print $out $manifest;
close $out or die "$dir: $!\n";

my $text = qx(build/plugin-manifest $dir openapi);
is $?, 0, 'the document is rendered' or BAIL_OUT $text;

my $api = JSON::PP->new->utf8->decode($text);
my $paths = $api->{paths};
my $base = '/health/booking/v1';

is $api->{openapi}, '3.1.0', 'it is OpenAPI 3.1';
is_deeply [sort keys %$paths],
          [sort "$base/slots", "$base/appointments", '/fhir/Slot/{id}',
           "$base/files/{base}...{head}/{rest}", "$base/all"],
          'patterns become templates, and routes for plugins are not told';

my $slots = $paths->{"$base/slots"}{get};
is $slots->{summary}, '号源 / Open slots', 'a route says what it is';
is_deeply $slots->{security},
          [map { my $issuer = $_;
                 map { { $issuer => [$_, 'x'] } } qw(booking:read booking:all)
               } qw(citizens staff)],
          'issuers and scopes of one line are alternatives';
is_deeply [map { "$_->{in} $_->{name} " . ($_->{required} ? 1 : 0) }
           @{$slots->{parameters}}],
          ['query date 1', 'query id 0'], 'the query is told';

is_deeply $paths->{"$base/all"}{get}{security},
          [{ citizens => [] }, { staff => [], 'app.key' => [] }],
          'A+B is one alternative, and names have no colon';
is_deeply $api->{components}{securitySchemes}{'app.key'},
          { type => 'apiKey', in => 'header', name => 'X-Api-Key' },
          'which an API key is';

my $book = $paths->{"$base/appointments"}{post};
is_deeply $slots->{'x-civic-require'},
    ['scope=booking:read,booking:all', 'scope=x', 'for=officer scope=y',
     'level>=2'], 'what OpenAPI has no words for stands beside it';
is_deeply $book->{security}, [{}, { citizens => [] }],
          'optional is an alternative without a token';
is_deeply $book->{requestBody}{content}{'application/json'}{schema}{anyOf},
          [{ '$ref' => '#/components/schemas/department.plugin.Appointment' }],
          'references lead to where the schemas are';
is $book->{parameters}[0]{name}, 'Idempotency-Key', 'once has its header';
is_deeply [sort keys %{$book->{responses}}], [qw(2XX 409 410 default)],
          'problems are told by their status';

my $slot = $paths->{'/fhir/Slot/{id}'};
is $slot->{get}{parameters}[0]{schema}{pattern}, '^(?:[0-9]+)$',
   'a constraint is a pattern';
is $slot->{'x-civic-more'}[0]{'x-civic-route'}, 'GET /fhir/Slot/{id}',
   'a second route of the same template is not lost';
is_deeply [sort keys %{$paths->{"$base/files/{base}...{head}/{rest}"}}],
          ['put'], 'a method that OpenAPI does not know is left out';
is_deeply [sort keys %{$paths->{"$base/all"}}],
          [qw(delete get patch post put)], 'any is those that services answer';

open $out, '>', "$dir/api.json" or die "$dir: $!\n";
print $out $text;
close $out or die "$dir: $!\n";

SKIP: {
    skip $Civic::Npm::missing, 1 if !Civic::Npm::folder();
    is Civic::Npm::run(<<'END', "$dir/api.json"), "valid 3.1\n",
import { Validator } from "@seriousme/openapi-schema-validator";
const validator = new Validator();
const result = await validator.validate(process.argv[2]);
console.log(result.valid ? "valid " + validator.version
                         : JSON.stringify(result.errors));
END
       'a validator of others takes it';
}

# the validator takes each "$ref" for a reference, so this is not for it

open $out, '>', "$dir/data.json" or die "$dir: $!\n";
print $out <<'END';
{ "title": { "zh": "x", "en": "x" }, "version": "1.0.0",
  "schemas": { "A": { "const": { "$ref": "#/schemas/A" } } } }
END
close $out or die "$dir: $!\n";

my $data = JSON::PP->new->decode(
               scalar qx(build/plugin-manifest $dir/data.json openapi));
is_deeply $data->{components}{schemas}{'department.plugin.A'},
          { const => { '$ref' => '#/schemas/A' } },
          'a constant that looks like a reference stays as it is';

my $broken = $text =~ s/"responses":/"answers":/r;
open $out, '>', "$dir/api.json" or die "$dir: $!\n";
print $out $broken;
close $out or die "$dir: $!\n";

SKIP: {
    skip $Civic::Npm::missing, 1 if !Civic::Npm::folder();
    isnt Civic::Npm::run(<<'END', "$dir/api.json"), "true\n",
import { Validator } from "@seriousme/openapi-schema-validator";
const result = await new Validator().validate(process.argv[2]);
console.log(result.valid);
END
         'which does not take everything';
}

done_testing;
