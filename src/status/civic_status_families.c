
/*
 * Copyright (C) Civic Gate
 *
 * The table of families, and how each finds its samples in the zone.  The
 * plain counters of CIVIC_METRICS are families too: rows of one family are
 * gathered wherever they stand in that table.  Of matrices only what was
 * ever counted is shown.
 */


#include "civic_status.h"
#include "civic_status_families.h"


typedef struct {
    const char                      *family;
    const char                      *label;
    ngx_str_t                        value;
    const char                      *help;
} civic_status_metric_t;


static void civic_status_families_info(const civic_status_walk_t *walk);
static void civic_status_families_uptime(const civic_status_walk_t *walk);
static void civic_status_families_reloads(const civic_status_walk_t *walk);
static void civic_status_families_requests(const civic_status_walk_t *walk);
static void civic_status_families_service(const civic_status_walk_t *walk,
    ngx_uint_t service);
static void civic_status_families_refusals(const civic_status_walk_t *walk);
static void civic_status_families_gate(const civic_status_walk_t *walk);
static void civic_status_families_routes(const civic_status_walk_t *walk);
static void civic_status_families_route(const civic_status_walk_t *walk,
    ngx_uint_t route);
static void civic_status_families_metrics(const civic_status_walk_t *all);
static ngx_uint_t civic_status_families_seen(ngx_uint_t metric);
static void civic_status_families_metric(const civic_status_walk_t *walk,
    ngx_uint_t first);
static ngx_uint_t civic_status_families_type(const char *name);


static const civic_status_declared_t  civic_status_families[] = {

    { { "info", "What runs here", CIVIC_STATUS_GAUGE, 1 },
      civic_status_families_info },

    { { "uptime_seconds", "Seconds since the counters began",
        CIVIC_STATUS_GAUGE, 0 },
      civic_status_families_uptime },

    { { "reloads_total", "Configurations that took over from another",
        CIVIC_STATUS_COUNTER, 0 },
      civic_status_families_reloads },

    { { "requests_total", "Requests answered, by service and status",
        CIVIC_STATUS_COUNTER, 1 },
      civic_status_families_requests },

    { { "refusals_total", "Requests that the gate refused, by reason",
        CIVIC_STATUS_COUNTER, 1 },
      civic_status_families_refusals },

    { { "gate_seconds", "Time that a request spent in the gate's own steps",
        CIVIC_STATUS_HISTOGRAM, 1 },
      civic_status_families_gate },

    { { "route_requests_total",
        "Requests answered, by route, where civic_metrics_routes is on",
        CIVIC_STATUS_COUNTER, 1 },
      civic_status_families_routes }
};

#define CIVIC_STATUS_FAMILIES                                                 \
    (sizeof(civic_status_families) / sizeof(civic_status_families[0]))


static civic_status_more_t  *civic_status_families_more;


#define CIVIC_STATUS_METRIC_ROW(id, family, label, value, help)               \
    { family, label, ngx_string(value), help },

static const civic_status_metric_t  civic_status_metrics[CIVIC_METRIC_COUNT] =
{
    CIVIC_METRICS(CIVIC_STATUS_METRIC_ROW)
};


void
civic_status_families_render(const civic_status_zone_t *zone,
    civic_status_out_t *out, const civic_status_renderer_t *renderer)
{
    ngx_uint_t            i;
    civic_status_walk_t   walk;
    civic_status_more_t  *more;

    walk.zone = zone;
    walk.out = out;
    walk.renderer = renderer;

    for (i = 0; i < CIVIC_STATUS_FAMILIES; i++) {
        walk.family = &civic_status_families[i].family;

        renderer->begin(out, walk.family);
        civic_status_families[i].walk(&walk);
        renderer->end(out, walk.family);
    }

    civic_status_families_metrics(&walk);

    for (more = civic_status_families_more; more; more = more->next) {

        for (i = 0; i < more->nfamilies; i++) {
            walk.family = &more->families[i].family;

            renderer->begin(out, walk.family);
            more->families[i].walk(&walk);
            renderer->end(out, walk.family);
        }
    }
}


