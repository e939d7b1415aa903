
/*
 * Copyright (C) Civic Gate
 *
 * civic.call: another plugin's route, asked as a client would ask it, but by
 * the plugin.  Path, query and body are checked as a client's are; whoever
 * called the caller is not passed on; only routes that say "plugins" or
 * "public" can be called.  The callee's time is part of the caller's.
 *
 * Answers are {status, body, headers}, those that refuse too.
 */


#include "civic_host_http.h"
#include "civic_host_once.h"
#include "civic_host_operations.h"
#include "civic_host_request.h"
#include "civic_plugin_query.h"
#include "civic_route_methods.h"
#include "civic_route_pattern.h"
#include "civic_route_table.h"


#define CIVIC_HOST_CALL_BODY  (1024 * 1024)
#define CIVIC_HOST_CALL_POOL  2048


typedef struct {
    civic_host_job_t                 *job;     /* the caller's */
    civic_host_visit_t               *visit;
    const civic_host_answered_t      *answer;
    civic_plugin_t                   *plugin;  /* the callee */
    const civic_plugin_route_spec_t  *spec;
    ngx_str_t                         path;    /* of the key, then filled */
    civic_host_request_call_t         request;
    civic_value_t                     query;
    civic_value_t                     body;
    ngx_str_t                         args;    /* the query, encoded */
    ngx_str_t                         text;    /* the body's JSON */
} civic_host_call_t;


static ngx_int_t civic_host_call_target(civic_host_job_t *job,
    const ngx_str_t *target, civic_host_call_t *call);
static ngx_int_t civic_host_call_unloaded(civic_host_call_t *call,
    const ngx_str_t *name);
static const civic_plugin_route_spec_t *civic_host_call_find(
    const civic_plugin_t *plugin, const ngx_str_t *key, ngx_str_t *method);
static ngx_uint_t civic_host_call_same(const ngx_str_t *a,
    const ngx_str_t *b);
static ngx_int_t civic_host_call_path(civic_host_job_t *job,
    civic_host_call_t *call, const civic_value_t *params);
static ngx_int_t civic_host_call_fill(civic_host_job_t *job,
    civic_host_call_t *call, const civic_value_t *params);
static ngx_int_t civic_host_call_match(civic_host_call_t *call,
    ngx_pool_t *temp, ngx_pool_t *pool);
static ngx_int_t civic_host_call_query(civic_host_job_t *job,
    civic_host_call_t *call, const civic_value_t *query);
static ngx_int_t civic_host_call_body(civic_host_job_t *job,
    civic_host_call_t *call, const civic_value_t *body);
static ngx_int_t civic_host_call_start(civic_host_job_t *job,
    civic_host_call_t *call, const civic_value_t *options);
static void civic_host_call_done(void *data,
    const civic_host_answered_t *answer);
static ngx_int_t civic_host_call_give(civic_host_call_t *call);
static ngx_int_t civic_host_call_answer(civic_host_call_t *call,
    civic_value_t *value);
static ngx_int_t civic_host_call_code(civic_host_call_t *call,
    civic_value_t *value, ngx_uint_t status, const ngx_str_t *code,
    const civic_value_t *fields);
static ngx_int_t civic_host_call_decode(civic_host_call_t *call,
    const civic_host_response_t *response, civic_value_t *body);
static void civic_host_call_release(void *data);
static void civic_host_call_cancel(civic_host_job_t *job);


/* (target, {params, query, body, once}) -> {status, body, headers} */

ngx_int_t
civic_host_call(civic_host_job_t *job, const civic_lua_operation_t *op)
{
    ngx_int_t             rc;
    ngx_str_t             target;
    civic_host_call_t    *call;
    const civic_value_t  *options;

    if ((rc = civic_host_arg_string(job, op, 0, &target)) != NGX_OK
        || (rc = civic_host_arg_table(job, op, 1, &options)) != NGX_OK)
    {
        return rc;
    }

    if (job->depth >= CIVIC_HOST_MAX_DEPTH) {
        return civic_host_job_fail(job, "call: plugins call each other at "
                                   "most %d deep", CIVIC_HOST_MAX_DEPTH);
    }

    call = ngx_pcalloc(job->step, sizeof(civic_host_call_t));
    if (call == NULL) {
        return NGX_ERROR;
    }

    call->job = job;

    if ((rc = civic_host_call_target(job, &target, call)) != NGX_OK
        || (rc = civic_host_call_path(job, call,
                                      civic_value_member(options, "params")))
           != NGX_OK
        || (rc = civic_host_call_query(job, call,
                                       civic_value_member(options, "query")))
           != NGX_OK
        || (rc = civic_host_call_body(job, call,
                                      civic_value_member(options, "body")))
           != NGX_OK)
    {
        return rc;
    }

    return civic_host_call_start(job, call, options);
}


