
/*
 * Copyright (C) Civic Gate
 *
 * civic_status full: state, zone and the families, as JSON.  A family
 * without labels is a number, one with labels a list of objects, a
 * histogram an object of its buckets, sum and count.
 */


#include "civic_status.h"
#include "civic_status_page.h"
#include "civic_status_families.h"


static void civic_status_json_services(const civic_status_zone_t *zone,
    civic_status_out_t *out);
static void civic_status_json_zone(const civic_status_zone_t *zone,
    civic_status_out_t *out);
static void civic_status_json_begin(civic_status_out_t *out,
    const civic_status_family_t *family);
static void civic_status_json_sample(civic_status_out_t *out,
    const civic_status_family_t *family, const civic_status_sample_t *sample);
static void civic_status_json_object(civic_status_out_t *out,
    const civic_status_sample_t *sample);
static void civic_status_json_end(civic_status_out_t *out,
    const civic_status_family_t *family);


static const civic_status_renderer_t  civic_status_json = {
    civic_status_json_begin,
    civic_status_json_sample,
    civic_status_json_end
};


ngx_uint_t
civic_status_page_full(ngx_http_request_t *r, const civic_status_zone_t *zone,
    civic_status_out_t *out)
{
    const civic_status_more_t  *more;

    civic_status_out_text(out, "{\"status\":\"");
    civic_status_out_text(out, civic_status_page_word(r));
    civic_status_out_text(out, "\",\"version\":\"" CIVIC_VERSION "\"");

    civic_status_json_services(zone, out);
    civic_status_redis_write(r, out);
    civic_status_json_zone(zone, out);

    for (more = civic_status_more(); more; more = more->next) {
        civic_status_out_format(out, 64, ",\"%s\":", more->member);
        more->write(out);
    }

    civic_status_out_text(out, ",\"metrics\":{");
    civic_status_families_render(zone, out, &civic_status_json);
    civic_status_out_text(out, "}}\n");

    return NGX_HTTP_OK;
}


static void
civic_status_json_services(const civic_status_zone_t *zone,
    civic_status_out_t *out)
{
    ngx_uint_t  i, n;

    civic_status_out_text(out, ",\"services\":[");

    n = civic_status_registry_size(&zone->services);

    for (i = CIVIC_STATUS_OTHER + 1; i < n; i++) {

        if (i > CIVIC_STATUS_OTHER + 1) {
            civic_status_out_text(out, ",");
        }

        civic_status_out_string(out, &zone->services.names[i].name);
    }

    civic_status_out_text(out, "]");
}


/* the two slots that every registry has are no news to the operator */

static void
civic_status_json_zone(const civic_status_zone_t *zone,
    civic_status_out_t *out)
{
    civic_status_out_format(out, 256 + 7 * NGX_INT_T_LEN,
                            ",\"zone\":{\"slots\":%ui,"
                            "\"services\":{\"used\":%ui,\"max\":%ui},"
                            "\"routes\":{\"used\":%ui,\"max\":%ui},"
                            "\"decisions\":{\"refused_per_slot\":%ui,"
                            "\"passed_per_slot\":%ui}}",
                            zone->nslots,
                            civic_status_registry_size(&zone->services) - 2,
                            zone->services.max - 2,
                            civic_status_registry_size(&zone->routes) - 2,
                            zone->routes.max - 2,
                            civic_status_slot(zone, 0)->refused.n,
                            civic_status_slot(zone, 0)->passed.n);
}


static void
civic_status_json_begin(civic_status_out_t *out,
    const civic_status_family_t *family)
{
    civic_status_out_text(out, out->families++ ? ",\"civic_" : "\"civic_");
    civic_status_out_text(out, family->name);
    civic_status_out_text(out, "\":");

    if (family->type == CIVIC_STATUS_HISTOGRAM) {
        civic_status_out_text(out, "{\"buckets\":[");

    } else if (family->labelled) {
        civic_status_out_text(out, "[");
    }

    out->samples = 0;
}


static void
civic_status_json_sample(civic_status_out_t *out,
    const civic_status_family_t *family, const civic_status_sample_t *sample)
{
    switch (sample->part) {

    case CIVIC_STATUS_SUM:
        civic_status_out_text(out, "],\"sum\":");
        break;

    case CIVIC_STATUS_COUNT:
        civic_status_out_text(out, ",\"count\":");
        break;

    default:
        if (family->labelled) {
            civic_status_json_object(out, sample);
            return;
        }
    }

    civic_status_out_number(out, sample->value, sample->nano);
}


static void
civic_status_json_object(civic_status_out_t *out,
    const civic_status_sample_t *sample)
{
    ngx_uint_t  i;

    civic_status_out_text(out, out->samples++ ? ",{" : "{");

    for (i = 0; i < sample->nlabels; i++) {
        civic_status_out_text(out, "\"");
        civic_status_out_text(out, sample->labels[i].name);
        civic_status_out_text(out, "\":");
        civic_status_out_string(out, &sample->labels[i].value);
        civic_status_out_text(out, ",");
    }

    civic_status_out_text(out, "\"value\":");
    civic_status_out_number(out, sample->value, sample->nano);
    civic_status_out_text(out, "}");
}


static void
civic_status_json_end(civic_status_out_t *out,
    const civic_status_family_t *family)
{
    if (family->type == CIVIC_STATUS_HISTOGRAM) {
        civic_status_out_text(out, "}");

    } else if (family->labelled) {
        civic_status_out_text(out, "]");
    }
}
