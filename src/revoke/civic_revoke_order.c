
/*
 * Copyright (C) Civic Gate
 *
 * What administrators say is revoked.  Exactly one thing, in words that are
 * all understood: a slip of the pen here locks out everybody, or nobody.
 */


#include "civic_revoke_order.h"
#include "civic_issuer.h"
#include "civic_text.h"


#define CIVIC_REVOKE_REASON   256      /* bytes */
#define CIVIC_REVOKE_AHEAD    86400    /* s: `before` is no later than that */
#define CIVIC_REVOKE_LEEWAY   300      /* s: the longest of any civic_issuer */
#define CIVIC_REVOKE_LATEST   253402300799  /* s: the year 9999 */


/* what may be said of a time, by kind */

typedef enum {
    CIVIC_REVOKE_NO = 0,
    CIVIC_REVOKE_MAY,                  /* not said: whenever */
    CIVIC_REVOKE_NOW,                  /* not said: up to now */
    CIVIC_REVOKE_MUST
} civic_revoke_said_e;


static ngx_int_t civic_revoke_order_kind(civic_admin_call_t *call,
    civic_revoke_order_t *order, const civic_value_t **value);
static ngx_int_t civic_revoke_order_what(civic_admin_call_t *call,
    civic_revoke_order_t *order, const civic_value_t *value);
static ngx_int_t civic_revoke_order_token(civic_admin_call_t *call,
    civic_revoke_order_t *order, const civic_value_t *value);
static ngx_int_t civic_revoke_order_text(civic_admin_call_t *call,
    civic_revoke_order_t *order, const ngx_str_t *text);
static ngx_int_t civic_revoke_order_party(civic_admin_call_t *call,
    const ngx_str_t *text, ngx_str_t *issuer, ngx_str_t *rest);
static ngx_int_t civic_revoke_order_issuer(civic_admin_call_t *call,
    const ngx_str_t *text, ngx_str_t *name);
static ngx_int_t civic_revoke_order_join(civic_admin_call_t *call,
    civic_revoke_order_t *order, const ngx_str_t *first,
    const ngx_str_t *second);
static ngx_int_t civic_revoke_order_times(civic_admin_call_t *call,
    civic_revoke_order_t *order);
static ngx_int_t civic_revoke_order_time(civic_admin_call_t *call,
    const civic_value_t *value, const char *sentence, int64_t *time);
static ngx_int_t civic_revoke_order_reason(civic_admin_call_t *call,
    civic_revoke_order_t *order);
static ngx_uint_t civic_revoke_order_clean(const ngx_str_t *text,
    size_t max);
static ngx_int_t civic_revoke_order_refuse(civic_admin_call_t *call,
    const char *sentence);
static ngx_int_t civic_revoke_order_write_what(
    const civic_revoke_record_t *record, ngx_pool_t *pool,
    civic_value_t *value);


/* by civic_revoke_kind_e; `named`: the word of the body and the query */

static const struct {
    const char  *named;
    ngx_uint_t   before;               /* civic_revoke_said_e */
} civic_revoke_order_kinds[CIVIC_REVOKE_KINDS] = {
    { NULL, 0 },
    { "token", CIVIC_REVOKE_NO },
    { "subject", CIVIC_REVOKE_NOW },
    { "app", CIVIC_REVOKE_NO },
    { "client", CIVIC_REVOKE_MAY },
    { "issuer", CIVIC_REVOKE_MUST },
    { "all", CIVIC_REVOKE_MUST }
};


