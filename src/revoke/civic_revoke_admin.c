
/*
 * Copyright (C) Civic Gate
 *
 * Revocations as a resource: POST adds one, GET lists them page by page,
 * DELETE lifts one.  All of it is Redis's: this gate, as all others, learns
 * of it by reading the list.
 */


#include "civic_revoke_admin.h"
#include "civic_revoke_order.h"


#define CIVIC_REVOKE_LIST   100
#define CIVIC_REVOKE_KEEP   "2592000"  /* s: 30 days */


typedef struct {
    civic_admin_call_t         *call;
    civic_redis_command_t      *command;
    civic_revoke_order_t        order;
    ngx_uint_t                  limit;
} civic_revoke_admin_t;


static civic_revoke_admin_t *civic_revoke_admin_open(civic_admin_call_t *call,
    civic_revoke_main_conf_t **rmcf);
static void civic_revoke_admin_run(civic_revoke_admin_t *admin,
    civic_revoke_main_conf_t *rmcf, civic_revoke_script_e script,
    const ngx_str_t *args, civic_redis_handler_pt handler);
static void civic_revoke_admin_cleanup(void *data);
static ngx_int_t civic_revoke_admin_failed(civic_revoke_admin_t *admin,
    ngx_uint_t error, const civic_value_t *reply);
static ngx_int_t civic_revoke_admin_number(ngx_pool_t *pool, int64_t number,
    ngx_str_t *text);
