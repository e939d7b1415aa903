
/*
 * Copyright (C) Civic Gate
 *
 * What a worker knows of the applications in Redis, and how it stays so:
 *
 *     a request -- cache --> answered
 *         |
 *         +------ look-up, shared by all who ask for the same --> cache
 *
 *     every 250 ms -- what has changed? --> forgotten
 *
 * A look-up's answer that is older than a change already told is not
 * believed, and asked for again.
 */


#ifndef _CIVIC_APP_WORKER_H_INCLUDED_
#define _CIVIC_APP_WORKER_H_INCLUDED_


#include "civic_app_cache.h"
#include "civic_app_conf.h"


#define CIVIC_APP_EPOCH  64


typedef struct {
    const civic_app_main_conf_t  *conf;
    civic_app_cache_t             cache;
    ngx_queue_t                   lookups; /* owned by civic_app_lookup.c */
    ngx_uint_t                    nlookups;

    /* what Redis said last */

    u_char                        epoch[CIVIC_APP_EPOCH];
    size_t                        epoch_len;
    int64_t                       version;
    ngx_msec_t                    fresh; /* when */
    unsigned                      known:1; /* it did say */

    ngx_event_t                   poll;
    civic_redis_command_t        *polling;
} civic_app_worker_t;


/* of this process; `conf` NULL: not started */

extern civic_app_worker_t  civic_app_worker;


/*
 * {epoch, version, ...} of a reply.  NGX_OK: it tells of now, or of later
 * than what is known; NGX_AGAIN: of an earlier time; NGX_DECLINED: it is no
 * such reply.
 */

ngx_int_t civic_app_worker_judge(const civic_value_t *reply);

/*
 * Who has this credential?  NGX_OK: `*credential`, remembered; NGX_DECLINED:
 * `*problem`; NGX_AGAIN: the request is parked, ask again; NGX_ERROR.
 */

ngx_int_t civic_app_lookup(ngx_http_request_t *r, ngx_uint_t by,
    const ngx_str_t *value, civic_app_credential_t **credential,
    civic_problem_e *problem);

/* this worker's members of status and metrics */

void civic_app_status_init(void);


#endif /* _CIVIC_APP_WORKER_H_INCLUDED_ */