ngx_int_t
civic_revoke_order_body(civic_admin_call_t *call, civic_revoke_order_t *order)
{
    const civic_value_t  *value;

    value = NULL;

    if (call->body.type != CIVIC_VALUE_TABLE) {
        return civic_revoke_order_refuse(call, "there is no body");
    }

    if (civic_revoke_order_kind(call, order, &value) != NGX_OK
        || civic_revoke_order_what(call, order, value) != NGX_OK
        || civic_revoke_order_times(call, order) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    return civic_revoke_order_reason(call, order);
}


/* "issuer" names the issuer of a token where it is within "token" */

static ngx_int_t
civic_revoke_order_kind(civic_admin_call_t *call, civic_revoke_order_t *order,
    const civic_value_t **value)
{
    ngx_uint_t            kind;
    const civic_value_t  *member;

    order->kind = 0;

    for (kind = CIVIC_REVOKE_TOKEN; kind < CIVIC_REVOKE_KINDS; kind++) {
        member = civic_value_member(&call->body,
                                    civic_revoke_order_kinds[kind].named);
        if (member == NULL) {
            continue;
        }

        if (order->kind) {
            order->kind = 0;
            break;
        }

        order->kind = kind;
        *value = member;
    }

    if (order->kind == 0) {
        return civic_revoke_order_refuse(call, "it does not say exactly one "
                                         "of token, subject, app, client, "
                                         "issuer and all");
    }

    return NGX_OK;
}


static ngx_int_t
civic_revoke_order_what(civic_admin_call_t *call, civic_revoke_order_t *order,
    const civic_value_t *value)
{
    ngx_str_t  text;

    if (order->kind == CIVIC_REVOKE_TOKEN) {
        return civic_revoke_order_token(call, order, value);
    }

    if (order->kind == CIVIC_REVOKE_ALL) {

        if (value->type != CIVIC_VALUE_BOOLEAN || !value->u.boolean) {
            return civic_revoke_order_refuse(call, "\"all\" is not true");
        }

        order->what = *civic_revoke_records_word(order->kind);
        return NGX_OK;
    }

    if (civic_value_string(value, &text) != NGX_OK) {
        return civic_revoke_order_refuse(call, "what is revoked is not a "
                                         "string");
    }

    return civic_revoke_order_text(call, order, &text);
}


static ngx_int_t
civic_revoke_order_token(civic_admin_call_t *call,
    civic_revoke_order_t *order, const civic_value_t *value)
{
    ngx_str_t  issuer, name, jti;

    static const char  *members[] = { "issuer", "jti", "expires", NULL };

    if (value->type != CIVIC_VALUE_TABLE || value->u.table->nitems) {
        return civic_revoke_order_refuse(call, "\"token\" is not an object");
    }

    if (civic_admin_members(call, value, members) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (civic_value_string(civic_value_member(value, "issuer"), &issuer)
        != NGX_OK
        || civic_value_string(civic_value_member(value, "jti"), &jti)
           != NGX_OK
        || !civic_revoke_order_clean(&jti, CIVIC_REVOKE_VALUE))
    {
        return civic_revoke_order_refuse(call, "\"token\" wants \"issuer\" "
                                         "and \"jti\", strings of 1 to 512 "
                                         "bytes");
    }

    if (civic_revoke_order_issuer(call, &issuer, &name) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (civic_revoke_order_time(call, civic_value_member(value, "expires"),
                                "\"expires\" of \"token\" is not the second, "
                                "since 1970, in which it expires",
                                &order->expires)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    /* a gate with a leeway lets it in for so long after that */

    order->expires += CIVIC_REVOKE_LEEWAY;

    if (order->expires <= (int64_t) ngx_time()) {
        return civic_revoke_order_refuse(call, "the token has expired");
    }

    return civic_revoke_order_join(call, order, &name, &jti);
}


static ngx_int_t
civic_revoke_order_text(civic_admin_call_t *call, civic_revoke_order_t *order,
    const ngx_str_t *text)
{
    ngx_str_t   name, rest;
    ngx_uint_t  i;

    ngx_str_null(&rest);

    switch (order->kind) {

    case CIVIC_REVOKE_ISSUER:
        if (civic_revoke_order_issuer(call, text, &name) != NGX_OK) {
            return NGX_DECLINED;
        }

        break;

    case CIVIC_REVOKE_APP:
        name = *text;

        for (i = 0; i < name.len; i++) {

            if (name.data[i] == '\0'
                || !ngx_strchr("abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-",
                               name.data[i]))
            {
                break;
            }
        }

        if (name.len == 0 || name.len > 64 || i < name.len) {
            return civic_revoke_order_refuse(call, "\"app\" is not the name "
                                             "of an application");
        }

        break;

    default:
        if (civic_revoke_order_party(call, text, &name, &rest) != NGX_OK) {
            return NGX_DECLINED;
        }
    }

    return civic_revoke_order_join(call, order, &name, &rest);
}


/* "ISSUER:NAME", ISSUER by its word or by its own name, which has colons */

static ngx_int_t
civic_revoke_order_party(civic_admin_call_t *call, const ngx_str_t *text,
    ngx_str_t *issuer, ngx_str_t *rest)
{
    ngx_uint_t                  i, n;
    civic_issuer_t            **all;
    const ngx_str_t            *name;
    civic_issuer_main_conf_t   *imcf;

    imcf = ngx_http_get_module_main_conf(call->request,
                                         ngx_http_civic_issuer_module);
    all = imcf->issuers.elts;

    for (i = 0; i < 2 * imcf->issuers.nelts; i++) {
        n = i % imcf->issuers.nelts;
        name = i == n ? &all[n]->name : &all[n]->rules.issuer;

        if (name->len == 0
            || text->len <= name->len + 1
            || text->data[name->len] != ':'
            || ngx_memcmp(text->data, name->data, name->len) != 0)
        {
            continue;
        }

        *issuer = all[n]->name;
        rest->data = text->data + name->len + 1;
        rest->len = text->len - name->len - 1;

        if (civic_revoke_order_clean(rest, CIVIC_REVOKE_VALUE)) {
            return NGX_OK;
        }

        break;
    }

    return civic_revoke_order_refuse(call, "that is not ISSUER:NAME, with a "
                                     "civic_issuer of this gate and a name "
                                     "of 1 to 512 bytes");
}


static ngx_int_t
civic_revoke_order_issuer(civic_admin_call_t *call, const ngx_str_t *text,
    ngx_str_t *name)
{
    ngx_uint_t                  i;
    civic_issuer_t            **all;
    civic_issuer_main_conf_t   *imcf;

    imcf = ngx_http_get_module_main_conf(call->request,
                                         ngx_http_civic_issuer_module);
    all = imcf->issuers.elts;

    for (i = 0; i < imcf->issuers.nelts; i++) {

        if ((text->len == all[i]->name.len
             && ngx_memcmp(text->data, all[i]->name.data, text->len) == 0)
            || (text->len && text->len == all[i]->rules.issuer.len
                && ngx_memcmp(text->data, all[i]->rules.issuer.data,
                              text->len)
                   == 0))
        {
            *name = all[i]->name;
            return NGX_OK;
        }
    }

    return civic_revoke_order_refuse(call, "\"issuer\" is no civic_issuer of "
                                     "this gate");
}


static ngx_int_t
civic_revoke_order_join(civic_admin_call_t *call, civic_revoke_order_t *order,
    const ngx_str_t *first, const ngx_str_t *second)
{
    u_char           *p;
    const ngx_str_t  *word;

    word = civic_revoke_records_word(order->kind);

    p = ngx_pnalloc(call->pool, word->len + first->len + 1 + second->len);

    if (p == NULL) {
        civic_admin_refuse(call, CIVIC_INTERNAL, NULL);
        return NGX_DECLINED;
    }

    order->what.data = p;

    p = ngx_cpymem(p, word->data, word->len);
    p = ngx_cpymem(p, first->data, first->len);

    if (second->len) {
        *p++ = ':';
        p = ngx_cpymem(p, second->data, second->len);
    }

    order->what.len = p - order->what.data;

    return NGX_OK;
}


/* up to now: this second's tokens too */

static ngx_int_t
civic_revoke_order_times(civic_admin_call_t *call,
    civic_revoke_order_t *order)
{
    int64_t               now;
    ngx_uint_t            said;
    const civic_value_t  *before, *expires;

    now = ngx_time();
    said = civic_revoke_order_kinds[order->kind].before;
    before = civic_value_member(&call->body, "before");
    expires = civic_value_member(&call->body, "expires");

    order->before = (said == CIVIC_REVOKE_NOW) ? now + 1 : 0;

    if (before && said == CIVIC_REVOKE_NO) {
        return civic_revoke_order_refuse(call, "\"before\" says nothing of a "
                                         "token or an application");
    }

    if ((before || said == CIVIC_REVOKE_MUST)
        && civic_revoke_order_time(call, before, "\"before\" is not a "
                                   "second since 1970", &order->before)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (order->before > now + CIVIC_REVOKE_AHEAD) {
        return civic_revoke_order_refuse(call, "\"before\" is more than a "
                                         "day ahead; are these seconds?");
    }

    if (expires == NULL) {
        return NGX_OK;
    }

    if (order->kind == CIVIC_REVOKE_TOKEN) {
        return civic_revoke_order_refuse(call, "\"expires\" of a token is "
                                         "within \"token\"");
    }

    if (civic_revoke_order_time(call, expires, "\"expires\" is not a second "
                                "since 1970", &order->expires)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (order->expires <= now) {
        return civic_revoke_order_refuse(call, "\"expires\" is past");
    }

    return NGX_OK;
}


static ngx_int_t
civic_revoke_order_time(civic_admin_call_t *call, const civic_value_t *value,
    const char *sentence, int64_t *time)
{
    if (civic_value_integer(value, time) != NGX_OK
        || *time < 1 || *time > CIVIC_REVOKE_LATEST)
    {
        return civic_revoke_order_refuse(call, sentence);
    }

    return NGX_OK;
}


static ngx_int_t
civic_revoke_order_reason(civic_admin_call_t *call,
    civic_revoke_order_t *order)
{
    const civic_value_t  *reason;

    reason = civic_value_member(&call->body, "reason");

    if (reason == NULL) {
        return NGX_OK;
    }

    if (civic_value_string(reason, &order->reason) != NGX_OK
        || !civic_revoke_order_clean(&order->reason, CIVIC_REVOKE_REASON))
    {
        return civic_revoke_order_refuse(call, "\"reason\" is not a string "
                                         "of 1 to 256 bytes without control "
                                         "characters");
    }

    return NGX_OK;
}


static ngx_uint_t
civic_revoke_order_clean(const ngx_str_t *text, size_t max)
{
    return text->len > 0 && text->len <= max && civic_text_clean(text)
           && civic_json_is_utf8(text);
}


static ngx_int_t
civic_revoke_order_refuse(civic_admin_call_t *call, const char *sentence)
{
    civic_admin_refuse(call, CIVIC_ADMIN_INVALID, sentence);

    return NGX_DECLINED;
}


/* ?subject=ISSUER:NAME, ?token=JTI&issuer=ISSUER, ?all=true ... */

ngx_int_t
civic_revoke_order_query(civic_admin_call_t *call,
    civic_revoke_order_t *order)
{
    ngx_int_t   rc;
    ngx_str_t   texts[CIVIC_REVOKE_KINDS], name;
    ngx_uint_t  kind, said;

    ngx_memzero(texts, sizeof(texts));
    said = 0;

    for (kind = CIVIC_REVOKE_TOKEN; kind < CIVIC_REVOKE_KINDS; kind++) {
        rc = civic_admin_argument(call, civic_revoke_order_kinds[kind].named,
                                  &texts[kind]);

        if (rc == NGX_ABORT) {
            return NGX_DECLINED;
        }

        if (rc == NGX_OK) {
            order->kind = order->kind == CIVIC_REVOKE_TOKEN
                          ? CIVIC_REVOKE_TOKEN : kind;
            said |= 1 << kind;
        }
    }

    if (said == (1 << CIVIC_REVOKE_TOKEN | 1 << CIVIC_REVOKE_ISSUER)
        && civic_revoke_order_clean(&texts[CIVIC_REVOKE_TOKEN],
                                    CIVIC_REVOKE_VALUE))
    {
        if (civic_revoke_order_issuer(call, &texts[CIVIC_REVOKE_ISSUER],
                                      &name)
            != NGX_OK)
        {
            return NGX_DECLINED;
        }

        return civic_revoke_order_join(call, order, &name,
                                       &texts[CIVIC_REVOKE_TOKEN]);
    }

    if (said == 1 << CIVIC_REVOKE_ALL
        && texts[CIVIC_REVOKE_ALL].len == 4
        && ngx_strncmp(texts[CIVIC_REVOKE_ALL].data, "true", 4) == 0)
    {
        order->what = *civic_revoke_records_word(order->kind);
        return NGX_OK;
    }

    if (said == 0
        || (said & (said - 1))
        || order->kind == CIVIC_REVOKE_TOKEN
        || order->kind == CIVIC_REVOKE_ALL)
    {
        return civic_revoke_order_refuse(call, "the query does not say "
                                         "exactly one of subject=, app=, "
                                         "client=, issuer=, all=true, and "
                                         "token= with issuer=");
    }

    return civic_revoke_order_text(call, order, &texts[order->kind]);
}


ngx_int_t
civic_revoke_order_write(const civic_revoke_record_t *record,
    ngx_pool_t *pool, civic_value_t *value)
{
    ngx_str_t  reason;

    if (civic_value_set_table(value, pool, 0, 6) != NGX_OK
        || civic_revoke_order_write_what(record, pool, value) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if ((record->before
         && civic_value_add_number(value, pool, "before", record->before)
            != NGX_OK)
        || (record->expires
            && civic_value_add_number(value, pool, "expires",
                                      record->expires)
               != NGX_OK)
        || civic_value_add_number(value, pool, "created", record->created)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (record->reason.len == 0) {
        return NGX_OK;
    }

    reason.len = record->reason.len;
    reason.data = ngx_pstrdup(pool, (ngx_str_t *) &record->reason);

    if (reason.data == NULL) {
        return NGX_ERROR;
    }

    return civic_value_add_string(value, pool, "reason", &reason);
}


static ngx_int_t
civic_revoke_order_write_what(const civic_revoke_record_t *record,
    ngx_pool_t *pool, civic_value_t *value)
{
    size_t          skip;
    u_char         *colon;
    ngx_str_t       name, text, jti;
    civic_value_t  *member;

    name.data = (u_char *) civic_revoke_order_kinds[record->kind].named;
    name.len = ngx_strlen(name.data);

    member = civic_value_add_member(value, pool, &name);
    if (member == NULL) {
        return NGX_ERROR;
    }

    if (record->kind == CIVIC_REVOKE_ALL) {
        civic_value_set_boolean(member, 1);
        return NGX_OK;
    }

    skip = civic_revoke_records_word(record->kind)->len;

    text.len = record->what.len - skip;
    text.data = ngx_pnalloc(pool, text.len);

    if (text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(text.data, record->what.data + skip, text.len);

    colon = ngx_strlchr(text.data, text.data + text.len, ':');

    if (record->kind != CIVIC_REVOKE_TOKEN || colon == NULL) {
        civic_value_set_string(member, &text);
        return NGX_OK;
    }

    jti.data = colon + 1;
    jti.len = text.data + text.len - jti.data;
    text.len = colon - text.data;

    if (civic_value_set_table(member, pool, 0, 2) != NGX_OK
        || civic_value_add_string(member, pool, "issuer", &text) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return civic_value_add_string(member, pool, "jti", &jti);
}
