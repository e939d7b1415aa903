
/*
 * Copyright (C) Civic Gate
 *
 * The resources of the administrators' API, and how a path names one:
 *
 *     NAME    NAME/ID    NAME/ID/PART    NAME/ID/PART/PART_ID
 */


#include "civic_admin_conf.h"
#include "civic_revoke_admin.h"
#include "civic_appadmin.h"


#define CIVIC_ADMIN_SEGMENTS  4
#define CIVIC_ADMIN_ID        512      /* bytes, at most */


static ngx_uint_t civic_admin_split(const ngx_str_t *path,
    ngx_str_t *segments);
static ngx_uint_t civic_admin_is(const civic_admin_resource_t *resource,
    const ngx_str_t *segments, ngx_uint_t n);
static const char *civic_admin_method(ngx_uint_t method);
static ngx_int_t civic_admin_index_add(civic_value_t *list,
    const civic_admin_resource_t *resource, ngx_pool_t *pool);


const civic_admin_resource_t  civic_admin_resources[] = {

    { NGX_HTTP_GET, ngx_string(""), ngx_string(""), 0, 0, NULL, NULL,
      civic_admin_index },

    { NGX_HTTP_GET, ngx_string("revocations"), ngx_string(""), 0, 0, NULL,
      civic_revoke_admin_page, civic_revoke_admin_list },
    { NGX_HTTP_POST, ngx_string("revocations"), ngx_string(""), 0, 0,
      civic_revoke_admin_members, NULL, civic_revoke_admin_add },
    { NGX_HTTP_DELETE, ngx_string("revocations"), ngx_string(""), 0, 0, NULL,
      civic_revoke_admin_selectors, civic_revoke_admin_lift },

    { NGX_HTTP_GET, ngx_string("apps"), ngx_string(""), 0, 0,
      NULL, civic_appadmin_list_arguments,
      civic_appadmin_list },

    { NGX_HTTP_POST, ngx_string("apps"), ngx_string(""), 0, 0,
      civic_appadmin_create_members, NULL,
      civic_appadmin_create },

    { NGX_HTTP_GET, ngx_string("apps"), ngx_string(""), 1, 0,
      NULL, NULL,
      civic_appadmin_show },

    { NGX_HTTP_PATCH, ngx_string("apps"), ngx_string(""), 1, 0,
      civic_appadmin_update_members, NULL,
      civic_appadmin_update },

    { NGX_HTTP_DELETE, ngx_string("apps"), ngx_string(""), 1, 0,
      NULL, NULL,
      civic_appadmin_delete },

    { NGX_HTTP_POST, ngx_string("apps"), ngx_string("keys"), 1, 0,
      civic_appadmin_key_members, NULL,
      civic_appadmin_key_add },

    { NGX_HTTP_DELETE, ngx_string("apps"), ngx_string("keys"), 1, 1,
      NULL, NULL,
      civic_appadmin_remove },

    { NGX_HTTP_POST, ngx_string("apps"), ngx_string("signers"), 1, 0,
      civic_appadmin_signer_members, NULL,
      civic_appadmin_signer_add },

    { NGX_HTTP_DELETE, ngx_string("apps"), ngx_string("signers"), 1, 1,
      NULL, NULL,
      civic_appadmin_remove },

    { NGX_HTTP_POST, ngx_string("apps"), ngx_string("certificates"), 1, 0,
      civic_appadmin_certificate_members, NULL,
      civic_appadmin_certificate_add },

    { NGX_HTTP_DELETE, ngx_string("apps"), ngx_string("certificates"), 1, 1,
      NULL, NULL,
      civic_appadmin_remove }
};


const ngx_uint_t  civic_admin_nresources =
    sizeof(civic_admin_resources) / sizeof(civic_admin_resource_t);


static const struct {
    ngx_uint_t   method;
    const char  *name;
} civic_admin_methods[] = {
    { NGX_HTTP_GET, "GET" },
    { NGX_HTTP_POST, "POST" },
    { NGX_HTTP_PUT, "PUT" },
    { NGX_HTTP_PATCH, "PATCH" },
    { NGX_HTTP_DELETE, "DELETE" },
    { 0, NULL }
};