static void civic_revoke_admin_added(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static void civic_revoke_admin_lifted(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static ngx_int_t civic_revoke_admin_limit(civic_admin_call_t *call,
    ngx_uint_t *limit);
static void civic_revoke_admin_listed(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static ngx_int_t civic_revoke_admin_write(civic_revoke_admin_t *admin,
    const civic_value_t *page, ngx_uint_t n, civic_value_t *answer);


const char  *civic_revoke_admin_members[] = {
    "token", "subject", "app", "client", "issuer", "all",
    "before", "expires", "reason", NULL
};


const char  *civic_revoke_admin_page[] = { "after", "limit", NULL };


const char  *civic_revoke_admin_selectors[] = {
    "token", "subject", "app", "client", "issuer", "all", NULL
};


/* NULL: the call is refused */

static civic_revoke_admin_t *
civic_revoke_admin_open(civic_admin_call_t *call,
    civic_revoke_main_conf_t **rmcf)
{
    ngx_pool_cleanup_t    *cln;
    civic_revoke_admin_t  *admin;

    *rmcf = ngx_http_get_module_main_conf(call->request,
                                          ngx_http_civic_revoke_module);

    if ((*rmcf)->shm == NULL) {
        civic_admin_refuse(call, CIVIC_ADMIN_NOT_FOUND,
                           "this gate has no civic_revocations");
        return NULL;
    }

    admin = ngx_pcalloc(call->pool, sizeof(civic_revoke_admin_t));
    cln = ngx_pool_cleanup_add(call->pool, 0);

    if (admin == NULL || cln == NULL) {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return NULL;
    }

    admin->call = call;

    cln->handler = civic_revoke_admin_cleanup;
    cln->data = admin;

    return admin;
}


static void
civic_revoke_admin_cleanup(void *data)
{
    civic_revoke_admin_t  *admin = data;

    if (admin->command != NULL) {
        civic_redis_cancel(admin->command);
    }
}


static void
civic_revoke_admin_run(civic_revoke_admin_t *admin,
    civic_revoke_main_conf_t *rmcf, civic_revoke_script_e script,
    const ngx_str_t *args, civic_redis_handler_pt handler)
{
    admin->command = civic_revoke_records_run(rmcf->redis, script, args,
                                              handler, admin);
    if (admin->command == NULL) {
        civic_admin_refuse(admin->call, CIVIC_INTERNAL, NULL);
    }
}


/* NGX_OK: there is a list to read; else the call is refused */

static ngx_int_t
civic_revoke_admin_failed(civic_revoke_admin_t *admin, ngx_uint_t error,
    const civic_value_t *reply)
{
    admin->command = NULL;

    switch (error) {

    case CIVIC_REDIS_OK:
        if (reply->type == CIVIC_VALUE_TABLE && reply->u.table->nitems) {
            return NGX_OK;
        }

        /* fall through */

    case CIVIC_REDIS_REFUSED:
        ngx_log_error(NGX_LOG_ERR, admin->call->request->connection->log, 0,
                      "civic revoke: Redis refuses a change of the list");
        break;

    case CIVIC_REDIS_NOT_DURABLE:
        civic_admin_refuse(admin->call, CIVIC_STORE_UNAVAILABLE,
                           "it is done, but not on as many replicas as "
                           "civic_redis wants");
        return NGX_ERROR;

    case CIVIC_REDIS_TIMEOUT:
        civic_admin_refuse(admin->call, CIVIC_STORE_UNAVAILABLE,
                           "Redis did not answer in time: it may be done, or "
                           "not");
        return NGX_ERROR;
    }

    civic_admin_refuse(admin->call, CIVIC_STORE_UNAVAILABLE, NULL);

    return NGX_ERROR;
}


static ngx_int_t
civic_revoke_admin_number(ngx_pool_t *pool, int64_t number, ngx_str_t *text)
{
    text->data = ngx_pnalloc(pool, NGX_INT64_LEN);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = ngx_sprintf(text->data, "%L", number) - text->data;

    return NGX_OK;
}


void
civic_revoke_admin_add(civic_admin_call_t *call)
{
    ngx_str_t                  args[5];
    civic_revoke_zone_t       *zone;
    civic_revoke_admin_t      *admin;
    civic_revoke_main_conf_t  *rmcf;

    admin = civic_revoke_admin_open(call, &rmcf);

    if (admin == NULL
        || civic_revoke_order_body(call, &admin->order) != NGX_OK)
    {
        return;
    }

    zone = civic_revoke_zone_get(rmcf);

    args[0] = admin->order.what;
    args[3] = admin->order.reason;

    if (civic_revoke_admin_number(call->pool, admin->order.before, &args[1])
        != NGX_OK
        || civic_revoke_admin_number(call->pool, admin->order.expires,
                                     &args[2])
           != NGX_OK
        || civic_revoke_admin_number(call->pool,
                                     civic_revoke_table_room(zone->table),
                                     &args[4])
           != NGX_OK)
    {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return;
    }

    civic_revoke_admin_run(admin, rmcf, CIVIC_REVOKE_ADD, args,
                           civic_revoke_admin_added);
}


/* what counts now may be more than what was asked for */

static void
civic_revoke_admin_added(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_revoke_admin_t *admin = data;

    off_t                   number[2];
    ngx_str_t               word;
    ngx_uint_t              i;
    civic_value_t           answer;
    civic_revoke_record_t   record;

    if (civic_revoke_admin_failed(admin, error, reply) != NGX_OK) {
        return;
    }

    if (reply->u.table->nitems == 1) {
        ngx_log_error(NGX_LOG_ERR, admin->call->request->connection->log, 0,
                      "civic revoke: the list is full, and a revocation was "
                      "refused: raise size= of civic_revocations");

        civic_admin_refuse(admin->call, CIVIC_ADMIN_CONFLICT,
                           "the list is full: raise size= of "
                           "civic_revocations");
        return;
    }

    for (i = 0; i < 2; i++) {
        ngx_str_null(&word);
        (void) civic_value_string(civic_value_item(reply, i + 1), &word);
        number[i] = ngx_atoof(word.data, word.len);
    }

    ngx_memzero(&record, sizeof(civic_revoke_record_t));

    record.what = admin->order.what;
    record.kind = admin->order.kind;
    record.before = number[0];
    record.expires = number[1];
    record.created = ngx_time();
    record.reason = admin->order.reason;

    if (civic_revoke_order_write(&record, admin->call->pool, &answer)
        != NGX_OK)
    {
        civic_admin_refuse(admin->call, CIVIC_INTERNAL, NULL);
        return;
    }

    civic_revoke_poll_now();

    civic_admin_answer(admin->call, NGX_HTTP_CREATED, &answer);
}


void
civic_revoke_admin_lift(civic_admin_call_t *call)
{
    ngx_str_t                  args[2];
    civic_revoke_admin_t      *admin;
    civic_revoke_main_conf_t  *rmcf;

    admin = civic_revoke_admin_open(call, &rmcf);

    if (admin == NULL
        || civic_revoke_order_query(call, &admin->order) != NGX_OK)
    {
        return;
    }

    args[0] = admin->order.what;
    ngx_str_set(&args[1], CIVIC_REVOKE_KEEP);

    civic_revoke_admin_run(admin, rmcf, CIVIC_REVOKE_LIFT, args,
                           civic_revoke_admin_lifted);
}


static void
civic_revoke_admin_lifted(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_revoke_admin_t *admin = data;

    if (civic_revoke_admin_failed(admin, error, reply) != NGX_OK) {
        return;
    }

    if (reply->u.table->nitems == 1) {
        civic_admin_refuse(admin->call, CIVIC_ADMIN_NOT_FOUND,
                           "it is not revoked");
        return;
    }

    civic_revoke_poll_now();

    civic_admin_answer(admin->call, NGX_HTTP_NO_CONTENT, NULL);
}


void
civic_revoke_admin_list(civic_admin_call_t *call)
{
    ngx_int_t                  rc;
    ngx_str_t                  args[2];
    ngx_uint_t                 i;
    civic_revoke_admin_t      *admin;
    civic_revoke_main_conf_t  *rmcf;

    admin = civic_revoke_admin_open(call, &rmcf);

    if (admin == NULL
        || civic_revoke_admin_limit(call, &admin->limit) != NGX_OK)
    {
        return;
    }

    rc = civic_admin_argument(call, "after", &args[0]);

    if (rc == NGX_ABORT) {
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_str_set(&args[0], "0");
    }

    for (i = 0; i < args[0].len; i++) {

        if (args[0].data[i] < '0' || args[0].data[i] > '9') {
            break;
        }
    }

    if (i == 0 || i < args[0].len || i > 16) {
        civic_admin_refuse(call, CIVIC_ADMIN_INVALID,
                           "\"after\" is not the \"next\" of a page");
        return;
    }

    if (civic_revoke_admin_number(call->pool, admin->limit, &args[1])
        != NGX_OK)
    {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return;
    }

    civic_revoke_admin_run(admin, rmcf, CIVIC_REVOKE_READ, args,
                           civic_revoke_admin_listed);
}


static ngx_int_t
civic_revoke_admin_limit(civic_admin_call_t *call, ngx_uint_t *limit)
{
    ngx_int_t  rc, n;
    ngx_str_t  text;

    rc = civic_admin_argument(call, "limit", &text);

    if (rc == NGX_ABORT) {
        return NGX_DECLINED;
    }

    if (rc == NGX_DECLINED) {
        *limit = CIVIC_REVOKE_LIST;
        return NGX_OK;
    }

    n = ngx_atoi(text.data, text.len);

    if (n < 1 || n > CIVIC_REVOKE_PAGE) {
        civic_admin_refuse(call, CIVIC_ADMIN_INVALID,
                           "\"limit\" is not a number from 1 to 1000");
        return NGX_DECLINED;
    }

    *limit = n;

    return NGX_OK;
}


static void
civic_revoke_admin_listed(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_revoke_admin_t *admin = data;

    ngx_int_t      n;
    uint64_t       newest;
    civic_value_t  answer;

    if (civic_revoke_admin_failed(admin, error, reply) != NGX_OK) {
        return;
    }

    n = civic_revoke_records_page(reply, &newest);

    if (n < 0
        || civic_revoke_admin_write(admin, reply, n, &answer) != NGX_OK)
    {
        civic_admin_refuse(admin->call, CIVIC_INTERNAL, NULL);
        return;
    }

    civic_admin_answer(admin->call, NGX_HTTP_OK, &answer);
}


/* what was lifted, or has expired, is no revocation */

static ngx_int_t
civic_revoke_admin_write(civic_revoke_admin_t *admin,
    const civic_value_t *page, ngx_uint_t n, civic_value_t *answer)
{
    ngx_str_t               next;
    ngx_uint_t              i;
    ngx_pool_t             *pool;
    civic_value_t          *list, *item;
    civic_revoke_record_t   record;

    static const ngx_str_t  name = ngx_string("revocations");

    pool = admin->call->pool;
    record.version = 0;

    if (civic_value_set_table(answer, pool, 0, 2) != NGX_OK) {
        return NGX_ERROR;
    }

    list = civic_value_add_member(answer, pool, &name);

    if (list == NULL || civic_value_set_table(list, pool, n, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    list->u.table->shape = CIVIC_VALUE_ARRAY;

    for (i = 0; i < n; i++) {

        if (civic_revoke_records_read(page, i, &record) != NGX_OK) {
            return NGX_ERROR;
        }

        if (record.lifted
            || (record.expires && record.expires <= (int64_t) ngx_time()))
        {
            continue;
        }

        item = civic_value_add_item(list, pool);

        if (item == NULL
            || civic_revoke_order_write(&record, pool, item) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (n < admin->limit) {
        return NGX_OK;
    }

    if (civic_revoke_admin_number(pool, record.version, &next) != NGX_OK) {
        return NGX_ERROR;
    }

    return civic_value_add_string(answer, pool, "next", &next);
}
