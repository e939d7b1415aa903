/* sources: src/jose/civic_jose_seal.c src/jose/civic_jose_mac.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ngx_config.h>
#include <ngx_core.h>

#include "civic_jose_seal.h"


static u_char     key[CIVIC_JOSE_SEAL_KEY] = "the key of whoever sealed it ...";
static ngx_str_t  with = ngx_string("a browser");
static ngx_str_t  text = ngx_string("1795687564 /a?b=c");


static ngx_int_t
unseal(const u_char *k, ngx_str_t *w, u_char *sealed, size_t len)
{
    u_char     out[128];
    ngx_int_t  rc;
    ngx_str_t  in, plain;

    in.data = sealed;
    in.len = len;
    plain.data = out;

    rc = civic_jose_unseal(k, w, &in, &plain);

    if (rc == NGX_OK) {
        assert_int_equal(plain.len, text.len);
        assert_memory_equal(plain.data, text.data, text.len);
    }

    return rc;
}


static void
opens(void **state)
{
    u_char  a[128], b[128];

    assert_int_equal(civic_jose_seal(key, &with, &text, a), NGX_OK);
    assert_int_equal(civic_jose_seal(key, &with, &text, b), NGX_OK);

    assert_memory_not_equal(a, b, text.len + CIVIC_JOSE_SEAL_EXTRA);
    assert_int_equal(unseal(key, &with, a, text.len + CIVIC_JOSE_SEAL_EXTRA),
                     NGX_OK);
}


static void
changed(void **state)
{
    size_t  i, len;
    u_char  sealed[128], other[CIVIC_JOSE_SEAL_KEY] = "another key";

    static ngx_str_t  another = ngx_string("b browser");

    len = text.len + CIVIC_JOSE_SEAL_EXTRA;

    assert_int_equal(civic_jose_seal(key, &with, &text, sealed), NGX_OK);

    for (i = 0; i < len; i++) {
        sealed[i] ^= 1;
        assert_int_equal(unseal(key, &with, sealed, len), NGX_DECLINED);
        sealed[i] ^= 1;
        assert_int_equal(unseal(key, &with, sealed, i), NGX_DECLINED);
    }

    assert_int_equal(unseal(other, &with, sealed, len), NGX_DECLINED);
    assert_int_equal(unseal(key, &another, sealed, len), NGX_DECLINED);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "what was sealed is opened, and no two seals are alike",
          opens, NULL, NULL, NULL },
        { "a changed byte, another key or another owner opens nothing",
          changed, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
