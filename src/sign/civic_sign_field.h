
/*
 * Copyright (C) Civic Gate
 *
 * Structured fields (RFC 8941) as signatures need them: dictionaries, inner
 * lists and parameters, read in place, without an allocation.
 *
 * What stands between the commas of a dictionary must be spelt as RFC 8941
 * has it written, not merely as it may be read: one space between items,
 * none behind a semicolon.  So the text that came is the text that was
 * signed, and a value has one spelling.
 */


#ifndef _CIVIC_SIGN_FIELD_H_INCLUDED_
#define _CIVIC_SIGN_FIELD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    CIVIC_SIGN_INTEGER = 0,
    CIVIC_SIGN_DECIMAL,
    CIVIC_SIGN_STRING,
    CIVIC_SIGN_TOKEN,
    CIVIC_SIGN_BYTES,
    CIVIC_SIGN_BOOLEAN
} civic_sign_type_e;


/* `text` is what stands between quotes or colons, escapes and all */

typedef struct {
    civic_sign_type_e  type;
    ngx_str_t          text;
    int64_t            number;         /* of integers and booleans */
} civic_sign_bare_t;


typedef struct {
    u_char            *p;
    u_char            *last;
} civic_sign_field_t;


typedef struct {
    ngx_str_t          key;
    ngx_str_t          text;           /* of the value, with parameters */
    civic_sign_bare_t  bare;           /* unless it is a list */
    unsigned           list:1;
} civic_sign_member_t;


typedef struct {
    ngx_str_t          text;           /* "name";key=value as it came */
    ngx_str_t          name;           /* between the quotes */
    ngx_str_t          parameters;     /* behind them */
} civic_sign_component_t;


void civic_sign_field_init(civic_sign_field_t *field, const ngx_str_t *text);

/*
 * NGX_OK, NGX_DONE: there is no further one, or NGX_DECLINED: malformed.
 * A list is found to be well formed throughout.
 */

ngx_int_t civic_sign_field_member(civic_sign_field_t *field,
    civic_sign_member_t *member);

/* the same for what such a list holds, begun by civic_sign_field_list() */

void civic_sign_field_list(civic_sign_field_t *field,
    const civic_sign_member_t *member);
ngx_int_t civic_sign_field_component(civic_sign_field_t *field,
    civic_sign_component_t *component);

/* behind the list's last component, or within `parameters` */

ngx_int_t civic_sign_field_parameter(civic_sign_field_t *field,
    ngx_str_t *key, civic_sign_bare_t *value);

/*
 * base64 with its padding and without unused bits.  `dst` has room for
 * three quarters of src->len.  NGX_OK or NGX_DECLINED.
 */

ngx_int_t civic_sign_field_base64(u_char *dst, size_t *len,
    const ngx_str_t *src);


#endif /* _CIVIC_SIGN_FIELD_H_INCLUDED_ */
