
/*
 * Copyright (C) Civic Gate
 *
 * Unit tests only: from a key file and a token to a verdict, as the gate
 * does it.
 */


#ifndef _VERIFY_H_INCLUDED_
#define _VERIFY_H_INCLUDED_


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>

#include "civic_jose_key.h"
#include "token.h"


#define VERIFY_ALL  0x3fff


static inline ngx_str_t
verify_string(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}


/* a set of one JWK: the members of the key, and `more`, e.g. ",\"a\":1" */

static inline civic_jose_keyset_t *
verify_keys(token_key_t *key, const char *more, ngx_uint_t allowed)
{
    char                  err[256];
    ngx_str_t             json;
    civic_jose_keyset_t  *set;

    json = token_format("{\"keys\":[{%s%s}]}", key->members, more);
    set = civic_jose_keyset_parse(&json, allowed, err, sizeof(err));

    if (set == NULL) {
        print_error("%s\n", err);
    }

    assert_non_null(set);
    assert_int_equal(ERR_peek_error(), 0);

    return set;
}


/* the token lies on the heap, without a byte behind it; so does buf */

static inline civic_problem_e
verify_token(civic_jose_keyset_t *set, ngx_str_t token)
{
    u_char             *buf;
    civic_problem_e     problem;
    civic_jose_jws_t    jws;
    civic_jose_key_t   *key;

    buf = malloc(token.len ? token.len : 1);
    token.data = memcpy(malloc(token.len ? token.len : 1), token.data,
                        token.len);

    problem = civic_jose_jws_parse(&token, buf, &jws);

    if (problem == CIVIC_OK) {
        key = civic_jose_keyset_find(set, &jws, &problem);

        if (key) {
            problem = civic_jose_jws_verify(key, &jws);
        }
    }

    free(buf);
    free(token.data);

    /* nginx would report what is left there as somebody else's error */

    assert_int_equal(ERR_peek_error(), 0);

    return problem;
}


/* compares codes, which are easier to read than numbers */

static inline void
verify_expect(civic_problem_e problem, civic_problem_e wanted)
{
    assert_string_equal((char *) civic_problems[problem].code.data,
                        (char *) civic_problems[wanted].code.data);
}


#endif /* _VERIFY_H_INCLUDED_ */
