
/*
 * Copyright (C) Civic Gate
 *
 * What operators see of the list: families of metrics, and the member
 * "revocations" of civic_status full.  How old it is tells whether Redis is
 * there: a list is as new as the last answer that brought it up to date.
 */


#include "civic_revoke_conf.h"
#include "civic_status_families.h"


static civic_status_state_e civic_revoke_status_state(void);
static void civic_revoke_status_write(civic_status_out_t *out);
static void civic_revoke_status_size(const civic_status_walk_t *walk);
static void civic_revoke_status_room(const civic_status_walk_t *walk);
static void civic_revoke_status_known(const civic_status_walk_t *walk);
static void civic_revoke_status_full(const civic_status_walk_t *walk);
static void civic_revoke_status_age(const civic_status_walk_t *walk);
static void civic_revoke_status_lost(const civic_status_walk_t *walk);
static void civic_revoke_status_reads(const civic_status_walk_t *walk);
static void civic_revoke_status_result(const civic_status_walk_t *walk,
    const char *result, uint64_t value);
static uint64_t civic_revoke_status_msec(const civic_revoke_zone_t *zone);


static const civic_status_declared_t  civic_revoke_status_families[] = {

    { { "revocations", "Revocations that this gate obeys",
        CIVIC_STATUS_GAUGE, 0 },
      civic_revoke_status_size },

    { { "revocations_room", "Revocations that find room in this gate",
        CIVIC_STATUS_GAUGE, 0 },
      civic_revoke_status_room },

    { { "revocations_known", "1 once a whole list was read",
        CIVIC_STATUS_GAUGE, 0 },
      civic_revoke_status_known },

    { { "revocations_full", "1 while revocations find no room here",
        CIVIC_STATUS_GAUGE, 0 },
      civic_revoke_status_full },

    { { "revocations_age_seconds",
        "Since the list was last as Redis has it", CIVIC_STATUS_GAUGE, 0 },
      civic_revoke_status_age },

    { { "revocations_lost_total",
        "Times that Redis knew fewer revocations than this gate",
        CIVIC_STATUS_COUNTER, 0 },
      civic_revoke_status_lost },

    { { "revocations_reads_total", "Readings of the list, by result",
        CIVIC_STATUS_COUNTER, 1 },
      civic_revoke_status_reads }
};


static civic_status_more_t  civic_revoke_status_more = {
    civic_revoke_status_families,
    sizeof(civic_revoke_status_families)
    / sizeof(civic_revoke_status_families[0]),
    "revocations",
    civic_revoke_status_write,
    civic_revoke_status_state,
    NULL
};


/* of the configuration in force; NULL: there is none */

static civic_revoke_zone_t  *civic_revoke_status_zone;


void
civic_revoke_status_init(civic_revoke_main_conf_t *rmcf)
{
    civic_revoke_status_zone = rmcf ? civic_revoke_zone_get(rmcf) : NULL;

    if (civic_revoke_status_zone != NULL) {
        civic_status_add_more(&civic_revoke_status_more);
    }
}


/* without a first list nobody is let in, unless the operator says so */

static civic_status_state_e
civic_revoke_status_state(void)
{
    civic_revoke_main_conf_t  *rmcf;

    if (civic_revoke_status_zone == NULL || civic_revoke_status_zone->known) {
        return CIVIC_STATUS_READY;
    }

    rmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_civic_revoke_module);

    return rmcf->pass ? CIVIC_STATUS_DEGRADED : CIVIC_STATUS_STARTING;
}


static void
civic_revoke_status_write(civic_status_out_t *out)
{
    uint64_t              msec;
    civic_revoke_zone_t  *zone;

    zone = civic_revoke_status_zone;

    if (zone == NULL) {
        civic_status_out_text(out, "null");
        return;
    }

    civic_status_out_format(out, 128, "{\"entries\":%ui,\"room\":%ui",
                            civic_revoke_table_size(zone->table),
                            civic_revoke_table_room(zone->table));

    civic_status_out_format(out, 64, ",\"known\":%s,\"full\":%s",
                            zone->known ? "true" : "false",
                            zone->full ? "true" : "false");

    msec = civic_revoke_status_msec(zone);

    civic_status_out_format(out, 64, ",\"age_seconds\":%uL.%03uL}",
                            msec / 1000, msec % 1000);
}


static uint64_t
civic_revoke_status_msec(const civic_revoke_zone_t *zone)
{
    uint64_t  now, checked;

    now = ngx_current_msec;
    checked = __atomic_load_n(&zone->checked, __ATOMIC_RELAXED);

    return now > checked ? now - checked : 0;
}


static void
civic_revoke_status_size(const civic_status_walk_t *walk)
{
    civic_status_one(walk, civic_revoke_status_zone
        ? civic_revoke_table_size(civic_revoke_status_zone->table) : 0, 0);
}


static void
civic_revoke_status_room(const civic_status_walk_t *walk)
{
    civic_status_one(walk, civic_revoke_status_zone
        ? civic_revoke_table_room(civic_revoke_status_zone->table) : 0, 0);
}


static void
civic_revoke_status_known(const civic_status_walk_t *walk)
{
    civic_status_one(walk, civic_revoke_status_zone
                     ? civic_revoke_status_zone->known : 0, 0);
}


static void
civic_revoke_status_full(const civic_status_walk_t *walk)
{
    civic_status_one(walk, civic_revoke_status_zone
                     ? civic_revoke_status_zone->full : 0, 0);
}


/* a list that was never read is as old as the zone */

static void
civic_revoke_status_age(const civic_status_walk_t *walk)
{
    civic_status_one(walk, civic_revoke_status_zone
        ? civic_revoke_status_msec(civic_revoke_status_zone) * 1000000 : 0,
        1);
}


static void
civic_revoke_status_lost(const civic_status_walk_t *walk)
{
    civic_status_one(walk, civic_revoke_status_zone
                     ? civic_revoke_status_zone->lost : 0, 0);
}


static void
civic_revoke_status_reads(const civic_status_walk_t *walk)
{
    if (civic_revoke_status_zone == NULL) {
        return;
    }

    civic_revoke_status_result(walk, "ok", civic_revoke_status_zone->reads);
    civic_revoke_status_result(walk, "failed",
                               civic_revoke_status_zone->failures);
}


static void
civic_revoke_status_result(const civic_status_walk_t *walk,
    const char *result, uint64_t value)
{
    civic_status_sample_t  sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.value = value;
    sample.nlabels = 1;
    sample.labels[0].name = "result";
    sample.labels[0].value.data = (u_char *) result;
    sample.labels[0].value.len = ngx_strlen(result);

    walk->renderer->sample(walk->out, walk->family, &sample);
}
