
/*
 * Copyright (C) Civic Gate
 *
 * Services do not agree on what a query string says.  Names differ in
 * capitals for some and not for others; PHP makes '_' of '.' and of blanks,
 * strips blanks in front and cuts at '[' and NUL; some split at ';' too, or
 * cookies at ','.  Whoever reads more pairs than the gate could be made to
 * read another value: so here all of those are noticed, and only a name
 * that stands there once, exactly, between separators that all agree on,
 * has a value.
 */


#include "civic_source_text.h"
#include "civic_text.h"


typedef enum {
    CIVIC_SOURCE_OTHER = 0,
    CIVIC_SOURCE_ALIKE,
    CIVIC_SOURCE_EXACT,
    CIVIC_SOURCE_UNCLEAR
} civic_source_match_e;


/* `known` all services split at, `rare` some of them */

typedef struct {
    u_char                  known;
    u_char                  rare;
    unsigned                encoded:1; /* names are, for all */
    unsigned                padded:1;  /* a blank may follow `known` */
} civic_source_grammar_t;


static void civic_source_text_scan(civic_source_found_t *found,
    const ngx_str_t *text, const civic_source_grammar_t *grammar);
static void civic_source_text_pair(civic_source_found_t *found,
    u_char *p, u_char *last, const civic_source_grammar_t *grammar,
    ngx_uint_t clear);
static civic_source_match_e civic_source_text_match(const ngx_str_t *name,
    u_char *p, u_char *last, const civic_source_grammar_t *grammar);
static ngx_int_t civic_source_text_byte(u_char **p, u_char *last);
static u_char civic_source_text_fold(ngx_int_t ch);
static u_char civic_source_text_fold_header(u_char ch);


static const civic_source_grammar_t  civic_source_query_grammar =
    { '&', ';', 1, 0 };
static const civic_source_grammar_t  civic_source_cookie_grammar =
    { ';', ',', 0, 1 };


void
civic_source_text_query(civic_source_found_t *found, const ngx_str_t *args)
{
    civic_source_text_scan(found, args, &civic_source_query_grammar);
}


void
civic_source_text_cookie(civic_source_found_t *found, const ngx_str_t *header)
{
    civic_source_text_scan(found, header, &civic_source_cookie_grammar);
}


static void
civic_source_text_scan(civic_source_found_t *found, const ngx_str_t *text,
    const civic_source_grammar_t *grammar)
{
    u_char      *p, *end, *last;
    ngx_uint_t   clear;

    last = text->data + text->len;
    clear = 1;

    for (p = text->data; p < last; p = end + 1) {

        for (end = p; end < last; end++) {

            if (*end == grammar->known || *end == grammar->rare) {
                break;
            }
        }

        clear &= (end == last || *end == grammar->known);

        civic_source_text_pair(found, p, end, grammar, clear);

        clear = (end < last && *end == grammar->known);
    }
}


static void
civic_source_text_pair(civic_source_found_t *found, u_char *p, u_char *last,
    const civic_source_grammar_t *grammar, ngx_uint_t clear)
{
    u_char  *equals;

    while (grammar->padded && p < last && (*p == ' ' || *p == '\t')) {
        p++;
    }

    equals = ngx_strlchr(p, last, '=');

    if (equals == NULL) {
        equals = last;
    }

    switch (civic_source_text_match(&found->name, p, equals, grammar)) {

    case CIVIC_SOURCE_EXACT:
        found->exact++;
        found->value.data = (equals < last) ? equals + 1 : last;
        found->value.len = last - found->value.data;
        found->unclear |= !clear;
        break;

    case CIVIC_SOURCE_ALIKE:
        found->alike++;
        break;

    case CIVIC_SOURCE_UNCLEAR:
        found->unclear = 1;
        break;

    case CIVIC_SOURCE_OTHER:
        break;
    }
}


/*
 * The name is compared in both ways at once.  Where names are not encoded
 * by the rules, some decode them all the same.
 */

