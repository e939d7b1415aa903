
/*
 * Copyright (C) Civic Gate
 */


#include "civic_sign_field.h"


static ngx_int_t civic_sign_field_key(civic_sign_field_t *field,
    ngx_str_t *key);
static ngx_int_t civic_sign_field_bare(civic_sign_field_t *field,
    civic_sign_bare_t *bare);
static ngx_int_t civic_sign_field_number(civic_sign_field_t *field,
    civic_sign_bare_t *bare);
static ngx_int_t civic_sign_field_string(civic_sign_field_t *field,
    civic_sign_bare_t *bare);
static ngx_int_t civic_sign_field_token(civic_sign_field_t *field,
    civic_sign_bare_t *bare);
static ngx_int_t civic_sign_field_bytes(civic_sign_field_t *field,
    civic_sign_bare_t *bare);
static ngx_int_t civic_sign_field_boolean(civic_sign_field_t *field,
    civic_sign_bare_t *bare);
static ngx_int_t civic_sign_field_parameters(civic_sign_field_t *field);
static ngx_int_t civic_sign_field_check_list(civic_sign_field_t *field);
static ngx_int_t civic_sign_field_comma(civic_sign_field_t *field);
static ngx_uint_t civic_sign_field_digit(u_char ch);
static ngx_uint_t civic_sign_field_key_char(u_char ch);
static ngx_uint_t civic_sign_field_token_char(u_char ch);
static ngx_int_t civic_sign_field_sextet(u_char ch);


void
civic_sign_field_init(civic_sign_field_t *field, const ngx_str_t *text)
{
    field->p = text->data;
    field->last = text->data + text->len;

    while (field->p < field->last && field->last[-1] == ' ') {
        field->last--;
    }

    while (field->p < field->last && *field->p == ' ') {
        field->p++;
    }
}


