
/*
 * Copyright (C) Civic Gate
 *
 * The words of a civic_assertion line.
 */


#include "civic_assertion_conf.h"
#include "civic_conf_block.h"
#include "civic_conf_list.h"


#define CIVIC_ASSERTION_AUDIENCE_MAX  128
#define CIVIC_ASSERTION_TTL           60


static ngx_int_t civic_assertion_line_claim(civic_assertion_t *line,
    const ngx_str_t *name);


static civic_conf_setter_t  civic_assertion_line_audience;
static civic_conf_setter_t  civic_assertion_line_claims;


static const civic_conf_range_t  civic_assertion_line_ttl = {
    10, 600, "a time from 10s to 10m"
};


static const civic_conf_word_t  civic_assertion_words[] = {

    { "aud=", 1, 1, civic_assertion_line_audience, 0, NULL,
      CIVIC_CONF_MANDATORY },

    { "ttl=", 1, 1, civic_conf_block_sec, offsetof(civic_assertion_t, ttl),
      &civic_assertion_line_ttl, 0 },

    { "claims=", 1, 1, civic_assertion_line_claims, 0, NULL, 0 },

    { "off", 0, 0, civic_conf_block_alone, 0, NULL, 0 },

    { NULL, 0, 0, NULL, 0, NULL, 0 }
};


char *
civic_assertion_line_parse(ngx_conf_t *cf, civic_assertion_t *line)
{
    civic_conf_block_t  block;

    line->ttl = CIVIC_ASSERTION_TTL;

    ngx_memzero(&block, sizeof(civic_conf_block_t));

    block.directive = "civic_assertion";
    block.words = civic_assertion_words;
    block.conf = line;

    return civic_conf_block_line(cf, &block, 1);
}


static char *
civic_assertion_line_audience(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    size_t              i;
    civic_assertion_t  *line;

    line = block->conf;

    for (i = 0; i < value->len; i++) {
        if (value->data[i] <= ' ' || value->data[i] >= 0x7f) {
            break;
        }
    }

    if (i < value->len || i > CIVIC_ASSERTION_AUDIENCE_MAX) {
        return civic_conf_error(cf, NULL, "\"aud=%V\" in civic_assertion is "
                                "longer than 128 bytes or has a space",
                                value);
    }

    line->audience = *value;

    return NGX_CONF_OK;
}


static char *
civic_assertion_line_claims(ngx_conf_t *cf, civic_conf_block_t *block,
    const civic_conf_word_t *word, ngx_str_t *value)
{
    ngx_str_t           rest, name;
    civic_assertion_t  *line;

    line = block->conf;
    line->claims_text = *value;
    rest = *value;

    while (civic_conf_list_next(&rest, &name)) {

        if (civic_assertion_line_claim(line, &name) != NGX_OK) {
            return civic_conf_error(cf, NULL, "\"claims=\" in "
                                    "civic_assertion names no claim, one "
                                    "twice or more than 16");
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
civic_assertion_line_claim(civic_assertion_t *line, const ngx_str_t *name)
{
    ngx_uint_t  i;

    if (name->len == 0 || line->nclaims == CIVIC_ASSERTION_CLAIMS) {
        return NGX_DECLINED;
    }

    for (i = 0; i < line->nclaims; i++) {

        if (line->claims[i].len == name->len
            && ngx_memcmp(line->claims[i].data, name->data, name->len) == 0)
        {
            return NGX_DECLINED;
        }
    }

    line->claims[line->nclaims++] = *name;

    return NGX_OK;
}
