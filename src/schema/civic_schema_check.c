
/*
 * Copyright (C) Civic Gate
 *
 * Asks the rules of a compiled schema about a value.  Owns the bounds: how
 * deep schemas nest, how many steps there are in all, the steps of regular
 * expressions among them.  Where a bound is met the value is refused: it
 * has not been found right.
 *
 * Keeps where it is in the value, for the error's pointer.
 */


#include "civic_schema_check.h"


static ngx_int_t civic_schema_apply_step(civic_schema_check_t *check,
    const civic_schema_t *node, const ngx_str_t *name, ngx_uint_t index,
    const civic_json_t *value);
static int civic_schema_callout(pcre2_callout_block *block, void *data);


ngx_int_t
civic_schema_check(const civic_schema_t *schema, const civic_json_t *value,
    civic_schema_error_t *err)
{
    civic_schema_check_t  check;

    ngx_memzero(err, sizeof(civic_schema_error_t));
    err->keyword = "";

    check.err = err;
    check.quiet = 0;
    check.depth = 0;
    check.work = CIVIC_SCHEMA_MAX_WORK;
    check.nsteps = 0;

    return (civic_schema_apply(&check, schema, value) == NGX_OK)
           ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
civic_schema_apply(civic_schema_check_t *check, const civic_schema_t *node,
    const civic_json_t *value)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i, type;
    const civic_schema_rule_t  *rule;

    if (civic_schema_work(check, node->nrules + 1) != NGX_OK) {
        return NGX_ERROR;
    }

    if (node->kind == CIVIC_SCHEMA_ALL) {
        return NGX_OK;
    }

    if (node->kind == CIVIC_SCHEMA_NONE) {
        return civic_schema_fail(check, "false", "nothing is allowed here");
    }

    if (check->depth == CIVIC_SCHEMA_MAX_DEPTH) {
        check->quiet = 0;
        (void) civic_schema_fail(check, "$ref", "schemas are nested too "
                                 "deeply");
        return NGX_ERROR;
    }

    type = 1 << civic_json_type(value);
    rc = NGX_OK;

    check->depth++;

    for (i = 0; i < node->nrules && rc == NGX_OK; i++) {
        rule = &node->rules[i];

        if (rule->keyword->types & type) {
            rc = rule->keyword->handler(check, rule, value);
        }
    }

    check->depth--;

    return rc;
}


ngx_int_t
civic_schema_apply_member(civic_schema_check_t *check,
    const civic_schema_t *node, const ngx_str_t *name,
    const civic_json_t *value)
{
    return civic_schema_apply_step(check, node, name, 0, value);
}


ngx_int_t
civic_schema_apply_element(civic_schema_check_t *check,
    const civic_schema_t *node, ngx_uint_t index, const civic_json_t *value)
{
    return civic_schema_apply_step(check, node, NULL, index, value);
}


static ngx_int_t
civic_schema_apply_step(civic_schema_check_t *check,
    const civic_schema_t *node, const ngx_str_t *name, ngx_uint_t index,
    const civic_json_t *value)
{
    ngx_int_t             rc;
    civic_schema_step_t  *step;

    if (check->nsteps == CIVIC_JSON_MAX_DEPTH + 1) {
        check->quiet = 0;
        (void) civic_schema_fail(check, "$ref", "values are nested too "
                                 "deeply");
        return NGX_ERROR;
    }

    step = &check->steps[check->nsteps++];
    step->name = name;
    step->index = index;

    rc = civic_schema_apply(check, node, value);

    check->nsteps--;

    return rc;
}


ngx_int_t
civic_schema_probe(civic_schema_check_t *check, const civic_schema_t *node,
    const civic_json_t *value)
{
    ngx_int_t  rc;

    check->quiet++;
    rc = civic_schema_apply(check, node, value);

    /* where the check cannot go on, nothing is quiet any more */

    if (rc != NGX_ERROR) {
        check->quiet--;
    }

    return rc;
}


ngx_int_t
civic_schema_work(civic_schema_check_t *check, ngx_uint_t steps)
{
    if (check->work >= steps) {
        check->work -= steps;
        return NGX_OK;
    }

    check->quiet = 0;
    check->work = 0;
    (void) civic_schema_fail(check, "work", "the check took too many steps");

    return NGX_ERROR;
}


