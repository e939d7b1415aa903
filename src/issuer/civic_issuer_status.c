
/*
 * Copyright (C) Civic Gate
 *
 * What operators see of issuers: a member "issuers" of civic_status full,
 * and families of metrics.  Where keys are fetched, all workers tell the
 * same.
 */


#include "civic_issuer.h"
#include "civic_issuer_status.h"
#include "civic_status.h"
#include "civic_status_families.h"


static const civic_issuer_main_conf_t *civic_issuer_status_conf(void);
static civic_status_state_e civic_issuer_status_state(void);
static void civic_issuer_status_write(civic_status_out_t *out);
static void civic_issuer_status_one(civic_status_out_t *out,
    const civic_issuer_t *issuer);
static void civic_issuer_status_live(civic_status_out_t *out,
    const civic_issuer_t *issuer);
static void civic_issuer_status_keys(const civic_status_walk_t *walk);
static void civic_issuer_status_age(const civic_status_walk_t *walk);


static const civic_status_declared_t  civic_issuer_status_families[] = {

    { { "issuer_keys", "Keys of an issuer that tokens are verified with",
        CIVIC_STATUS_GAUGE, 1 },
      civic_issuer_status_keys },

    { { "issuer_keys_age_seconds",
        "Time since an issuer's keys were last fetched and found good",
        CIVIC_STATUS_GAUGE, 1 },
      civic_issuer_status_age }
};


static civic_status_more_t  civic_issuer_status_more = {
    civic_issuer_status_families,
    sizeof(civic_issuer_status_families)
    / sizeof(civic_issuer_status_families[0]),
    "issuers",
    civic_issuer_status_write,
    civic_issuer_status_state,
    NULL
};


void
civic_issuer_status_init(void)
{
    civic_status_add_more(&civic_issuer_status_more);
}


static const civic_issuer_main_conf_t *
civic_issuer_status_conf(void)
{
    return ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_civic_issuer_module);
}


/* an issuer whose keys nobody has is one of several */

static civic_status_state_e
civic_issuer_status_state(void)
{
    ngx_uint_t                        i;
    civic_issuer_t                  **issuer;
    civic_provider_keys_state_t       state;
    const civic_issuer_main_conf_t   *imcf;

    imcf = civic_issuer_status_conf();
    issuer = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if (issuer[i]->live == NULL) {
            continue;
        }

        civic_provider_keys_state(issuer[i]->live, &state);

        if (state.keys == 0) {
            return CIVIC_STATUS_DEGRADED;
        }
    }

    return CIVIC_STATUS_READY;
}


static void
civic_issuer_status_write(civic_status_out_t *out)
{
    ngx_uint_t                        i;
    civic_issuer_t                  **issuer;
    const civic_issuer_main_conf_t   *imcf;

    imcf = civic_issuer_status_conf();
    issuer = imcf->issuers.elts;

    civic_status_out_text(out, "[");

    for (i = 0; i < imcf->issuers.nelts; i++) {
        civic_status_out_text(out, i ? ",\n" : "\n");
        civic_issuer_status_one(out, issuer[i]);
    }

    civic_status_out_text(out, "]");
}


static void
civic_issuer_status_one(civic_status_out_t *out,
    const civic_issuer_t *issuer)
{
    civic_status_out_text(out, "{\"name\":");
    civic_status_out_string(out, &issuer->name);

    if (issuer->live != NULL) {
        civic_issuer_status_live(out, issuer);

    } else if (issuer->keys != NULL) {
        civic_status_out_format(out, 64 + NGX_INT_T_LEN,
                                ",\"source\":\"file\",\"keys\":%ui",
                                civic_jose_keyset_size(issuer->keys));
    }

    if (issuer->asks != NULL) {
        civic_status_out_text(out, ",\"introspection\":");
        civic_status_out_string(out, &issuer->introspect.remote);
    }

    civic_status_out_text(out, "}");
}


static void
civic_issuer_status_live(civic_status_out_t *out,
    const civic_issuer_t *issuer)
{
    ngx_str_t                    error;
    civic_provider_keys_state_t  state;

    civic_provider_keys_state(issuer->live, &state);

    error.data = state.error;
    error.len = state.error_len;

    civic_status_out_text(out, ",\"source\":");
    civic_status_out_string(out, &issuer->keys_from.remote);

    civic_status_out_format(out, 128 + 4 * NGX_INT64_LEN,
                            ",\"keys\":%ui,\"age\":%T,"
                            "\"fetches\":{\"good\":%uL,\"failed\":%uL},"
                            "\"error\":",
                            state.keys, state.age, state.good, state.failed);

    civic_status_out_string(out, &error);
}


static void
civic_issuer_status_keys(const civic_status_walk_t *walk)
{
    ngx_uint_t                        i;
    civic_issuer_t                  **issuer;
    civic_status_sample_t             sample;
    civic_provider_keys_state_t       state;
    const civic_issuer_main_conf_t   *imcf;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 1;
    sample.labels[0].name = "issuer";

    imcf = civic_issuer_status_conf();
    issuer = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if (!civic_issuer_has_keys(issuer[i])) {
            continue;
        }

        if (issuer[i]->live != NULL) {
            civic_provider_keys_state(issuer[i]->live, &state);
            sample.value = state.keys;

        } else {
            sample.value = civic_jose_keyset_size(issuer[i]->keys);
        }

        sample.labels[0].value = issuer[i]->name;

        walk->renderer->sample(walk->out, walk->family, &sample);
    }
}


/* only where they are fetched, and have been */

static void
civic_issuer_status_age(const civic_status_walk_t *walk)
{
    ngx_uint_t                        i;
    civic_issuer_t                  **issuer;
    civic_status_sample_t             sample;
    civic_provider_keys_state_t       state;
    const civic_issuer_main_conf_t   *imcf;

    ngx_memzero(&sample, sizeof(civic_status_sample_t));

    sample.nlabels = 1;
    sample.labels[0].name = "issuer";

    imcf = civic_issuer_status_conf();
    issuer = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if (issuer[i]->live == NULL) {
            continue;
        }

        civic_provider_keys_state(issuer[i]->live, &state);

        if (state.keys == 0) {
            continue;
        }

        sample.labels[0].value = issuer[i]->name;
        sample.value = state.age;

        walk->renderer->sample(walk->out, walk->family, &sample);
    }
}
