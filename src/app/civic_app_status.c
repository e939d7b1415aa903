
/*
 * Copyright (C) Civic Gate
 *
 * What operators see of the applications, as the worker that answers knows
 * them.  How old its knowledge is tells whether Redis is there.
 */


#include "civic_app_worker.h"
#include "civic_status_families.h"


static void civic_app_status_write(civic_status_out_t *out);
static void civic_app_status_age(const civic_status_walk_t *walk);
static void civic_app_status_size(const civic_status_walk_t *walk);
static ngx_msec_t civic_app_status_msec(void);


static const civic_status_declared_t  civic_app_status_families[] = {
    { { "apps_age_seconds",
        "Since this worker last knew which applications had changed",
        CIVIC_STATUS_GAUGE, 0 },
      civic_app_status_age },
    { { "apps_remembered", "Applications that this worker remembers",
        CIVIC_STATUS_GAUGE, 0 },
      civic_app_status_size }
};


static civic_status_more_t  civic_app_status_more = {
    civic_app_status_families,
    sizeof(civic_app_status_families) / sizeof(civic_app_status_families[0]),
    "apps",
    civic_app_status_write,
    NULL,
    NULL
};


void
civic_app_status_init(void)
{
    civic_status_add_more(&civic_app_status_more);
}


static void
civic_app_status_write(civic_status_out_t *out)
{
    ngx_msec_t  msec;

    msec = civic_app_status_msec();

    civic_status_out_format(out, 160,
                            "{\"remembered\":%ui,\"bytes\":%uz,"
                            "\"known\":%s,\"age_seconds\":%uL.%03uL}",
                            civic_app_worker.cache.nrecords,
                            civic_app_worker.cache.used,
                            civic_app_worker.known ? "true" : "false",
                            (uint64_t) msec / 1000, (uint64_t) msec % 1000);
}


static void
civic_app_status_age(const civic_status_walk_t *walk)
{
    civic_status_one(walk, (uint64_t) civic_app_status_msec() * 1000000, 1);
}


static void
civic_app_status_size(const civic_status_walk_t *walk)
{
    civic_status_one(walk, civic_app_worker.cache.nrecords, 0);
}


static ngx_msec_t
civic_app_status_msec(void)
{
    return ngx_current_msec - civic_app_worker.fresh;
}
