
/*
 * Copyright (C) Civic Gate
 *
 * Whoever makes a view gives routes their slots, each worker the same ones.
 * Only those who have the version in force decide which are kept: a worker
 * that is late must not take the new version's slots away.  A page copies
 * slot by slot, so that it holds the lock for one copy at a time.
 */


#include "civic_plugin_registry.h"
#include "civic_plugin_tally.h"


typedef struct {
    ngx_str_t                    key;
    ngx_uint_t                   kept;
    civic_plugin_tally_t         tally;
    uint64_t                     rests;  /* ms */
    u_char                       text[CIVIC_PLUGIN_SLOT_LEN];
} civic_plugin_tally_row_t;


typedef void (*civic_plugin_tally_show_pt)(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally);


static ngx_uint_t civic_plugin_tally_current(
    const civic_plugin_record_t *record, const civic_plugin_t *plugin);
static ngx_uint_t civic_plugin_tally_next(ngx_uint_t entry, ngx_uint_t i,
    civic_plugin_tally_row_t *row);
static void civic_plugin_tally_walk(const civic_status_walk_t *walk,
    civic_plugin_tally_show_pt show);
static void civic_plugin_tally_entry(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, ngx_uint_t entry,
    civic_plugin_tally_show_pt show);
static void civic_plugin_tally_show_requests(
    const civic_status_walk_t *walk, civic_status_sample_t *sample,
    const civic_plugin_tally_t *tally);
static void civic_plugin_tally_show_cpu(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally);
static void civic_plugin_tally_show_wall(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally);
static void civic_plugin_tally_show_allocated(
    const civic_status_walk_t *walk, civic_status_sample_t *sample,
    const civic_plugin_tally_t *tally);
static void civic_plugin_tally_show_largest(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally);
static void civic_plugin_tally_show_kills(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally);
static void civic_plugin_tally_show(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, uint64_t value);
static void civic_plugin_tally_member(civic_status_out_t *out,
    const char *name, uint64_t value, ngx_uint_t nano);


const ngx_str_t  civic_plugin_tally_outcomes[CIVIC_PLUGIN_OUTCOMES] = {
    ngx_string("answered"),
    ngx_string("failed"),
    ngx_string("killed"),
    ngx_string("overstayed"),
    ngx_string("abandoned")
};


void
civic_plugin_tally_enlist(civic_plugin_t *plugin)
{
    civic_plugin_item_t  *item = plugin->state;

    ngx_uint_t             n, lost, said;
    civic_plugin_zone_t   *zone;
    civic_plugin_entry_t  *entry;

    zone = civic_plugin_zone();
    entry = civic_plugin_zone_entry(item->entry);
    n = plugin->manifest->routes.nelts;

    ngx_shmtx_lock(&zone->shpool->mutex);

    if (!civic_plugin_tally_current(&entry->record, plugin)) {
        civic_plugin_slots_find(&zone->sh->slots, item->entry, item->counted,
                                n);
        ngx_shmtx_unlock(&zone->shpool->mutex);
        return;
    }

    lost = civic_plugin_slots_enlist(&zone->sh->slots, item->entry,
                                     item->counted, n);
    said = entry->lost;
    entry->lost = lost;

    ngx_shmtx_unlock(&zone->shpool->mutex);

    if (lost > said) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "civic plugin: no room for the numbers of %ui routes "
                      "of \"%V\", they are counted as \"other\"", lost,
                      &plugin->name);
    }
}


static ngx_uint_t
civic_plugin_tally_current(const civic_plugin_record_t *record,
    const civic_plugin_t *plugin)
{
    return record->used
           && record->name_len == plugin->name.len
           && ngx_memcmp(record->name, plugin->name.data, plugin->name.len)
              == 0
           && record->hash_len == plugin->hash.len
           && ngx_memcmp(record->hash, plugin->hash.data, plugin->hash.len)
              == 0;
}


/* without a tag: slot 0 is no route, any other a route that has none */

civic_plugin_place_t
civic_plugin_tally_place(const civic_plugin_t *plugin,
    const civic_plugin_route_spec_t *spec)
{
    const civic_plugin_item_t  *item = plugin->state;

    civic_plugin_route_spec_t  *first;

    static const civic_plugin_place_t  none;

    first = plugin->manifest->routes.elts;

    return spec ? item->counted[spec - first].place : none;
}


