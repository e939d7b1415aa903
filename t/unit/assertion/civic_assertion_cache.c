/* sources: src/assertion/civic_assertion_cache.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "civic_assertion_cache.h"


/* all of one set: the first two bytes are the same */

static void
key(u_char out[CIVIC_JOSE_DIGEST_LEN], u_char n)
{
    memset(out, 0, CIVIC_JOSE_DIGEST_LEN);
    out[CIVIC_JOSE_DIGEST_LEN - 1] = n;
}


static ngx_uint_t
known(u_char n, time_t now, const char *text)
{
    u_char            bytes[CIVIC_JOSE_DIGEST_LEN];
    const ngx_str_t  *token;

    key(bytes, n);
    token = civic_assertion_cache_find(bytes, now);

    return token != NULL && token->len == strlen(text)
           && memcmp(token->data, text, token->len) == 0;
}


static void
add(u_char n, const char *text, time_t renew)
{
    u_char     bytes[CIVIC_JOSE_DIGEST_LEN];
    ngx_str_t  token;

    key(bytes, n);
    token.data = (u_char *) text;
    token.len = strlen(text);

    civic_assertion_cache_add(bytes, &token, renew);
}


static void
one_is_known_until_it_is_due(void **state)
{
    assert_false(known(1, 100, "a"));

    add(1, "a", 110);
    assert_true(known(1, 109, "a"));
    assert_false(known(1, 110, "a"));
    assert_false(known(2, 100, "a"));

    add(1, "b", 130);
    assert_true(known(1, 120, "b"));

    civic_assertion_cache_free();
    assert_false(known(1, 100, "b"));
}


static void
the_one_that_is_due_first_makes_room(void **state)
{
    add(1, "a", 120);
    add(2, "b", 110);
    add(3, "c", 140);
    add(4, "d", 130);
    add(5, "e", 150);

    assert_true(known(1, 100, "a"));
    assert_false(known(2, 100, "b"));
    assert_true(known(3, 100, "c"));
    assert_true(known(4, 100, "d"));
    assert_true(known(5, 100, "e"));

    civic_assertion_cache_free();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "an assertion is known until the next is due",
          one_is_known_until_it_is_due, NULL, NULL, NULL },
        { "the one that is due first makes room",
          the_one_that_is_due_first_makes_room, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
