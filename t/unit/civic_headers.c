/* sources: src/civic_headers.c */

/*
 * Copyright (C) Civic Gate
 *
 * Surgery on header lists against an oracle, an array of names: after every
 * operation the list reads like it, no element has moved, and no part but
 * the first is empty.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "stub_nginx.h"
#include "civic.h"


#define MAX  400


typedef struct {
    const char        *key;
    ngx_table_elt_t   *at;
} entry_t;


static entry_t   oracle[MAX];
static size_t    count;
static uint32_t  seed;


static const char  *keys[] = { "host", "accept", "x-civic-caller", "via" };


static ngx_http_request_t *
request(ngx_uint_t n)
{
    ngx_http_request_t  *r;

    r = calloc(1, sizeof(ngx_http_request_t));
    assert_non_null(r);

    r->main = r;
    r->pool = ngx_create_pool(4096, NULL);
    assert_non_null(r->pool);

    assert_int_equal(ngx_list_init(&r->headers_in.headers, r->pool, n,
                                   sizeof(ngx_table_elt_t)), NGX_OK);
    count = 0;

    return r;
}


static void
release(ngx_http_request_t *r)
{
    ngx_destroy_pool(r->pool);
    free(r);
}


static ngx_table_elt_t *
last_of(ngx_list_t *list)
{
    ngx_list_part_t  *part;

    part = list->last;
    assert_true(part->nelts > 0);

    return (ngx_table_elt_t *) part->elts + part->nelts - 1;
}


static ngx_int_t
push(ngx_http_request_t *r, const char *key)
{
    ngx_str_t            value = ngx_string("value");
    civic_header_name_t  name;

    name.key.len = strlen(key);
    name.key.data = (u_char *) key;
    name.lowcase = (u_char *) key;
    name.hash = 0;

    return civic_headers_in_add(r, &name, &value);
}


static void
add(ngx_http_request_t *r, const char *key)
{
    assert_true(count < MAX);
    assert_int_equal(push(r, key), NGX_OK);

    oracle[count].key = key;
    oracle[count].at = last_of(&r->headers_in.headers);
    count++;
}


/* what to remove: by key, or by place in the list */

typedef struct {
    const char  *key;
    size_t       from;
    size_t       to;
    size_t       seen;
} what_t;


static ngx_uint_t
match(ngx_table_elt_t *h, void *data)
{
    what_t  *what = data;

    size_t  i;

    i = what->seen++;

    return what->key ? strcmp((char *) h->lowcase_key, what->key) == 0
                     : i >= what->from && i < what->to;
}


static void
check(ngx_http_request_t *r)
{
    size_t            n;
    ngx_uint_t        i;
    ngx_list_t       *list;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    n = 0;
    list = &r->headers_in.headers;

    for (part = &list->part; part; part = part->next) {
        h = part->elts;

        if (part != &list->part) {
            assert_true(part->nelts > 0);
        }

        if (part->next == NULL) {
            assert_ptr_equal(part, list->last);
            assert_true(part->nelts <= list->nalloc);
        }

        for (i = 0; i < part->nelts; i++) {
            assert_true(n < count);
            assert_ptr_equal(&h[i], oracle[n].at);
            assert_string_equal((char *) h[i].lowcase_key, oracle[n].key);
            n++;
        }
    }

    assert_int_equal(n, count);
}


static void
take(ngx_http_request_t *r, const char *key, size_t from, size_t to)
{
    size_t  i, kept;
    what_t  what;

    what.key = key;
    what.from = from;
    what.to = to;
    what.seen = 0;

    assert_int_equal(civic_headers_in_remove(r, match, &what), NGX_OK);
    assert_int_equal(what.seen, count);

    kept = 0;

    for (i = 0; i < count; i++) {

        if (key ? strcmp(oracle[i].key, key) == 0 : i >= from && i < to) {
            continue;
        }

        oracle[kept++] = oracle[i];
    }

    count = kept;
    check(r);
}


