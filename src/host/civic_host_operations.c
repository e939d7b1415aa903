
/*
 * Copyright (C) Civic Gate
 *
 * The one place that knows what a plugin may ask for: each operation, what
 * has to be granted for it, who carries it out.  A job may ask for so much
 * and no more; what it is refused is an error of its own, which says which
 * word is missing where.
 */


#include "civic_host_operations.h"
#include "civic_status.h"


#define CIVIC_HOST_STEP         2048
#define CIVIC_HOST_WEIGHT_ITEM  16


struct civic_host_operation_s {
    ngx_str_t                 name;
    civic_host_operation_pt   granted;     /* NGX_OK, DECLINED; or NULL */
    civic_host_operation_pt   start;
    civic_metric_e            asked;
    civic_metric_e            failed;
};


static const civic_host_operation_t *civic_host_operations_find(
    const ngx_str_t *name);
static ngx_int_t civic_host_operations_bounds(civic_host_job_t *job);
static size_t civic_host_operations_weight(const civic_value_t *value,
    ngx_uint_t depth);
static ngx_int_t civic_host_granted_store(civic_host_job_t *job,
    const civic_lua_operation_t *op);
static ngx_int_t civic_host_granted_remote(civic_host_job_t *job,
    const civic_lua_operation_t *op);
static ngx_int_t civic_host_granted_call(civic_host_job_t *job,
    const civic_lua_operation_t *op);


static const civic_host_operation_t  civic_host_operations[] = {

    { ngx_string("store.command"),
      civic_host_granted_store, civic_host_store_command,
      CIVIC_METRIC_HOST_COMMAND, CIVIC_METRIC_HOST_COMMAND_FAILED },

    { ngx_string("store.run"),
      civic_host_granted_store, civic_host_store_run,
      CIVIC_METRIC_HOST_SCRIPT, CIVIC_METRIC_HOST_SCRIPT_FAILED },

    { ngx_string("http.request"),
      civic_host_granted_remote, civic_host_http_request,
      CIVIC_METRIC_HOST_HTTP, CIVIC_METRIC_HOST_HTTP_FAILED },

    { ngx_string("call"),
      civic_host_granted_call, civic_host_call,
      CIVIC_METRIC_HOST_CALL, CIVIC_METRIC_HOST_CALL_FAILED },

    { ngx_string("forward"),
      civic_host_granted_remote, civic_host_forward,
      CIVIC_METRIC_HOST_FORWARD, CIVIC_METRIC_HOST_FORWARD_FAILED },

    { ngx_string("timers.at"),
      civic_host_granted_store, civic_host_timers_at,
      CIVIC_METRIC_HOST_TIMER_AT, CIVIC_METRIC_HOST_TIMER_AT_FAILED },

    { ngx_string("timers.cancel"),
      civic_host_granted_store, civic_host_timers_cancel,
      CIVIC_METRIC_HOST_TIMER_CANCEL, CIVIC_METRIC_HOST_TIMER_CANCEL_FAILED },

    { ngx_string("log"), NULL, civic_host_log,
      CIVIC_METRIC_HOST_LOG, CIVIC_METRIC_HOST_LOG_FAILED },

    { ngx_string("metric"), NULL, civic_host_metric,
      CIVIC_METRIC_HOST_METRIC, CIVIC_METRIC_HOST_METRIC_FAILED },

    { ngx_string("secret"), NULL, civic_host_secret,
      CIVIC_METRIC_HOST_SECRET, CIVIC_METRIC_HOST_SECRET_FAILED },

    { ngx_string("time.now"), NULL, civic_host_time_now,
      CIVIC_METRIC_HOST_TIME, CIVIC_METRIC_HOST_TIME_FAILED },

    { ngx_string("crypto.random"), NULL, civic_host_crypto_random,
      CIVIC_METRIC_HOST_CRYPTO, CIVIC_METRIC_HOST_CRYPTO_FAILED },

    { ngx_string("crypto.digest"), NULL, civic_host_crypto_digest,
      CIVIC_METRIC_HOST_CRYPTO, CIVIC_METRIC_HOST_CRYPTO_FAILED },

    { ngx_string("crypto.hmac"), NULL, civic_host_crypto_hmac,
      CIVIC_METRIC_HOST_CRYPTO, CIVIC_METRIC_HOST_CRYPTO_FAILED },

    { ngx_null_string, NULL, NULL, 0, 0 }
};


