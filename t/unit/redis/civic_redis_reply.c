/* sources: src/redis/civic_redis_reply.c */

/*
 * Copyright (C) Civic Gate
 *
 * Replies become values, however the bytes are cut; what is too large, too
 * deep or no RESP does not.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_redis_reply.h"
#include "stub_nginx.h"


#define MAX  4096


static ngx_log_t  no_log;


/* what a value is, as a text */

static void
show(char *out, const civic_value_t *value)
{
    ngx_uint_t  i;

    out += strlen(out);

    switch (value->type) {

    case CIVIC_VALUE_NIL:
        strcpy(out, "nil");
        break;

    case CIVIC_VALUE_NULL:
        strcpy(out, "null");
        break;

    case CIVIC_VALUE_NUMBER:
        sprintf(out, "%.0f", value->u.number);
        break;

    case CIVIC_VALUE_STRING:
        sprintf(out, "'%.*s'", (int) value->u.string.len,
                value->u.string.data);
        break;

    default:
        if (value->u.table->npairs) {
            assert_int_equal(value->u.table->shape, CIVIC_VALUE_OBJECT);
            show(strcpy(out, "err="), &value->u.table->pairs[0].value);
            break;
        }

        assert_int_equal(value->u.table->shape, CIVIC_VALUE_ARRAY);
        strcpy(out, "[");

        for (i = 0; i < value->u.table->nitems; i++) {
            show(out, &value->u.table->items[i]);
            strcat(out, ",");
        }

        strcat(out, "]");
        break;
    }
}


/* all replies of the bytes, which come in two pieces; then what is left */

static ngx_int_t
read_all(const char *wire, size_t len, size_t cut, char *out)
{
    ngx_int_t              rc;
    ngx_uint_t             i;
    civic_redis_reply_t    reply;
    civic_redis_reader_t  *reader;

    reader = civic_redis_reader_create(MAX, &no_log);
    assert_non_null(reader);

    out[0] = '\0';
    rc = NGX_AGAIN;

    for (i = 0; i < 2 && rc == NGX_AGAIN; i++) {

        if (i ? len > cut : cut > 0) {
            assert_int_equal(civic_redis_reader_feed(reader,
                                        (u_char *) wire + (i ? cut : 0),
                                        i ? len - cut : cut),
                             NGX_OK);
        }

        while ((rc = civic_redis_reader_next(reader, &reply)) == NGX_OK) {

            if (reply.error) {
                strcat(out, "!");
            }

            show(out, reply.value);
            strcat(out, ";");
            ngx_destroy_pool(reply.pool);
        }
    }

    civic_redis_reader_destroy(reader);

    return rc;
}


static void
replies_become_values_wherever_they_are_cut(void **state)
{
    char    out[1024];
    size_t  cut;

    static const char  wire[] =
        "+OK\r\n-ERR no\r\n:-12\r\n$-1\r\n$0\r\n\r\n$4\r\na\r\nb\r\n"
        "*0\r\n*-1\r\n*4\r\n:1\r\n$-1\r\n-MINE x\r\n*2\r\n+a\r\n*0\r\n+end\r\n";

    for (cut = 0; cut < sizeof(wire); cut++) {
        assert_int_equal(read_all(wire, sizeof(wire) - 1, cut, out),
                         NGX_AGAIN);
        assert_string_equal(out, "'OK';!'ERR no';-12;nil;'';'a\r\nb';"
                                 "[];nil;[1,null,err='MINE x',['a',[],],];"
                                 "'end';");
    }
}


static void
what_is_too_large_is_declined(void **state)
{
    char    out[8192], wire[8192];
    size_t  len;

    /* a string that is, and one that is not */

    len = sprintf(wire, "$%d\r\n", MAX);
    memset(wire + len, 'x', MAX);
    len += MAX;
    len += sprintf(wire + len, "\r\n");
    assert_int_equal(read_all(wire, len, len - 3, out), NGX_AGAIN);
    assert_int_equal(strlen(out), MAX + 3);

    len = sprintf(wire, "$%d\r\n", MAX + 1);
    memset(wire + len, 'x', MAX + 1);
    len += MAX + 1;
    len += sprintf(wire + len, "\r\n");
    assert_int_equal(read_all(wire, len, len, out), NGX_DECLINED);

    /* one that never comes to its end */

    len = sprintf(wire, "$99999999\r\n");
    memset(wire + len, 'x', MAX + 100);
    assert_int_equal(read_all(wire, len + MAX + 100, 10, out), NGX_DECLINED);

    /* an array by its announcement alone; several that add up */

    len = sprintf(wire, "*1000000000\r\n");
    assert_int_equal(read_all(wire, len, len, out), NGX_DECLINED);

    len = sprintf(wire, "*3\r\n*100\r\n");

    while (len < 10 + 400) {
        len += sprintf(wire + len, ":1\r\n");
    }

    len += sprintf(wire + len, "*100\r\n");
    assert_int_equal(read_all(wire, len, len, out), NGX_DECLINED);
}


static void
what_is_no_resp_is_an_error(void **state)
{
    char        out[1024];
    ngx_uint_t  i;

    static const char  *wires[] = {
        "HTTP/1.1 400\r\n",
        ">2\r\n+message\r\n",
        "%1\r\n+a\r\n+b\r\n",
        "*1\r\n?\r\n",
        ":x\r\n",
        "$x\r\n",
        "$-5\r\n",
        "*-9\r\n",
        ",1.5\r\n",
        "#t\r\n",
        "_\r\n",
        "=7\r\ntxt:abc\r\n",
        "(12345678901234567890\r\n",
        "*1\r\n,1.5\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"
    };

    for (i = 0; i < sizeof(wires) / sizeof(wires[0]); i++) {
        assert_int_equal(read_all(wires[i], strlen(wires[i]), 0, out),
                         NGX_ERROR);
    }
}


static void
without_memory_it_fails_and_leaks_nothing(void **state)
{
    char       out[1024];
    ngx_int_t  n, rc;

    static const char  wire[] = "*3\r\n$1\r\na\r\n*1\r\n:1\r\n-E x\r\n";

    stub_nginx_allocations = 0;
    assert_null(civic_redis_reader_create(MAX, &no_log));

    for (n = 1; n < 40; n++) {
        stub_nginx_allocations = n;
        rc = read_all(wire, sizeof(wire) - 1, 7, out);
        stub_nginx_allocations = -1;

        assert_true(rc == NGX_ERROR || rc == NGX_AGAIN);

        if (rc == NGX_AGAIN) {
            assert_string_equal(out, "['a',[1,],err='E x',];");
            return;
        }
    }

    fail();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(replies_become_values_wherever_they_are_cut),
        cmocka_unit_test(what_is_too_large_is_declined),
        cmocka_unit_test(what_is_no_resp_is_an_error),
        cmocka_unit_test(without_memory_it_fails_and_leaks_nothing)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
