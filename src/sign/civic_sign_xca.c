
/*
 * Copyright (C) Civic Gate
 *
 * x-ca-*, as Aliyun's API gateway and its SDKs have it: base64 of
 * HMAC-SHA256 over
 *
 *     METHOD LF Accept LF Content-MD5 LF Content-Type LF Date LF
 *     name:value LF                  of X-Ca-Signature-Headers, sorted
 *     path?name=value&...            of query and form, decoded and sorted
 *
 * Where Aliyun leaves room: the headers that make a request unique must be
 * among those that are signed; a name comes once in query and form, and no
 * value holds an "&"; a body that is no form has Content-MD5.
 */


#include "civic_sign_query.h"
#include "civic_sign_scheme.h"


#define CIVIC_SIGN_XCA_MAX_HEADERS  64
#define CIVIC_SIGN_XCA_MAX_PAIRS    256
#define CIVIC_SIGN_XCA_SIGNATURE    44 /* base64 of 32 bytes */


/* what is signed, as it grows */

typedef struct {
    u_char             *p;
    ngx_pool_t         *pool;
    ngx_uint_t          npairs;
    civic_sign_pair_t  *pairs;
} civic_sign_xca_t;


static civic_problem_e civic_sign_xca_read(
    const civic_sign_message_t *message, const civic_sign_rules_t *rules,
    ngx_pool_t *pool, civic_sign_claim_t *claim);
static ngx_uint_t civic_sign_xca_form(const ngx_str_t *type);
static civic_problem_e civic_sign_xca_text(
    const civic_sign_message_t *message, const civic_sign_rules_t *rules,
    const ngx_str_t *form, ngx_pool_t *pool, civic_sign_claim_t *claim);
static civic_problem_e civic_sign_xca_lead(
    const civic_sign_message_t *message, civic_sign_xca_t *xca);
static civic_problem_e civic_sign_xca_names(
    const civic_sign_message_t *message, const civic_sign_rules_t *rules,
    civic_sign_xca_t *xca);
static ngx_int_t civic_sign_xca_split(const ngx_str_t *list,
    ngx_pool_t *pool, ngx_str_t *names, ngx_uint_t *n);
static ngx_uint_t civic_sign_xca_named(const ngx_str_t *names, ngx_uint_t n,
    const ngx_str_t *name);
static civic_problem_e civic_sign_xca_pairs(civic_sign_xca_t *xca,
    ngx_str_t text);
static ngx_uint_t civic_sign_xca_ambiguous(const civic_sign_pair_t *pair);
static civic_problem_e civic_sign_xca_target(
    const civic_sign_message_t *message, const ngx_str_t *form,
    civic_sign_xca_t *xca);
static civic_problem_e civic_sign_xca_verify(
    const civic_sign_claim_t *claim,
    const civic_sign_algorithm_t *algorithm, const ngx_str_t *secret,
    civic_jose_key_t *key);
static void civic_sign_xca_add(civic_sign_xca_t *xca, const ngx_str_t *text,
    u_char end);
static int ngx_libc_cdecl civic_sign_xca_order(const void *one,
    const void *two);


static const ngx_str_t  civic_sign_xca_headers[] = {
    ngx_string("x-ca-key"),
    ngx_string("x-ca-nonce"),
    ngx_string("x-ca-timestamp"),
    ngx_string("x-ca-signature"),
    ngx_string("x-ca-signature-headers"),
    ngx_string("x-ca-signature-method"),
    ngx_null_string
};


/* in front of the signed headers, and not among them */

static const char  *civic_sign_xca_leading[] = {
    "accept", "content-md5", "content-type", "date", NULL
};


/* no nonce that is not signed keeps anything from being sent again */

static const ngx_str_t  civic_sign_xca_required[] = {
    ngx_string("x-ca-key"),
    ngx_string("x-ca-nonce"),
    ngx_string("x-ca-timestamp"),
    ngx_null_string
};


static const ngx_str_t  civic_sign_xca_form_type =
    ngx_string("application/x-www-form-urlencoded");


const civic_sign_scheme_t  civic_sign_xca = {
    ngx_string(CIVIC_SIGN_XCA_NAME),
    CIVIC_SIGN_XCA,
    900,
    "x-ca-signature",
    civic_sign_xca_headers,
    civic_sign_xca_read,
    civic_sign_xca_text,
    civic_sign_xca_verify
};