ngx_int_t
civic_host_operations_start(civic_host_job_t *job)
{
    ngx_int_t                       rc;
    const civic_lua_operation_t    *op;
    const civic_host_operation_t   *operation;

    if (job->step == NULL) {
        job->step = ngx_create_pool(CIVIC_HOST_STEP, ngx_cycle->log);
        if (job->step == NULL) {
            return NGX_ERROR;
        }
    }

    op = &job->run.operation;
    operation = civic_host_operations_find(&op->name);
    job->operation = operation;

    if (civic_host_operations_bounds(job) != NGX_OK) {
        return NGX_DONE;
    }

    if (operation == NULL) {
        return civic_host_job_fail(job, "there is no operation \"%V\"",
                                   &op->name);
    }

    civic_status_count(operation->asked, 1);

    if (operation->granted && operation->granted(job, op) != NGX_OK) {
        return NGX_OK;
    }

    rc = operation->start(job, op);

    return rc == NGX_DECLINED ? NGX_OK : rc;
}


static const civic_host_operation_t *
civic_host_operations_find(const ngx_str_t *name)
{
    const civic_host_operation_t  *op;

    for (op = civic_host_operations; op->start; op++) {

        if (op->name.len == name->len
            && ngx_strncmp(op->name.data, name->data, name->len) == 0)
        {
            return op;
        }
    }

    return NULL;
}


void
civic_host_operations_count(civic_host_job_t *job)
{
    if (job->operation == NULL) {
        return;
    }

    if (job->answer.kind != CIVIC_HOST_RESULTS) {
        civic_status_count(job->operation->failed, 1);
    }

    job->operation = NULL;
}


const ngx_str_t *
civic_host_operations_name(const civic_host_job_t *job)
{
    static const ngx_str_t  none = ngx_string("nothing");

    return job->operation ? &job->operation->name : &none;
}


/* what it asks for stays in the job's pool: so there is an end to it */

