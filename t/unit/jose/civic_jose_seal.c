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


static u_char     key[CIVIC_JOSE_SEAL_KEY] = "a key of thirty-two bytes, no le";
static ngx_str_t  secret = ngx_string("the secret of a firm");
static ngx_str_t  whose = ngx_string("app:firm:one");


static void
opens_again(void **state)
{
    u_char     out[256], again[256], buf[256];
    ngx_str_t  sealed, plain;

    sealed.data = out;
    sealed.len = secret.len + CIVIC_JOSE_SEAL_MORE;
    plain.data = buf;

    assert_int_equal(civic_jose_seal(key, &secret, &whose, out), NGX_OK);
    assert_int_equal(civic_jose_seal_open(key, &sealed, &whose, &plain),
                     NGX_OK);
    assert_int_equal(plain.len, secret.len);
    assert_memory_equal(plain.data, secret.data, secret.len);

    assert_int_equal(civic_jose_seal(key, &secret, &whose, again), NGX_OK);
    assert_memory_not_equal(out, again, sealed.len);
}


static void
opens_for_nobody_else(void **state)
{
    size_t     i;
    u_char     out[256], buf[256], other[CIVIC_JOSE_SEAL_KEY];
    ngx_str_t  sealed, plain, of_two = ngx_string("app:firm:two");

    sealed.data = out;
    sealed.len = secret.len + CIVIC_JOSE_SEAL_MORE;
    plain.data = buf;

    assert_int_equal(civic_jose_seal(key, &secret, &whose, out), NGX_OK);

    assert_int_equal(civic_jose_seal_open(key, &sealed, &of_two, &plain),
                     NGX_DECLINED);

    memcpy(other, key, sizeof(key));
    other[31] ^= 1;
    assert_int_equal(civic_jose_seal_open(other, &sealed, &whose, &plain),
                     NGX_DECLINED);

    for (i = 0; i < sealed.len; i++) {
        out[i] ^= 0x10;
        assert_int_equal(civic_jose_seal_open(key, &sealed, &whose, &plain),
                         NGX_DECLINED);
        assert_int_equal(plain.len, 0);
        out[i] ^= 0x10;
    }

    for (i = 0; i < secret.len + CIVIC_JOSE_SEAL_MORE; i++) {
        sealed.len = i;
        assert_int_equal(civic_jose_seal_open(key, &sealed, &whose, &plain),
                         NGX_DECLINED);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "what was sealed opens again, and never looks the same twice",
          opens_again, NULL, NULL, NULL },
        { "another key, another owner, a changed bit: it does not open",
          opens_for_nobody_else, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
