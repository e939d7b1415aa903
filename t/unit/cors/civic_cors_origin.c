/* sources: src/cors/civic_cors_origin.c */

/*
 * Copyright (C) Civic Gate
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "civic_cors_origin.h"


#define origin(text)  { sizeof(text) - 1, (u_char *) text }


static const struct {
    ngx_str_t    text;
    const char  *err;
} words[] = {
    { origin("https://a.example"), NULL },
    { origin("http://localhost:3000"), NULL },
    { origin("http://127.0.0.1:65535"), NULL },
    { origin("http://[::1]:3000"), NULL },
    { origin("https://[fe80::1]"), NULL },
    { origin("https://xn--fiqs8s"), NULL },
    { origin("https://*.example.gov.cn"), NULL },
    { origin("https://*.example.cn:8443"), NULL },

    { origin(""), "has no scheme http:// or https://" },
    { origin("a.example"), "has no scheme http:// or https://" },
    { origin("ftp://a.example"), "has no scheme http:// or https://" },
    { origin("HTTPS://a.example"), "has no scheme http:// or https://" },
    { origin("https://"), "has a host that is none" },
    { origin("https://a.example/"), "has a path" },
    { origin("https://a.example:1/"), "has a path" },
    { origin("https://A.example"), "has capital letters" },
    { origin("https://a.example:"), "has a port that is none" },
    { origin("https://a.example:0"), "has a port that is none" },
    { origin("https://a.example:08443"), "has a port that is none" },
    { origin("https://a.example:65536"), "has a port that is none" },
    { origin("https://a.example:x"), "has a port that is none" },
    { origin("https://a.example:443"),
      "names the port that its scheme has anyway" },
    { origin("http://a.example:80"),
      "names the port that its scheme has anyway" },
    { origin("https://a..example"), "has a host that is none" },
    { origin("https://.example"), "has a host that is none" },
    { origin("https://a.example."), "has a host that is none" },
    { origin("https://a@b.example"), "has a host that is none" },
    { origin("https://a b"), "has a host that is none" },
    { origin("https://[::1"), "has a port that is none" },
    { origin("https://[ab"), "has a host that is none" },
    { origin("https://[g]"), "has a host that is none" },
    { origin("https://*"), "has a host that is none" },
    { origin("https://a.*.example"), "has a host that is none" },
    { origin("https://*a.example"), "has a host that is none" },
    { origin("https://*.*.example"), "has a host that is none" },
    { origin("https://*.cn"),
      "is too wide: at least two labels follow the \"*\"" }
};


static const struct {
    ngx_str_t   text;
    ngx_str_t   value;
    int         match;
} matches[] = {
    { origin("https://a.example"), origin("https://a.example"), 1 },
    { origin("https://a.example"), origin("https://A.example"), 0 },
    { origin("https://a.example"), origin("http://a.example"), 0 },
    { origin("https://a.example"), origin("https://a.example:443"), 0 },
    { origin("https://a.example"), origin("https://a.example:8443"), 0 },
    { origin("https://a.example"), origin("https://a.example.evil"), 0 },
    { origin("https://a.example"), origin("https://a.exampl"), 0 },
    { origin("https://a.example"), origin("https://aa.example"), 0 },
    { origin("https://a.example"), origin("null"), 0 },
    { origin("https://a.example"), origin(""), 0 },
    { origin("https://*.a.example"), origin("https://b.a.example"), 1 },
    { origin("https://*.a.example"), origin("https://b-2.a.example"), 1 },
    { origin("https://*.a.example"), origin("https://a.example"), 0 },
    { origin("https://*.a.example"), origin("https://.a.example"), 0 },
    { origin("https://*.a.example"), origin("https://c.b.a.example"), 0 },
    { origin("https://*.a.example"), origin("https://b.a.example:1"), 0 },
    { origin("https://*.a.example"), origin("https://evil/.a.example"), 0 },
    { origin("https://*.a.example"), origin("https://b.a.example.evil"), 0 },
    { origin("https://*.a.example"), origin("http://b.a.example"), 0 },
    { origin("https://*.a.example:8443"), origin("https://b.a.example:8443"),
      1 },
    { origin("https://*.a.example:8443"), origin("https://b.a.example"), 0 },
    { origin("http://[::1]:3000"), origin("http://[::1]:3000"), 1 }
};


static void
origins_of_the_configuration(void **state)
{
    size_t                i;
    const char           *err;
    civic_cors_origin_t   origin;

    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {

        err = civic_cors_origin_parse(&origin, &words[i].text);

        if (words[i].err == NULL) {
            if (err != NULL) {
                fail_msg("%s: it %s", words[i].text.data, err);
            }

            continue;
        }

        if (err == NULL) {
            fail_msg("%s is accepted", words[i].text.data);
        }

        assert_string_equal(err, words[i].err);
    }
}


static void
origins_of_browsers(void **state)
{
    size_t               i;
    civic_cors_origin_t  origin;

    for (i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {

        assert_null(civic_cors_origin_parse(&origin, &matches[i].text));

        if ((int) civic_cors_origin_match(&origin, &matches[i].value)
            != matches[i].match)
        {
            fail_msg("%s against %s", matches[i].value.data,
                     matches[i].text.data);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        { "what no browser would send is no origin",
          origins_of_the_configuration, NULL, NULL, NULL },
        { "an origin is listed byte by byte, or by one label",
          origins_of_browsers, NULL, NULL, NULL }
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
