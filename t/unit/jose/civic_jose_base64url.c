/* sources: src/jose/civic_jose_base64url.c t/unit/jose/token.c
 * src/jose/civic_jose_jwa.c */

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

#include "civic_jose_base64url.h"
#include "token.h"


/* the result, or -1; decoded on the heap, so that overruns are seen */

static int
decode(const char *text, size_t len, u_char *out)
{
    int        n;
    ngx_str_t  src, dst;

    src.data = malloc(len + 1);
    src.len = len;
    ngx_memcpy(src.data, text, len);

    dst.data = malloc(len * 3 / 4 + 1);

    n = -1;

    if (civic_jose_base64url_decode(&dst, &src) == NGX_OK) {
        n = (int) dst.len;
        ngx_memcpy(out, dst.data, dst.len);
    }

    free(src.data);
    free(dst.data);

    return n;
}


static void
reads_known(void **state)
{
    u_char  out[16];

    assert_int_equal(decode("", 0, out), 0);
    assert_int_equal(decode("Zg", 2, out), 1);
    assert_int_equal(decode("Zm8", 3, out), 2);
    assert_int_equal(decode("Zm9vYmFy", 8, out), 6);
    assert_memory_equal(out, "foobar", 6);
    assert_int_equal(decode("-_-_", 4, out), 3);
    assert_memory_equal(out, "\xfb\xff\xbf", 3);
}


static void
reads_all_lengths(void **state)
{
    int        i;
    u_char     data[256], out[256];
    ngx_str_t  text;

    for (i = 0; i < 256; i++) {
        data[i] = (u_char) (i * 167 + 13);
    }

    for (i = 0; i <= 256; i++) {
        text = token_base64url(data, i);
        assert_int_equal(decode((char *) text.data, text.len, out), i);
        assert_memory_equal(out, data, i);
    }
}


static void
one_spelling(void **state)
{
    int          c1, c2, n;
    char         text[2];
    u_char       out[4];
    static char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-_";

    n = 0;

    for (c1 = 0; c1 < 64; c1++) {
        for (c2 = 0; c2 < 64; c2++) {
            text[0] = alphabet[c1];
            text[1] = alphabet[c2];
            n += decode(text, 2, out) == 1;
        }
    }

    assert_int_equal(n, 256);
    assert_int_equal(decode("Zh", 2, out), -1);
    assert_int_equal(decode("Zm9", 3, out), -1);
}


static void
refuses_foreign(void **state)
{
    int     c, i, n;
    char    text[4];
    u_char  out[4];

    for (i = 0; i < 4; i++) {
        n = 0;

        for (c = 0; c < 256; c++) {
            ngx_memcpy(text, "AAAA", 4);
            text[i] = (char) c;
            n += decode(text, 4, out) == 3;
        }

        assert_int_equal(n, 64);
    }

    assert_int_equal(decode("Zg==", 4, out), -1);
    assert_int_equal(decode("Zm9v\n", 5, out), -1);
    assert_int_equal(decode(" Zm9v", 5, out), -1);
    assert_int_equal(decode("Zm+v", 4, out), -1);
    assert_int_equal(decode("Zm/v", 4, out), -1);
}


static void
refuses_single(void **state)
{
    u_char  out[8];

    assert_int_equal(decode("A", 1, out), -1);
    assert_int_equal(decode("Zm9vA", 5, out), -1);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "known values are decoded", reads_known, NULL, NULL, NULL },
        { "what another encoder wrote is read back at every length",
          reads_all_lengths, NULL, NULL, NULL },
        { "bits after the end must be zero: each byte has one spelling",
          one_spelling, NULL, NULL, NULL },
        { "padding, white space and the other alphabet are refused",
          refuses_foreign, NULL, NULL, NULL },
        { "a single character at the end is refused", refuses_single, NULL,
          NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
