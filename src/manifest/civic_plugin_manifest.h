
/*
 * Copyright (C) Civic Gate
 *
 * A plugin's manifest.json: what it is, what it needs, what it answers.
 * Parsing says everything that is wrong at once.  Pure: no file, no nginx
 * configuration.  The published form is docs/plugins/manifest.schema.json.
 */


#ifndef _CIVIC_PLUGIN_MANIFEST_H_INCLUDED_
#define _CIVIC_PLUGIN_MANIFEST_H_INCLUDED_


#include "civic_schema.h"
#include "civic_value.h"


#define CIVIC_PLUGIN_MANIFEST_MAX  (256 * 1024)


typedef struct {
    ngx_str_t                zh;
    ngx_str_t                en;
} civic_plugin_text_t;


/* "POST /appointments": { ... } */

typedef struct {
    ngx_str_t                key;      /* as written */
    ngx_str_t                path;     /* of the key */
    uint32_t                 methods;  /* NGX_HTTP_POST | ...; all bits: any */
    ngx_str_t                pattern;  /* whole: prefix and path */
    ngx_str_t                run;      /* the function */
    ngx_array_t              auth;     /* ngx_str_t: issuers; empty: public */
    ngx_array_t              require;  /* ngx_str_t: "scope=a,b", in order */
    ngx_array_t              limit;    /* ngx_str_t: names of policies */
    civic_schema_t          *body;     /* NULL: takes none / any */
    civic_schema_t          *query;    /* NULL: any */
    const civic_json_t      *query_json; /* to know numbers from strings */
    size_t                   max_body; /* bytes; default 1m */
    ngx_msec_t               timeout;  /* 0: the department's */
    unsigned                 once:1;   /* honours Idempotency-Key */
    unsigned                 optional:1; /* auth: "optional" among them */
    unsigned                 plugins:1; /* auth: ["plugins"]: no client */
    unsigned                 pub:1;    /* auth: ["public"] */
    unsigned                 raw:1;    /* "body": "raw": not JSON */
} civic_plugin_route_spec_t;


typedef struct {
    ngx_str_t                run;
    ngx_msec_t               every;    /* 0: at a time of the day */
    ngx_uint_t               at;       /* minutes after midnight, Shanghai */
} civic_plugin_schedule_t;


/* "problems": { "slot-taken": { "status": 409, "zh": ..., "en": ... } } */

typedef struct {
    ngx_str_t                code;
    ngx_uint_t               status;
    civic_plugin_text_t      title;
} civic_plugin_problem_t;


typedef struct {
    civic_plugin_text_t      title;
    ngx_str_t                version;
    ngx_array_t              prefixes; /* ngx_str_t */
    ngx_array_t              routes;   /* civic_plugin_route_spec_t */
    ngx_array_t              schedule; /* civic_plugin_schedule_t */
    ngx_array_t              problems; /* civic_plugin_problem_t */

    /* needs */
    ngx_array_t              http;     /* ngx_str_t: remotes */
    ngx_array_t              calls;    /* ngx_str_t: "data/pay:POST /x" */
    ngx_array_t              claims;   /* ngx_str_t */
    ngx_str_t                data;     /* "P0" ... "P4"; empty: none said */
    unsigned                 store:1;
    unsigned                 scripts:1;

    /* filter: names of functions, or empty */
    ngx_str_t                filter_access;
    ngx_str_t                filter_response;
    ngx_str_t                filter_log;

    civic_schema_t          *config;   /* of config.json, NULL: none */
    const civic_json_t      *json;     /* the whole, for OpenAPI */
} civic_plugin_manifest_t;


/* everything that is wrong: sentences, each with a JSON pointer in front */

typedef struct {
    ngx_pool_t              *pool;
    ngx_array_t              list;     /* ngx_str_t */
} civic_plugin_errors_t;


ngx_int_t civic_plugin_errors_init(civic_plugin_errors_t *errors,
    ngx_pool_t *pool);
void civic_plugin_errors_add(civic_plugin_errors_t *errors, const char *fmt,
    ...);

/*
 * NULL: `errors` has at least one sentence.  The manifest, and the parsed
 * JSON that it points into, are freed with `pool`.
 */

civic_plugin_manifest_t *civic_plugin_manifest_parse(const ngx_str_t *text,
    ngx_pool_t *pool, civic_plugin_errors_t *errors);

/*
 * What a manifest that may be wrong says of its prefixes, those that are
 * well-formed: ngx_str_t.  None, if it is no JSON.  NGX_ERROR: no memory.
 */

ngx_int_t civic_plugin_manifest_claims(const ngx_str_t *text,
    ngx_pool_t *pool, ngx_array_t *prefixes);

/*
 * config.json (NULL: there is none) against the manifest's "config", with
 * defaults filled in.  NGX_OK, or NGX_ERROR with errors.
 */

ngx_int_t civic_plugin_manifest_config(
    const civic_plugin_manifest_t *manifest, const ngx_str_t *text,
    ngx_pool_t *pool, civic_value_t *config, civic_plugin_errors_t *errors);


#endif /* _CIVIC_PLUGIN_MANIFEST_H_INCLUDED_ */