/* counted behind: no comparison is longer than what was read */

ngx_int_t
civic_schema_equal(civic_schema_check_t *check, const civic_json_t *a,
    const civic_json_t *b)
{
    ngx_uint_t  equal, steps;

    steps = 0;
    equal = civic_json_equal(a, b, &steps);

    if (civic_schema_work(check, 1 + steps / CIVIC_SCHEMA_COMPARED)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return equal ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
civic_schema_match(civic_schema_check_t *check,
    const civic_schema_rule_t *rule, ngx_uint_t i, const ngx_str_t *text)
{
    ngx_int_t            rc;
    const civic_pcre_t  *pcre;

    if (civic_schema_work(check, 4 + text->len / CIVIC_SCHEMA_STRIDE)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    pcre = rule->node->pcre;

    civic_pcre_callout(pcre, civic_schema_callout, check);

    rc = civic_pcre_match(pcre, rule->codes[i], text, CIVIC_SCHEMA_MAX_WORK);

    civic_pcre_callout(pcre, NULL, NULL);

    if (rc == NGX_ERROR) {
        return civic_schema_work(check, CIVIC_SCHEMA_MAX_WORK + 1);
    }

    return rc;
}


/* an item may run over all that is left, character by character */

static int
civic_schema_callout(pcre2_callout_block *block, void *data)
{
    civic_schema_check_t *check = data;

    ngx_uint_t  steps;

    steps = 1 + (block->subject_length - block->current_position)
                / CIVIC_SCHEMA_STRIDE;

    if (check->work < steps) {
        return PCRE2_ERROR_CALLOUT;
    }

    check->work -= steps;

    return 0;
}


ngx_int_t
civic_schema_fail(civic_schema_check_t *check, const char *keyword,
    const char *fmt, ...)
{
    u_char                buf[NGX_INT_T_LEN];
    va_list               args;
    ngx_str_t             name;
    ngx_uint_t            i;
    civic_schema_step_t  *step;

    if (check->quiet) {
        return NGX_DECLINED;
    }

    check->err->keyword = keyword;
    check->err->pointer[0] = '\0';

    for (i = 0; i < check->nsteps; i++) {
        step = &check->steps[i];

        if (step->name) {
            name = *step->name;

        } else {
            name.data = buf;
            name.len = ngx_sprintf(buf, "%ui", step->index) - buf;
        }

        civic_schema_pointer_add(check->err, &name);
    }

    va_start(args, fmt);
    civic_schema_say(check->err, fmt, args);
    va_end(args);

    return NGX_DECLINED;
}


void
civic_schema_say(civic_schema_error_t *err, const char *fmt, va_list args)
{
    u_char  *p, *last;

    last = err->message + sizeof(err->message) - 4;

    p = ngx_vslprintf(err->message, last, fmt, args);

    if (p == last) {

        /* no half of a character before the dots */

        while (p > err->message && (p[-1] & 0xc0) == 0x80) {
            p--;
        }

        if (p > err->message && p[-1] >= 0xc0) {
            p--;
        }

        p = ngx_cpymem(p, "...", 3);
    }

    *p = '\0';
}


void
civic_schema_pointer_add(civic_schema_error_t *err, const ngx_str_t *name)
{
    size_t   i, len, need;
    u_char  *p;

    len = ngx_strlen(err->pointer);
    need = 1 + name->len;

    for (i = 0; i < name->len; i++) {
        need += (name->data[i] == '~' || name->data[i] == '/');
    }

    p = err->pointer + len;

    if (len >= 4 && ngx_memcmp(p - 4, "/...", 4) == 0) {
        return;
    }

    if (len + need > sizeof(err->pointer) - 5) {
        (void) ngx_cpymem(p, "/...", sizeof("/..."));
        return;
    }

    *p++ = '/';

    for (i = 0; i < name->len; i++) {

        switch (name->data[i]) {

        case '~':
            *p++ = '~';
            *p++ = '0';
            break;

        case '/':
            *p++ = '~';
            *p++ = '1';
            break;

        default:
            *p++ = name->data[i];
        }
    }

    *p = '\0';
}
