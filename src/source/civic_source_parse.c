
/*
 * Copyright (C) Civic Gate
 *
 * The spelling of sources.
 */


#include "civic_source.h"


static ngx_uint_t civic_source_parse_param(u_char ch);
static ngx_uint_t civic_source_parse_plain(u_char ch);
static ngx_uint_t civic_source_parse_header(u_char ch);
static ngx_uint_t civic_source_parse_claim(u_char ch);


/* in the order of civic_source_e */

static const struct {
    ngx_str_t        prefix;
    ngx_uint_t     (*byte)(u_char ch);
    const char      *err;
} civic_source_words[] = {

    { ngx_string("param."), civic_source_parse_param,
      "names no parameter: write letters, digits, \"_\" and \"-\"" },

    { ngx_string("query."), civic_source_parse_plain,
      "names no query parameter: write letters, digits, \"_\", \"-\", \".\" "
      "and \":\"" },

    { ngx_string("header."), civic_source_parse_header,
      "names no header: write letters, digits and \"-\"" },

    { ngx_string("cookie."), civic_source_parse_plain,
      "names no cookie: write letters, digits, \"_\", \"-\", \".\" and "
      "\":\"" },

    { ngx_string("claim."), civic_source_parse_claim,
      "names no claim: write its name, or the way to it with dots" }
};

#define CIVIC_SOURCE_WORDS                                                    \
    (sizeof(civic_source_words) / sizeof(civic_source_words[0]))


ngx_int_t
civic_source_parse(const ngx_str_t *word, civic_source_t *source,
    const char **err)
{
    size_t            i;
    ngx_str_t         name;
    ngx_uint_t        from;
    const ngx_str_t  *prefix;

    for (from = 0; from < CIVIC_SOURCE_WORDS; from++) {
        prefix = &civic_source_words[from].prefix;

        if (word->len >= prefix->len
            && ngx_memcmp(word->data, prefix->data, prefix->len) == 0)
        {
            break;
        }
    }

    if (from == CIVIC_SOURCE_WORDS) {
        return NGX_DECLINED;
    }

    name.data = word->data + prefix->len;
    name.len = word->len - prefix->len;

    *err = civic_source_words[from].err;

    for (i = 0; i < name.len; i++) {

        if (!civic_source_words[from].byte(name.data[i])) {
            return NGX_ERROR;
        }
    }

    if (name.len == 0
        || (from == CIVIC_SOURCE_CLAIM
            && (name.data[0] == '.' || name.data[name.len - 1] == '.')))
    {
        return NGX_ERROR;
    }

    source->from = from;
    source->name = name;

    return NGX_OK;
}


static ngx_uint_t
civic_source_parse_param(u_char ch)
{
    return civic_source_parse_header(ch) || ch == '_';
}


static ngx_uint_t
civic_source_parse_plain(u_char ch)
{
    return civic_source_parse_param(ch) || ch == '.' || ch == ':';
}


static ngx_uint_t
civic_source_parse_header(u_char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
           || (ch >= '0' && ch <= '9') || ch == '-';
}


/* names of claims may be URLs, or Chinese */

static ngx_uint_t
civic_source_parse_claim(u_char ch)
{
    return ch > 0x20 && ch != 0x7f && ch != '"' && ch != '\\' && ch != ',';
}
