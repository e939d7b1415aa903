/* sources: src/remote/civic_remote_check.c src/remote/civic_remote_url.c */

/*
 * Copyright (C) Civic Gate
 *
 * What a request may say, byte by byte, and urls in their parts.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_remote_check.h"
#include "civic_remote_url.h"


static const char  *const  paths[] = {
    "/", "/a", "/a/b/", "//a", "/a//b", "/...", "/.a", "/a.", "/..a",
    "/a/.../b", "/%41", "/a%2Fb", "/a?b=../..", "/a?%2e%2e/", "/;a", "/a;..b",
    "/a;v=1/b", "/%2e%2e%2e", "/a?", "/~!$&'()*+,;=:@-_",
    "/a%00b", "/a?..%00"
};


static const char  *const  wrong_paths[] = {
    "", "a", "?a", "/..", "/.", "/../", "/a/..", "/a/../b", "/./a", "/a/.",
    "/%2e", "/%2E%2e/a", "/.%2e", "/%2e.", "/..%2fa", "/a%2f..", "/a%5c..",
    "/..%5Ca", "/..;a", "/..;", "/.;a/b", "/a/..;/b", "/a/%2e%2e%3b/b",
    "/a;x/..", "/..?x", "/a b", "/a\tb", "/a\nb", "/a\x7f", "/a\x80",
    "/a#b", "/a?b#c", "/a\\b", "/%", "/%4", "/%g0", "/%4g", "/a?%",
    "/..%00", "/..%00x/b", "/a/.%00", "/%00../b"
};


static ngx_str_t
text(const char *p)
{
    ngx_str_t  s;

    s.data = (u_char *) p;
    s.len = strlen(p);

    return s;
}


static void
paths_that_stay_below_the_base_are_right(void **state)
{
    ngx_str_t   path;
    ngx_uint_t  i;

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        path = text(paths[i]);

        if (civic_remote_check_path(&path) != NULL) {
            fail_msg("\"%s\" is refused", paths[i]);
        }
    }
}


static void
paths_that_might_leave_it_are_wrong(void **state)
{
    ngx_str_t   path;
    ngx_uint_t  i;

    for (i = 0; i < sizeof(wrong_paths) / sizeof(wrong_paths[0]); i++) {
        path = text(wrong_paths[i]);

        if (civic_remote_check_path(&path) == NULL) {
            fail_msg("\"%s\" is taken", wrong_paths[i]);
        }
    }
}


static void
every_byte_of_a_path_is_judged(void **state)
{
    char        buf[] = "/aXb";
    ngx_str_t   path;
    ngx_uint_t  ch, right;

    for (ch = 0; ch < 256; ch++) {
        buf[2] = ch;
        path.data = (u_char *) buf;
        path.len = 4;

        right = ch > 0x20 && ch < 0x7f && ch != '#' && ch != '\\'
                && ch != '%';

        assert_int_equal(civic_remote_check_path(&path) == NULL, right);
    }
}


static void
every_byte_of_a_header_is_judged(void **state)
{
    u_char      ch;
    ngx_str_t   byte, name, value;
    ngx_uint_t  i, token;

    byte.data = &ch;
    byte.len = 1;
    name = text("X-A");
    value = text("b");

    for (i = 0; i < 256; i++) {
        ch = i;

        token = (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z')
                || (i >= '0' && i <= '9')
                || (i && strchr("!#$%&'*+-.^_`|~", i) != NULL);

        assert_int_equal(civic_remote_check_header(&byte, &value) == NULL,
                         token);
        assert_int_equal(civic_remote_check_method(&byte) == NULL, token);
        assert_int_equal(civic_remote_check_header(&name, &byte) == NULL,
                         i == '\t' || (i >= 0x20 && i != 0x7f));
    }
}


static void
headers_of_the_connection_are_refused_in_any_case(void **state)
{
    ngx_uint_t                 i;
    ngx_str_t                  name, value;
    static const char  *const  names[] = {
        "Host", "HOST", "content-length", "Transfer-Encoding", "te",
        "Connection", "Keep-Alive", "Upgrade", "Trailer", "Expect",
        "Proxy-Authorization", "Proxy-Connection"
    };

    value = text("x");

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        name = text(names[i]);
        assert_non_null(civic_remote_check_header(&name, &value));
    }

    name = text("Hosts");
    assert_null(civic_remote_check_header(&name, &value));
    name = text("");
    assert_non_null(civic_remote_check_header(&name, &value));
}


static void
a_url_comes_apart(void **state)
{
    ngx_str_t           url;
    civic_remote_url_t  u;

    url = text("https://a.b:8443/x/y/");
    assert_null(civic_remote_url_parse(&url, &u));
    assert_int_equal(u.tls, 1);
    assert_int_equal(u.authority.len, 8);
    assert_memory_equal(u.authority.data, "a.b:8443", 8);
    assert_int_equal(u.base.len, 4);
    assert_memory_equal(u.base.data, "/x/y", 4);
    assert_int_equal(u.socket.len, 0);

    url = text("http://unix:/run/x:/y");
    assert_null(civic_remote_url_parse(&url, &u));
    assert_int_equal(u.tls, 0);
    assert_int_equal(u.authority.len, 0);
    assert_int_equal(u.socket.len, 6);
    assert_memory_equal(u.socket.data, "/run/x", 6);
    assert_int_equal(u.base.len, 2);

    url = text("http://[::1]/");
    assert_null(civic_remote_url_parse(&url, &u));
    assert_int_equal(u.authority.len, 5);
    assert_int_equal(u.base.len, 0);
}


static void
a_url_that_is_cut_anywhere_is_right_or_wrong_and_nothing_else(void **state)
{
    char                *copy;
    size_t               len, i;
    ngx_str_t            url;
    civic_remote_url_t   u;
    static const char    whole[] = "https://unix:/a%2fb:/c";

    len = sizeof(whole) - 1;

    for (i = 0; i <= len; i++) {
        copy = malloc(i + 1);
        assert_non_null(copy);
        memcpy(copy, whole, i);

        url.data = (u_char *) copy;
        url.len = i;

        (void) civic_remote_url_parse(&url, &u);
        free(copy);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(paths_that_stay_below_the_base_are_right),
        cmocka_unit_test(paths_that_might_leave_it_are_wrong),
        cmocka_unit_test(every_byte_of_a_path_is_judged),
        cmocka_unit_test(every_byte_of_a_header_is_judged),
        cmocka_unit_test(headers_of_the_connection_are_refused_in_any_case),
        cmocka_unit_test(a_url_comes_apart),
        cmocka_unit_test(
            a_url_that_is_cut_anywhere_is_right_or_wrong_and_nothing_else)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
