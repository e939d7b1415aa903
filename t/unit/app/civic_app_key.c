/* sources: src/app/civic_app_key.c src/jose/civic_jose_mac.c */

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

#include "civic_app_key.h"


static ngx_int_t
check(const char *text, size_t len)
{
    ngx_str_t  key;

    key.data = (u_char *) text;
    key.len = len;

    return civic_app_key_check(&key);
}


static void
new_key_is_good(void **state)
{
    int     i;
    u_char  one[CIVIC_APP_KEY_LEN], two[CIVIC_APP_KEY_LEN];

    for (i = 0; i < 1000; i++) {
        assert_int_equal(civic_app_key_create(one), NGX_OK);
        assert_int_equal(check((char *) one, sizeof(one)), NGX_OK);
        assert_int_equal(civic_app_key_create(two), NGX_OK);
        assert_memory_not_equal(one, two, sizeof(one));
    }
}


static void
every_slip_is_found(void **state)
{
    int     i;
    u_char  key[CIVIC_APP_KEY_LEN], was;

    assert_int_equal(civic_app_key_create(key), NGX_OK);

    for (i = 0; i < CIVIC_APP_KEY_LEN; i++) {
        was = key[i];

        key[i] = (was == 'a') ? 'b' : 'a';
        assert_int_equal(check((char *) key, sizeof(key)), NGX_DECLINED);

        key[i] = '-';
        assert_int_equal(check((char *) key, sizeof(key)), NGX_DECLINED);

        key[i] = was;
    }

    for (i = 0; i < CIVIC_APP_KEY_LEN - 1; i++) {

        if (key[i] == key[i + 1]) {
            continue;
        }

        was = key[i];
        key[i] = key[i + 1];
        key[i + 1] = was;

        assert_int_equal(check((char *) key, sizeof(key)), NGX_DECLINED);

        was = key[i];
        key[i] = key[i + 1];
        key[i + 1] = was;
    }

    for (i = 0; i < CIVIC_APP_KEY_LEN; i++) {
        assert_int_equal(check((char *) key, i), NGX_DECLINED);
    }
}


/* made by another program, with zlib's crc32 */

static void
known_key(void **state)
{
    static const char  key[] =
        "cg_AAAAAAAA_"
        "0000000000000000000000000000000000000000000" "2LQl2G";

    assert_int_equal(check(key, sizeof(key) - 1), NGX_OK);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "a new key has the form of one, and no two are equal",
          new_key_is_good, NULL, NULL, NULL },
        { "a character changed, moved or missing makes it no key",
          every_slip_is_found, NULL, NULL, NULL },
        { "the checksum is CRC-32 in base62",
          known_key, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