ngx_int_t
civic_sign_field_member(civic_sign_field_t *field,
    civic_sign_member_t *member)
{
    u_char     *start;
    ngx_int_t   rc;

    if (field->p == field->last) {
        return NGX_DONE;
    }

    ngx_memzero(member, sizeof(civic_sign_member_t));

    if (civic_sign_field_key(field, &member->key) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (field->p < field->last && *field->p == '=') {

        start = ++field->p;

        member->list = (start < field->last && *start == '(');

        rc = member->list ? civic_sign_field_check_list(field)
                          : civic_sign_field_bare(field, &member->bare);

    } else {
        start = field->p;
        member->bare.type = CIVIC_SIGN_BOOLEAN;
        member->bare.number = 1;
        rc = NGX_OK;
    }

    if (rc != NGX_OK || civic_sign_field_parameters(field) != NGX_OK) {
        return NGX_DECLINED;
    }

    member->text.data = start;
    member->text.len = field->p - start;

    return civic_sign_field_comma(field);
}


void
civic_sign_field_list(civic_sign_field_t *field,
    const civic_sign_member_t *member)
{
    field->p = member->text.data + 1;
    field->last = member->text.data + member->text.len;
}


ngx_int_t
civic_sign_field_component(civic_sign_field_t *field,
    civic_sign_component_t *component)
{
    u_char             *start;
    civic_sign_bare_t   bare;

    if (field->p < field->last && *field->p == ' ') {
        field->p++;
    }

    start = field->p;

    if (start == field->last) {
        return NGX_DECLINED;
    }

    if (*start == ')') {
        field->p++;
        return NGX_DONE;
    }

    if (*start != '"' || civic_sign_field_bare(field, &bare) != NGX_OK) {
        return NGX_DECLINED;
    }

    component->name = bare.text;
    component->parameters.data = field->p;

    if (civic_sign_field_parameters(field) != NGX_OK) {
        return NGX_DECLINED;
    }

    component->parameters.len = field->p - component->parameters.data;
    component->text.data = start;
    component->text.len = field->p - start;

    return NGX_OK;
}


ngx_int_t
civic_sign_field_parameter(civic_sign_field_t *field, ngx_str_t *key,
    civic_sign_bare_t *value)
{
    if (field->p == field->last || *field->p != ';') {
        return NGX_DONE;
    }

    field->p++;

    if (civic_sign_field_key(field, key) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (field->p == field->last || *field->p != '=') {
        value->type = CIVIC_SIGN_BOOLEAN;
        value->number = 1;
        ngx_str_null(&value->text);
        return NGX_OK;
    }

    field->p++;

    if (civic_sign_field_bare(field, value) != NGX_OK) {
        return NGX_DECLINED;
    }

    /* true is written by saying nothing */

    return (value->type == CIVIC_SIGN_BOOLEAN && value->number)
           ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
civic_sign_field_parameters(civic_sign_field_t *field)
{
    ngx_int_t          rc;
    ngx_str_t          key;
    civic_sign_bare_t  value;

    do {
        rc = civic_sign_field_parameter(field, &key, &value);
    } while (rc == NGX_OK);

    return (rc == NGX_DONE) ? NGX_OK : NGX_DECLINED;
}


/* from "(" to behind ")": items of any kind, a space between each two */

static ngx_int_t
civic_sign_field_check_list(civic_sign_field_t *field)
{
    ngx_uint_t         first;
    civic_sign_bare_t  bare;

    field->p++;

    for (first = 1; field->p < field->last && *field->p != ')'; first = 0) {

        if (!first && *field->p++ != ' ') {
            return NGX_DECLINED;
        }

        if (civic_sign_field_bare(field, &bare) != NGX_OK
            || civic_sign_field_parameters(field) != NGX_OK)
        {
            return NGX_DECLINED;
        }
    }

    if (field->p == field->last) {
        return NGX_DECLINED;
    }

    field->p++;

    return NGX_OK;
}


/* nothing follows, or a comma and another member */

static ngx_int_t
civic_sign_field_comma(civic_sign_field_t *field)
{
    while (field->p < field->last
           && (*field->p == ' ' || *field->p == '\t'))
    {
        field->p++;
    }

    if (field->p == field->last) {
        return NGX_OK;
    }

    if (*field->p++ != ',') {
        return NGX_DECLINED;
    }

    while (field->p < field->last
           && (*field->p == ' ' || *field->p == '\t'))
    {
        field->p++;
    }

    return (field->p == field->last) ? NGX_DECLINED : NGX_OK;
}


static ngx_int_t
civic_sign_field_key(civic_sign_field_t *field, ngx_str_t *key)
{
    u_char  *p;

    p = field->p;

    if (p == field->last
        || (*p != '*' && !(*p >= 'a' && *p <= 'z')))
    {
        return NGX_DECLINED;
    }

    while (p < field->last && civic_sign_field_key_char(*p)) {
        p++;
    }

    key->data = field->p;
    key->len = p - field->p;
    field->p = p;

    return NGX_OK;
}


static ngx_int_t
civic_sign_field_bare(civic_sign_field_t *field, civic_sign_bare_t *bare)
{
    u_char  ch;

    if (field->p == field->last) {
        return NGX_DECLINED;
    }

    ch = *field->p;
    bare->number = 0;

    switch (ch) {

    case '"':
        return civic_sign_field_string(field, bare);

    case ':':
        return civic_sign_field_bytes(field, bare);

    case '?':
        return civic_sign_field_boolean(field, bare);

    case '-':
        return civic_sign_field_number(field, bare);
    }

    return civic_sign_field_digit(ch) ? civic_sign_field_number(field, bare)
                                      : civic_sign_field_token(field, bare);
}


/* at most 15 digits; of decimals 12 before the point, and 3 behind it */

static ngx_int_t
civic_sign_field_number(civic_sign_field_t *field, civic_sign_bare_t *bare)
{
    u_char      *p, *digits, *point;
    ngx_uint_t   negative;

    p = field->p;
    negative = (*p == '-');
    digits = p + negative;

    for (p = digits; p < field->last && civic_sign_field_digit(*p); p++) {

        if (p - digits == 15) {
            return NGX_DECLINED;
        }

        bare->number = bare->number * 10 + (*p - '0');
    }

    /* no digit, a zero in front, less than nothing */

    if (p == digits || (*digits == '0' && p - digits > 1)) {
        return NGX_DECLINED;
    }

    bare->type = CIVIC_SIGN_INTEGER;

    if (p < field->last && *p == '.') {

        bare->type = CIVIC_SIGN_DECIMAL;

        if (p - digits > 12) {
            return NGX_DECLINED;
        }

        point = p++;

        while (p < field->last && civic_sign_field_digit(*p)) {
            p++;
        }

        if (p - point < 2 || p - point > 4
            || (p[-1] == '0' && p - point > 2))
        {
            return NGX_DECLINED;
        }

    } else if (negative && bare->number == 0) {
        return NGX_DECLINED;
    }

    if (negative) {
        bare->number = -bare->number;
    }

    bare->text.data = field->p;
    bare->text.len = p - field->p;
    field->p = p;

    return NGX_OK;
}


static ngx_int_t
civic_sign_field_string(civic_sign_field_t *field, civic_sign_bare_t *bare)
{
    u_char  *p;

    for (p = field->p + 1; p < field->last && *p != '"'; p++) {

        if (*p < 0x20 || *p > 0x7e) {
            return NGX_DECLINED;
        }

        if (*p != '\\') {
            continue;
        }

        if (++p == field->last || (*p != '"' && *p != '\\')) {
            return NGX_DECLINED;
        }
    }

    if (p == field->last) {
        return NGX_DECLINED;
    }

    bare->type = CIVIC_SIGN_STRING;
    bare->text.data = field->p + 1;
    bare->text.len = p - field->p - 1;
    field->p = p + 1;

    return NGX_OK;
}


static ngx_int_t
civic_sign_field_token(civic_sign_field_t *field, civic_sign_bare_t *bare)
{
    u_char  *p, ch;

    p = field->p;
    ch = *p | 0x20;

    if (*p != '*' && (ch < 'a' || ch > 'z')) {
        return NGX_DECLINED;
    }

    while (p < field->last && civic_sign_field_token_char(*p)) {
        p++;
    }

    bare->type = CIVIC_SIGN_TOKEN;
    bare->text.data = field->p;
    bare->text.len = p - field->p;
    field->p = p;

    return NGX_OK;
}


static ngx_int_t
civic_sign_field_bytes(civic_sign_field_t *field, civic_sign_bare_t *bare)
{
    u_char  *p;

    p = ngx_strlchr(field->p + 1, field->last, ':');

    if (p == NULL) {
        return NGX_DECLINED;
    }

    bare->type = CIVIC_SIGN_BYTES;
    bare->text.data = field->p + 1;
    bare->text.len = p - field->p - 1;
    field->p = p + 1;

    /* looked at without room for it */

    return civic_sign_field_base64(NULL, NULL, &bare->text);
}


static ngx_int_t
civic_sign_field_boolean(civic_sign_field_t *field, civic_sign_bare_t *bare)
{
    if (field->last - field->p < 2
        || (field->p[1] != '0' && field->p[1] != '1'))
    {
        return NGX_DECLINED;
    }

    bare->type = CIVIC_SIGN_BOOLEAN;
    bare->number = field->p[1] - '0';
    bare->text.data = field->p;
    bare->text.len = 2;
    field->p += 2;

    return NGX_OK;
}


ngx_int_t
civic_sign_field_base64(u_char *dst, size_t *len, const ngx_str_t *src)
{
    u_char     *p, *last, *start;
    uint32_t    bits;
    ngx_int_t   sextet;
    ngx_uint_t  n;

    p = src->data;
    last = p + src->len;
    start = dst;

    if (src->len % 4) {
        return NGX_DECLINED;
    }

    for (n = 0; n < 2 && p < last && last[-1] == '='; n++) {
        last--;
    }

    bits = 0;
    n = 0;

    for ( /* void */ ; p < last; p++) {

        sextet = civic_sign_field_sextet(*p);
        if (sextet == NGX_DECLINED) {
            return NGX_DECLINED;
        }

        bits = bits << 6 | (uint32_t) sextet;
        n += 6;

        if (n < 8) {
            continue;
        }

        n -= 8;

        if (dst) {
            *dst++ = (u_char) (bits >> n);
        }

        bits &= (1u << n) - 1;
    }

    if (bits || n == 6) {
        return NGX_DECLINED;
    }

    if (len) {
        *len = dst - start;
    }

    return NGX_OK;
}


static ngx_int_t
civic_sign_field_sextet(u_char ch)
{
    if (ch >= 'A' && ch <= 'Z') {
        return ch - 'A';
    }

    if (ch >= 'a' && ch <= 'z') {
        return ch - 'a' + 26;
    }

    if (civic_sign_field_digit(ch)) {
        return ch - '0' + 52;
    }

    return (ch == '+') ? 62 : (ch == '/') ? 63 : NGX_DECLINED;
}


static ngx_uint_t
civic_sign_field_digit(u_char ch)
{
    return ch >= '0' && ch <= '9';
}


static ngx_uint_t
civic_sign_field_key_char(u_char ch)
{
    return (ch >= 'a' && ch <= 'z') || civic_sign_field_digit(ch)
           || ch == '_' || ch == '-' || ch == '.' || ch == '*';
}


static ngx_uint_t
civic_sign_field_token_char(u_char ch)
{
    if (((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
        || civic_sign_field_digit(ch))
    {
        return 1;
    }

    return ch != '\0' && ngx_strchr("!#$%&'*+-.^_`|~:/", ch) != NULL;
}