civic_plugin_tally_t *
civic_plugin_tally_at(ngx_uint_t i, const civic_plugin_place_t *place)
{
    civic_plugin_entry_t  *entry;
    civic_plugin_tally_t  *tally;

    entry = civic_plugin_zone_entry(i);

    if (place->tag == 0 && place->slot == 0) {
        return &entry->none;
    }

    tally = civic_plugin_slots_tally(&civic_plugin_zone()->sh->slots, place);

    return tally ? tally : &entry->other;
}


civic_plugin_trouble_t *
civic_plugin_tally_trouble(ngx_uint_t i, const civic_plugin_place_t *place)
{
    civic_plugin_entry_t    *entry;
    civic_plugin_trouble_t  *trouble;

    entry = civic_plugin_zone_entry(i);

    if (place->tag == 0 && place->slot == 0) {
        return &entry->apart;
    }

    trouble = civic_plugin_slots_trouble(&civic_plugin_zone()->sh->slots,
                                         place);

    return trouble ? trouble : &entry->trouble;
}


void
civic_plugin_tally_run(civic_plugin_tally_t *tally,
    const civic_lua_run_t *run)
{
    uint64_t  largest;

    (void) __atomic_fetch_add(&tally->cpu, run->cpu, __ATOMIC_RELAXED);
    (void) __atomic_fetch_add(&tally->allocated, run->allocated,
                              __ATOMIC_RELAXED);

    largest = __atomic_load_n(&tally->largest, __ATOMIC_RELAXED);

    while (run->allocated > largest
           && !__atomic_compare_exchange_n(&tally->largest, &largest,
                                           run->allocated, 1,
                                           __ATOMIC_RELAXED,
                                           __ATOMIC_RELAXED))
    {
        /* void */
    }
}


/* 0 begins, and ends: no route, others, then slots from 3 on */

static ngx_uint_t
civic_plugin_tally_next(ngx_uint_t entry, ngx_uint_t i,
    civic_plugin_tally_row_t *row)
{
    civic_plugin_slot_t  *slot;
    civic_plugin_zone_t  *zone;

    zone = civic_plugin_zone();
    row->kept = 0;
    row->rests = 0;

    if (i < 2) {
        ngx_str_null(&row->key);
        row->tally = civic_plugin_zone_entry(entry)->none;
        row->rests = civic_plugin_zone_rests(
                                    &civic_plugin_zone_entry(entry)->apart);

        if (i == 1) {
            ngx_str_set(&row->key, "other");
            row->tally = civic_plugin_zone_entry(entry)->other;
            row->rests = 0;
        }

        return i + 1;
    }

    ngx_shmtx_lock(&zone->shpool->mutex);

    i = civic_plugin_slots_next(&zone->sh->slots, entry, i - 2);

    if (i) {
        slot = &zone->sh->slots.slots[i - 1];

        row->kept = slot->kept;
        row->tally = slot->tally;
        row->rests = civic_plugin_zone_rests(
                                    &zone->sh->slots.troubles[i - 1]);
        row->key.data = row->text;
        row->key.len = slot->len;
        ngx_memcpy(row->text, slot->key, CIVIC_PLUGIN_SLOT_LEN);
    }

    ngx_shmtx_unlock(&zone->shpool->mutex);

    return i ? i + 2 : 0;
}


void
civic_plugin_tally_requests(const civic_status_walk_t *walk)
{
    civic_plugin_tally_walk(walk, civic_plugin_tally_show_requests);
}


void
civic_plugin_tally_cpu(const civic_status_walk_t *walk)
{
    civic_plugin_tally_walk(walk, civic_plugin_tally_show_cpu);
}


void
civic_plugin_tally_wall(const civic_status_walk_t *walk)
{
    civic_plugin_tally_walk(walk, civic_plugin_tally_show_wall);
}


void
civic_plugin_tally_allocated(const civic_status_walk_t *walk)
{
    civic_plugin_tally_walk(walk, civic_plugin_tally_show_allocated);
}


void
civic_plugin_tally_largest(const civic_status_walk_t *walk)
{
    civic_plugin_tally_walk(walk, civic_plugin_tally_show_largest);
}


void
civic_plugin_tally_kills(const civic_status_walk_t *walk)
{
    civic_plugin_tally_walk(walk, civic_plugin_tally_show_kills);
}


