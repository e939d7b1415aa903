
/*
 * Copyright (C) Civic Gate
 *
 * The administrators' API, a location with civic_admin: JSON in, JSON out.
 * Who may use it, the words of its location say.
 *
 *     GET    /admin/apps
 *     POST   /admin/revocations
 *
 * A resource lives in the folder of what it administers and is one entry of
 * the table in civic_admin_resources.c.
 */


#ifndef _CIVIC_ADMIN_H_INCLUDED_
#define _CIVIC_ADMIN_H_INCLUDED_


#include "civic.h"
#include "civic_value.h"


typedef struct {
    ngx_http_request_t     *request;
    ngx_str_t               id;        /* /apps/ID/keys: "ID", or empty */
    ngx_str_t               part;      /* "keys", or empty */
    ngx_str_t               part_id;   /* /apps/ID/keys/PART_ID, or empty */
    civic_value_t           body;      /* a table; nil: none was sent */
    ngx_pool_t             *pool;      /* the request's */
    void                   *state;     /* the resource's own */
} civic_admin_call_t;


/*
 * Answers now or later, exactly once, by one of the functions below.  The
 * request may go first: cleanups of its pool cancel what waits.
 */

typedef void (*civic_admin_handler_pt)(civic_admin_call_t *call);


typedef struct {
    ngx_uint_t              method;    /* NGX_HTTP_GET ... */
    ngx_str_t               name;      /* "apps" */
    ngx_str_t               part;      /* "keys", or empty */
    unsigned                id:1;      /* is an id wanted? */
    unsigned                part_id:1;
    civic_admin_handler_pt  handler;
} civic_admin_resource_t;


/* 200, 201 or 204 (`value` NULL) */

void civic_admin_answer(civic_admin_call_t *call, ngx_uint_t status,
    const civic_value_t *value);

/*
 * A problem: ADMIN_INVALID (422) with a sentence for the administrator,
 * ADMIN_NOT_FOUND (404), ADMIN_CONFLICT (409), STORE_UNAVAILABLE (503).
 */

void civic_admin_refuse(civic_admin_call_t *call, civic_problem_e problem,
    const char *sentence);


#endif /* _CIVIC_ADMIN_H_INCLUDED_ */