static civic_source_match_e
civic_source_text_match(const ngx_str_t *name, u_char *p, u_char *last,
    const civic_source_grammar_t *grammar)
{
    size_t      i;
    u_char     *start;
    ngx_int_t   ch;
    ngx_uint_t  alike, exact, cut;

    alike = 1;
    exact = ((size_t) (last - p) >= name->len);
    cut = 0;
    i = 0;

    while (p < last) {
        start = p;
        ch = civic_source_text_byte(&p, last);

        if (ch < 0x20 || ch == 0x7f) {

            if (grammar->encoded) {
                return CIVIC_SOURCE_UNCLEAR;
            }

            p = start + 1;
            ch = *start;
        }

        if (!grammar->encoded && p != start + 1) {
            exact = 0;
        }

        exact &= (i < name->len && ch == name->data[i] && !cut);

        if (cut || (i == 0 && ch == ' ' && !exact)) {
            exact = 0;
            continue;
        }

        if (i == name->len && ch == '[') {
            cut = 1;
            continue;
        }

        alike &= (i < name->len
                  && civic_source_text_fold(ch)
                     == civic_source_text_fold(name->data[i]));
        i++;
    }

    if (i != name->len || !alike) {
        return CIVIC_SOURCE_OTHER;
    }

    return exact ? CIVIC_SOURCE_EXACT : CIVIC_SOURCE_ALIKE;
}


/* the byte that a query string has at *p; NGX_ERROR: a malformed %XX */

static ngx_int_t
civic_source_text_byte(u_char **p, u_char *last)
{
    ngx_int_t  ch;

    ch = *(*p)++;

    if (ch == '+') {
        return ' ';
    }

    if (ch != '%') {
        return ch;
    }

    if (last - *p < 2) {
        return NGX_ERROR;
    }

    ch = ngx_hextoi(*p, 2);
    *p += 2;

    return ch;
}


static u_char
civic_source_text_fold(ngx_int_t ch)
{
    return (ch == '.' || ch == ' ' || ch == '[') ? '_' : ngx_tolower(ch);
}


/* services see HTTP_X_NAME, and what they turn into '_' is not only '-' */

void
civic_source_text_header(civic_source_found_t *found, const ngx_str_t *name,
    const ngx_str_t *value)
{
    size_t      i;
    ngx_uint_t  exact;

    if (name->len != found->name.len) {
        return;
    }

    exact = 1;

    for (i = 0; i < name->len; i++) {

        if (civic_source_text_fold_header(name->data[i])
            != civic_source_text_fold_header(found->name.data[i]))
        {
            return;
        }

        exact &= (ngx_tolower(name->data[i])
                  == ngx_tolower(found->name.data[i]));
    }

    if (!exact) {
        found->alike++;
        return;
    }

    found->exact++;
    found->value = *value;
}


static u_char
civic_source_text_fold_header(u_char ch)
{
    ch = ngx_tolower(ch);

    return ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9')) ? ch : '-';
}


ngx_int_t
civic_source_text_verdict(const civic_source_found_t *found)
{
    if (found->unclear) {
        return NGX_ABORT;
    }

    if (found->exact == 0) {
        return NGX_DECLINED;
    }

    if (found->exact + found->alike > 1) {
        return NGX_BUSY;
    }

    return found->value.len ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
civic_source_text_decode(const ngx_str_t *text, ngx_pool_t *pool,
    ngx_str_t *value)
{
    u_char     *p, *last, *dst;
    ngx_int_t   ch;

    dst = ngx_pnalloc(pool, text->len);
    if (dst == NULL) {
        return NGX_ERROR;
    }

    value->data = dst;
    last = text->data + text->len;

    for (p = text->data; p < last; /* void */ ) {

        ch = civic_source_text_byte(&p, last);

        if (ch < 0x20 || ch == 0x7f) {
            return NGX_ABORT;
        }

        *dst++ = (u_char) ch;
    }

    value->len = dst - value->data;

    return NGX_OK;
}


ngx_int_t
civic_source_text_octets(const ngx_str_t *value)
{
    size_t  i;
    u_char  ch;

    for (i = 0; i < value->len; i++) {
        ch = value->data[i];

        if (ch <= 0x20 || ch == 0x7f || ch == '"' || ch == ',' || ch == '\\')
        {
            return NGX_ABORT;
        }
    }

    return NGX_OK;
}


ngx_int_t
civic_source_text_plain(const ngx_str_t *value)
{
    return civic_text_clean(value) ? NGX_OK : NGX_ABORT;
}
