
/*
 * Copyright (C) Civic Gate
 *
 * Operations that are answered at once: log lines, counters, secrets, the
 * clock, random bytes and digests.
 */


#include "civic_host_operations.h"
#include "civic_jose_mac.h"


#define CIVIC_HOST_LINE        1000    /* bytes of a log line */
#define CIVIC_HOST_MAX_RANDOM  4096


static ngx_int_t civic_host_log_level(const ngx_str_t *name,
    ngx_uint_t *level);
static void civic_host_log_mask(ngx_str_t *line);
static ngx_int_t civic_host_crypto_give(civic_host_job_t *job, ngx_int_t rc,
    const ngx_str_t *algorithm, u_char *out, size_t len);


static const struct {
    ngx_str_t    name;
    ngx_uint_t   level;
} civic_host_log_levels[] = {
    { ngx_string("debug"), NGX_LOG_DEBUG },
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


/* (level, message); what exceeds the bound is dropped, and that is said */

ngx_int_t
civic_host_log(civic_host_job_t *job, const civic_lua_operation_t *op)
{
    u_char      text[CIVIC_HOST_LINE];
    ngx_int_t   rc;
    ngx_str_t   name, line;
    ngx_uint_t  level;

    if ((rc = civic_host_arg_string(job, op, 0, &name)) != NGX_OK
        || (rc = civic_host_arg_text(job, op, 1, &line)) != NGX_OK)
    {
        return rc;
    }

    if (civic_host_log_level(&name, &level) != NGX_OK) {
        return civic_host_job_fail(job, "log: there is no level \"%V\"",
                                   &name);
    }

    (void) civic_host_job_give(job, NULL, 0);

    if (job->nlines++ >= CIVIC_HOST_MAX_LINES) {

        if (job->nlines == CIVIC_HOST_MAX_LINES + 1) {
            ngx_log_error(NGX_LOG_WARN, job->log, 0,
                          "civic plugin: \"%V\" logs too much, the rest of "
                          "this run is dropped", &job->plugin->name);
        }

        return NGX_OK;
    }

    line.len = civic_host_line(text, sizeof(text), &line);
    line.data = text;

    civic_host_log_mask(&line);

    ngx_log_error(level, job->log, 0, "civic plugin: \"%V\" says: %V%s%V",
                  &job->plugin->name, &line,
                  job->trace.len ? ", trace: " : "", &job->trace);

    return NGX_OK;
}


static ngx_int_t
civic_host_log_level(const ngx_str_t *name, ngx_uint_t *level)
{
    ngx_uint_t  i;

    for (i = 0; civic_host_log_levels[i].name.len; i++) {

        if (civic_host_log_levels[i].name.len == name->len
            && ngx_strncmp(civic_host_log_levels[i].name.data, name->data,
                           name->len)
               == 0)
        {
            *level = civic_host_log_levels[i].level;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/*
 * A run of eleven digits or more (an identity card, a telephone, a bank
 * card) keeps its first three and last two.
 */

static void
civic_host_log_mask(ngx_str_t *line)
{
    u_char  *p, *start, *last;

    last = line->data + line->len;

    for (p = line->data; p < last; p++) {

        start = p;

        while (p < last && *p >= '0' && *p <= '9') {
            p++;
        }

        if (p - start >= 11) {
            ngx_memset(start + 3, '*', p - start - 5);
        }
    }
}


/* (name, whole number): adds */

ngx_int_t
civic_host_metric(civic_host_job_t *job, const civic_lua_operation_t *op)
{
    int64_t    n;
    ngx_int_t  rc;
    ngx_str_t  name;

    rc = civic_host_arg_string(job, op, 0, &name);
    if (rc != NGX_OK) {
        return rc;
    }

    n = 1;

    if (op->nargs > 1
        && (civic_value_integer(&op->args[1], &n) != NGX_OK || n < 0))
    {
        return civic_host_job_fail(job, "metric: the value is no whole "
                                   "number from 0");
    }

    switch (civic_plugin_count(job->plugin, &name, (uint64_t) n)) {

    case NGX_OK:
        return civic_host_job_give(job, NULL, 0);

    case NGX_DECLINED:
        return civic_host_job_fail(job, "metric: a name has 1 to 48 of a-z, "
                                   "0-9, \"_\", \"-\" and \".\"");

    default:
        return civic_host_job_fail(job, "metric: a plugin has at most 16 "
                                   "counters");
    }
}


/* (name) -> contents */

ngx_int_t
civic_host_secret(civic_host_job_t *job, const civic_lua_operation_t *op)
{
    ngx_int_t      rc;
    ngx_str_t      name;
    ngx_uint_t     i;
    ngx_keyval_t  *secret;

    rc = civic_host_arg_string(job, op, 0, &name);
    if (rc != NGX_OK) {
        return rc;
    }

    secret = job->plugin->department->secrets.elts;

    for (i = 0; i < job->plugin->department->secrets.nelts; i++) {

        if (secret[i].key.len == name.len
            && ngx_strncmp(secret[i].key.data, name.data, name.len) == 0)
        {
            civic_value_set_string(&job->answer.own[0], &secret[i].value);

            return civic_host_job_give(job, job->answer.own, 1);
        }
    }

    return civic_host_job_fail(job, "secret: civic_department \"%V\" has no "
                               "secret \"%V\"",
                               &job->plugin->department->name, &name);
}


/* () -> seconds since 1970, with milliseconds */

ngx_int_t
civic_host_time_now(civic_host_job_t *job, const civic_lua_operation_t *op)
{
    civic_value_set_number(&job->answer.own[0],
                           (double) civic_host_now() / 1000);

    return civic_host_job_give(job, job->answer.own, 1);
}


/* (n) -> n bytes */

ngx_int_t
civic_host_crypto_random(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    int64_t    n;
    ngx_str_t  bytes;

    if (op->nargs < 1
        || civic_value_integer(&op->args[0], &n) != NGX_OK
        || n < 1 || n > CIVIC_HOST_MAX_RANDOM)
    {
        return civic_host_job_fail(job, "crypto.random: 1 to %d bytes",
                                   CIVIC_HOST_MAX_RANDOM);
    }

    bytes.len = (size_t) n;
    bytes.data = ngx_pnalloc(job->step, bytes.len);

    if (bytes.data == NULL
        || civic_jose_mac_random(bytes.data, bytes.len) != NGX_OK)
    {
        return NGX_ERROR;
    }

    civic_value_set_string(&job->answer.own[0], &bytes);

    return civic_host_job_give(job, job->answer.own, 1);
}


/* (algorithm, bytes) -> bytes */

ngx_int_t
civic_host_crypto_digest(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    size_t      len;
    u_char      out[CIVIC_JOSE_MAC_MAX];
    ngx_int_t   rc;
    ngx_str_t   algorithm, text;

    if ((rc = civic_host_arg_string(job, op, 0, &algorithm)) != NGX_OK
        || (rc = civic_host_arg_string(job, op, 1, &text)) != NGX_OK)
    {
        return rc;
    }

    rc = civic_jose_mac_digest(&algorithm, &text, out, &len);

    return civic_host_crypto_give(job, rc, &algorithm, out, len);
}


/* (algorithm, key, bytes) -> bytes */

ngx_int_t
civic_host_crypto_hmac(civic_host_job_t *job,
    const civic_lua_operation_t *op)
{
    size_t      len;
    u_char      out[CIVIC_JOSE_MAC_MAX];
    ngx_int_t   rc;
    ngx_str_t   algorithm, key, text;

    if ((rc = civic_host_arg_string(job, op, 0, &algorithm)) != NGX_OK
        || (rc = civic_host_arg_string(job, op, 1, &key)) != NGX_OK
        || (rc = civic_host_arg_string(job, op, 2, &text)) != NGX_OK)
    {
        return rc;
    }

    rc = civic_jose_mac_hmac(&algorithm, &key, &text, out, &len);

    return civic_host_crypto_give(job, rc, &algorithm, out, len);
}


static ngx_int_t
civic_host_crypto_give(civic_host_job_t *job, ngx_int_t rc,
    const ngx_str_t *algorithm, u_char *out, size_t len)
{
    ngx_str_t  bytes;

    if (rc == NGX_DECLINED) {
        return civic_host_job_fail(job, "crypto: there is no algorithm "
                                   "\"%V\"", algorithm);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    bytes.len = len;
    bytes.data = ngx_pnalloc(job->step, len);

    if (bytes.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(bytes.data, out, len);
    civic_value_set_string(&job->answer.own[0], &bytes);

    return civic_host_job_give(job, job->answer.own, 1);
}
