
/*
 * Copyright (C) Civic Gate
 *
 * Applications as administrators see them: listed, shown, created, changed
 * and removed.
 */


#include "civic_appadmin.h"
#include "civic_appadmin_change.h"
#include "civic_json_arena.h"


#define CIVIC_APPADMIN_PAGE  100


typedef struct {
    civic_admin_call_t     *call;
    civic_redis_command_t  *command;
    ngx_uint_t              limit;
} civic_appadmin_page_t;


static ngx_int_t civic_appadmin_page_arguments(civic_admin_call_t *call,
    ngx_str_t *after, ngx_str_t *limit);
static void civic_appadmin_page_cleanup(void *data);
static void civic_appadmin_page_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply);
static ngx_int_t civic_appadmin_page_write(civic_appadmin_page_t *page,
    const civic_value_t *reply, civic_value_t *value);
static ngx_int_t civic_appadmin_page_entry(ngx_pool_t *pool,
    const ngx_str_t *text, civic_value_t *entry);
static ngx_int_t civic_appadmin_create_edit(civic_appadmin_change_t *change,
    civic_value_t *app);
static ngx_int_t civic_appadmin_update_edit(civic_appadmin_change_t *change,
    civic_value_t *app);
static ngx_int_t civic_appadmin_set(civic_appadmin_change_t *change,
    civic_value_t *app, const char **members);
static ngx_int_t civic_appadmin_delete_edit(civic_appadmin_change_t *change,
    civic_value_t *app);


const char  *civic_appadmin_create_members[] = {
    "name", "title", "enabled", "scopes", "region", "class", "addresses",
    "expires", NULL
};

const char  *civic_appadmin_update_members[] = {
    "title", "enabled", "scopes", "region", "class", "addresses", "expires",
    NULL
};

const char  *civic_appadmin_list_arguments[] = { "after", "limit", NULL };


void
civic_appadmin_list(civic_admin_call_t *call)
{
    ngx_str_t                     argv[2];
    ngx_pool_cleanup_t           *cln;
    civic_appadmin_page_t       *page;
    const civic_app_main_conf_t  *amcf;

    amcf = civic_appadmin_change_conf(call);

    if (amcf == NULL
        || civic_appadmin_page_arguments(call, &argv[0], &argv[1]) != NGX_OK)
    {
        return;
    }

    cln = ngx_pool_cleanup_add(call->pool, sizeof(civic_appadmin_page_t));
    if (cln == NULL) {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return;
    }

    page = cln->data;
    page->call = call;
    page->limit = ngx_atoi(argv[1].data, argv[1].len);
    page->command = civic_app_script(amcf->redis, CIVIC_APP_SCRIPT_LIST, argv,
                                     2, civic_appadmin_page_handler, page);
    cln->handler = civic_appadmin_page_cleanup;

    if (page->command == NULL) {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
    }
}


/* NGX_OK, or refused */

static ngx_int_t
civic_appadmin_page_arguments(civic_admin_call_t *call, ngx_str_t *after,
    ngx_str_t *limit)
{
    ngx_int_t  n;

    ngx_str_null(after);
    ngx_str_set(limit, "100");

    if (civic_admin_argument(call, "after", after) == NGX_ABORT
        || civic_admin_argument(call, "limit", limit) == NGX_ABORT)
    {
        return NGX_DECLINED;
    }

    n = ngx_atoi(limit->data, limit->len);

    if (n < 1 || n > CIVIC_APPADMIN_PAGE) {
        civic_admin_refuse(call, CIVIC_ADMIN_INVALID,
                           "\"limit\" is no number from 1 to 100");
        return NGX_DECLINED;
    }

    return NGX_OK;
}


static void
civic_appadmin_page_cleanup(void *data)
{
    civic_appadmin_page_t  *page = data;

    if (page->command != NULL) {
        civic_redis_cancel(page->command);
    }
}


static void
civic_appadmin_page_handler(void *data, ngx_uint_t error,
    const civic_value_t *reply)
{
    civic_value_t            value;
    civic_appadmin_page_t  *page = data;

    page->command = NULL;

    if (error != CIVIC_REDIS_OK) {
        civic_admin_refuse(page->call, CIVIC_STORE_UNAVAILABLE, NULL);
        return;
    }

    if (civic_appadmin_page_write(page, reply, &value) != NGX_OK) {
        civic_admin_refuse(page->call, CIVIC_INTERNAL, NULL);
        return;
    }

    civic_admin_answer(page->call, NGX_HTTP_OK, &value);
}