/* NGX_DECLINED, here and below: the job has its answer */

static ngx_int_t
civic_host_call_target(civic_host_job_t *job, const ngx_str_t *target,
    civic_host_call_t *call)
{
    u_char     *colon, *last;
    ngx_str_t   name, key;

    last = target->data + target->len;
    colon = ngx_strlchr(target->data, last, ':');

    if (colon == NULL) {
        (void) civic_host_job_fail(job, "call: \"%V\" is not "
                                   "\"DEPARTMENT/NAME:METHOD /path\"",
                                   target);
        return NGX_DECLINED;
    }

    name.data = target->data;
    name.len = colon - target->data;
    key.data = colon + 1;
    key.len = last - key.data;

    call->plugin = civic_plugin_find(&name);

    if (call->plugin == NULL) {
        return civic_host_call_unloaded(call, &name);
    }

    call->spec = civic_host_call_find(call->plugin, &key,
                                      &call->request.method);

    if (call->spec == NULL) {
        (void) civic_host_job_fail(job, "call: \"%V\" has no route \"%V\"",
                                   &name, &key);
        return NGX_DECLINED;
    }

    if (!call->spec->plugins && !call->spec->pub) {
        (void) civic_host_job_fail(job, "call: \"%V\" of \"%V\" is not for "
                                   "plugins", &key, &name);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* as for a client: not a word of its routes is known */

static ngx_int_t
civic_host_call_unloaded(civic_host_call_t *call, const ngx_str_t *name)
{
    civic_value_t          *value = call->job->answer.own;
    const civic_problem_t  *problem = &civic_problems[CIVIC_UNLOADED];

    if (!civic_plugin_known(name)) {
        (void) civic_host_job_fail(call->job, "call: there is no plugin "
                                   "\"%V\"", name);

    } else if (civic_host_call_code(call, value, problem->status,
                                    &problem->code, NULL)
               == NGX_OK)
    {
        (void) civic_host_job_give(call->job, value, 1);

    } else {
        return NGX_ERROR;
    }

    return NGX_DECLINED;
}


/*
 * The path as the manifest writes it, or the whole pattern; a route that
 * lists the method goes before one for any.
 */

static const civic_plugin_route_spec_t *
civic_host_call_find(const civic_plugin_t *plugin, const ngx_str_t *key,
    ngx_str_t *method)
{
    u_char                           *blank, *last;
    uint32_t                          mask;
    ngx_str_t                         path, wrong;
    ngx_uint_t                        i;
    const civic_plugin_route_spec_t  *spec, *any;

    last = key->data + key->len;
    blank = ngx_strlchr(key->data, last, ' ');

    if (blank == NULL) {
        return NULL;
    }

    method->data = key->data;
    method->len = blank - key->data;
    path.data = blank + 1;
    path.len = last - path.data;

    if (civic_route_methods_parse(method, &mask, &wrong) != NGX_OK) {
        return NULL;
    }

    any = NULL;
    spec = plugin->manifest->routes.elts;

    for (i = 0; i < plugin->manifest->routes.nelts; i++) {

        if (!(spec[i].methods & mask)
            || (!civic_host_call_same(&spec[i].path, &path)
                && !civic_host_call_same(&spec[i].pattern, &path)))
        {
            continue;
        }

        if (spec[i].methods != CIVIC_ROUTE_METHODS_ANY) {
            return &spec[i];
        }

        any = &spec[i];
    }

    return any;
}


static ngx_uint_t
civic_host_call_same(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


/* the pattern with its parameters filled in has to match the pattern */

static ngx_int_t
civic_host_call_path(civic_host_job_t *job, civic_host_call_t *call,
    const civic_value_t *params)
{
    ngx_int_t    rc;
    ngx_pool_t  *temp;

    rc = civic_host_call_fill(job, call, params);
    if (rc != NGX_OK) {
        return rc;
    }

    temp = ngx_create_pool(CIVIC_HOST_CALL_POOL, ngx_cycle->log);
    if (temp == NULL) {
        return NGX_ERROR;
    }

    rc = civic_host_call_match(call, temp, job->step);

    ngx_destroy_pool(temp);

    if (rc == NGX_DECLINED) {
        (void) civic_host_job_fail(job, "call: the params do not fit \"%V\"",
                                   &call->spec->pattern);
    }

    return rc;
}


static ngx_int_t
civic_host_call_fill(civic_host_job_t *job, civic_host_call_t *call,
    const civic_value_t *params)
{
    size_t                  len;
    u_char                 *p;
    ngx_int_t               rc;
    ngx_str_t               err, name, *text;
    ngx_uint_t              i, j, n;
    civic_route_token_t    *token;
    civic_route_piece_t    *piece;
    civic_route_pattern_t  *pattern;
    const civic_value_t    *value;

    pattern = ngx_palloc(job->step, sizeof(civic_route_pattern_t));
    text = ngx_palloc(job->step, (5 * CIVIC_MAX_PARAMS + 2)
                                 * sizeof(ngx_str_t));

    if (pattern == NULL || text == NULL) {
        return NGX_ERROR;
    }

    if (call->spec->pattern.data[0] != '/'
        || civic_route_pattern_parse(pattern, job->step, &call->spec->pattern,
                                     NULL, &err) != NGX_OK)
    {
        (void) civic_host_job_fail(job, "call: a route with a regular "
                                   "expression cannot be called");
        return NGX_DECLINED;
    }

    len = 0;
    n = 0;

    for (i = 0; i < pattern->npieces; i++) {
        piece = &pattern->pieces[i];

        if (piece->type == CIVIC_ROUTE_LITERAL) {
            text[n] = piece->text;
            len += text[n++].len;
            continue;
        }

        for (j = 0; j < piece->ntokens; j++) {
            token = &piece->tokens[j];

            if (token->name.len == 0) {
                text[n] = token->text;
                len += text[n++].len;
                continue;
            }

            name.len = token->name.len;
            name.data = ngx_pnalloc(job->step, name.len + 1);
            if (name.data == NULL) {
                return NGX_ERROR;
            }

            *ngx_cpymem(name.data, token->name.data, name.len) = '\0';

            value = civic_value_member(params, (char *) name.data);
            rc = value ? civic_value_text(value, job->step, &text[n])
                       : NGX_DECLINED;

            if (rc == NGX_DECLINED) {
                (void) civic_host_job_fail(job, "call: the params lack "
                                           "\"%V\"", &name);
            }

            if (rc != NGX_OK) {
                return rc;
            }

            len += text[n++].len;
        }
    }

    p = ngx_pnalloc(job->step, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    call->path.data = p;

    for (i = 0; i < n; i++) {
        p = ngx_cpymem(p, text[i].data, text[i].len);
    }

    call->path.len = p - call->path.data;

    return NGX_OK;
}


/* a table of one route; what it matched becomes the callee's params */

static ngx_int_t
civic_host_call_match(civic_host_call_t *call, ngx_pool_t *temp,
    ngx_pool_t *pool)
{
    ngx_str_t             err, name;
    ngx_uint_t            i;
    civic_route_t        *route;
    civic_value_t        *params, *value;
    civic_route_match_t  *match;
    civic_route_table_t  *table;

    table = civic_route_table_create(temp);
    route = ngx_pcalloc(temp, sizeof(civic_route_t));
    match = ngx_palloc(temp, sizeof(civic_route_match_t));
    params = ngx_palloc(pool, sizeof(civic_value_t));

    if (table == NULL || route == NULL || match == NULL || params == NULL) {
        return NGX_ERROR;
    }

    route->pattern = call->spec->pattern;
    route->methods = NGX_HTTP_GET;

    if (civic_route_table_add(table, route, NULL, &err) != NGX_OK
        || civic_route_table_compile(table, &err) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (civic_route_table_find(table, &call->path, NGX_HTTP_GET, match)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (civic_value_set_table(params, pool, 0, route->nparams) != NGX_OK) {
        return NGX_ERROR;
    }

    params->u.table->shape = CIVIC_VALUE_OBJECT;

    for (i = 0; i < route->nparams; i++) {
        name.len = route->params[i].len;
        name.data = ngx_pstrdup(pool, &route->params[i]);

        value = name.data ? civic_value_add_member(params, pool, &name)
                          : NULL;
        if (value == NULL) {
            return NGX_ERROR;
        }

        civic_value_set_string(value, &match->values[i]);
    }

    call->request.params = params;

    return NGX_OK;
}


static ngx_int_t
civic_host_call_query(civic_host_job_t *job, civic_host_call_t *call,
    const civic_value_t *query)
{
    ngx_int_t              rc;
    const char            *wrong;
    civic_schema_error_t   err;

    if (query) {
        rc = civic_host_http_query(query, job->step, &call->args, &wrong);

        if (rc == NGX_DECLINED) {
            (void) civic_host_job_fail(job, "call: %s", wrong);
        }

        if (rc != NGX_OK) {
            return rc;
        }

        if (call->args.len) {                      /* "?" */
            call->args.data++;
            call->args.len--;
        }
    }

    rc = civic_plugin_query(&call->args, call->spec, job->step, &call->query,
                            &err);

    if (rc == NGX_OK || rc == NGX_ERROR) {
        return rc;
    }

    (void) civic_host_job_fail(job, "call: query %s: %s", err.pointer,
                               err.message);

    return NGX_DECLINED;
}


static ngx_int_t
civic_host_call_body(civic_host_job_t *job, civic_host_call_t *call,
    const civic_value_t *body)
{
    ngx_int_t              rc;
    const char            *wrong;
    civic_json_t          *json;
    civic_schema_error_t   err;

    if (body == NULL || body->type == CIVIC_VALUE_NIL) {

        if (call->spec->body == NULL) {
            return NGX_OK;
        }

        (void) civic_host_job_fail(job, "call: \"%V\" needs a body",
                                   &call->spec->key);
        return NGX_DECLINED;
    }

    rc = civic_value_to_json(body, job->step, CIVIC_HOST_CALL_BODY,
                             &call->text, &wrong);

    if (rc == NGX_DECLINED) {
        (void) civic_host_job_fail(job, "call: body: %s", wrong);
    }

    if (rc != NGX_OK) {
        return rc;
    }

    json = civic_json_parse(&call->text, CIVIC_HOST_CALL_BODY, NULL, 0);
    if (json == NULL) {
        return NGX_ERROR;
    }

    rc = call->spec->body ? civic_schema_check(call->spec->body, json, &err)
                          : NGX_OK;

    if (rc == NGX_OK) {
        rc = civic_value_from_json(&call->body, job->step, json);
        call->request.body = &call->body;

    } else {
        (void) civic_host_job_fail(job, "call: body %s: %s", err.pointer,
                                   err.message);
    }

    civic_json_free(json);

    return rc;
}


static ngx_int_t
civic_host_call_start(civic_host_job_t *job, civic_host_call_t *call,
    const civic_value_t *options)
{
    ngx_msec_t                 timeout;
    civic_value_t             *value;
    civic_host_visit_order_t   order;

    timeout = call->spec->timeout ? call->spec->timeout
                                  : call->plugin->department->timeout;

    call->request.path = call->path;
    call->request.trace = job->trace;
    call->request.caller = job->plugin->name;
    call->request.timeout = ngx_min(timeout, civic_host_job_left(job));
    call->request.query = &call->query;
    call->request.language = job->language;

    value = ngx_palloc(job->step, sizeof(civic_value_t));

    if (value == NULL
        || civic_host_request_value_call(&call->request, job->step, value)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memzero(&order, sizeof(civic_host_visit_order_t));

    if (civic_value_string(civic_value_member(options, "once"), &order.key)
            == NGX_OK
        && !civic_host_once_valid(&order.key))
    {
        return civic_host_job_fail(job, "call: \"once\" is no word of 1 to "
                                   "%d characters", CIVIC_HOST_ONCE_KEY);
    }

    order.plugin = call->plugin;
    order.spec = call->spec;
    order.request = value;
    order.trace = job->trace;
    order.language = job->language;
    order.timeout = call->request.timeout;
    order.depth = job->depth + 1;
    order.log = job->log;
    order.caller = job->plugin->name;
    order.path = call->path;
    order.query = call->args;
    order.body = call->text;
    order.done = civic_host_call_done;
    order.data = call;

    call->visit = civic_host_visit_start(&order);

    if (call->visit == NULL) {
        return NGX_ERROR;
    }

    if (call->answer) {
        return civic_host_call_give(call);
    }

    return civic_host_job_park(job, civic_host_call_cancel, call);
}


static void
civic_host_call_done(void *data, const civic_host_answered_t *answer)
{
    civic_host_call_t *call = data;

    civic_host_job_t  *job;

    call->answer = answer;

    if (call->visit == NULL) {
        return;
    }

    job = call->job;

    if (civic_host_call_give(call) != NGX_OK) {
        (void) civic_host_job_fail(job, "no memory");
    }

    civic_host_job_resume(job);
}


/* the answer's strings are the visit's: it ends when Lua has them */

static ngx_int_t
civic_host_call_give(civic_host_call_t *call)
{
    civic_host_job_t  *job;

    job = call->job;

    job->release = civic_host_call_release;
    job->released = call->visit;

    if (civic_host_call_answer(call, &job->answer.own[0]) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_host_job_give(job, job->answer.own, 1);
}


static ngx_int_t
civic_host_call_answer(civic_host_call_t *call, civic_value_t *value)
{
    ngx_int_t                       rc;
    ngx_uint_t                      status;
    ngx_pool_t                     *pool;
    civic_value_t                   body;
    const civic_host_answered_t    *answer;
    const civic_plugin_problem_t   *problem;

    pool = call->job->step;
    answer = call->answer;

    switch (answer->outcome) {

    case CIVIC_HOST_DONE:
        break;

    case CIVIC_HOST_PROBLEM:
        problem = civic_host_problem_find(call->plugin, &answer->code);
        status = problem ? problem->status
                         : (ngx_uint_t) NGX_HTTP_SERVICE_UNAVAILABLE;

        return civic_host_call_code(call, value, status, &answer->code,
                                    &answer->fields);

    default:
        return civic_host_call_code(call, value,
                                    civic_problems[answer->problem].status,
                                    &civic_problems[answer->problem].code,
                                    NULL);
    }

    if (civic_value_set_table(value, pool, 0, 3) != NGX_OK
        || civic_value_add_number(value, pool, "status",
                                  (double) answer->response.status) != NGX_OK
        || (answer->response.headers
            && civic_host_request_set(value, pool, "headers",
                                      answer->response.headers) != NGX_OK))
    {
        return NGX_ERROR;
    }

    if (answer->response.body == NULL) {
        return NGX_OK;
    }

    rc = civic_host_call_decode(call, &answer->response, &body);
    if (rc != NGX_OK) {
        return rc;
    }

    return civic_host_request_set(value, pool, "body", &body);
}


/* in the style of problem+json */

static ngx_int_t
civic_host_call_code(civic_host_call_t *call, civic_value_t *value,
    ngx_uint_t status, const ngx_str_t *code, const civic_value_t *fields)
{
    ngx_str_t       name;
    ngx_uint_t      i;
    ngx_pool_t     *pool;
    civic_pair_t   *pair;
    civic_value_t   body, *place;

    pool = call->job->step;

    if (civic_value_set_table(value, pool, 0, 3) != NGX_OK
        || civic_value_set_table(&body, pool, 0, 4) != NGX_OK
        || civic_value_add_number(value, pool, "status", (double) status)
           != NGX_OK
        || civic_value_add_number(&body, pool, "status", (double) status)
           != NGX_OK
        || civic_value_add_string(&body, pool, "code", code) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (fields && fields->type == CIVIC_VALUE_TABLE) {

        for (i = 0; i < fields->u.table->npairs; i++) {
            pair = &fields->u.table->pairs[i];

            if (civic_value_string(&pair->key, &name) != NGX_OK
                || (name.len == 4 && ngx_strncmp(name.data, "code", 4) == 0)
                || (name.len == 6 && ngx_strncmp(name.data, "status", 6) == 0))
            {
                continue;
            }

            place = civic_value_add_member(&body, pool, &name);
            if (place == NULL) {
                return NGX_ERROR;
            }

            *place = pair->value;
        }
    }

    return civic_host_request_set(value, pool, "body", &body);
}


/* what was replayed comes as JSON's bytes */

static ngx_int_t
civic_host_call_decode(civic_host_call_t *call,
    const civic_host_response_t *response, civic_value_t *body)
{
    ngx_int_t      rc;
    civic_json_t  *json;

    *body = *response->body;

    if (!call->answer->replayed || body->type != CIVIC_VALUE_STRING) {
        return NGX_OK;
    }

    json = civic_json_parse(&body->u.string, body->u.string.len, NULL, 0);

    if (json == NULL) {
        return NGX_OK;
    }

    rc = civic_value_from_json(body, call->job->step, json);
    civic_json_free(json);

    return rc;
}


static void
civic_host_call_release(void *data)
{
    civic_host_visit_end(data);
}


static void
civic_host_call_cancel(civic_host_job_t *job)
{
    civic_host_call_t  *call;

    call = job->waiting;

    civic_host_visit_end(call->visit);
}
