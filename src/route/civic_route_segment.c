
/*
 * Copyright (C) Civic Gate
 *
 * Each such segment is one anchored PCRE2 pattern, matched against the
 * segment alone: nothing in it can see past a "/".  For v{n:[0-9]+}-{x} it
 * is
 *
 *     \A  v  (?<p0>[0-9]+)  \-  (?<p1>[^/]+)  \z
 *
 * A parameter without a constraint is as short as can be, save for the last
 * of its segment, which takes the rest; each takes one byte at least.  Where
 * a constraint could do with none, what is left after it is compared with
 * what was left before:
 *
 *     (?=(?<r0>[^/]*))  (?<p0>[0-9]*)  (?!\k<r0>\z)
 */


#include "civic_route_segment.h"
#include "civic_error.h"
#include "civic_route_syntax.h"


/* what a parameter needs in the pattern besides its constraint */

#define CIVIC_ROUTE_SEGMENT_PARAM_LEN                                         \
    (sizeof("(?=(?<r00>[^/]*))(?<p00>)(?!\\k<r00>\\z)") - 1)


static ngx_int_t civic_route_segment_check(const ngx_str_t *constraint,
    ngx_pool_t *pool, civic_pcre_t *pcre,
    civic_pcre_info_t *info, ngx_str_t *err);


ngx_int_t
civic_route_segment_init(civic_route_segment_t *segment, ngx_pool_t *pool,
    const civic_route_piece_t *piece, ngx_str_t *err)
{
    u_char                     *p;
    size_t                      len;
    ngx_uint_t                  i;
    const civic_route_token_t  *token;

    ngx_memzero(segment, sizeof(civic_route_segment_t));

    len = 0;

    for (i = 0; i < piece->ntokens; i++) {
        len += piece->tokens[i].text.len + sizeof("{:}") - 1;
    }

    p = ngx_pnalloc(pool, len);
    if (p == NULL) {
        return civic_error_no_memory(err);
    }

    segment->key.data = p;

    for (i = 0; i < piece->ntokens; i++) {
        token = &piece->tokens[i];

        if (token->name.len == 0) {
            segment->literal += token->text.len;
            p = ngx_cpymem(p, token->text.data, token->text.len);
            continue;
        }

        segment->nparams++;
        *p++ = '{';

        if (token->text.len) {
            segment->constrained++;
            *p++ = ':';
            p = ngx_cpymem(p, token->text.data, token->text.len);
        }

        *p++ = '}';
    }

    segment->key.len = p - segment->key.data;

    segment->head = piece->tokens[0].text;

    if (piece->tokens[0].name.len) {
        segment->head.len = 0;
    }

    segment->foot = piece->tokens[piece->ntokens - 1].text;

    if (piece->tokens[piece->ntokens - 1].name.len) {
        segment->foot.len = 0;
    }

    return NGX_OK;
}


ngx_int_t
civic_route_segment_compile(civic_route_segment_t *segment, ngx_pool_t *pool,
    civic_pcre_t *pcre, const civic_route_piece_t *piece,
    ngx_str_t *err)
{
    u_char                     *p;
    ngx_str_t                   re;
    ngx_uint_t                  i, n, group;
    const civic_route_token_t  *token;
    civic_pcre_info_t           info;

    re.len = sizeof("\\A\\z") - 1;

    for (i = 0; i < piece->ntokens; i++) {
        re.len += 2 * piece->tokens[i].text.len
                  + CIVIC_ROUTE_SEGMENT_PARAM_LEN;
    }

    re.data = ngx_pnalloc(pool, re.len);
    if (re.data == NULL) {
        return civic_error_no_memory(err);
    }

    p = ngx_cpymem(re.data, "\\A", 2);
    group = 0;
    n = 0;

    for (i = 0; i < piece->ntokens; i++) {
        token = &piece->tokens[i];

        if (token->name.len == 0) {
            p = civic_route_syntax_quote(p, &token->text);
            continue;
        }

        info.match_empty = 0;

        if (token->text.len == 0) {
            p = ngx_sprintf(p, "(?<p%ui>[^/]+%s)", n,
                            (n + 1 == segment->nparams) ? "" : "?");

        } else if (civic_route_segment_check(&token->text, pool, pcre, &info,
                                             err)
                   != NGX_OK)
        {
            return NGX_ERROR;

        } else if (info.match_empty) {
            group++;
            p = ngx_sprintf(p, "(?=(?<r%ui>[^/]*))(?<p%ui>%V)(?!\\k<r%ui>\\z)",
                            n, n, &token->text, n);

        } else {
            p = ngx_sprintf(p, "(?<p%ui>%V)", n, &token->text);
        }

        segment->groups[n++] = (u_char) ++group;
    }

    p = ngx_cpymem(p, "\\z", 2);
    re.len = p - re.data;

    if (civic_pcre_compile(pcre, &re, PCRE2_ANCHORED, &segment->code, err)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* alone it must be whole, and may not number or name groups */

static ngx_int_t
civic_route_segment_check(const ngx_str_t *constraint, ngx_pool_t *pool,
    civic_pcre_t *pcre, civic_pcre_info_t *info, ngx_str_t *err)
{
    ngx_str_t    reason;
    const char  *refused;

    refused = civic_route_syntax_check(constraint);

    if (refused) {
        return civic_error_write(pool, err, "the constraint \"%V\" is "
                                 "refused: %s", constraint, refused);
    }

    if (civic_pcre_check(pcre, constraint, info, &reason) != NGX_OK) {
        return civic_error_write(pool, err, "the constraint \"%V\" is "
                                 "invalid: %V", constraint, &reason);
    }

    if (info->captures) {
        return civic_error_write(pool, err, "the constraint \"%V\" is "
                                 "refused: its groups may not capture: use "
                                 "\"(?:...)\"", constraint);
    }

    return NGX_OK;
}


ngx_int_t
civic_route_segment_cmp(const civic_route_segment_t *a,
    const civic_route_segment_t *b)
{
    if (a->literal != b->literal) {
        return (a->literal > b->literal) ? -1 : 1;
    }

    if (a->constrained != b->constrained) {
        return (a->constrained > b->constrained) ? -1 : 1;
    }

    return ngx_memn2cmp(a->key.data, b->key.data, a->key.len, b->key.len);
}


ngx_int_t
civic_route_segment_match(const civic_route_segment_t *segment,
    const civic_pcre_t *pcre, const ngx_str_t *text, ngx_str_t *values)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    /* most neighbours differ here, and need not be matched */

    if (text->len < segment->literal + segment->nparams
        || ngx_memcmp(text->data, segment->head.data, segment->head.len) != 0
        || ngx_memcmp(text->data + text->len - segment->foot.len,
                      segment->foot.data, segment->foot.len)
           != 0)
    {
        return NGX_DECLINED;
    }

    rc = civic_pcre_match(pcre, segment->code, text, CIVIC_PCRE_LIMIT);
    if (rc != NGX_OK) {
        return rc;
    }

    for (i = 0; i < segment->nparams; i++) {
        civic_pcre_capture(pcre, text, segment->groups[i], &values[i]);
    }

    return NGX_OK;
}
