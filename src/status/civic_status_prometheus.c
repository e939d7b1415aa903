
/*
 * Copyright (C) Civic Gate
 *
 * civic_metrics: the families as Prometheus text, version 0.0.4.
 */


#include "civic_status_page.h"
#include "civic_status_families.h"


static void civic_status_prometheus_begin(civic_status_out_t *out,
    const civic_status_family_t *family);
static void civic_status_prometheus_sample(civic_status_out_t *out,
    const civic_status_family_t *family, const civic_status_sample_t *sample);
static void civic_status_prometheus_end(civic_status_out_t *out,
    const civic_status_family_t *family);


/* by civic_status_type_e */

static const char  *civic_status_prometheus_types[] = {
    "counter", "gauge", "histogram"
};


/* by civic_status_part_e */

static const char  *civic_status_prometheus_suffixes[] = {
    "", "_bucket", "_sum", "_count"
};


static const civic_status_renderer_t  civic_status_prometheus = {
    civic_status_prometheus_begin,
    civic_status_prometheus_sample,
    civic_status_prometheus_end
};


ngx_uint_t
civic_status_page_metrics(ngx_http_request_t *r,
    const civic_status_zone_t *zone, civic_status_out_t *out)
{
    civic_status_families_render(zone, out, &civic_status_prometheus);

    return NGX_HTTP_OK;
}


/* help texts are ours: nothing in them needs escaping */

static void
civic_status_prometheus_begin(civic_status_out_t *out,
    const civic_status_family_t *family)
{
    civic_status_out_text(out, "# HELP civic_");
    civic_status_out_text(out, family->name);
    civic_status_out_text(out, " ");
    civic_status_out_text(out, family->help);
    civic_status_out_text(out, "\n# TYPE civic_");
    civic_status_out_text(out, family->name);
    civic_status_out_text(out, " ");
    civic_status_out_text(out, civic_status_prometheus_types[family->type]);
    civic_status_out_text(out, "\n");
}


static void
civic_status_prometheus_sample(civic_status_out_t *out,
    const civic_status_family_t *family, const civic_status_sample_t *sample)
{
    ngx_uint_t  i;

    civic_status_out_text(out, "civic_");
    civic_status_out_text(out, family->name);
    civic_status_out_text(out,
                          civic_status_prometheus_suffixes[sample->part]);

    for (i = 0; i < sample->nlabels; i++) {
        civic_status_out_text(out, i ? "," : "{");
        civic_status_out_text(out, sample->labels[i].name);
        civic_status_out_text(out, "=");
        civic_status_out_label(out, &sample->labels[i].value);
    }

    civic_status_out_text(out, sample->nlabels ? "} " : " ");
    civic_status_out_number(out, sample->value, sample->nano);
    civic_status_out_text(out, "\n");
}


static void
civic_status_prometheus_end(civic_status_out_t *out,
    const civic_status_family_t *family)
{
}
