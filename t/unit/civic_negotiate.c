/* sources: src/civic_negotiate.c */

/*
 * Copyright (C) Civic Gate
 *
 * Weights that Accept and Accept-Language give.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_negotiate.h"


typedef ngx_uint_t (*weigh_pt)(const ngx_str_t *list, const ngx_str_t *name);


typedef struct {
    const char  *list;
    const char  *name;
    ngx_uint_t   weight;
} case_t;


static const case_t  media[] = {
    { "", "text/html", 0 },
    { "text/html", "text/html", 1000 },
    { "Text/HTML", "text/html", 1000 },
    { "text/*", "text/html", 1000 },
    { "TEXT/*;q=0.5", "text/html", 500 },
    { "*/*", "text/html", 1000 },
    { "text/htm", "text/html", 0 },
    { "text/html5", "text/html", 0 },
    { "text/", "text/html", 0 },
    { "*", "text/html", 0 },
    { "application/json", "application/problem+json", 0 },
    { "*/*;q=0.1, text/*;q=0.2, text/html;q=0.3", "text/html", 300 },
    { "text/html;q=0.3, text/*;q=0.2, */*;q=0.1", "text/html", 300 },
    { "*/*;q=0.9, text/html;q=0", "text/html", 0 },
    { "text/html;level=1;q=0.7", "text/html", 700 },
    { "text/html;q=0.123", "text/html", 123 },
    { "text/html;q=0.1234", "text/html", 123 },
    { "text/html;q=0.", "text/html", 0 },
    { "text/html;q=0", "text/html", 0 },
    { "text/html;q=1.000", "text/html", 1000 },
    { "text/html;q=", "text/html", 1000 },
    { "text/html;q", "text/html", 1000 },
    { "text/html;", "text/html", 1000 },
    { "text/html; Q=0.4", "text/html", 400 },
    { " text/html ; q=0.4 ", "text/html", 400 },
    { "\ttext/html\t;\tq=0.4", "text/html", 400 },
    { ",,text/html,,", "text/html", 1000 },
    { ";q=0.4", "text/html", 0 },
    { ";;;,;,", "text/html", 0 }
};


static const case_t  languages[] = {
    { "", "zh", 0 },
    { "zh", "zh", 1000 },
    { "ZH-cn", "zh", 1000 },
    { "zh-Hans-CN;q=0.8", "zh", 800 },
    { "zhx", "zh", 0 },
    { "z", "zh", 0 },
    { "*", "zh", 1000 },
    { "*;q=0.5, zh;q=0.1", "zh", 100 },
    { "en, zh;q=0.9", "zh", 900 },
    { "zh;q=0, *", "zh", 0 }
};


/* the list ends where its allocation ends */

static void
run(const case_t *cases, size_t n, weigh_pt weigh)
{
    size_t      i;
    ngx_str_t   list, name;
    ngx_uint_t  weight;

    for (i = 0; i < n; i++) {

        list.len = strlen(cases[i].list);
        list.data = malloc(list.len ? list.len : 1);
        assert_non_null(list.data);
        memcpy(list.data, cases[i].list, list.len);

        name.len = strlen(cases[i].name);
        name.data = (u_char *) cases[i].name;

        weight = weigh(&list, &name);

        if (weight != cases[i].weight) {
            fail_msg("\"%s\" gives %s %d, not %d", cases[i].list,
                     cases[i].name, (int) weight, (int) cases[i].weight);
        }

        free(list.data);
    }
}


static void
the_most_specific_media_range_counts(void **state)
{
    run(media, sizeof(media) / sizeof(media[0]), civic_negotiate_media);
}


static void
the_most_specific_language_range_counts(void **state)
{
    run(languages, sizeof(languages) / sizeof(languages[0]),
        civic_negotiate_language);
}


/* a header that is missing has no data at all */

static void
a_missing_header_weighs_nothing(void **state)
{
    ngx_str_t  none = ngx_null_string;
    ngx_str_t  html = ngx_string("text/html");
    ngx_str_t  zh = ngx_string("zh");

    assert_int_equal(civic_negotiate_media(&none, &html), 0);
    assert_int_equal(civic_negotiate_language(&none, &zh), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(the_most_specific_media_range_counts),
        cmocka_unit_test(the_most_specific_language_range_counts),
        cmocka_unit_test(a_missing_header_weighs_nothing)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
