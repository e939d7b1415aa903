
/*
 * Copyright (C) Civic Gate
 *
 * Owns what PCRE2 needs besides the patterns: one match context, one block
 * of match data, one JIT stack for all patterns of an owner.  A worker
 * matches one text at a time, so they are shared by all matches; a forked
 * copy is as good.
 *
 * Where the system refuses executable memory there is no JIT: pcre2_match()
 * then interprets, under the same limits.
 */


#include "civic_pcre.h"


#define CIVIC_PCRE_STACK_MIN  (16 * 1024)
#define CIVIC_PCRE_STACK_MAX  (256 * 1024)

/* a sentence of PCRE2's, and a place */

#define CIVIC_PCRE_ERROR_LEN  320


struct civic_pcre_s {
    ngx_pool_t           *pool;
    civic_pcre_setup_t    setup;
    pcre2_match_context  *context;
    pcre2_match_data     *data;
    pcre2_jit_stack      *stack;       /* NULL: the machine's */
};


static void civic_pcre_cleanup(void *data);
static void civic_pcre_code_cleanup(void *data);
static ngx_int_t civic_pcre_failed(civic_pcre_t *pcre, int error,
    size_t offset, ngx_str_t *err);


civic_pcre_t *
civic_pcre_create(ngx_pool_t *pool, const civic_pcre_setup_t *setup)
{
    civic_pcre_t        *pcre;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pool, sizeof(civic_pcre_t));
    if (cln == NULL) {
        return NULL;
    }

    pcre = cln->data;
    ngx_memzero(pcre, sizeof(civic_pcre_t));

    cln->handler = civic_pcre_cleanup;

    pcre->pool = pool;
    pcre->setup = *setup;

    pcre->context = pcre2_match_context_create(NULL);
    if (pcre->context == NULL) {
        return NULL;
    }

    pcre->data = pcre2_match_data_create(setup->captures + 1, NULL);
    if (pcre->data == NULL) {
        return NULL;
    }

    pcre2_set_heap_limit(pcre->context, setup->heap);

    if (!setup->jit) {
        return pcre;
    }

    pcre->stack = pcre2_jit_stack_create(CIVIC_PCRE_STACK_MIN,
                                         CIVIC_PCRE_STACK_MAX, NULL);

    pcre2_jit_stack_assign(pcre->context, NULL, pcre->stack);

    return pcre;
}


static void
civic_pcre_cleanup(void *data)
{
    civic_pcre_t  *pcre = data;

    pcre2_match_data_free(pcre->data);
    pcre2_match_context_free(pcre->context);
    pcre2_jit_stack_free(pcre->stack);
}


static void
civic_pcre_code_cleanup(void *data)
{
    pcre2_code_free(data);
}


ngx_int_t
civic_pcre_check(civic_pcre_t *pcre, const ngx_str_t *text,
    civic_pcre_info_t *info, ngx_str_t *err)
{
    int          error;
    size_t       offset;
    pcre2_code  *code;

    code = pcre2_compile(text->data, text->len, pcre->setup.options,
                         &error, &offset, NULL);

    if (code == NULL) {
        (void) civic_pcre_failed(pcre, error, offset, err);
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
civic_pcre_compile(civic_pcre_t *pcre, const ngx_str_t *text,
    uint32_t options, pcre2_code **code, ngx_str_t *err)
{
    int                  error;
    size_t               offset;
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(pcre->pool, 0);
    if (cln == NULL) {
        ngx_str_set(err, "no memory");
        return NGX_ERROR;
    }

    *code = pcre2_compile(text->data, text->len,
                          pcre->setup.options|options,
                          &error, &offset, NULL);

    if (*code == NULL) {
        return civic_pcre_failed(pcre, error, offset, err);
    }

    cln->handler = civic_pcre_code_cleanup;
    cln->data = *code;

    if (pcre->setup.jit) {
        (void) pcre2_jit_compile(*code, PCRE2_JIT_COMPLETE);
    }

    return NGX_OK;
}


static ngx_int_t
civic_pcre_failed(civic_pcre_t *pcre, int error, size_t offset,
    ngx_str_t *err)
{
    u_char  *p, message[256];

    (void) pcre2_get_error_message(error, message, sizeof(message));

    p = ngx_pnalloc(pcre->pool, CIVIC_PCRE_ERROR_LEN);
    if (p == NULL) {
        ngx_str_set(err, "no memory");
        return NGX_ERROR;
    }

    err->data = p;
    err->len = ngx_snprintf(p, CIVIC_PCRE_ERROR_LEN, "%s at byte %uz",
                            message, offset)
               - p;

    if (error == PCRE2_ERROR_PATTERN_TOO_LARGE
        || error == PCRE2_ERROR_TOO_MANY_NAMED_SUBPATTERNS
        || error == PCRE2_ERROR_TOO_MANY_CAPTURES)
    {
        return NGX_DECLINED;
    }

    return NGX_ERROR;
}


size_t
civic_pcre_size(const pcre2_code *code)
{
    size_t  size;

    size = 0;
    (void) pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);

    return size;
}


void
civic_pcre_callout(const civic_pcre_t *pcre,
    int (*handler)(pcre2_callout_block *block, void *data), void *data)
{
    (void) pcre2_set_callout(pcre->context, handler, data);
}


ngx_int_t
civic_pcre_match(const civic_pcre_t *pcre,
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
civic_pcre_capture(const civic_pcre_t *pcre,
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
