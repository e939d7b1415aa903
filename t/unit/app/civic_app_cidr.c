/* sources: src/app/civic_app_cidr.c */

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

#include "civic_app_cidr.h"


static ngx_int_t
parse(const char *text, civic_app_cidr_t *cidr)
{
    ngx_str_t    range;
    const char  *err;

    range.data = (u_char *) text;
    range.len = strlen(text);

    return civic_app_cidr_parse(&range, cidr, &err);
}


static ngx_uint_t
within(const char *range, const char *address)
{
    civic_app_cidr_t     cidr;
    struct sockaddr_in   sin;
    struct sockaddr_in6  sin6;

    assert_int_equal(parse(range, &cidr), NGX_OK);

    memset(&sin, 0, sizeof(sin));
    memset(&sin6, 0, sizeof(sin6));

    if (strchr(address, ':')) {
        sin6.sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, address, &sin6.sin6_addr), 1);
        return civic_app_cidr_match(&cidr, 1, (struct sockaddr *) &sin6);
    }

    sin.sin_family = AF_INET;
    assert_int_equal(inet_pton(AF_INET, address, &sin.sin_addr), 1);

    return civic_app_cidr_match(&cidr, 1, (struct sockaddr *) &sin);
}


static void
ranges(void **state)
{
    assert_true(within("10.0.0.0/8", "10.255.1.2"));
    assert_false(within("10.0.0.0/8", "11.0.0.0"));
    assert_true(within("10.1.2.3", "10.1.2.3"));
    assert_false(within("10.1.2.3", "10.1.2.4"));
    assert_true(within("192.168.4.0/23", "192.168.5.9"));
    assert_false(within("192.168.4.0/23", "192.168.6.0"));
    assert_true(within("0.0.0.0/0", "8.8.8.8"));
    assert_true(within("2001:db8::/33", "2001:db8:7fff::1"));
    assert_false(within("2001:db8::/33", "2001:db8:8000::1"));
    assert_true(within("::1", "::1"));
}


static void
families(void **state)
{
    struct sockaddr_un  sun;
    civic_app_cidr_t    cidr;

    assert_true(within("10.0.0.0/8", "::ffff:10.1.1.1"));
    assert_false(within("0.0.0.0/0", "2001:db8::1"));
    assert_false(within("::/0", "10.1.1.1"));
    assert_false(within("::/0", "::ffff:10.1.1.1"));

    memset(&sun, 0, sizeof(sun));
    sun.sun_family = AF_UNIX;

    assert_int_equal(parse("0.0.0.0/0", &cidr), NGX_OK);
    assert_false(civic_app_cidr_match(&cidr, 1, (struct sockaddr *) &sun));
    assert_false(civic_app_cidr_match(&cidr, 0, (struct sockaddr *) &sun));
}


static void
mistakes(void **state)
{
    ngx_uint_t        i;
    civic_app_cidr_t  cidr;

    static const char  *wrong[] = {
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08",
        "10.0.0.0/ 8", "10.0.0.0/8/8", "10.0.0/8", "10.0.0.1/8", "010.0.0.1",
        "256.0.0.1", "localhost", "2001:db8::1/32", "::/129", ":::",
        "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "[::1]", " ::1",
        "11111111111111111111111111111111111111111111111111111"
    };

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(parse(wrong[i], &cidr), NGX_DECLINED);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "an address lies in its range, and in no other",
          ranges, NULL, NULL, NULL },
        { "IPv4 stays IPv4, and a UNIX socket lies nowhere",
          families, NULL, NULL, NULL },
        { "what is no range is refused",
          mistakes, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
