
/*
 * Copyright (C) Civic Gate
 *
 * Owns what PCRE2 needs besides the patterns: one match context, one block
 * of match data, one JIT stack per table.  A worker matches one path at a
 * time, so they are shared by all lookups; a forked copy is as good.
 *
 * Where the system refuses executable memory there is no JIT: pcre2_match()
 * then interprets, under the same limits.
 */


#include "civic_route_pcre.h"
#include "civic_route_error.h"


#define CIVIC_ROUTE_PCRE_STACK_MIN  (16 * 1024)
#define CIVIC_ROUTE_PCRE_STACK_MAX  (256 * 1024)

/* of the interpreter, in KiB */

#define CIVIC_ROUTE_PCRE_HEAP       1024

/*
 * A plain "(...)" only groups: parameters are named, and numbers would
 * change their meaning in a larger pattern.
 */

#define CIVIC_ROUTE_PCRE_OPTIONS                                              \
    (PCRE2_NO_AUTO_CAPTURE|PCRE2_DOLLAR_ENDONLY|PCRE2_NEVER_UTF|PCRE2_NEVER_UCP)


struct civic_route_pcre_s {
    ngx_pool_t           *pool;
    pcre2_match_context  *context;
    pcre2_match_data     *data;
    pcre2_jit_stack      *stack;       /* NULL: the machine's */
};


static void civic_route_pcre_cleanup(void *data);
static void civic_route_pcre_code_cleanup(void *data);
static ngx_int_t civic_route_pcre_failed(civic_route_pcre_t *pcre,
    int error, size_t offset, ngx_str_t *err);


civic_route_pcre_t *
civic_route_pcre_create(ngx_pool_t *pool)
{
    ngx_pool_cleanup_t  *cln;
    civic_route_pcre_t  *pcre;

    cln = ngx_pool_cleanup_add(pool, sizeof(civic_route_pcre_t));
    if (cln == NULL) {
        return NULL;
    }

    pcre = cln->data;
    ngx_memzero(pcre, sizeof(civic_route_pcre_t));

    cln->handler = civic_route_pcre_cleanup;

    pcre->pool = pool;

    pcre->context = pcre2_match_context_create(NULL);
    if (pcre->context == NULL) {
        return NULL;
    }

    pcre->data = pcre2_match_data_create(CIVIC_ROUTE_PCRE_CAPTURES + 1, NULL);
    if (pcre->data == NULL) {
        return NULL;
    }

    pcre2_set_heap_limit(pcre->context, CIVIC_ROUTE_PCRE_HEAP);

    pcre->stack = pcre2_jit_stack_create(CIVIC_ROUTE_PCRE_STACK_MIN,
                                         CIVIC_ROUTE_PCRE_STACK_MAX, NULL);

    pcre2_jit_stack_assign(pcre->context, NULL, pcre->stack);

    return pcre;
}


static void
civic_route_pcre_cleanup(void *data)
{
    civic_route_pcre_t  *pcre = data;

    pcre2_match_data_free(pcre->data);
    pcre2_match_context_free(pcre->context);
    pcre2_jit_stack_free(pcre->stack);
}


static void
civic_route_pcre_code_cleanup(void *data)
{
    pcre2_code_free(data);
}


ngx_int_t
civic_route_pcre_check(civic_route_pcre_t *pcre, const ngx_str_t *text,
    civic_route_pcre_info_t *info, ngx_str_t *err)
{
    int          error;
    size_t       offset;
    pcre2_code  *code;

    code = pcre2_compile(text->data, text->len, CIVIC_ROUTE_PCRE_OPTIONS,
                         &error, &offset, NULL);

    if (code == NULL) {
        (void) civic_route_pcre_failed(pcre, error, offset, err);
        return NGX_ERROR;
    }

    (void) pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT,
                              &info->captures);
    (void) pcre2_pattern_info(code, PCRE2_INFO_MATCHEMPTY,
                              &info->match_empty);

    pcre2_code_free(code);

    return NGX_OK;
}


ngx_int_t
civic_route_pcre_compile(civic_route_pcre_t *pcre, const ngx_str_t *text,
    uint32_t options, pcre2_code **code, ngx_str_t *err)
{
    int                  error;
    size_t               offset;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pcre->pool, 0);
    if (cln == NULL) {
        return civic_route_no_memory(err);
    }

    *code = pcre2_compile(text->data, text->len,
                          CIVIC_ROUTE_PCRE_OPTIONS|PCRE2_ANCHORED|options,
                          &error, &offset, NULL);

    if (*code == NULL) {
        return civic_route_pcre_failed(pcre, error, offset, err);
    }

    cln->handler = civic_route_pcre_code_cleanup;
    cln->data = *code;

    (void) pcre2_jit_compile(*code, PCRE2_JIT_COMPLETE);

    return NGX_OK;
}


static ngx_int_t
civic_route_pcre_failed(civic_route_pcre_t *pcre, int error, size_t offset,
    ngx_str_t *err)
{
    u_char  message[256];

    (void) pcre2_get_error_message(error, message, sizeof(message));

    (void) civic_route_error(pcre->pool, err, "%s at byte %uz",
                             message, offset);

    if (error == PCRE2_ERROR_PATTERN_TOO_LARGE
        || error == PCRE2_ERROR_TOO_MANY_NAMED_SUBPATTERNS
        || error == PCRE2_ERROR_TOO_MANY_CAPTURES)
    {
        return NGX_DECLINED;
    }

    return NGX_ERROR;
}


void
civic_route_pcre_callout(const civic_route_pcre_t *pcre,
    int (*handler)(pcre2_callout_block *block, void *data), void *data)
{
    (void) pcre2_set_callout(pcre->context, handler, data);
}


ngx_int_t
civic_route_pcre_match(const civic_route_pcre_t *pcre,
    const pcre2_code *code, const ngx_str_t *subject, uint32_t limit)
{
    int  rc;

    (void) pcre2_set_match_limit(pcre->context, limit);

    rc = pcre2_match(code, subject->data, subject->len, 0, 0, pcre->data,
                     pcre->context);

    if (rc >= 0) {
        return NGX_OK;
    }

    return (rc == PCRE2_ERROR_NOMATCH) ? NGX_DECLINED : NGX_ERROR;
}


void
civic_route_pcre_capture(const civic_route_pcre_t *pcre,
    const ngx_str_t *subject, ngx_uint_t n, ngx_str_t *value)
{
    size_t  *pair;

    pair = pcre2_get_ovector_pointer(pcre->data) + 2 * n;

    if (pair[0] == PCRE2_UNSET || pair[1] < pair[0]) {
        value->data = subject->data;
        value->len = 0;
        return;
    }

    value->data = subject->data + pair[0];
    value->len = pair[1] - pair[0];
}