void
civic_status_add_more(civic_status_more_t *more)
{
    civic_status_more_t  **last;

    last = &civic_status_families_more;

    while (*last != NULL && *last != more) {
        last = &(*last)->next;
    }

    *last = more;
}


const civic_status_more_t *
civic_status_more(void)
{
    return civic_status_families_more;
}


void
civic_status_one(const civic_status_walk_t *walk, uint64_t value,
    ngx_uint_t nano)
{
    civic_status_sample_t  sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.value = value;
    sample.nano = nano;

    walk->renderer->sample(walk->out, walk->family, &sample);
}


static void
civic_status_families_info(const civic_status_walk_t *walk)
{
    civic_status_sample_t  sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 2;
    sample.labels[0].name = "version";
    ngx_str_set(&sample.labels[0].value, CIVIC_VERSION);
    sample.labels[1].name = "nginx";
    ngx_str_set(&sample.labels[1].value, NGINX_VERSION);
    sample.value = 1;

    walk->renderer->sample(walk->out, walk->family, &sample);
}


static void
civic_status_families_uptime(const civic_status_walk_t *walk)
{
    civic_status_one(walk, (civic_now_ns() - walk->zone->started)
                           / 1000000000, 0);
}


static void
civic_status_families_reloads(const civic_status_walk_t *walk)
{
    civic_status_one(walk, __atomic_load_n(&walk->zone->reloads,
                                           __ATOMIC_RELAXED), 0);
}


static void
civic_status_families_requests(const civic_status_walk_t *walk)
{
    ngx_uint_t  i, n;

    n = civic_status_registry_size(&walk->zone->services);

    for (i = 0; i < n; i++) {
        civic_status_families_service(walk, i);
    }
}


static void
civic_status_families_service(const civic_status_walk_t *walk,
    ngx_uint_t service)
{
    u_char                 text[NGX_INT_T_LEN];
    ngx_str_t             *status;
    ngx_uint_t             i, code;
    civic_status_sample_t  sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 2;
    sample.labels[0].name = "service";
    sample.labels[0].value = walk->zone->services.names[service].name;
    sample.labels[1].name = "status";

    status = &sample.labels[1].value;

    for (i = 0; i < CIVIC_STATUS_CODES; i++) {

        sample.value = civic_status_sum(walk->zone,
                                        CIVIC_STATUS_AT_REQUESTS
                                        + service * CIVIC_STATUS_CODES + i);
        if (sample.value == 0) {
            continue;
        }

        code = civic_status_code(i);

        if (code) {
            status->data = text;
            status->len = ngx_sprintf(text, "%ui", code) - text;

        } else {
            ngx_str_set(status, "other");
        }

        walk->renderer->sample(walk->out, walk->family, &sample);
    }
}


static void
civic_status_families_refusals(const civic_status_walk_t *walk)
{
    ngx_uint_t             i;
    civic_status_sample_t  sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 1;
    sample.labels[0].name = "code";

    for (i = CIVIC_OK + 1; i < CIVIC_PROBLEM_COUNT; i++) {

        sample.labels[0].value = civic_problems[i].code;
        sample.value = civic_status_sum(walk->zone,
                                        CIVIC_STATUS_AT_REFUSALS + i);

        walk->renderer->sample(walk->out, walk->family, &sample);
    }
}


