/* sources: src/jose/civic_jose_digest.c */

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

#include "civic_jose_digest.h"


/* FIPS 180-4: of "abc", and of nothing */

static u_char  abc[] = "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde"
                       "\x5d\xae\x22\x23\xb0\x03\x61\xa3\x96\x17\x7a\x9c"
                       "\xb4\x10\xff\x61\xf2\x00\x15\xad";
static u_char  nothing[] = "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8"
                           "\x99\x6f\xb9\x24\x27\xae\x41\xe4\x64\x9b\x93\x4c"
                           "\xa4\x95\x99\x1b\x78\x52\xb8\x55";


static void
known_digests(void **state)
{
    int        i;
    u_char     out[CIVIC_JOSE_DIGEST_LEN];
    ngx_str_t  text = ngx_string("abc");
    ngx_str_t  empty = ngx_string("");

    for (i = 0; i < 3; i++) {
        assert_int_equal(civic_jose_digest(&text, out), NGX_OK);
        assert_memory_equal(out, abc, sizeof(out));
        assert_int_equal(civic_jose_digest(&empty, out), NGX_OK);
        assert_memory_equal(out, nothing, sizeof(out));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "the context gives the same digest each time it is used",
          known_digests, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
