
/*
 * Copyright (C) Civic Gate
 *
 * What operators see of plugins: a member "plugins" of civic_status full,
 * and families of metrics.  All of it is read from the zone.
 */


#include "civic_plugin_conf.h"
#include "civic_plugin_metric.h"
#include "civic_plugin_status.h"
#include "civic_plugin_tally.h"
#include "civic_status.h"
#include "civic_status_families.h"


typedef uint64_t (*civic_plugin_status_value_pt)(
    const civic_plugin_entry_t *entry);


static void civic_plugin_status_write(civic_status_out_t *out);
static void civic_plugin_status_one(civic_status_out_t *out, ngx_uint_t i,
    const civic_plugin_record_t *record);
static void civic_plugin_status_state(const civic_status_walk_t *walk);
static void civic_plugin_status_requests(const civic_status_walk_t *walk);
static void civic_plugin_status_loads(const civic_status_walk_t *walk);
static void civic_plugin_status_rests(const civic_status_walk_t *walk);
static void civic_plugin_status_kills(const civic_status_walk_t *walk);
static void civic_plugin_status_cpu(const civic_status_walk_t *walk);
static void civic_plugin_status_memory(const civic_status_walk_t *walk);
static void civic_plugin_status_each(const civic_status_walk_t *walk,
    civic_plugin_status_value_pt value, ngx_uint_t nano);
static uint64_t civic_plugin_status_value_loads(
    const civic_plugin_entry_t *entry);
static uint64_t civic_plugin_status_value_rests(
    const civic_plugin_entry_t *entry);
static uint64_t civic_plugin_status_value_kills(
    const civic_plugin_entry_t *entry);
static uint64_t civic_plugin_status_value_cpu(
    const civic_plugin_entry_t *entry);
static uint64_t civic_plugin_status_value_memory(
    const civic_plugin_entry_t *entry);


/* in the order of civic_plugin_state_e */

static const ngx_str_t  civic_plugin_status_states[] = {
    ngx_string("ready"),
    ngx_string("not-loaded"),
    ngx_string("stopped"),
    ngx_string("quarantined")
};


