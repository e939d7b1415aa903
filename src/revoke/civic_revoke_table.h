
/*
 * Copyright (C) Civic Gate
 *
 * The list of what is revoked, in memory that processes share: two tables of
 * open addressing, one that all read and one that is written.
 *
 *     readers                        the one writer
 *        |                              |  begin: copy, odd
 *        v      flip on commit          v  set, lift
 *     [ active ] <----------------- [ other ]  commit: even
 *
 * Reading takes no lock.  A reader that slept through two commits finds that
 * its table has another sequence number, and reads anew.  A writer that dies
 * leaves a table that nobody reads, and that the next one copies over.
 *
 * Pure: works on any region of memory; time is an argument.
 */


#ifndef _CIVIC_REVOKE_TABLE_H_INCLUDED_
#define _CIVIC_REVOKE_TABLE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_REVOKE_KEY_LEN   16
#define CIVIC_REVOKE_ALWAYS    INT64_MAX   /* whenever it was issued */


/* 0 is a slot that is free */

typedef enum {
    CIVIC_REVOKE_TOKEN = 1,
    CIVIC_REVOKE_SUBJECT,
    CIVIC_REVOKE_APP,
    CIVIC_REVOKE_CLIENT,
    CIVIC_REVOKE_ISSUER,
    CIVIC_REVOKE_ALL,
    CIVIC_REVOKE_KINDS
} civic_revoke_kind_e;


typedef struct {
    u_char            key[CIVIC_REVOKE_KEY_LEN];  /* a keyed digest */
    int64_t           before;          /* s: whatever was issued earlier */
    uint32_t          expires;         /* s; 0: never */
    uint32_t          kind;            /* civic_revoke_kind_e; 0: free */
} civic_revoke_entry_t;


typedef struct civic_revoke_table_s  civic_revoke_table_t; /* in the region */


/* NULL: too small for 8 slots of each table.  `region` is aligned to 16. */

civic_revoke_table_t *civic_revoke_table_init(void *region, size_t size);

/* how many entries it takes, and how many it holds, expired ones included */

ngx_uint_t civic_revoke_table_room(const civic_revoke_table_t *table);
ngx_uint_t civic_revoke_table_size(const civic_revoke_table_t *table);

/* of one kind */

ngx_uint_t civic_revoke_table_count(const civic_revoke_table_t *table,
    ngx_uint_t kind);

/* any process: NGX_OK fills `entry`, NGX_DECLINED: it is not there */

ngx_int_t civic_revoke_table_find(const civic_revoke_table_t *table,
    const u_char *key, civic_revoke_entry_t *entry);

/*
 * The writer, which holds a lock of its own from begin to commit.  What has
 * expired by `now` is left behind, if `purge`.
 */

void civic_revoke_table_begin(civic_revoke_table_t *table, ngx_uint_t purge,
    time_t now);

/* NGX_OK, or NGX_DECLINED: there is no room */

ngx_int_t civic_revoke_table_set(civic_revoke_table_t *table,
    const civic_revoke_entry_t *entry);
void civic_revoke_table_lift(civic_revoke_table_t *table, const u_char *key);

void civic_revoke_table_commit(civic_revoke_table_t *table);

/* an entry of the table that is read, from 0; NULL: there are no more slots */

const civic_revoke_entry_t *civic_revoke_table_slot(
    const civic_revoke_table_t *table, ngx_uint_t i);


#endif /* _CIVIC_REVOKE_TABLE_H_INCLUDED_ */