const civic_admin_resource_t *
civic_admin_find(civic_admin_call_t *call, const ngx_str_t *path,
    ngx_uint_t method, ngx_uint_t *methods)
{
    ngx_str_t                      segments[CIVIC_ADMIN_SEGMENTS];
    ngx_uint_t                     i, n;
    const civic_admin_resource_t  *resource;

    *methods = 0;

    n = civic_admin_split(path, segments);

    if (n == 0) {
        return NULL;
    }

    for (i = 0; i < civic_admin_nresources; i++) {
        resource = &civic_admin_resources[i];

        if (!civic_admin_is(resource, segments, n)) {
            continue;
        }

        if (resource->method == method) {
            call->id = segments[1];
            call->part = segments[2];
            call->part_id = segments[3];

            return resource;
        }

        *methods |= resource->method;
    }

    return NULL;
}


/*
 * How many segments; 0: too many, one is empty, too long, or has bytes that
 * have no place in a log.
 */

static ngx_uint_t
civic_admin_split(const ngx_str_t *path, ngx_str_t *segments)
{
    u_char      *p, *last;
    ngx_uint_t   n;

    ngx_memzero(segments, CIVIC_ADMIN_SEGMENTS * sizeof(ngx_str_t));

    p = path->data;
    last = p + path->len;

    for (n = 0; n < CIVIC_ADMIN_SEGMENTS; n++) {
        segments[n].data = p;

        while (p < last && *p != '/') {

            if (*p < 0x20 || *p == 0x7f) {
                return 0;
            }

            p++;
        }

        segments[n].len = p - segments[n].data;

        if (segments[n].len > CIVIC_ADMIN_ID
            || (segments[n].len == 0 && path->len))
        {
            return 0;
        }

        if (p++ == last) {
            return n + 1;
        }
    }

    return 0;
}


static ngx_uint_t
civic_admin_is(const civic_admin_resource_t *resource,
    const ngx_str_t *segments, ngx_uint_t n)
{
    return n == 1 + (ngx_uint_t) resource->id + (resource->part.len ? 1 : 0)
                + (ngx_uint_t) resource->part_id
           && resource->name.len == segments[0].len
           && ngx_strncmp(resource->name.data, segments[0].data,
                          segments[0].len)
              == 0
           && resource->part.len == segments[2].len
           && ngx_strncmp(resource->part.data, segments[2].data,
                          segments[2].len)
              == 0;
}


static const char *
civic_admin_method(ngx_uint_t method)
{
    ngx_uint_t  i;

    for (i = 0; civic_admin_methods[i].name; i++) {

        if (civic_admin_methods[i].method == method) {
            return civic_admin_methods[i].name;
        }
    }

    return "";
}


void
civic_admin_index(civic_admin_call_t *call)
{
    ngx_uint_t      i;
    civic_value_t   index, *list;

    static const ngx_str_t  resources = ngx_string("resources");

    if (civic_value_set_table(&index, call->pool, 0, 1) != NGX_OK) {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return;
    }

    list = civic_value_add_member(&index, call->pool, &resources);

    if (list == NULL
        || civic_value_set_table(list, call->pool, civic_admin_nresources, 0)
           != NGX_OK)
    {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return;
    }

    for (i = 0; i < civic_admin_nresources; i++) {

        if (civic_admin_index_add(list, &civic_admin_resources[i],
                                  call->pool)
            != NGX_OK)
        {
            civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
            return;
        }
    }

    civic_admin_answer(call, NGX_HTTP_OK, &index);
}


/* "POST apps/{id}/keys" */

static ngx_int_t
civic_admin_index_add(civic_value_t *list,
    const civic_admin_resource_t *resource, ngx_pool_t *pool)
{
    u_char         *p;
    ngx_str_t       text;
    civic_value_t  *item;

    item = civic_value_add_item(list, pool);

    text.data = ngx_pnalloc(pool, resource->name.len + resource->part.len
                                  + sizeof("DELETE /{id}//{id}"));
    if (item == NULL || text.data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(text.data, "%s %V%s",
                    civic_admin_method(resource->method), &resource->name,
                    resource->id ? "/{id}" : "");

    if (resource->part.len) {
        p = ngx_sprintf(p, "/%V%s", &resource->part,
                        resource->part_id ? "/{id}" : "");
    }

    text.len = p - text.data;
    civic_value_set_string(item, &text);

    return NGX_OK;
}
