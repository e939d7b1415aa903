
/*
 * Copyright (C) Civic Gate
 *
 * Records as plain tables, while administrators change or look at them.
 */


#include "civic_appadmin_change.h"
#include "civic_json_arena.h"


static ngx_int_t civic_appadmin_edit_show_list(const civic_value_t *list,
    ngx_pool_t *pool, const char *hidden, civic_value_t *out);
static ngx_int_t civic_appadmin_edit_prefix(civic_value_t *key,
    ngx_pool_t *pool);
static ngx_uint_t civic_appadmin_edit_is(const civic_value_t *key,
    const char *name);


ngx_int_t
civic_appadmin_edit_parse(const ngx_str_t *text, ngx_pool_t *pool,
    civic_value_t *app)
{
    ngx_int_t      rc;
    civic_json_t  *json;

    civic_json_arena_enter();

    json = civic_json_parse(text, CIVIC_APP_MAX_RECORD, NULL, 0);
    rc = NGX_ERROR;

    if (json != NULL) {
        rc = civic_value_from_json(app, pool, json);
        civic_json_free(json);
    }

    civic_json_arena_leave();

    return (rc == NGX_OK && app->type == CIVIC_VALUE_TABLE) ? NGX_OK
                                                            : NGX_ERROR;
}


ngx_int_t
civic_appadmin_edit_set(civic_value_t *table, ngx_pool_t *pool,
    const char *name, const civic_value_t *value)
{
    uint32_t        i;
    civic_table_t  *t;
    civic_value_t  *place;

    t = table->u.table;

    for (i = 0; i < t->npairs; i++) {

        if (civic_appadmin_edit_is(&t->pairs[i].key, name)) {
            t->pairs[i] = t->pairs[--t->npairs];
            break;
        }
    }

    if (value == NULL) {
        return NGX_OK;
    }

    place = civic_value_add_named(table, pool, name);
    if (place == NULL) {
        return NGX_ERROR;
    }

    *place = *value;

    return NGX_OK;
}


civic_value_t *
civic_appadmin_edit_list(civic_value_t *app, ngx_pool_t *pool, const char *name)
{
    civic_value_t  *list;

    list = (civic_value_t *) civic_value_member(app, name);

    if (list != NULL && list->type == CIVIC_VALUE_TABLE) {
        return list;
    }

    list = civic_value_add_named(app, pool, name);

    if (list == NULL || civic_value_set_table(list, pool, 2, 0) != NGX_OK) {
        return NULL;
    }

    list->u.table->shape = CIVIC_VALUE_ARRAY;

    return list;
}


ngx_uint_t
civic_appadmin_edit_remove(civic_value_t *list, const char *member,
    const ngx_str_t *text)
{
    uint32_t        i;
    ngx_str_t       value;
    civic_table_t  *t;

    t = list->u.table;

    for (i = 0; i < t->nitems; i++) {

        if (civic_value_string(civic_value_member(&t->items[i], member),
                               &value)
            == NGX_OK
            && value.len == text->len
            && ngx_memcmp(value.data, text->data, value.len) == 0)
        {
            t->nitems--;
            ngx_memmove(&t->items[i], &t->items[i + 1],
                        (t->nitems - i) * sizeof(civic_value_t));
            return 1;
        }
    }

    return 0;
}


void
civic_appadmin_edit_expire(civic_value_t *list, time_t now)
{
    int64_t         expires;
    uint32_t        i, n;
    civic_table_t  *t;

    t = list->u.table;

    for (i = 0, n = 0; i < t->nitems; i++) {

        if (civic_value_integer(civic_value_member(&t->items[i], "expires"),
                                &expires)
            == NGX_OK
            && expires <= (int64_t) now)
        {
            continue;
        }

        t->items[n++] = t->items[i];
    }

    t->nitems = n;
}


ngx_int_t
civic_appadmin_edit_show(const civic_value_t *app, ngx_pool_t *pool,
    civic_value_t *out)
{
    ngx_uint_t            i;
    civic_value_t         shown;
    const civic_value_t  *list;

    static const struct {
        const char  *name;
        const char  *hidden;
    } lists[] = {
        { "keys", "sha256" },
        { "signers", "sealed" },
        { NULL, NULL }
    };

    if (civic_appadmin_edit_copy(app, pool, "", out) != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; lists[i].name; i++) {
        list = civic_value_member(app, lists[i].name);

        if (list == NULL || list->type != CIVIC_VALUE_TABLE) {
            continue;
        }

        if (civic_appadmin_edit_show_list(list, pool, lists[i].hidden, &shown)
            != NGX_OK
            || civic_appadmin_edit_set(out, pool, lists[i].name, &shown)
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
civic_appadmin_edit_show_list(const civic_value_t *list, ngx_pool_t *pool,
    const char *hidden, civic_value_t *out)
{
    ngx_uint_t            i;
    civic_value_t        *item;
    const civic_value_t  *from;

    if (civic_value_set_table(out, pool, 2, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    out->u.table->shape = CIVIC_VALUE_ARRAY;

    for (i = 0; (from = civic_value_item(list, i)) != NULL; i++) {
        item = civic_value_add_item(out, pool);

        if (item == NULL || from->type != CIVIC_VALUE_TABLE
            || civic_appadmin_edit_copy(from, pool, hidden, item) != NGX_OK)
        {
            return NGX_ERROR;
        }

        if (hidden[1] == 'h'
            && civic_appadmin_edit_prefix(item, pool) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_appadmin_edit_copy(const civic_value_t *table, ngx_pool_t *pool,
    const char *but, civic_value_t *out)
{
    uint32_t        i;
    civic_pair_t   *pair;
    civic_value_t  *member;

    pair = table->u.table->pairs;

    if (civic_value_set_table(out, pool, 0, table->u.table->npairs + 1)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    out->u.table->shape = CIVIC_VALUE_OBJECT;

    for (i = 0; i < table->u.table->npairs; i++) {

        if (civic_appadmin_edit_is(&pair[i].key, but)) {
            continue;
        }

        member = civic_value_add_member(out, pool, &pair[i].key.u.string);
        if (member == NULL) {
            return NGX_ERROR;
        }

        *member = pair[i].value;
    }

    return NGX_OK;
}


/* as the key itself begins: so its owner knows which it is */

static ngx_int_t
civic_appadmin_edit_prefix(civic_value_t *key, ngx_pool_t *pool)
{
    ngx_str_t  id, prefix;

    if (civic_value_string(civic_value_member(key, "id"), &id) != NGX_OK) {
        return NGX_OK;
    }

    prefix.len = 3 + id.len;
    prefix.data = ngx_pnalloc(pool, prefix.len);

    if (prefix.data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(prefix.data, "cg_%V", &id);

    return civic_value_add_string(key, pool, "prefix", &prefix);
}


static ngx_uint_t
civic_appadmin_edit_is(const civic_value_t *key, const char *name)
{
    return key->type == CIVIC_VALUE_STRING
           && key->u.string.len == ngx_strlen(name)
           && ngx_strncmp(key->u.string.data, name, key->u.string.len) == 0;
}