static void
remove_and_push(ngx_uint_t room, size_t n, size_t from, size_t to)
{
    size_t               i;
    ngx_http_request_t  *r;

    r = request(room);

    for (i = 0; i < n; i++) {
        add(r, keys[i % 4]);
    }

    check(r);
    take(r, NULL, from, to);

    for (i = 0; i < room + 2; i++) {
        add(r, "x-new");
        check(r);
    }

    take(r, "x-new", 0, 0);
    release(r);
}


static void
every_run_of_elements_can_be_removed(void **state)
{
    size_t      n, from, to;
    ngx_uint_t  room;

    for (room = 1; room <= 5; room++) {
        for (n = 1; n <= 11; n++) {
            for (from = 0; from < n; from++) {
                for (to = from + 1; to <= n; to++) {
                    remove_and_push(room, n, from, to);
                }
            }
        }
    }
}


static uint32_t
chance(uint32_t n)
{
    seed = seed * 1103515245 + 12345;

    return (seed >> 16) % n;
}


static void
any_order_of_operations_agrees_with_the_oracle(void **state)
{
    ngx_uint_t           i, run;
    ngx_http_request_t  *r;

    for (run = 0; run < 300; run++) {
        seed = run;
        r = request(1 + chance(20));

        for (i = 0; i < 60; i++) {

            switch (chance(4)) {

            case 0:
                take(r, keys[chance(4)], 0, 0);
                break;

            case 1:
                if (count) {
                    seed += i;
                    take(r, NULL, chance(count), 1 + chance(count));
                }
                break;

            default:
                if (count < MAX) {
                    add(r, keys[chance(4)]);
                    check(r);
                }
            }
        }

        release(r);
    }
}


static void
authorization_is_forgotten_with_its_header(void **state)
{
    ngx_http_request_t  *r;

    r = request(4);

    add(r, "host");
    add(r, "authorization");
    r->headers_in.authorization = oracle[1].at;

    take(r, "host", 0, 0);
    assert_ptr_equal(r->headers_in.authorization, oracle[0].at);

    take(r, "authorization", 0, 0);
    assert_null(r->headers_in.authorization);

    release(r);
}


/* as ngx_http_subrequest() makes one */

static void
a_subrequest_leaves_its_parents_list_alone(void **state)
{
    size_t               i;
    entry_t              saved[MAX];
    ngx_http_request_t  *r, sr;

    for (i = 1; i < 12; i++) {
        r = request(4);

        while (count < i) {
            add(r, keys[count % 4]);
        }

        memcpy(saved, oracle, sizeof(saved));

        sr = *r;
        sr.main = r;
        sr.parent = r;

        if (sr.headers_in.headers.last == &r->headers_in.headers.part) {
            sr.headers_in.headers.last = &sr.headers_in.headers.part;
        }

        assert_int_equal(push(&sr, "x-new"), NGX_OK);
        check(r);
        assert_string_equal(last_of(&sr.headers_in.headers)->lowcase_key,
                            "x-new");

        add(r, "x-parent");
        check(r);
        assert_string_equal(last_of(&sr.headers_in.headers)->lowcase_key,
                            "x-new");

        release(r);
    }
}


static void
without_memory_nothing_is_lost(void **state)
{
    what_t               what = { NULL, 1, 2, 0 };
    ngx_http_request_t  *r;

    r = request(3);

    add(r, "host");
    add(r, "via");
    add(r, "accept");

    stub_nginx_allocations = 0;

    assert_int_equal(civic_headers_in_remove(r, match, &what), NGX_ERROR);
    assert_int_equal(push(r, "x"), NGX_ERROR);

    stub_nginx_allocations = -1;

    check(r);
    release(r);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(every_run_of_elements_can_be_removed),
        cmocka_unit_test(any_order_of_operations_agrees_with_the_oracle),
        cmocka_unit_test(authorization_is_forgotten_with_its_header),
        cmocka_unit_test(a_subrequest_leaves_its_parents_list_alone),
        cmocka_unit_test(without_memory_nothing_is_lost)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
