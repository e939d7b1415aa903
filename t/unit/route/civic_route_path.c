/* sources: src/route/civic_route_path.c */

/*
 * Copyright (C) Civic Gate
 *
 * The path rule: pairs of a raw path and what nginx made of it.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_route_conf.h"


typedef struct {
    ngx_str_t   raw;
    ngx_str_t   uri;
} pair_t;


static const pair_t  canonical[] = {
    { ngx_string("/"), ngx_string("/") },
    { ngx_string(""), ngx_string("/") },
    { ngx_string("?a=b"), ngx_string("/") },
    { ngx_string("/a/b?c=%2F..%2f"), ngx_string("/a/b") },
    { ngx_string("/a%20b"), ngx_string("/a b") },
    { ngx_string("/%E4%B8%AD"), ngx_string("/\xe4\xb8\xad") },
    { ngx_string("/%e4%b8%ad"), ngx_string("/\xe4\xb8\xad") },
    { ngx_string("/\xe4\xb8\xad"), ngx_string("/\xe4\xb8\xad") },
    { ngx_string("/x@y"), ngx_string("/x@y") },
    { ngx_string("/x%40y"), ngx_string("/x@y") },
    { ngx_string("/x%3Fy"), ngx_string("/x?y") },
    { ngx_string("/x%23y"), ngx_string("/x#y") },
    { ngx_string("/x%25y"), ngx_string("/x%y") },
    { ngx_string("/x%252Fy"), ngx_string("/x%2Fy") },
    { ngx_string("/a//b"), ngx_string("/a//b") },
    { ngx_string("/.hidden"), ngx_string("/.hidden") },
    { ngx_string("/..."), ngx_string("/...") },
    { ngx_string("/..a;b"), ngx_string("/..a;b") },
    { ngx_string("/a;b/..c"), ngx_string("/a;b/..c") },
    { ngx_string("/a..;b"), ngx_string("/a..;b") }
};


static const pair_t  refused[] = {
    { ngx_string(""), ngx_string("/a") },
    { ngx_string("/a/../b"), ngx_string("/b") },
    { ngx_string("/./a"), ngx_string("/a") },
    { ngx_string("//a"), ngx_string("/a") },
    { ngx_string("/a/"), ngx_string("/a") },
    { ngx_string("/a"), ngx_string("/a/") },
    { ngx_string("/%61"), ngx_string("/a") },
    { ngx_string("/%41"), ngx_string("/A") },
    { ngx_string("/%7A"), ngx_string("/z") },
    { ngx_string("/%30"), ngx_string("/0") },
    { ngx_string("/%2D"), ngx_string("/-") },
    { ngx_string("/%2E"), ngx_string("/.") },
    { ngx_string("/%5F"), ngx_string("/_") },
    { ngx_string("/%7E"), ngx_string("/~") },
    { ngx_string("/a%2Fb"), ngx_string("/a/b") },
    { ngx_string("/a%2fb"), ngx_string("/a/b") },
    { ngx_string("/a%5Cb"), ngx_string("/a\\b") },
    { ngx_string("/a\\b"), ngx_string("/a\\b") },
    { ngx_string("/a#b"), ngx_string("/a") },
    { ngx_string("/a#b"), ngx_string("/a#b") },
    { ngx_string("/%00"), { 2, (u_char *) "/\0" } },
    { ngx_string("/%0A"), ngx_string("/\n") },
    { ngx_string("/%1f"), ngx_string("/\x1f") },
    { ngx_string("/\t"), ngx_string("/\t") },
    { ngx_string("/%7F"), ngx_string("/\x7f") },
    { ngx_string("/\x7f"), ngx_string("/\x7f") },
    { ngx_string("/a%"), ngx_string("/a%") },
    { ngx_string("/a%2"), ngx_string("/a%2") },
    { ngx_string("/a%zz"), ngx_string("/a%zz") },
    { ngx_string("/a%4?0"), ngx_string("/a@") },
    { ngx_string("/..;/b"), ngx_string("/..;/b") },
    { ngx_string("/a/.;x/b"), ngx_string("/a/.;x/b") },
    { ngx_string("/a/..;"), ngx_string("/a/..;") },
    { ngx_string("/a/..%3Bx"), ngx_string("/a/..;x") }
};


/* copied to the end of an allocation, so that a sanitizer sees every step */

static ngx_int_t
check(const pair_t *pair)
{
    ngx_int_t  rc;
    ngx_str_t  raw, uri;

    raw.len = pair->raw.len;
    raw.data = malloc(raw.len ? raw.len : 1);
    uri.len = pair->uri.len;
    uri.data = malloc(uri.len ? uri.len : 1);

    assert_non_null(raw.data);
    assert_non_null(uri.data);

    memcpy(raw.data, pair->raw.data, raw.len);
    memcpy(uri.data, pair->uri.data, uri.len);

    rc = civic_route_path_check(&raw, &uri);

    free(raw.data);
    free(uri.data);

    return rc;
}


static void
a_canonical_path_passes(void **state)
{
    ngx_uint_t  i;

    for (i = 0; i < sizeof(canonical) / sizeof(canonical[0]); i++) {

        if (check(&canonical[i]) != NGX_OK) {
            fail_msg("refused: %s", canonical[i].raw.data);
        }
    }
}


static void
what_could_be_read_otherwise_is_refused(void **state)
{
    ngx_uint_t  i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {

        if (check(&refused[i]) != NGX_DECLINED) {
            fail_msg("passed: %s", refused[i].raw.data);
        }
    }
}


/* the rule for one encoded byte, said another way */

static void
of_all_encoded_bytes_the_reserved_ones_pass(void **state)
{
    pair_t      pair;
    u_char      raw[4], uri[3];
    ngx_uint_t  ch, passes;

    pair.raw.data = raw;
    pair.raw.len = 4;
    pair.uri.data = uri;
    pair.uri.len = 2;

    for (ch = 0; ch < 256; ch++) {

        raw[0] = '/';
        raw[1] = '%';
        raw[2] = "0123456789ABCDEF"[ch >> 4];
        raw[3] = "0123456789abcdef"[ch & 0xf];

        uri[0] = '/';
        uri[1] = (u_char) ch;

        passes = ch >= 0x80
                 || (ch != 0 && strchr(" !\"#$%&'()*+,:;<=>?@[]^`{|}",
                                       (int) ch) != NULL);

        if (check(&pair) != (passes ? NGX_OK : NGX_DECLINED)) {
            fail_msg("byte 0x%02x", (unsigned) ch);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(a_canonical_path_passes),
        cmocka_unit_test(what_could_be_read_otherwise_is_refused),
        cmocka_unit_test(of_all_encoded_bytes_the_reserved_ones_pass)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
