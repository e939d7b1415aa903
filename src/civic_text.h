
/*
 * Copyright (C) Civic Gate
 *
 * What a text is made of, wherever it is to stand: in a header, a log, a
 * key.  Pure.
 */


#ifndef _CIVIC_TEXT_H_INCLUDED_
#define _CIVIC_TEXT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* no control byte: it ends no line, wherever it is written */

static ngx_inline ngx_uint_t
civic_text_clean(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {

        if (text->data[i] < 0x20 || text->data[i] == 0x7f) {
            return 0;
        }
    }

    return 1;
}


/* the value of a header (RFC 9110, 5.5): a tab may be in it, too */

static ngx_inline ngx_uint_t
civic_text_value(const ngx_str_t *text)
{
    size_t  i;

    for (i = 0; i < text->len; i++) {

        if ((text->data[i] < 0x20 && text->data[i] != '\t')
            || text->data[i] == 0x7f)
        {
            return 0;
        }
    }

    return 1;
}


/* the name of a header, a method (RFC 9110, 5.6.2); not an empty text */

static ngx_inline ngx_uint_t
civic_text_token(const ngx_str_t *text)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < text->len; i++) {
        ch = text->data[i];

        if (((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
            || (ch >= '0' && ch <= '9'))
        {
            continue;
        }

        if (ch == '\0' || ngx_strchr("!#$%&'*+-.^_`|~", ch) == NULL) {
            return 0;
        }
    }

    return text->len != 0;
}


/* a name that somebody gave: letters, digits, "_", "-"; not an empty text */

static ngx_inline ngx_uint_t
civic_text_name(const ngx_str_t *text)
{
    u_char  ch;
    size_t  i;

    for (i = 0; i < text->len; i++) {
        ch = text->data[i];

        if (!((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z')
            && !(ch >= '0' && ch <= '9') && ch != '_' && ch != '-')
        {
            return 0;
        }
    }

    return text->len != 0;
}


#endif /* _CIVIC_TEXT_H_INCLUDED_ */
