/* sources: src/sign/civic_sign_field.c */

/*
 * Copyright (C) Civic Gate
 *
 * Dictionaries of RFC 8941, as they are written: what is one, and what only
 * looks like it.
 */


#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "civic_sign_field.h"


typedef struct {
    const char  *title;
    const char  *text;
    ngx_int_t    members;              /* -1: malformed */
} field_row_t;


static const field_row_t  field_rows[] = {
    { "nothing is a dictionary of nothing", "", 0 },
    { "spaces around are none of it", "  a=1  ", 1 },
    { "three members", "a=1,b=2 ,\tc=3", 3 },
    { "a key alone is true", "a, b;x;y=1", 2 },
    { "all kinds of items", "a=1, b=-1.5, c=\"s\", d=t/o:k*n, e=:AAE=:, f=?0",
      6 },
    { "lists", "a=(), b=(\"x\";p 1 t), c=(:AAAA:);k", 3 },
    { "escapes", "a=\"q\\\"b\\\\\"", 1 },
    { "keys have digits and signs", "*a_-.*0=1", 1 },
    { "fifteen digits", "a=123456789012345", 1 },

    { "a comma at the end", "a=1,", -1 },
    { "a comma in front", ",a=1", -1 },
    { "two commas", "a=1,,b=2", -1 },
    { "no comma", "a=1 b=2", -1 },
    { "a capital in a key", "A=1", -1 },
    { "a key of digits", "1=1", -1 },
    { "no value", "a=", -1 },
    { "a space before a value", "a= 1", -1 },
    { "sixteen digits", "a=1234567890123456", -1 },
    { "a zero in front", "a=01", -1 },
    { "less than nothing", "a=-0", -1 },
    { "a sign alone", "a=-", -1 },
    { "a point at the end", "a=1.", -1 },
    { "four decimals", "a=1.0001", -1 },
    { "a zero behind", "a=1.50", -1 },
    { "an open string", "a=\"b", -1 },
    { "an escape of another", "a=\"\\b\"", -1 },
    { "an escape at the end", "a=\"\\", -1 },
    { "a control byte", "a=\"\x01\"", -1 },
    { "a byte beyond ASCII", "a=\"\xe4\"", -1 },
    { "open bytes", "a=:AAAA", -1 },
    { "no padding", "a=:AAE:", -1 },
    { "too much padding", "a=:A===:", -1 },
    { "only padding", "a=:====:", -1 },
    { "unused bits", "a=:AAF=:", -1 },
    { "base64url", "a=:AA-_:", -1 },
    { "a space in base64", "a=:AA A:", -1 },
    { "no boolean", "a=?2", -1 },
    { "a boolean cut off", "a=?", -1 },
    { "true is not said", "a=1;b=?1", -1 },
    { "an open list", "a=(1 2", -1 },
    { "two spaces in a list", "a=(1  2)", -1 },
    { "a space in front in a list", "a=( 1)", -1 },
    { "a space behind in a list", "a=(1 )", -1 },
    { "no space in a list", "a=(\"a\"\"b\")", -1 },
    { "a list in a list", "a=((1))", -1 },
    { "a space behind a semicolon", "a=1; b", -1 },
    { "a semicolon alone", "a=1;", -1 }
};


static void
test_field(void **state)
{
    size_t                len;
    ngx_int_t             rc, n;
    ngx_str_t             text;
    civic_sign_field_t    field;
    civic_sign_member_t   member;
    const field_row_t    *row = *state;

    /* on the heap, without a byte behind it */

    len = strlen(row->text);
    text.len = len;
    text.data = memcpy(malloc(len ? len : 1), row->text, len);

    civic_sign_field_init(&field, &text);

    for (n = 0; /* void */ ; n++) {
        rc = civic_sign_field_member(&field, &member);

        if (rc != NGX_OK) {
            break;
        }
    }

    assert_int_equal(rc == NGX_DONE ? n : -1, row->members);

    free(text.data);
}


static void
test_base64(void **state)
{
    size_t     len;
    u_char     out[8];
    ngx_str_t  text = ngx_string("+/8AZg==");

    assert_int_equal(civic_sign_field_base64(out, &len, &text), NGX_OK);
    assert_int_equal(len, 4);
    assert_memory_equal(out, "\xfb\xff\x00\x66", 4);

    text.len = 0;
    assert_int_equal(civic_sign_field_base64(out, &len, &text), NGX_OK);
    assert_int_equal(len, 0);
}


int
main(void)
{
    size_t             i, n;
    struct CMUnitTest  tests[64];

    memset(tests, 0, sizeof(tests));

    n = sizeof(field_rows) / sizeof(field_rows[0]);

    for (i = 0; i < n; i++) {
        tests[i].name = field_rows[i].title;
        tests[i].test_func = test_field;
        tests[i].initial_state = (void *) &field_rows[i];
    }

    tests[n].name = "bytes are decoded";
    tests[n++].test_func = test_base64;

    return _cmocka_run_group_tests("sign_field", tests, n, NULL, NULL);
}
