
/*
 * Copyright (C) Civic Gate
 *
 * Where revocations are in Redis, the scripts over them (lua/redis/), and
 * what their answers mean.
 */


#include "civic_revoke_conf.h"


#define CIVIC_REVOKE_KEYS  4


static ngx_int_t civic_revoke_records_kind(civic_revoke_record_t *record);
static ngx_int_t civic_revoke_records_value(const civic_value_t *page,
    ngx_uint_t i, ngx_str_t *text);
static u_char *civic_revoke_records_number(u_char *p, u_char *last,
    int64_t *number);


static ngx_str_t  civic_revoke_records_keys[CIVIC_REVOKE_KEYS] = {
    ngx_string("civic:{revocations}:entries"),
    ngx_string("civic:{revocations}:changes"),
    ngx_string("civic:{revocations}:lapses"),
    ngx_string("civic:{revocations}:state")
};


/* keys are indices of the above; nargs are the script's own */

static struct {
    civic_redis_builtin_t  builtin;
    ngx_uint_t             keys[CIVIC_REVOKE_KEYS];
    ngx_uint_t             nkeys;
    ngx_uint_t             nargs;
} civic_revoke_records_scripts[CIVIC_REVOKE_SCRIPTS] = {
    { civic_redis_builtin("revocations_add"), { 0, 1, 2, 3 }, 4, 5 },
    { civic_redis_builtin("revocations_lift"), { 0, 1, 2, 3 }, 4, 2 },
    { civic_redis_builtin("revocations_read"), { 0, 1, 3, 0 }, 3, 2 }
};


/* by civic_revoke_kind_e */

static const ngx_str_t  civic_revoke_records_words[CIVIC_REVOKE_KINDS] = {
    ngx_string(""),
    ngx_string("token:"),
    ngx_string("subject:"),
    ngx_string("app:"),
    ngx_string("client:"),
    ngx_string("issuer:"),
    ngx_string("all")
};


civic_redis_command_t *
civic_revoke_records_run(civic_redis_t *redis, civic_revoke_script_e script,
    const ngx_str_t *args, civic_redis_handler_pt handler, void *data)
{
    ngx_str_t              argv[CIVIC_REVOKE_KEYS + CIVIC_REVOKE_MAX_ARGS];
    ngx_uint_t             i, n;
    civic_redis_request_t  request;

    n = civic_revoke_records_scripts[script].nkeys;

    for (i = 0; i < n; i++) {
        argv[i] = civic_revoke_records_keys[
                      civic_revoke_records_scripts[script].keys[i]];
    }

    for (i = 0; i < civic_revoke_records_scripts[script].nargs; i++) {
        argv[n + i] = args[i];
    }

    ngx_memzero(&request, sizeof(civic_redis_request_t));

    request.argv = argv;
    request.argc = n + i;
    request.durable = (script != CIVIC_REVOKE_READ);
    request.handler = handler;
    request.data = data;

    return civic_redis_run(redis,
                           &civic_revoke_records_scripts[script].builtin, n,
                           &request);
}


const ngx_str_t *
civic_revoke_records_word(ngx_uint_t kind)
{
    return &civic_revoke_records_words[kind];
}


ngx_int_t
civic_revoke_records_page(const civic_value_t *page, uint64_t *newest)
{
    u_char     *last;
    int64_t     number;
    ngx_str_t   text;

    if (page->type != CIVIC_VALUE_TABLE
        || page->u.table->nitems % 3 != 1
        || civic_revoke_records_value(page, 0, &text) != NGX_OK)
    {
        return -1;
    }

    last = text.data + text.len;

    if (civic_revoke_records_number(text.data, last, &number) != last) {
        return -1;
    }

    *newest = number;

    return page->u.table->nitems / 3;
}


ngx_int_t
civic_revoke_records_read(const civic_value_t *page, ngx_uint_t i,
    civic_revoke_record_t *record)
{
    u_char     *p, *last;
    int64_t     version;
    ngx_str_t   text, number;

    ngx_memzero(record, sizeof(civic_revoke_record_t));

    if (civic_revoke_records_value(page, 1 + 3 * i, &record->what) != NGX_OK
        || civic_revoke_records_value(page, 2 + 3 * i, &number) != NGX_OK
        || civic_revoke_records_value(page, 3 + 3 * i, &text) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    last = number.data + number.len;

    if (civic_revoke_records_number(number.data, last, &version) != last
        || civic_revoke_records_kind(record) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    record->version = version;

    if (text.len == 6 && ngx_strncmp(text.data, "lifted", 6) == 0) {
        record->lifted = 1;
        return NGX_OK;
    }

    last = text.data + text.len;

    p = civic_revoke_records_number(text.data, last, &record->before);
    p = civic_revoke_records_number(p, last, &record->expires);
    p = civic_revoke_records_number(p, last, &record->created);

    if (p == NULL) {
        return NGX_DECLINED;
    }

    record->reason.data = p;
    record->reason.len = last - p;

    return NGX_OK;
}


/* what has nothing behind its word is nothing, but for "all" */

static ngx_int_t
civic_revoke_records_kind(civic_revoke_record_t *record)
{
    ngx_uint_t        kind;
    const ngx_str_t  *word;

    for (kind = CIVIC_REVOKE_TOKEN; kind < CIVIC_REVOKE_KINDS; kind++) {
        word = &civic_revoke_records_words[kind];

        if (record->what.len < word->len
            || ngx_strncmp(record->what.data, word->data, word->len) != 0
            || (record->what.len == word->len) != (kind == CIVIC_REVOKE_ALL))
        {
            continue;
        }

        record->kind = kind;
        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
civic_revoke_records_value(const civic_value_t *page, ngx_uint_t i,
    ngx_str_t *text)
{
    return civic_value_string(civic_value_item(page, i), text);
}


/* digits, and the one byte behind them; NULL: there are none, or too many */

static u_char *
civic_revoke_records_number(u_char *p, u_char *last, int64_t *number)
{
    u_char  *start;

    if (p == NULL) {
        return NULL;
    }

    *number = 0;

    for (start = p; p < last && *p >= '0' && *p <= '9'; p++) {

        if (p - start == 17) {
            return NULL;
        }

        *number = *number * 10 + (*p - '0');
    }

    if (p == start) {
        return NULL;
    }

    return p < last ? p + 1 : p;
}