static void
civic_plugin_tally_walk(const civic_status_walk_t *walk,
    civic_plugin_tally_show_pt show)
{
    ngx_uint_t              i, n;
    civic_plugin_record_t   record;
    civic_status_sample_t   sample;

    n = civic_plugin_zone() ? civic_plugin_zone_size() : 0;

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        if (!record.used) {
            continue;
        }

        ngx_memzero(&sample, sizeof(civic_status_sample_t));

        sample.nlabels = 2;
        sample.labels[0].name = "plugin";
        sample.labels[0].value.data = record.name;
        sample.labels[0].value.len = record.name_len;
        sample.labels[1].name = "route";

        civic_plugin_tally_entry(walk, &sample, i, show);
    }
}


static void
civic_plugin_tally_entry(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, ngx_uint_t entry,
    civic_plugin_tally_show_pt show)
{
    ngx_uint_t                i;
    civic_plugin_tally_row_t  row;

    for (i = civic_plugin_tally_next(entry, 0, &row);
         i;
         i = civic_plugin_tally_next(entry, i, &row))
    {
        sample->labels[1].value = row.key;

        show(walk, sample, &row.tally);
    }
}


static void
civic_plugin_tally_show_requests(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally)
{
    ngx_uint_t  i;

    sample->nlabels = 3;
    sample->labels[2].name = "outcome";

    for (i = 0; i < CIVIC_PLUGIN_OUTCOMES; i++) {
        sample->labels[2].value = civic_plugin_tally_outcomes[i];

        civic_plugin_tally_show(walk, sample, tally->outcomes[i]);
    }
}


static void
civic_plugin_tally_show_cpu(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally)
{
    sample->nano = 1;

    civic_plugin_tally_show(walk, sample, tally->cpu);
}


static void
civic_plugin_tally_show_wall(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally)
{
    sample->nano = 1;

    civic_plugin_tally_show(walk, sample, tally->wall);
}


static void
civic_plugin_tally_show_allocated(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally)
{
    civic_plugin_tally_show(walk, sample, tally->allocated);
}


static void
civic_plugin_tally_show_largest(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally)
{
    civic_plugin_tally_show(walk, sample, tally->largest);
}


static void
civic_plugin_tally_show_kills(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, const civic_plugin_tally_t *tally)
{
    civic_plugin_tally_show(walk, sample, tally->deaths);
}


/* only what was ever counted */

static void
civic_plugin_tally_show(const civic_status_walk_t *walk,
    civic_status_sample_t *sample, uint64_t value)
{
    if (value) {
        sample->value = value;
        walk->renderer->sample(walk->out, walk->family, sample);
    }
}


void
civic_plugin_tally_write(civic_status_out_t *out, ngx_uint_t entry)
{
    ngx_uint_t                i, n, shown;
    civic_plugin_tally_row_t  row;

    static const civic_plugin_tally_t  nothing;

    shown = 0;

    civic_status_out_text(out, "[");

    for (i = civic_plugin_tally_next(entry, 0, &row);
         i;
         i = civic_plugin_tally_next(entry, i, &row))
    {
        if (!row.kept
            && ngx_memcmp(&row.tally, &nothing, sizeof(nothing)) == 0)
        {
            continue;
        }

        civic_status_out_text(out, shown++ ? ",\n {\"route\":"
                                           : "\n {\"route\":");
        civic_status_out_string(out, &row.key);

        for (n = 0; n < CIVIC_PLUGIN_OUTCOMES; n++) {
            civic_plugin_tally_member(out,
                                 (char *) civic_plugin_tally_outcomes[n].data,
                                 row.tally.outcomes[n], 0);
        }

        civic_plugin_tally_member(out, "kills", row.tally.deaths, 0);
        civic_plugin_tally_member(out, "lua_seconds", row.tally.cpu, 1);
        civic_plugin_tally_member(out, "seconds", row.tally.wall, 1);
        civic_plugin_tally_member(out, "allocated_bytes",
                                  row.tally.allocated, 0);
        civic_plugin_tally_member(out, "allocated_bytes_max",
                                  row.tally.largest, 0);
        civic_plugin_tally_member(out, "rests", row.rests * 1000000, 1);

        civic_status_out_text(out, "}");
    }

    civic_status_out_text(out, "]");
}


static void
civic_plugin_tally_member(civic_status_out_t *out, const char *name,
    uint64_t value, ngx_uint_t nano)
{
    civic_status_out_text(out, ",\"");
    civic_status_out_text(out, name);
    civic_status_out_text(out, "\":");
    civic_status_out_number(out, value, nano);
}