/* "next" is the "after" of the next page */

static ngx_int_t
civic_appadmin_page_write(civic_appadmin_page_t *page,
    const civic_value_t *reply, civic_value_t *value)
{
    ngx_str_t       text;
    ngx_uint_t      i;
    ngx_pool_t     *pool;
    civic_value_t  *list, *entry;

    pool = page->call->pool;

    if (civic_value_set_table(value, pool, 0, 2) != NGX_OK) {
        return NGX_ERROR;
    }

    list = civic_appadmin_edit_list(value, pool, "apps");
    if (list == NULL) {
        return NGX_ERROR;
    }

    entry = NULL;

    for (i = 0;
         civic_value_string(civic_value_item(reply, i), &text) == NGX_OK;
         i++)
    {
        entry = civic_value_add_item(list, pool);

        if (entry == NULL
            || civic_appadmin_page_entry(pool, &text, entry) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (i == page->limit
        && civic_value_string(civic_value_member(entry, "name"), &text)
           == NGX_OK)
    {
        return civic_value_add_string(value, pool, "next", &text);
    }

    return NGX_OK;
}


static ngx_int_t
civic_appadmin_page_entry(ngx_pool_t *pool, const ngx_str_t *text,
    civic_value_t *entry)
{
    civic_value_t  app;

    return (civic_appadmin_edit_parse(text, pool, &app) == NGX_OK
            && civic_appadmin_edit_show(&app, pool, entry) == NGX_OK)
           ? NGX_OK : NGX_ERROR;
}


void
civic_appadmin_show(civic_admin_call_t *call)
{
    civic_appadmin_change_start(call, &call->id, NULL, 0);
}


void
civic_appadmin_create(civic_admin_call_t *call)
{
    ngx_str_t  name;

    if (civic_value_string(civic_value_member(&call->body, "name"), &name)
        != NGX_OK)
    {
        civic_admin_refuse(call, CIVIC_ADMIN_INVALID,
                           "an application wants a \"name\"");
        return;
    }

    civic_appadmin_change_start(call, &name, civic_appadmin_create_edit, 1);
}


static ngx_int_t
civic_appadmin_create_edit(civic_appadmin_change_t *change, civic_value_t *app)
{
    if (civic_appadmin_set(change, app, civic_appadmin_create_members)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    change->status = NGX_HTTP_CREATED;

    return civic_appadmin_edit_show(app, change->call->pool, &change->answer);
}


void
civic_appadmin_update(civic_admin_call_t *call)
{
    civic_appadmin_change_start(call, &call->id, civic_appadmin_update_edit, 0);
}


static ngx_int_t
civic_appadmin_update_edit(civic_appadmin_change_t *change, civic_value_t *app)
{
    if (civic_appadmin_set(change, app, civic_appadmin_update_members)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    change->status = NGX_HTTP_OK;

    return civic_appadmin_edit_show(app, change->call->pool, &change->answer);
}


/* what the body says; null takes a member away (RFC 7396) */

static ngx_int_t
civic_appadmin_set(civic_appadmin_change_t *change, civic_value_t *app,
    const char **members)
{
    ngx_uint_t            i;
    const civic_value_t  *value;

    for (i = 0; members[i]; i++) {
        value = civic_value_member(&change->call->body, members[i]);

        if (value == NULL) {
            continue;
        }

        if (value->type == CIVIC_VALUE_NULL) {
            value = NULL;
        }

        if (civic_appadmin_edit_set(app, change->call->pool, members[i], value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
civic_appadmin_delete(civic_admin_call_t *call)
{
    civic_appadmin_change_start(call, &call->id, civic_appadmin_delete_edit, 0);
}


static ngx_int_t
civic_appadmin_delete_edit(civic_appadmin_change_t *change, civic_value_t *app)
{
    change->remove = 1;
    change->status = NGX_HTTP_NO_CONTENT;

    return NGX_OK;
}
