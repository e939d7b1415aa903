
/*
 * Copyright (C) Civic Gate
 *
 * Recent decisions: a ring of entries of fixed size, the oldest overwritten
 * first.  Any number of processes write and read it without a lock; one
 * that is killed while it writes costs the ring that one entry.  Pure:
 * works on any region of memory.
 */


#ifndef _CIVIC_STATUS_RING_H_INCLUDED_
#define _CIVIC_STATUS_RING_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define CIVIC_STATUS_TRACE_LEN   32
#define CIVIC_STATUS_MAX_FOUND   16    /* decisions of one trace id */


/* strings are cut to their fields and end by their lengths */

typedef struct {
    uint64_t           seq;            /* odd: being written; 0: never was */
    uint64_t           msec;           /* wall time */
    uint64_t           gate_time;      /* ns */
    u_char             trace[CIVIC_STATUS_TRACE_LEN];
    uint32_t           line;           /* that refused, or 0 */
    uint16_t           status;
    uint16_t           upstream_status; /* 0: no upstream was asked */
    uint16_t           problem;        /* civic_problem_e */
    u_char             auth;           /* civic_auth_status_e */
    u_char             limit;          /* civic_limit_status_e */
    u_char             method_len;
    u_char             path_len;
    u_char             file_len;
    u_char             service_len;
    u_char             route_len;
    u_char             path_cut;       /* the path was longer */
    u_char             method[12];
    u_char             path[96];
    u_char             file[64];
    u_char             service[32];
    u_char             route[42];
} civic_status_entry_t;


typedef struct {
    uint64_t               next;
    ngx_uint_t             n;
    civic_status_entry_t  *entries;
} civic_status_ring_t;


typedef struct {
    ngx_uint_t             n;          /* in the order of time */
    civic_status_entry_t   entries[CIVIC_STATUS_MAX_FOUND];
} civic_status_found_t;


/* `entries` are `n`, zeroed */

void civic_status_ring_init(civic_status_ring_t *ring,
    civic_status_entry_t *entries, ngx_uint_t n);

/*
 * Claims an entry, which is the caller's to fill (all but seq) until it is
 * closed.  NULL: the ones whose turn it is are being written by others.
 */

civic_status_entry_t *civic_status_ring_open(civic_status_ring_t *ring);
void civic_status_ring_close(civic_status_entry_t *entry);

/* copies of whole entries with this trace id; of too many, the newest */

void civic_status_ring_find(const civic_status_ring_t *ring,
    const u_char *trace, civic_status_found_t *found);


#endif /* _CIVIC_STATUS_RING_H_INCLUDED_ */