static void
civic_status_families_gate(const civic_status_walk_t *walk)
{
    uint64_t               count;
    ngx_uint_t             i;
    civic_status_sample_t  sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.part = CIVIC_STATUS_BUCKET;
    sample.nlabels = 1;
    sample.labels[0].name = "le";

    count = 0;

    for (i = 0; i < CIVIC_STATUS_BUCKETS; i++) {

        count += civic_status_sum(walk->zone, CIVIC_STATUS_AT_BUCKETS + i);

        sample.labels[0].value = civic_status_buckets[i].label;
        sample.value = count;

        walk->renderer->sample(walk->out, walk->family, &sample);
    }

    sample.part = CIVIC_STATUS_SUM;
    sample.nlabels = 0;
    sample.value = civic_status_sum(walk->zone, CIVIC_STATUS_AT_GATE);
    sample.nano = 1;

    walk->renderer->sample(walk->out, walk->family, &sample);

    sample.part = CIVIC_STATUS_COUNT;
    sample.value = count;
    sample.nano = 0;

    walk->renderer->sample(walk->out, walk->family, &sample);
}


static void
civic_status_families_routes(const civic_status_walk_t *walk)
{
    ngx_uint_t  i, n;

    n = civic_status_registry_size(&walk->zone->routes);

    for (i = CIVIC_STATUS_OTHER; i < n; i++) {
        civic_status_families_route(walk, i);
    }
}


static void
civic_status_families_route(const civic_status_walk_t *walk, ngx_uint_t route)
{
    ngx_uint_t              i;
    civic_status_name_t    *name;
    civic_status_sample_t   sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    name = &walk->zone->routes.names[route];

    sample.nlabels = 3;
    sample.labels[0].name = "service";
    sample.labels[0].value = walk->zone->services.names[name->owner].name;
    sample.labels[1].name = "route";
    sample.labels[1].value = name->name;
    sample.labels[2].name = "class";

    for (i = 0; i < CIVIC_STATUS_CLASSES; i++) {

        sample.value = civic_status_sum(walk->zone,
                                        walk->zone->at_routes
                                        + route * CIVIC_STATUS_CLASSES + i);
        if (sample.value == 0) {
            continue;
        }

        sample.labels[2].value = civic_status_classes[i];

        walk->renderer->sample(walk->out, walk->family, &sample);
    }
}


static void
civic_status_families_metrics(const civic_status_walk_t *all)
{
    ngx_uint_t             i;
    civic_status_walk_t    walk;
    civic_status_family_t  family;

    walk = *all;
    walk.family = &family;

    for (i = 0; i < CIVIC_METRIC_COUNT; i++) {

        if (civic_status_families_seen(i)) {
            continue;
        }

        family.name = civic_status_metrics[i].family;
        family.help = civic_status_metrics[i].help;
        family.type = civic_status_families_type(family.name);
        family.labelled = (civic_status_metrics[i].label[0] != '\0');

        walk.renderer->begin(walk.out, &family);
        civic_status_families_metric(&walk, i);
        walk.renderer->end(walk.out, &family);
    }
}


static ngx_uint_t
civic_status_families_seen(ngx_uint_t metric)
{
    ngx_uint_t  i;

    for (i = 0; i < metric; i++) {
        if (ngx_strcmp(civic_status_metrics[i].family,
                       civic_status_metrics[metric].family)
            == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
civic_status_families_metric(const civic_status_walk_t *walk,
    ngx_uint_t first)
{
    ngx_uint_t             i;
    civic_status_sample_t  sample;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = walk->family->labelled;

    for (i = first; i < CIVIC_METRIC_COUNT; i++) {

        if (ngx_strcmp(civic_status_metrics[i].family, walk->family->name)
            != 0)
        {
            continue;
        }

        sample.labels[0].name = civic_status_metrics[i].label;
        sample.labels[0].value = civic_status_metrics[i].value;
        sample.value = civic_status_sum(walk->zone, i);

        walk->renderer->sample(walk->out, walk->family, &sample);
    }
}


static ngx_uint_t
civic_status_families_type(const char *name)
{
    size_t  len;

    static const size_t  total = sizeof("_total") - 1;

    len = ngx_strlen(name);

    return (len > total && ngx_strcmp(name + len - total, "_total") == 0)
           ? CIVIC_STATUS_COUNTER : CIVIC_STATUS_GAUGE;
}
