
/*
 * Copyright (C) Civic Gate
 *
 * Counters of a plugin's own, by names that it makes up as it runs: so many
 * for each plugin and no more.  They lie in its entry of the zone, stay over
 * versions and reloads, and are never taken away.
 */


#include "civic_plugin_conf.h"
#include "civic_plugin_metric.h"


static ngx_uint_t civic_plugin_metric_named(const ngx_str_t *name);
static civic_plugin_metric_t *civic_plugin_metric_find(
    civic_plugin_entry_t *entry, const ngx_str_t *name, ngx_uint_t add);


ngx_int_t
civic_plugin_count(const civic_plugin_t *plugin, const ngx_str_t *name,
    uint64_t n)
{
    ngx_uint_t              i;
    civic_plugin_zone_t    *zone;
    civic_plugin_entry_t   *entry;
    civic_plugin_metric_t  *metric;

    if (!civic_plugin_metric_named(name)) {
        return NGX_DECLINED;
    }

    zone = civic_plugin_zone();
    i = zone ? civic_plugin_zone_find(&plugin->name) : CIVIC_PLUGIN_NONE;

    if (i == CIVIC_PLUGIN_NONE) {
        return NGX_BUSY;
    }

    entry = civic_plugin_zone_entry(i);
    metric = civic_plugin_metric_find(entry, name, 0);

    if (metric == NULL) {
        ngx_shmtx_lock(&zone->shpool->mutex);
        metric = civic_plugin_metric_find(entry, name, 1);
        ngx_shmtx_unlock(&zone->shpool->mutex);
    }

    if (metric == NULL) {
        return NGX_BUSY;
    }

    (void) __atomic_fetch_add(&metric->value, n, __ATOMIC_RELAXED);

    return NGX_OK;
}


/* it becomes a label's value, and is not to be escaped */

static ngx_uint_t
civic_plugin_metric_named(const ngx_str_t *name)
{
    size_t  i;
    u_char  c;

    for (i = 0; i < name->len; i++) {
        c = name->data[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
              || c == '_' || c == '-' || c == '.'))
        {
            return 0;
        }
    }

    return name->len > 0 && name->len <= CIVIC_PLUGIN_METRIC_LEN;
}


/* whoever adds holds the zone's mutex */

static civic_plugin_metric_t *
civic_plugin_metric_find(civic_plugin_entry_t *entry, const ngx_str_t *name,
    ngx_uint_t add)
{
    uint32_t                len;
    ngx_uint_t              i;
    civic_plugin_metric_t  *metric;

    for (i = 0; i < CIVIC_PLUGIN_METRICS; i++) {
        metric = &entry->metrics[i];
        len = __atomic_load_n(&metric->len, __ATOMIC_ACQUIRE);

        if (len == 0) {

            if (!add) {
                return NULL;
            }

            ngx_memcpy(metric->name, name->data, name->len);
            __atomic_store_n(&metric->len, (uint32_t) name->len,
                             __ATOMIC_RELEASE);

            return metric;
        }

        if (len == name->len
            && ngx_memcmp(metric->name, name->data, len) == 0)
        {
            return metric;
        }
    }

    return NULL;
}


void
civic_plugin_metric_walk(const civic_status_walk_t *walk)
{
    ngx_uint_t              i, j, n;
    civic_plugin_record_t   record;
    civic_plugin_metric_t  *metric;
    civic_status_sample_t   sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 2;
    sample.labels[0].name = "plugin";
    sample.labels[1].name = "name";

    n = civic_plugin_zone() ? civic_plugin_zone_size() : 0;

    for (i = 0; i < n; i++) {
        civic_plugin_zone_read(i, &record);

        if (!record.used) {
            continue;
        }

        sample.labels[0].value.data = record.name;
        sample.labels[0].value.len = record.name_len;

        for (j = 0; j < CIVIC_PLUGIN_METRICS; j++) {
            metric = &civic_plugin_zone_entry(i)->metrics[j];

            sample.labels[1].value.data = metric->name;
            sample.labels[1].value.len = __atomic_load_n(&metric->len,
                                                         __ATOMIC_ACQUIRE);
            sample.value = metric->value;

            if (sample.labels[1].value.len) {
                walk->renderer->sample(walk->out, walk->family, &sample);
            }
        }
    }
}
