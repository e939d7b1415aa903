
/*
 * Copyright (C) Civic Gate
 *
 * What the files of revoke/ share: the zone, in which all workers find the
 * list, and the records in Redis, where it comes from.
 */


#ifndef _CIVIC_REVOKE_CONF_H_INCLUDED_
#define _CIVIC_REVOKE_CONF_H_INCLUDED_


#include "civic.h"
#include "civic_redis.h"
#include "civic_revoke_table.h"


#define CIVIC_REVOKE_VALUE  512        /* bytes of a jti, subject, client */
#define CIVIC_REVOKE_WHAT   1152       /* "token:ISSUER:JTI" */
#define CIVIC_REVOKE_PAGE   1000       /* entries of one reply */


/*
 * In shared memory.  `version` is written under the slab pool's mutex, as
 * the table is; the rest are single words.  Times are ngx_current_msec,
 * which all processes of the machine share.
 */

typedef struct {
    ngx_slab_pool_t        *shpool;    /* mapped at one place everywhere */
    civic_revoke_table_t   *table;
    u_char                  hash_key[16];
    uint64_t                version;   /* of Redis; 0: read it all */
    uint64_t                purged;    /* s: when the expired went */
    uint64_t                known;     /* a whole list was read */
    uint64_t                checked;   /* when the list was as Redis has it */
    uint64_t                full;      /* an entry found no room */
    uint64_t                lost;      /* times: Redis knew less than we */
    uint64_t                lease;     /* one worker reads, until then */
    uint64_t                holder;    /* its pid */
    uint64_t                owner;     /* configurations that had it */
    uint64_t                reads;     /* answers, and failures */
    uint64_t                failures;
} civic_revoke_zone_t;


typedef struct {
    ngx_shm_zone_t         *shm;       /* NULL: no civic_revocations */
    ngx_str_t               name;      /* of the civic_redis */
    civic_redis_t          *redis;
    ngx_msec_t              interval;
    size_t                  size;
    civic_pos_t            *pos;
    ngx_uint_t              pass;      /* unknown=pass */
} civic_revoke_main_conf_t;


extern ngx_module_t  ngx_http_civic_revoke_module;


/* NULL: no civic_revocations */

civic_revoke_zone_t *civic_revoke_zone_get(
    const civic_revoke_main_conf_t *rmcf);

/* makes the zone; `rmcf->shm` is set */

ngx_int_t civic_revoke_zone_add(ngx_conf_t *cf,
    civic_revoke_main_conf_t *rmcf);

/* the digest by which `what` is found in the table */

void civic_revoke_zone_key(const civic_revoke_zone_t *zone, const u_char *what,
    size_t len, u_char *key);

/*
 * One page of what Redis has, into the table, if nobody was faster: `since`
 * is the version that was asked for.  NGX_OK, NGX_AGAIN: there is more, or
 * NGX_DECLINED: that is no page.
 */

ngx_int_t civic_revoke_zone_apply(civic_revoke_zone_t *zone,
    uint64_t since, const civic_value_t *page, ngx_log_t *log);

uint64_t civic_revoke_zone_version(civic_revoke_zone_t *zone);


/* records: keys and scripts, civic_revoke_records.c */

typedef enum {
    CIVIC_REVOKE_ADD = 0,              /* what before expires reason room */
    CIVIC_REVOKE_LIFT,                 /* what keep */
    CIVIC_REVOKE_READ,                 /* version limit */
    CIVIC_REVOKE_SCRIPTS
} civic_revoke_script_e;

#define CIVIC_REVOKE_MAX_ARGS  5

/* `args` as the script wants them.  NULL: no memory. */

civic_redis_command_t *civic_revoke_records_run(civic_redis_t *redis,
    civic_revoke_script_e script, const ngx_str_t *args,
    civic_redis_handler_pt handler, void *data);

/* an entry of a page: "BEFORE EXPIRES CREATED" LF reason, or "lifted" */

typedef struct {
    ngx_str_t               what;
    ngx_str_t               reason;
    uint64_t                version;
    int64_t                 before;    /* 0: whenever it was issued */
    int64_t                 expires;   /* 0: never */
    int64_t                 created;
    ngx_uint_t              kind;      /* civic_revoke_kind_e */
    unsigned                lifted:1;
} civic_revoke_record_t;

/* the newest version of a page; how many entries it has; -1: no page */

ngx_int_t civic_revoke_records_page(const civic_value_t *page,
    uint64_t *newest);

/* NGX_OK, or NGX_DECLINED: nothing that a gate of this version wrote */

ngx_int_t civic_revoke_records_read(const civic_value_t *page, ngx_uint_t i,
    civic_revoke_record_t *record);

/* the word that `what` begins with, its colon included; empty: no kind */

const ngx_str_t *civic_revoke_records_word(ngx_uint_t kind);


/* polling, civic_revoke_poll.c */

void civic_revoke_poll_start(ngx_cycle_t *cycle,
    civic_revoke_main_conf_t *rmcf);

/* now, whoever's turn it is: something has just changed */

void civic_revoke_poll_now(void);


/* families of metrics, and the member of civic_status full */

void civic_revoke_status_init(civic_revoke_main_conf_t *rmcf);


#endif /* _CIVIC_REVOKE_CONF_H_INCLUDED_ */
