
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
 *
 * This is the only header of admin/ that others may include.
 */


#ifndef _CIVIC_ADMIN_H_INCLUDED_
#define _CIVIC_ADMIN_H_INCLUDED_


#include "civic.h"
#include "civic_value.h"


#define CIVIC_ADMIN_MAX_BODY    65536
#define CIVIC_ADMIN_MAX_ANSWER  (4 * 1024 * 1024)


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
 * Answers now or later, exactly once, by one of the functions below, and
 * touches the call no more.  The request may go first: cleanups of its pool
 * cancel what waits.
 */

typedef void (*civic_admin_handler_pt)(civic_admin_call_t *call);


typedef struct {
    ngx_uint_t              method;    /* NGX_HTTP_GET ... */
    ngx_str_t               name;      /* "apps" */
    ngx_str_t               part;      /* "keys", or empty */
    unsigned                id:1;      /* is an id wanted? */
    unsigned                part_id:1;
    const char            **members;   /* of the body, NULL behind the last:
                                          others are refused; NULL: no body */
    const char            **arguments; /* of the query, likewise */
    civic_admin_handler_pt  handler;
} civic_admin_resource_t;


/* 200, 201 or 204 (`value` NULL) */

void civic_admin_answer(civic_admin_call_t *call, ngx_uint_t status,
    const civic_value_t *value);

/*
 * A problem: ADMIN_INVALID (422) with a sentence for the administrator,
 * ADMIN_NOT_FOUND (404), ADMIN_CONFLICT (409), STORE_UNAVAILABLE (503).
 * `sentence` is copied; NULL: none.  Control bytes become "?".
 */

void civic_admin_refuse(civic_admin_call_t *call, civic_problem_e problem,
    const char *sentence);

/*
 * Has a table within the body other members than `members` (NULL behind the
 * last)?  NGX_OK; or NGX_DECLINED: the call is refused, and over.
 */

ngx_int_t civic_admin_members(civic_admin_call_t *call,
    const civic_value_t *table, const char **members);

/*
 * An argument of the query, decoded, in call->pool.  NGX_OK, NGX_DECLINED:
 * it is not there; NGX_ABORT: it is not well-formed, or there twice, and the
 * call is refused.
 */

ngx_int_t civic_admin_argument(civic_admin_call_t *call, const char *name,
    ngx_str_t *value);


#endif /* _CIVIC_ADMIN_H_INCLUDED_ */