static ngx_int_t
civic_host_operations_bounds(civic_host_job_t *job)
{
    ngx_uint_t  i;

    if (++job->noperations > CIVIC_HOST_MAX_OPERATIONS) {
        civic_host_job_refuse(job, CIVIC_RUN_KILLED, CIVIC_PLUGIN_KILLED,
                              "too many operations");
        return NGX_DECLINED;
    }

    for (i = 0; i < job->run.operation.nargs; i++) {
        job->weight += civic_host_operations_weight(
                           &job->run.operation.args[i], 0);
    }

    if (job->weight > CIVIC_HOST_MAX_WEIGHT) {
        civic_host_job_refuse(job, CIVIC_RUN_KILLED, CIVIC_PLUGIN_KILLED,
                              "its operations carry too many bytes");
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static size_t
civic_host_operations_weight(const civic_value_t *value, ngx_uint_t depth)
{
    size_t          weight;
    uint32_t        i;
    civic_table_t  *table;

    if (value->type == CIVIC_VALUE_STRING) {
        return CIVIC_HOST_WEIGHT_ITEM + value->u.string.len;
    }

    if (value->type != CIVIC_VALUE_TABLE || depth > CIVIC_VALUE_MAX_DEPTH) {
        return CIVIC_HOST_WEIGHT_ITEM;
    }

    table = value->u.table;
    weight = sizeof(civic_table_t);

    for (i = 0; i < table->nitems; i++) {
        weight += civic_host_operations_weight(&table->items[i], depth + 1);
    }

    for (i = 0; i < table->npairs; i++) {
        weight += civic_host_operations_weight(&table->pairs[i].key,
                                               depth + 1)
                  + civic_host_operations_weight(&table->pairs[i].value,
                                                 depth + 1);
    }

    return weight;
}


static ngx_int_t
civic_host_granted_store(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    const civic_department_t  *department;

    department = job->plugin->department;

    if (!job->plugin->manifest->store) {
        (void) civic_host_job_fail(job, "%V: manifest.json lacks \"store\": "
                                   "true in its \"needs\"", &op->name);
        return NGX_DECLINED;
    }

    if (department->redis == NULL) {
        (void) civic_host_job_fail(job, "%V: civic_department \"%V\" does "
                                   "not allow \"store\"", &op->name,
                                   &department->name);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static ngx_int_t
civic_host_granted_remote(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    ngx_str_t  remote;

    if (civic_host_arg_string(job, op, 0, &remote) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (!civic_host_listed(&job->plugin->manifest->http, &remote)) {
        (void) civic_host_job_fail(job, "%V: manifest.json lacks \"%V\" in "
                                   "the \"http\" of its \"needs\"",
                                   &op->name, &remote);
        return NGX_DECLINED;
    }

    if (civic_host_remote(job->plugin->department, &remote) == NULL) {
        (void) civic_host_job_fail(job, "%V: civic_department \"%V\" does "
                                   "not allow \"http=%V\"", &op->name,
                                   &job->plugin->department->name, &remote);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* "data/pay:POST /orders": the manifest names it whole, the operator the
   plugin */

static ngx_int_t
civic_host_granted_call(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    u_char     *colon;
    ngx_str_t   target, plugin;

    if (civic_host_arg_string(job, op, 0, &target) != NGX_OK) {
        return NGX_DECLINED;
    }

    colon = ngx_strlchr(target.data, target.data + target.len, ':');

    plugin.data = target.data;
    plugin.len = colon ? (size_t) (colon - target.data) : target.len;

    if (!civic_host_listed(&job->plugin->manifest->calls, &target)) {
        (void) civic_host_job_fail(job, "call: manifest.json lacks \"%V\" in "
                                   "the \"calls\" of its \"needs\"",
                                   &target);
        return NGX_DECLINED;
    }

    if (!civic_host_listed(&job->plugin->department->calls, &plugin)) {
        (void) civic_host_job_fail(job, "call: civic_department \"%V\" does "
                                   "not allow \"calls=%V\"",
                                   &job->plugin->department->name, &plugin);
        return NGX_DECLINED;
    }

    return NGX_OK;
}


civic_remote_t *
civic_host_remote(const civic_department_t *department,
    const ngx_str_t *name)
{
    ngx_uint_t         i;
    const ngx_str_t   *known;
    civic_remote_t   **remote;

    remote = department->http.elts;

    for (i = 0; i < department->http.nelts; i++) {
        known = civic_remote_name(remote[i]);

        if (known->len == name->len
            && ngx_strncmp(known->data, name->data, name->len) == 0)
        {
            return remote[i];
        }
    }

    return NULL;
}


ngx_uint_t
civic_host_listed(const ngx_array_t *list, const ngx_str_t *word)
{
    ngx_str_t   *words;
    ngx_uint_t   i;

    words = list->elts;

    for (i = 0; i < list->nelts; i++) {

        if (words[i].len == word->len
            && ngx_strncmp(words[i].data, word->data, word->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
civic_host_arg_string(civic_host_job_t *job, const civic_lua_operation_t *op,
    ngx_uint_t i, ngx_str_t *value)
{
    if (i < op->nargs
        && civic_value_string(&op->args[i], value) == NGX_OK)
    {
        return NGX_OK;
    }

    (void) civic_host_job_fail(job, "%V: argument %ui is no string",
                               &op->name, i + 1);

    return NGX_DECLINED;
}


ngx_int_t
civic_host_arg_text(civic_host_job_t *job, const civic_lua_operation_t *op,
    ngx_uint_t i, ngx_str_t *value)
{
    ngx_int_t  rc;

    rc = i < op->nargs
         ? civic_value_text(&op->args[i], job->step, value)
         : NGX_DECLINED;

    if (rc == NGX_DECLINED) {
        (void) civic_host_job_fail(job, "%V: argument %ui is neither string "
                                   "nor number", &op->name, i + 1);
    }

    return rc;
}


ngx_int_t
civic_host_arg_table(civic_host_job_t *job, const civic_lua_operation_t *op,
    ngx_uint_t i, const civic_value_t **value)
{
    *value = NULL;

    if (i >= op->nargs || op->args[i].type == CIVIC_VALUE_NIL) {
        return NGX_OK;
    }

    if (op->args[i].type != CIVIC_VALUE_TABLE) {
        (void) civic_host_job_fail(job, "%V: argument %ui is no table",
                                   &op->name, i + 1);
        return NGX_DECLINED;
    }

    *value = &op->args[i];

    return NGX_OK;
}
