
/*
 * Copyright (C) Civic Gate
 *
 * Unit tests only: requests as schemes see them, and strings.
 */


#ifndef _SIGN_H_INCLUDED_
#define _SIGN_H_INCLUDED_


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_sign_scheme.h"


static inline ngx_str_t
sign_string(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}


static inline void
sign_expect(civic_problem_e problem, civic_problem_e wanted)
{
    assert_string_equal((char *) civic_problems[problem].code.data,
                        (char *) civic_problems[wanted].code.data);
}


static inline void
sign_expect_text(const ngx_str_t *text, const char *wanted)
{
    char  *copy;

    copy = calloc(1, text->len + 1);
    memcpy(copy, text->data, text->len);

    assert_string_equal(copy, wanted);

    free(copy);
}


/* "name: value\n" ... becomes headers, which the caller frees */

static inline civic_sign_header_t *
sign_headers(const char *text, civic_sign_message_t *message)
{
    const char           *end, *colon;
    civic_sign_header_t  *headers;

    headers = calloc(64, sizeof(civic_sign_header_t));
    message->headers = headers;

    for (message->nheaders = 0; *text; text = end + 1) {
        end = strchr(text, '\n');
        colon = strstr(text, ": ");

        headers[message->nheaders].name.data = (u_char *) text;
        headers[message->nheaders].name.len = colon - text;
        headers[message->nheaders].value.data = (u_char *) colon + 2;
        headers[message->nheaders].value.len = end - colon - 2;

        message->nheaders++;
    }

    return headers;
}


#endif /* _SIGN_H_INCLUDED_ */