static const civic_status_declared_t  civic_plugin_status_families[] = {

    { { "plugin_state", "1 for the state that a plugin is in",
        CIVIC_STATUS_GAUGE, 1 },
      civic_plugin_status_state },

    { { "plugin_requests_total", "Runs of plugins, by how they ended",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_status_requests },

    { { "plugin_loads_total", "Versions of plugins that went live",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_status_loads },

    { { "plugin_quarantines_total",
        "Times that a plugin which kept failing was left alone",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_status_rests },

    { { "plugin_kills_total",
        "Workers that the watchdog ended inside a plugin",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_status_kills },

    { { "plugin_lua_seconds_total", "CPU time that plugins spent in Lua",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_status_cpu },

    { { "plugin_memory_bytes", "Memory of the VMs of plugins, all workers",
        CIVIC_STATUS_GAUGE, 1 },
      civic_plugin_status_memory },

    { { "plugin_route_requests_total",
        "Runs of plugins by route, by how they ended",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_tally_requests },

    { { "plugin_route_lua_seconds_total",
        "CPU time that routes of plugins spent in Lua",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_tally_cpu },

    { { "plugin_route_seconds_total",
        "Time that runs of plugins took by route, waits included",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_tally_wall },

    { { "plugin_route_allocated_bytes_total",
        "Memory that routes of plugins allocated in Lua, freed since or not",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_tally_allocated },

    { { "plugin_route_allocated_bytes_max",
        "The most that one run of this version of a route allocated",
        CIVIC_STATUS_GAUGE, 1 },
      civic_plugin_tally_largest },

    { { "plugin_route_kills_total",
        "Workers that the watchdog ended inside a route of a plugin",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_tally_kills },

    { { "plugin_counter_total", "What plugins count themselves",
        CIVIC_STATUS_COUNTER, 1 },
      civic_plugin_metric_walk }
};


static civic_status_more_t  civic_plugin_status_more = {
    civic_plugin_status_families,
    sizeof(civic_plugin_status_families)
    / sizeof(civic_plugin_status_families[0]),
    "plugins",
    civic_plugin_status_write,
    NULL,
    NULL
};


void
civic_plugin_status_init(void)
{
    civic_status_add_more(&civic_plugin_status_more);
}


static ngx_uint_t
civic_plugin_status_count(void)
{
    return civic_plugin_zone() ? civic_plugin_zone_size() : 0;
}


static ngx_uint_t
civic_plugin_status_state_of(ngx_uint_t i,
    const civic_plugin_record_t *record)
{
    if (record->state == CIVIC_PLUGIN_READY && civic_plugin_zone_rests_any(i)) {
        return CIVIC_PLUGIN_QUARANTINED;
    }

    return record->state;
}


static void
civic_plugin_status_write(civic_status_out_t *out)
{
    ngx_uint_t              i, n, shown;
    civic_plugin_record_t   record;

    n = civic_plugin_status_count();
    shown = 0;

    civic_status_out_text(out, "[");

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        if (record.used) {
            civic_status_out_text(out, shown++ ? ",\n" : "\n");
            civic_plugin_status_one(out, i, &record);
        }
    }

    civic_status_out_text(out, "]");
}


static void
civic_plugin_status_one(civic_status_out_t *out, ngx_uint_t i,
    const civic_plugin_record_t *record)
{
    ngx_str_t  text;

    text.data = (u_char *) record->name;
    text.len = record->name_len;

    civic_status_out_text(out, "{\"name\":");
    civic_status_out_string(out, &text);

    text = civic_plugin_status_states[civic_plugin_status_state_of(i,
                                                                   record)];
    civic_status_out_text(out, ",\"state\":");
    civic_status_out_string(out, &text);

    text.data = (u_char *) record->version;
    text.len = record->version_len;

    civic_status_out_text(out, ",\"version\":");
    civic_status_out_string(out, &text);

    text.data = (u_char *) record->hash;
    text.len = record->hash_len;

    civic_status_out_text(out, ",\"hash\":");
    civic_status_out_string(out, &text);

    text.data = (u_char *) record->reason;
    text.len = record->reason_len;

    civic_status_out_text(out, ",\"reason\":");
    civic_status_out_string(out, &text);

    civic_status_out_text(out, ",\"routes\":");
    civic_plugin_tally_write(out, i);

    civic_status_out_text(out, "}");
}


static void
civic_plugin_status_state(const civic_status_walk_t *walk)
{
    ngx_uint_t              i, n;
    civic_plugin_record_t   record;
    civic_status_sample_t   sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 2;
    sample.labels[0].name = "plugin";
    sample.labels[1].name = "state";
    sample.value = 1;

    n = civic_plugin_status_count();

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        if (!record.used) {
            continue;
        }

        sample.labels[0].value.data = record.name;
        sample.labels[0].value.len = record.name_len;
        sample.labels[1].value =
                civic_plugin_status_states[civic_plugin_status_state_of(i,
                                                                &record)];

        walk->renderer->sample(walk->out, walk->family, &sample);
    }
}


static void
civic_plugin_status_requests(const civic_status_walk_t *walk)
{
    ngx_uint_t              i, n, outcome;
    civic_plugin_record_t   record;
    civic_status_sample_t   sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 2;
    sample.labels[0].name = "plugin";
    sample.labels[1].name = "outcome";

    n = civic_plugin_status_count();

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        sample.labels[0].value.data = record.name;
        sample.labels[0].value.len = record.name_len;

        for (outcome = 0; outcome < CIVIC_PLUGIN_OUTCOMES; outcome++) {

            sample.labels[1].value = civic_plugin_tally_outcomes[outcome];
            sample.value = __atomic_load_n(
                               &civic_plugin_zone_entry(i)->outcomes[outcome],
                               __ATOMIC_RELAXED);

            if (record.used) {
                walk->renderer->sample(walk->out, walk->family, &sample);
            }
        }
    }
}


static void
civic_plugin_status_loads(const civic_status_walk_t *walk)
{
    civic_plugin_status_each(walk, civic_plugin_status_value_loads, 0);
}


static void
civic_plugin_status_rests(const civic_status_walk_t *walk)
{
    civic_plugin_status_each(walk, civic_plugin_status_value_rests, 0);
}


static void
civic_plugin_status_kills(const civic_status_walk_t *walk)
{
    civic_plugin_status_each(walk, civic_plugin_status_value_kills, 0);
}


static void
civic_plugin_status_cpu(const civic_status_walk_t *walk)
{
    civic_plugin_status_each(walk, civic_plugin_status_value_cpu, 1);
}


static void
civic_plugin_status_memory(const civic_status_walk_t *walk)
{
    civic_plugin_status_each(walk, civic_plugin_status_value_memory, 0);
}


static void
civic_plugin_status_each(const civic_status_walk_t *walk,
    civic_plugin_status_value_pt value, ngx_uint_t nano)
{
    ngx_uint_t              i, n;
    civic_plugin_record_t   record;
    civic_status_sample_t   sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 1;
    sample.labels[0].name = "plugin";
    sample.nano = nano;

    n = civic_plugin_status_count();

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        if (record.used) {
            sample.labels[0].value.data = record.name;
            sample.labels[0].value.len = record.name_len;
            sample.value = value(civic_plugin_zone_entry(i));

            walk->renderer->sample(walk->out, walk->family, &sample);
        }
    }
}


static uint64_t
civic_plugin_status_value_loads(const civic_plugin_entry_t *entry)
{
    return entry->loads;
}


static uint64_t
civic_plugin_status_value_rests(const civic_plugin_entry_t *entry)
{
    return entry->rests;
}


static uint64_t
civic_plugin_status_value_kills(const civic_plugin_entry_t *entry)
{
    return __atomic_load_n(&entry->deaths, __ATOMIC_RELAXED);
}


static uint64_t
civic_plugin_status_value_cpu(const civic_plugin_entry_t *entry)
{
    return __atomic_load_n(&entry->cpu, __ATOMIC_RELAXED);
}


static uint64_t
civic_plugin_status_value_memory(const civic_plugin_entry_t *entry)
{
    uint64_t    sum;
    ngx_uint_t  i;

    sum = 0;

    for (i = 0; i < CIVIC_PLUGIN_SEATS; i++) {
        sum += entry->memory[i];
    }

    return sum * 1024;
}
