/* sources: src/remote/civic_remote_head.c src/remote/civic_remote_check.c */

/*
 * Copyright (C) Civic Gate
 *
 * Heads of answers as remotes send them, and as they should not.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_remote_head.h"


static ngx_pool_t           *pool;
static civic_remote_head_t   head;


static int
setup(void **state)
{
    pool = ngx_create_pool(4096, NULL);

    return civic_remote_head_init(&head, pool) == NGX_OK ? 0 : -1;
}


static int
teardown(void **state)
{
    ngx_destroy_pool(pool);

    return 0;
}


/* each line in memory of its own: nothing may be kept or read beyond */

static ngx_int_t
line(const char *text)
{
    size_t     len;
    ngx_int_t  rc;
    ngx_str_t  s;

    len = strlen(text);

    s.data = malloc(len ? len : 1);
    s.len = len;

    memcpy(s.data, text, len);

    rc = civic_remote_head_line(&head, &s);

    free(s.data);

    return rc;
}


static const char *
value(const char *name)
{
    ngx_uint_t     i;
    ngx_keyval_t  *header;

    header = head.headers.elts;

    for (i = 0; i < head.headers.nelts; i++) {

        if (strcasecmp((char *) header[i].key.data, name) == 0) {
            return (char *) header[i].value.data;
        }
    }

    return NULL;
}


static void
a_head_has_its_status_and_headers(void **state)
{
    assert_int_equal(line("HTTP/1.1 200 OK\r\n"), NGX_OK);
    assert_int_equal(line("A:b\r\n"), NGX_OK);
    assert_int_equal(line("C: \t d e \t\r\n"), NGX_OK);
    assert_int_equal(line("Empty:\r\n"), NGX_OK);
    assert_int_equal(line("a: again\n"), NGX_OK);
    assert_int_equal(line("\r\n"), NGX_DONE);

    assert_int_equal(head.status, 200);
    assert_int_equal(head.headers.nelts, 4);
    assert_string_equal(value("A"), "b");
    assert_string_equal(value("C"), "d e");
    assert_string_equal(value("Empty"), "");
}


static void
interim_answers_and_trailers_leave_nothing(void **state)
{
    assert_int_equal(line("HTTP/1.1 103 Early\r\n"), NGX_OK);
    assert_int_equal(line("A: early\r\n"), NGX_OK);
    assert_int_equal(line("\r\n"), NGX_OK);
    assert_int_equal(line("HTTP/1.1 204\r\n"), NGX_OK);
    assert_int_equal(line("B: c\r\n"), NGX_OK);
    assert_int_equal(line("\r\n"), NGX_DONE);
    assert_int_equal(line("A: late\r\n"), NGX_OK);
    assert_int_equal(line("\r\n"), NGX_OK);

    assert_int_equal(head.status, 204);
    assert_int_equal(head.headers.nelts, 1);
    assert_string_equal(value("B"), "c");
}


static void
headers_of_the_hop_are_taken_out(void **state)
{
    assert_int_equal(line("HTTP/1.1 200 OK\r\n"), NGX_OK);
    assert_int_equal(line("X-One: 1\r\n"), NGX_OK);
    assert_int_equal(line("Connection: close ,x-ONE\r\n"), NGX_OK);
    assert_int_equal(line("Transfer-Encoding: chunked\r\n"), NGX_OK);
    assert_int_equal(line("connection: X-Two,\r\n"), NGX_OK);
    assert_int_equal(line("X-Two: 2\r\n"), NGX_OK);
    assert_int_equal(line("X-On: 3\r\n"), NGX_OK);
    assert_int_equal(line("Content-Length: 4\r\n"), NGX_OK);
    assert_int_equal(line("\r\n"), NGX_DONE);

    assert_int_equal(head.headers.nelts, 2);
    assert_string_equal(value("X-On"), "3");
    assert_string_equal(value("Content-Length"), "4");
}


static void
what_is_not_http_is_declined(void **state)
{
    ngx_uint_t                 i;
    static const char  *const  status[] = {
        "\r\n", "HTTP/1.1\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000\r\n",
        "HTTP/1.1 600 x\r\n", "HTTP/1.1 099 x\r\n", "HTTP/1.1 2x0 x\r\n",
        "HTTP/2 200\r\n", "HTTP/1.1  200\r\n", "http/1.1 200 OK\r\n",
        "HTTP/1.1 101 Switching\r\n", "ICY 200 OK\r\n"
    };
    static const char  *const  headers[] = {
        "no colon\r\n", ": x\r\n", "A : x\r\n", " folded: x\r\n",
        "A: b\x01\r\n", "A: b\rc\r\n", "A\x80: b\r\n", "A: b\x7f\r\n"
    };

    for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
        head.status = 0;

        if (line(status[i]) != NGX_DECLINED) {
            fail_msg("taken: %s", status[i]);
        }
    }

    assert_int_equal(line("HTTP/1.1 200 OK\r\n"), NGX_OK);

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {

        if (line(headers[i]) != NGX_DECLINED) {
            fail_msg("taken: %s", headers[i]);
        }
    }
}


static void
more_lines_than_allowed_are_too_many(void **state)
{
    ngx_uint_t  i;

    assert_int_equal(line("HTTP/1.1 200 OK\r\n"), NGX_OK);

    for (i = 0; i < CIVIC_REMOTE_HEAD_LINES; i++) {
        assert_int_equal(line("A: b\r\n"), NGX_OK);
    }

    assert_int_equal(line("A: b\r\n"), NGX_BUSY);
}


static void
endless_interim_answers_come_to_an_end(void **state)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    rc = NGX_OK;

    for (i = 0; i < CIVIC_REMOTE_HEAD_BYTES && rc == NGX_OK; i++) {
        rc = line(i % 2 ? "\r\n" : "HTTP/1.1 100 Continue\r\n");
    }

    assert_int_equal(rc, NGX_BUSY);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(a_head_has_its_status_and_headers,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            interim_answers_and_trailers_leave_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(headers_of_the_hop_are_taken_out,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_http_is_declined, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(more_lines_than_allowed_are_too_many,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            endless_interim_answers_come_to_an_end, setup, teardown)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
