/* sources: src/signin/civic_signin_flow.c src/jose/civic_jose_seal.c
 * src/jose/civic_jose_mac.c src/jose/civic_jose_digest.c
 * src/jose/civic_jose_base64url.c
 */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_signin_flow.h"


#define NOW  1795687564


static u_char     key[CIVIC_JOSE_SEAL_KEY] = "the key of a sign-in";
static ngx_str_t  browser = ngx_string("what the browser has");
static ngx_str_t  page = ngx_string("/a?b=c%20d");

static ngx_pool_t  *pool;


static int
setup(void **state)
{
    pool = ngx_create_pool(4096, NULL);
    return 0;
}


static int
teardown(void **state)
{
    ngx_destroy_pool(pool);
    return 0;
}


static ngx_int_t
end(ngx_str_t *state, ngx_str_t *with, time_t now, civic_signin_flow_t *flow)
{
    ngx_int_t  rc;
    ngx_str_t  path;

    flow->state = *state;

    rc = civic_signin_flow_end(key, with, now, pool, flow, &path);

    if (rc == NGX_OK) {
        assert_int_equal(path.len, page.len);
        assert_memory_equal(path.data, page.data, page.len);
    }

    return rc;
}


static void
comes_back(void **state)
{
    civic_signin_flow_t  a, b;

    assert_int_equal(civic_signin_flow_begin(key, &browser, &page, NOW, pool,
                                             &a),
                     NGX_OK);
    assert_int_equal(end(&a.state, &browser, NOW + 599, &b), NGX_OK);

    assert_int_equal(a.verifier.len, 43);
    assert_int_equal(a.challenge.len, 43);
    assert_memory_equal(a.nonce.data, b.nonce.data, 43);
    assert_memory_equal(a.verifier.data, b.verifier.data, 43);
    assert_memory_not_equal(a.nonce.data, a.verifier.data, 43);
}


static void
of_others(void **state)
{
    ngx_str_t            cut;
    civic_signin_flow_t  a, b;

    static ngx_str_t  other = ngx_string("what another browser has");

    assert_int_equal(civic_signin_flow_begin(key, &browser, &page, NOW, pool,
                                             &a),
                     NGX_OK);

    assert_int_equal(end(&a.state, &other, NOW, &b), NGX_DECLINED);
    assert_int_equal(end(&a.state, &browser, NOW + 600, &b), NGX_DECLINED);
    assert_int_equal(end(&a.state, &browser, NOW - 601, &b), NGX_DECLINED);

    cut = a.state;

    while (cut.len) {
        cut.len--;
        assert_int_equal(end(&cut, &browser, NOW, &b), NGX_DECLINED);
    }
}


static void
no_two_alike(void **state)
{
    civic_signin_flow_t  a, b;

    assert_int_equal(civic_signin_flow_begin(key, &browser, &page, NOW, pool,
                                             &a),
                     NGX_OK);
    assert_int_equal(civic_signin_flow_begin(key, &browser, &page, NOW, pool,
                                             &b),
                     NGX_OK);

    assert_memory_not_equal(a.nonce.data, b.nonce.data, 43);
    assert_memory_not_equal(a.verifier.data, b.verifier.data, 43);
}


static void
paths(void **state)
{
    size_t     i;
    ngx_str_t  path;

    static const char  *good[] = { "/", "/a", "/a?b=//c", "/a/%2F", "/a//b" };
    static const char  *bad[] = { "", "a", "//evil.example", "/\\evil",
                                  "https://evil.example/", "/a b", "/a\r\nb",
                                  "/\x7f", "/\xe4\xb8\xad", "/a\\b" };

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        path.data = (u_char *) good[i];
        path.len = strlen(good[i]);
        assert_true(civic_signin_flow_is_path(&path));
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        path.data = (u_char *) bad[i];
        path.len = strlen(bad[i]);
        assert_false(civic_signin_flow_is_path(&path));
    }
}


static void
random_texts(void **state)
{
    ngx_str_t  a, b;

    assert_int_equal(civic_signin_flow_random(pool, &a), NGX_OK);
    assert_int_equal(civic_signin_flow_random(pool, &b), NGX_OK);

    assert_true(civic_signin_flow_is_random(&a));
    assert_memory_not_equal(a.data, b.data, 43);

    a.data[7] = '=';
    assert_false(civic_signin_flow_is_random(&a));

    b.len--;
    assert_false(civic_signin_flow_is_random(&b));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "who comes back in time finds page, nonce and verifier again",
          comes_back, setup, teardown, NULL },
        { "nothing comes of another browser's state, an old or a cut one",
          of_others, setup, teardown, NULL },
        { "no two flows of one browser share nonce or verifier",
          no_two_alike, setup, teardown, NULL },
        { "only paths of this origin are gone to",
          paths, setup, teardown, NULL },
        { "random texts have 256 bits, and are told from others",
          random_texts, setup, teardown, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
