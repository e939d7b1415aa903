/* sources: src/jose/civic_jose_jwa.c */

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

#include "civic_jose_jwa.h"


static ngx_uint_t
parse(const char *name)
{
    ngx_str_t  text;

    text.data = (u_char *) name;
    text.len = strlen(name);

    return civic_jose_alg_parse(&text);
}


static void
names(void **state)
{
    ngx_uint_t               all;
    const civic_jose_jwa_t  *jwa;

    all = 0;

    for (jwa = civic_jose_jwa; jwa->name.len; jwa++) {
        assert_int_equal(civic_jose_alg_parse(&jwa->name), jwa->alg);
        assert_string_equal(civic_jose_alg_name(jwa->alg), jwa->name.data);
        assert_int_equal(all & jwa->alg, 0);
        all |= jwa->alg;
    }

    assert_int_equal(all, 0x3fff);
    assert_int_equal(parse("Ed25519"), CIVIC_ALG_EDDSA);
}


static void
strangers(void **state)
{
    assert_int_equal(parse("none"), 0);
    assert_int_equal(parse("None"), 0);
    assert_int_equal(parse("NONE"), 0);
    assert_int_equal(parse("nOnE"), 0);
    assert_int_equal(parse(""), 0);
    assert_int_equal(parse("rs256"), 0);
    assert_int_equal(parse("RS256 "), 0);
    assert_int_equal(parse("RS25"), 0);
    assert_int_equal(parse("RS1"), 0);
    assert_int_equal(parse("ES256K"), 0);
    assert_int_equal(parse("Ed448"), 0);
    assert_int_equal(parse("dir"), 0);
    assert_int_equal(parse("RSA-OAEP"), 0);

    assert_string_equal(civic_jose_alg_name(0), "none");
    assert_string_equal(civic_jose_alg_name(CIVIC_ALG_RS256|CIVIC_ALG_PS256),
                        "none");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "every algorithm has its own bit and its name back", names, NULL,
          NULL, NULL },
        { "\"none\", other spellings and other algorithms are nobody's",
          strangers, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
