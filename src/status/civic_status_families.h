
/*
 * Copyright (C) Civic Gate
 *
 * Everything that the gate counts, as families of samples, in the order in
 * which every renderer shows it.
 */


#ifndef _CIVIC_STATUS_FAMILIES_H_INCLUDED_
#define _CIVIC_STATUS_FAMILIES_H_INCLUDED_


#include "civic_status_zone.h"
#include "civic_status_out.h"


#define CIVIC_STATUS_MAX_LABELS  3


typedef enum {
    CIVIC_STATUS_COUNTER = 0,
    CIVIC_STATUS_GAUGE,
    CIVIC_STATUS_HISTOGRAM
} civic_status_type_e;


/* of a histogram: buckets ascending, then the sum, then the count */

typedef enum {
    CIVIC_STATUS_VALUE = 0,
    CIVIC_STATUS_BUCKET,
    CIVIC_STATUS_SUM,
    CIVIC_STATUS_COUNT
} civic_status_part_e;


typedef struct {
    const char                *name;   /* without "civic_" */
    const char                *help;
    ngx_uint_t                 type;   /* civic_status_type_e */
    ngx_uint_t                 labelled; /* 0: one sample, without a label */
} civic_status_family_t;


typedef struct {
    const char                *name;
    ngx_str_t                  value;
} civic_status_label_t;


typedef struct {
    ngx_uint_t                 part;   /* civic_status_part_e */
    ngx_uint_t                 nlabels;
    civic_status_label_t       labels[CIVIC_STATUS_MAX_LABELS];
    uint64_t                   value;
    ngx_uint_t                 nano;   /* the value is in ns */
} civic_status_sample_t;


typedef struct {
    void                     (*begin)(civic_status_out_t *out,
                                      const civic_status_family_t *family);
    void                     (*sample)(civic_status_out_t *out,
                                       const civic_status_family_t *family,
                                       const civic_status_sample_t *sample);
    void                     (*end)(civic_status_out_t *out,
                                    const civic_status_family_t *family);
} civic_status_renderer_t;


/* the samples of one family are walked by a function of its own */

typedef struct {
    const civic_status_zone_t       *zone;
    civic_status_out_t              *out;
    const civic_status_renderer_t   *renderer;
    const civic_status_family_t     *family;
} civic_status_walk_t;


typedef struct {
    civic_status_family_t            family;
    void                           (*walk)(const civic_status_walk_t *walk);
} civic_status_declared_t;


/* the worst of all is the gate's: may traffic come to it? */

typedef enum {
    CIVIC_STATUS_READY = 0,
    CIVIC_STATUS_DEGRADED,             /* it serves without some of its parts */
    CIVIC_STATUS_STARTING              /* it can judge nobody yet */
} civic_status_state_e;


/*
 * What another subsystem counts itself, shown after the gate's own, and a
 * member of civic_status full, which `write` writes.  `more` is static and
 * stays; said again, nothing changes.
 */

typedef struct civic_status_more_s  civic_status_more_t;

struct civic_status_more_s {
    const civic_status_declared_t   *families;
    ngx_uint_t                       nfamilies;
    const char                      *member;
    void                           (*write)(civic_status_out_t *out);
    civic_status_state_e           (*state)(void);  /* NULL: always ready */
    civic_status_more_t             *next;
};

void civic_status_add_more(civic_status_more_t *more);

/* NULL: none */

const civic_status_more_t *civic_status_more(void);

/* for a family of one sample, without labels; `nano`: the value is in ns */

void civic_status_one(const civic_status_walk_t *walk, uint64_t value,
    ngx_uint_t nano);

void civic_status_families_render(const civic_status_zone_t *zone,
    civic_status_out_t *out, const civic_status_renderer_t *renderer);


#endif /* _CIVIC_STATUS_FAMILIES_H_INCLUDED_ */
