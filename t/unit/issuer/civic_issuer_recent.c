/* sources: src/issuer/civic_issuer_recent.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_issuer_recent.h"
#include "stub_nginx.h"


typedef struct {
    ngx_pool_t             *pool;
    civic_issuer_recent_t  *recent;
    civic_issuer_t          issuer;
} recent_state_t;


const u_char *
civic_issuer_generation_now(const civic_issuer_t *issuer)
{
    return issuer->generation;
}


static ngx_str_t
recent_text(const char *text)
{
    ngx_str_t  s;

    s.data = (u_char *) text;
    s.len = strlen(text);

    return s;
}


static void
recent_keep(recent_state_t *s, const char *token, const char *head,
    const char *tail)
{
    ngx_str_t  t, h, rest;

    t = recent_text(token);
    h = recent_text(head);
    rest = recent_text(tail);

    civic_issuer_recent_add(s->recent, &t, &s->issuer, &h, &rest);
}


/* the value, of `len` bytes, or NULL */

static const char *
recent_find(recent_state_t *s, const char *token)
{
    ngx_str_t              t;
    const char            *value;
    const civic_issuer_t  *issuer;

    t = recent_text(token);
    issuer = NULL;

    value = civic_issuer_recent_find(s->recent, &t, &issuer);

    if (value) {
        assert_ptr_equal(issuer, &s->issuer);
    }

    return value;
}


static int
recent_setup(void **state)
{
    recent_state_t  *s;

    s = calloc(1, sizeof(recent_state_t));

    s->pool = ngx_create_pool(4096, NULL);
    s->recent = civic_issuer_recent_create(s->pool);

    *state = s;

    return s->recent ? 0 : -1;
}


static int
recent_teardown(void **state)
{
    recent_state_t  *s = *state;

    ngx_destroy_pool(s->pool);
    free(s);

    return 0;
}


static void
recent_whole(void **state)
{
    recent_state_t  *s = *state;

    assert_null(recent_find(s, "one.two.signature"));

    recent_keep(s, "one.two.signature", "head", "tail");

    assert_memory_equal(recent_find(s, "one.two.signature"), "headtail", 8);
}


/* each byte of the token counts, those before its tag too */

static void
recent_bytes(void **state)
{
    char             other[64];
    size_t           i, len;
    recent_state_t  *s = *state;

    const char  *token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";

    len = strlen(token);
    recent_keep(s, token, "v", "");

    for (i = 0; i < len; i++) {
        strcpy(other, token);
        other[i] ^= 1;
        assert_null(recent_find(s, other));
    }

    strcpy(other, token);
    assert_null(recent_find(s, other + 1));

    strcat(other, "x");
    assert_null(recent_find(s, other));

    assert_non_null(recent_find(s, token));
}


static void
recent_generation(void **state)
{
    recent_state_t  *s = *state;

    recent_keep(s, "under-the-old-keys", "v", "");

    s->issuer.generation[CIVIC_JOSE_DIGEST_LEN - 1] ^= 1;

    assert_null(recent_find(s, "under-the-old-keys"));

    recent_keep(s, "under-the-old-keys", "w", "");
    assert_memory_equal(recent_find(s, "under-the-old-keys"), "w", 1);
}


static void
recent_lengths(void **state)
{
    char             token[2100];
    recent_state_t  *s = *state;

    recent_keep(s, "1234567", "v", "");
    assert_null(recent_find(s, "1234567"));

    recent_keep(s, "12345678", "v", "");
    assert_non_null(recent_find(s, "12345678"));

    memset(token, 'x', sizeof(token) - 1);
    token[sizeof(token) - 1] = '\0';

    recent_keep(s, token, "v", "");
    assert_null(recent_find(s, token));
}


/* five of one ending want the same four slots: the first has to go */

static void
recent_replaced(void **state)
{
    char             token[5][32];
    ngx_uint_t       i;
    recent_state_t  *s = *state;

    for (i = 0; i < 5; i++) {
        sprintf(token[i], "%zu-the-same-ending", (size_t) i);
        recent_keep(s, token[i], token[i], "");
    }

    assert_null(recent_find(s, token[0]));

    for (i = 1; i < 5; i++) {
        assert_memory_equal(recent_find(s, token[i]), token[i],
                            strlen(token[i]));
    }
}


/* one that is kept again and again takes no other's place */

static void
recent_again(void **state)
{
    ngx_uint_t       i;
    recent_state_t  *s = *state;

    recent_keep(s, "one-the-same-ending", "1", "");

    for (i = 0; i < 8; i++) {
        recent_keep(s, "two-the-same-ending", i % 2 ? "odd" : "even", "");
    }

    assert_memory_equal(recent_find(s, "one-the-same-ending"), "1", 1);
    assert_memory_equal(recent_find(s, "two-the-same-ending"), "odd", 3);
}


/* of many tokens the last hundreds are found, and none is another's */

static void
recent_many(void **state)
{
    char             token[32];
    const char      *value;
    ngx_uint_t       i, found;
    recent_state_t  *s = *state;

    for (i = 0; i < 4000; i++) {
        sprintf(token, "token-%08zx", (size_t) (i * 2654435761u));
        recent_keep(s, token, token, "");
    }

    found = 0;

    for (i = 0; i < 4000; i++) {
        sprintf(token, "token-%08zx", (size_t) (i * 2654435761u));
        value = recent_find(s, token);

        if (value) {
            assert_memory_equal(value, token, strlen(token));
            found++;
        }
    }

    assert_in_range(found, 600, 1024);
}


static void
recent_memory(void **state)
{
    recent_state_t  *s = *state;

    for (stub_nginx_allocations = 0; stub_nginx_allocations < 2;
         stub_nginx_allocations++)
    {
        ngx_int_t  n = stub_nginx_allocations;

        assert_null(civic_issuer_recent_create(s->pool));
        stub_nginx_allocations = n;
    }

    stub_nginx_allocations = -1;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "what was kept is found, both parts of it",
          recent_whole, recent_setup, recent_teardown, NULL },
        { "a token that differs in any byte is not found",
          recent_bytes, recent_setup, recent_teardown, NULL },
        { "what was kept under other keys is not found",
          recent_generation, recent_setup, recent_teardown, NULL },
        { "the shortest that is kept, and too long a one",
          recent_lengths, recent_setup, recent_teardown, NULL },
        { "the oldest of a set is replaced",
          recent_replaced, recent_setup, recent_teardown, NULL },
        { "one that is kept again takes no other's place",
          recent_again, recent_setup, recent_teardown, NULL },
        { "of many the last are found, and none is another's",
          recent_many, recent_setup, recent_teardown, NULL },
        { "no memory is an error",
          recent_memory, recent_setup, recent_teardown, NULL },
    };

    return cmocka_run_group_tests_name("civic_issuer_recent", tests, NULL,
                                       NULL);
}