static civic_problem_e
civic_sign_xca_read(const civic_sign_message_t *message,
    const civic_sign_rules_t *rules, ngx_pool_t *pool,
    civic_sign_claim_t *claim)
{
    ngx_str_t  timestamp, method, type;

    static ngx_str_t  hmac = ngx_string("HmacSHA256");

    if (civic_sign_scheme_header(message, "x-ca-key", &claim->keyid)
        || civic_sign_scheme_header(message, "x-ca-nonce", &claim->nonce)
        || civic_sign_scheme_header(message, "x-ca-timestamp", &timestamp)
        || civic_sign_scheme_header(message, "x-ca-signature-method",
                                    &method)
        || civic_sign_scheme_header(message, "x-ca-signature",
                                    &claim->signature)
        || civic_sign_scheme_header(message, "content-md5", &claim->digest)
        || civic_sign_scheme_header(message, "content-type", &type))
    {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    if (claim->keyid.len == 0 || claim->nonce.len == 0
        || timestamp.len == 0)
    {
        return CIVIC_SIGNATURE_INCOMPLETE;
    }

    claim->created = civic_sign_scheme_number(&timestamp);

    if (claim->created < 1000
        || claim->keyid.len > CIVIC_SIGN_MAX_KEYID
        || claim->nonce.len > CIVIC_SIGN_MAX_NONCE
        || claim->signature.len != CIVIC_SIGN_XCA_SIGNATURE)
    {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    claim->created /= 1000;

    if (method.len
        && (method.len != hmac.len
            || ngx_memcmp(method.data, hmac.data, hmac.len) != 0))
    {
        return CIVIC_ALGORITHM_REFUSED;
    }

    claim->form = message->body && civic_sign_xca_form(&type);

    return (message->body && !claim->form && claim->digest.len == 0)
           ? CIVIC_SIGNATURE_INCOMPLETE : CIVIC_OK;
}


static ngx_uint_t
civic_sign_xca_form(const ngx_str_t *type)
{
    return type->len >= civic_sign_xca_form_type.len
           && ngx_strncasecmp(type->data, civic_sign_xca_form_type.data,
                              civic_sign_xca_form_type.len)
              == 0;
}


static civic_problem_e
civic_sign_xca_text(const civic_sign_message_t *message,
    const civic_sign_rules_t *rules, const ngx_str_t *form, ngx_pool_t *pool,
    civic_sign_claim_t *claim)
{
    size_t             room;
    ngx_uint_t         i;
    civic_problem_e    problem;
    civic_sign_xca_t   xca;

    /* a value leads, is named, and itself names what did not come */

    room = message->method.len + message->target.len
           + (form ? form->len : 0) + 2 * CIVIC_SIGN_XCA_MAX_HEADERS + 16;

    for (i = 0; i < message->nheaders; i++) {
        room += message->headers[i].name.len
                + 3 * message->headers[i].value.len + 4;
    }

    xca.npairs = 0;
    xca.pool = pool;
    xca.pairs = ngx_palloc(pool, CIVIC_SIGN_XCA_MAX_PAIRS
                                 * sizeof(civic_sign_pair_t));
    claim->text.data = ngx_pnalloc(pool, room);

    if (xca.pairs == NULL || claim->text.data == NULL) {
        return CIVIC_INTERNAL;
    }

    xca.p = claim->text.data;

    civic_sign_xca_add(&xca, &message->method, LF);

    problem = civic_sign_xca_lead(message, &xca);

    if (problem == CIVIC_OK) {
        problem = civic_sign_xca_names(message, rules, &xca);
    }

    if (problem == CIVIC_OK) {
        problem = civic_sign_xca_target(message, form, &xca);
    }

    claim->text.len = xca.p - claim->text.data;

    return problem;
}


static civic_problem_e
civic_sign_xca_lead(const civic_sign_message_t *message,
    civic_sign_xca_t *xca)
{
    ngx_str_t     value;
    const char  **name;

    for (name = civic_sign_xca_leading; *name; name++) {

        if (civic_sign_scheme_header(message, *name, &value) != CIVIC_OK) {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        civic_sign_xca_add(xca, &value, LF);
    }

    return CIVIC_OK;
}


/* a header that is named and did not come is signed as empty */

static civic_problem_e
civic_sign_xca_names(const civic_sign_message_t *message,
    const civic_sign_rules_t *rules, civic_sign_xca_t *xca)
{
    ngx_str_t         list, value, *cover;
    ngx_str_t         names[CIVIC_SIGN_XCA_MAX_HEADERS];
    ngx_uint_t        i, n;
    const ngx_str_t  *required;

    if (civic_sign_scheme_header(message, "x-ca-signature-headers", &list)
        != CIVIC_OK)
    {
        return CIVIC_SIGNATURE_MALFORMED;
    }

    switch (civic_sign_xca_split(&list, xca->pool, names, &n)) {

    case NGX_OK:
        break;

    case NGX_ERROR:
        return CIVIC_INTERNAL;

    default:
        return CIVIC_SIGNATURE_MALFORMED;
    }

    for (required = civic_sign_xca_required; required->len; required++) {
        if (!civic_sign_xca_named(names, n, required)) {
            return CIVIC_SIGNATURE_INCOMPLETE;
        }
    }

    cover = rules->cover ? rules->cover->elts : NULL;

    for (i = 0; cover && i < rules->cover->nelts; i++) {
        if (!civic_sign_xca_named(names, n, &cover[i])) {
            return CIVIC_SIGNATURE_INCOMPLETE;
        }
    }

    for (i = 0; i < n; i++) {

        if (civic_sign_scheme_header(message, (char *) names[i].data, &value)
            != CIVIC_OK)
        {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        civic_sign_xca_add(xca, &names[i], ':');
        civic_sign_xca_add(xca, &value, LF);
    }

    return CIVIC_OK;
}


/*
 * Names in lower case, sorted, each with a zero behind it.  NGX_DECLINED:
 * one is empty, comes twice, is signed elsewhere, or there are too many.
 */

static ngx_int_t
civic_sign_xca_split(const ngx_str_t *list, ngx_pool_t *pool,
    ngx_str_t *names, ngx_uint_t *n)
{
    u_char           *p, *last, *end;
    ngx_uint_t        i;
    const char      **lead;
    ngx_str_t         name;

    *n = 0;

    p = ngx_pnalloc(pool, list->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    last = p + list->len;
    ngx_strlow(p, list->data, list->len);
    *last = '\0';

    for (end = p; end < last; p = end + 1) {

        for ( /* void */ ; *p == ' '; p++) { /* void */ }

        end = ngx_strlchr(p, last, ',');
        end = end ? end : last;

        name.data = p;
        name.len = end - p;

        while (name.len && name.data[name.len - 1] == ' ') {
            name.len--;
        }

        if (name.len == 0 || *n == CIVIC_SIGN_XCA_MAX_HEADERS
            || civic_sign_xca_named(names, *n, &name))
        {
            return NGX_DECLINED;
        }

        name.data[name.len] = '\0';

        for (lead = civic_sign_xca_leading; *lead; lead++) {
            if (ngx_strcmp(name.data, *lead) == 0) {
                return NGX_DECLINED;
            }
        }

        for (i = (*n)++; i > 0; i--) {

            if (ngx_strcmp(names[i - 1].data, name.data) < 0) {
                break;
            }

            names[i] = names[i - 1];
        }

        names[i] = name;
    }

    return NGX_OK;
}


static ngx_uint_t
civic_sign_xca_named(const ngx_str_t *names, ngx_uint_t n,
    const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {

        if (names[i].len == name->len
            && ngx_memcmp(names[i].data, name->data, name->len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static civic_problem_e
civic_sign_xca_target(const civic_sign_message_t *message,
    const ngx_str_t *form, civic_sign_xca_t *xca)
{
    u_char           *mark, *last;
    ngx_str_t         text;
    ngx_uint_t        i;
    civic_problem_e   problem;

    last = message->target.data + message->target.len;
    mark = ngx_strlchr(message->target.data, last, '?');
    problem = CIVIC_OK;

    text.data = message->target.data;
    text.len = (mark ? mark : last) - text.data;

    xca->p = ngx_cpymem(xca->p, text.data, text.len);

    if (mark) {
        text.data = mark + 1;
        text.len = last - text.data;
        problem = civic_sign_xca_pairs(xca, text);
    }

    if (problem == CIVIC_OK && form != NULL) {
        problem = civic_sign_xca_pairs(xca, *form);
    }

    if (problem != CIVIC_OK) {
        return problem;
    }

    ngx_qsort(xca->pairs, xca->npairs, sizeof(civic_sign_pair_t),
              civic_sign_xca_order);

    for (i = 0; i < xca->npairs; i++) {

        if (i && civic_sign_xca_order(&xca->pairs[i - 1], &xca->pairs[i])
                 == 0)
        {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        *xca->p++ = i ? '&' : '?';

        xca->p = ngx_cpymem(xca->p, xca->pairs[i].name.data,
                            xca->pairs[i].name.len);

        if (xca->pairs[i].value.len) {
            *xca->p++ = '=';
            xca->p = ngx_cpymem(xca->p, xca->pairs[i].value.data,
                                xca->pairs[i].value.len);
        }
    }

    return CIVIC_OK;
}


static civic_problem_e
civic_sign_xca_pairs(civic_sign_xca_t *xca, ngx_str_t text)
{
    u_char             *p;
    civic_sign_pair_t   pair, *decoded;

    p = ngx_pnalloc(xca->pool, text.len);
    if (p == NULL) {
        return CIVIC_INTERNAL;
    }

    while (civic_sign_query_next(&text, &pair) == NGX_OK) {

        if (xca->npairs == CIVIC_SIGN_XCA_MAX_PAIRS) {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        decoded = &xca->pairs[xca->npairs++];

        if (civic_sign_query_decode(p, &decoded->name, &pair.name)
            != NGX_OK)
        {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        p += decoded->name.len;

        if (civic_sign_query_decode(p, &decoded->value, &pair.value)
            != NGX_OK)
        {
            return CIVIC_SIGNATURE_MALFORMED;
        }

        p += decoded->value.len;

        if (civic_sign_xca_ambiguous(decoded)) {
            return CIVIC_SIGNATURE_MALFORMED;
        }
    }

    return CIVIC_OK;
}


/*
 * What is signed is decoded: "a=1%26b=2" reads as "a=1&b=2" does, and who
 * signed the one would have signed the other.
 */

static ngx_uint_t
civic_sign_xca_ambiguous(const civic_sign_pair_t *pair)
{
    u_char  *last;

    last = pair->name.data + pair->name.len;

    if (ngx_strlchr(pair->name.data, last, '&') != NULL
        || ngx_strlchr(pair->name.data, last, '=') != NULL)
    {
        return 1;
    }

    last = pair->value.data + pair->value.len;

    return ngx_strlchr(pair->value.data, last, '&') != NULL;
}


static int ngx_libc_cdecl
civic_sign_xca_order(const void *one, const void *two)
{
    const ngx_str_t  *a, *b;

    a = &((const civic_sign_pair_t *) one)->name;
    b = &((const civic_sign_pair_t *) two)->name;

    return (int) ngx_memn2cmp(a->data, b->data, a->len, b->len);
}


static void
civic_sign_xca_add(civic_sign_xca_t *xca, const ngx_str_t *text, u_char end)
{
    if (text->len) {
        xca->p = ngx_cpymem(xca->p, text->data, text->len);
    }

    *xca->p++ = end;
}


static civic_problem_e
civic_sign_xca_verify(const civic_sign_claim_t *claim,
    const civic_sign_algorithm_t *algorithm, const ngx_str_t *secret,
    civic_jose_key_t *key)
{
    size_t     len;
    u_char     raw[CIVIC_SIGN_XCA_SIGNATURE];
    ngx_str_t  signature;

    static ngx_str_t  sha256 = ngx_string("sha256");

    if (algorithm->mac.len != sha256.len
        || ngx_memcmp(algorithm->mac.data, sha256.data, sha256.len) != 0)
    {
        return CIVIC_ALGORITHM_REFUSED;
    }

    if (civic_sign_field_base64(raw, &len, &claim->signature) != NGX_OK) {
        return CIVIC_SIGNATURE_INVALID;
    }

    signature.data = raw;
    signature.len = len;

    return civic_sign_algorithm_verify(algorithm, secret, key, &claim->text,
                                       &signature);
}
