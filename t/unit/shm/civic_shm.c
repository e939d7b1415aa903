/* sources: src/shm/civic_shm.c */

/*
 * Copyright (C) Civic Gate
 *
 * The store against an oracle that is too simple to be wrong: an array of
 * entries in order of use, each with its own copy of its data.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_shm.h"


#define CELL        64
#define SMALL       (32 * 1024)
#define FIRST       32                 /* payload of a first cell of 64 */
#define FURTHER     60
#define MAX_LEN     2000
#define MAX_MODEL   1024
#define KEYS        300


typedef struct {
    ngx_uint_t     id;
    size_t         len;
    u_char         data[MAX_LEN];
} model_entry_t;


/* in order of use: the oldest first */

static model_entry_t  model[MAX_MODEL];
static ngx_uint_t     model_n;

static u_char         region[SMALL] __attribute__((aligned(64)));
static uint32_t       seed;


static uint32_t
draw(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;

    return (seed >> 8) % n;
}


/* few first bytes, so that hash chains are long */

static u_char *
key_of(ngx_uint_t id)
{
    static u_char  key[CIVIC_SHM_KEY_LEN];

    ngx_memzero(key, CIVIC_SHM_KEY_LEN);
    key[0] = id % 7;
    ngx_memcpy(key + 8, &id, sizeof(id));

    return key;
}


static ngx_uint_t
cells_of(size_t len)
{
    return len <= FIRST ? 1 : 1 + (len - FIRST + FURTHER - 1) / FURTHER;
}


static ngx_uint_t
model_cells(void)
{
    ngx_uint_t  i, n;

    for (n = 0, i = 0; i < model_n; i++) {
        n += cells_of(model[i].len);
    }

    return n;
}


static void
model_remove(ngx_uint_t i)
{
    model_n--;
    ngx_memmove(&model[i], &model[i + 1],
                (model_n - i) * sizeof(model_entry_t));
}


static model_entry_t *
model_find(ngx_uint_t id, ngx_uint_t touch)
{
    ngx_uint_t            i;
    static model_entry_t  copy;

    for (i = 0; i < model_n; i++) {
        if (model[i].id != id) {
            continue;
        }

        if (!touch) {
            return &model[i];
        }

        copy = model[i];
        model_remove(i);
        model[model_n] = copy;

        return &model[model_n++];
    }

    return NULL;
}


static void
step_insert(civic_shm_t *shm, ngx_uint_t id)
{
    void           *entry;
    size_t          len, i;
    ngx_uint_t      evicted, expected;
    model_entry_t  *m;

    len = draw(4) ? draw(FIRST + 1) : draw(MAX_LEN);

    entry = civic_shm_insert(shm, key_of(id), len, &evicted);
    assert_non_null(entry);
    assert_int_equal((uintptr_t) entry % 16, 0);

    for (i = 0; i < FIRST; i++) {
        assert_int_equal(((u_char *) entry)[i], 0);
    }

    m = model_find(id, 0);
    if (m) {
        model_remove(m - model);
    }

    for (expected = 0;
         model_cells() + cells_of(len) > civic_shm_cells(shm);
         expected++)
    {
        model_remove(0);
    }

    assert_int_equal(evicted, expected);

    m = &model[model_n++];
    m->id = id;
    m->len = len;

    for (i = 0; i < len; i++) {
        m->data[i] = draw(256);
    }

    civic_shm_write(shm, entry, 0, m->data, len);
}


static void
step_find(civic_shm_t *shm, ngx_uint_t id)
{
    void           *entry;
    u_char          data[MAX_LEN];
    size_t          at, len;
    model_entry_t  *m;

    entry = civic_shm_find(shm, key_of(id));
    m = model_find(id, 1);

    assert_int_equal(entry == NULL, m == NULL);

    if (m == NULL || m->len == 0) {
        return;
    }

    civic_shm_read(shm, entry, 0, data, m->len);
    assert_memory_equal(data, m->data, m->len);

    at = draw(m->len);
    len = draw(m->len - at + 1);

    ngx_memset(m->data + at, draw(256), len);
    civic_shm_write(shm, entry, at, m->data + at, len);

    civic_shm_read(shm, entry, at, data, len);
    assert_memory_equal(data, m->data + at, len);
}


static void
step(civic_shm_t *shm)
{
    u_char      *oldest;
    ngx_uint_t   id;

    id = draw(KEYS);

    switch (draw(8)) {

    case 0:
    case 1:
    case 2:
        step_insert(shm, id);
        break;

    case 3:
        civic_shm_remove(shm, key_of(id));

        if (model_find(id, 0)) {
            model_remove(model_find(id, 0) - model);
        }

        break;

    case 4:
        assert_int_equal(civic_shm_peek(shm, key_of(id)) == NULL,
                         model_find(id, 0) == NULL);
        break;

    default:
        step_find(shm, id);
    }

    oldest = civic_shm_oldest(shm);
    assert_int_equal(oldest == NULL, model_n == 0);

    if (oldest) {
        assert_memory_equal(oldest, key_of(model[0].id), CIVIC_SHM_KEY_LEN);
    }

    assert_int_equal(civic_shm_entries(shm), model_n);
}


static civic_shm_t *
small(void)
{
    civic_shm_t  *shm;

    model_n = 0;
    seed = 20241123;

    ngx_memset(region, 0xa5, SMALL);

    shm = civic_shm_init(region, SMALL, CELL);
    assert_non_null(shm);

    return shm;
}


static void
it_behaves_as_the_oracle(void **state)
{
    ngx_uint_t    i;
    civic_shm_t  *shm;

    shm = small();

    for (i = 0; i < 20000; i++) {
        assert_int_equal(civic_shm_enter(shm), NGX_OK);
        step(shm);
        civic_shm_leave(shm);
    }
}


/* whatever was torn, the next one to enter finds an empty, sound store */

static void
a_death_inside_empties_it(void **state)
{
    ngx_uint_t    i, round;
    civic_shm_t  *shm;

    shm = small();

    for (round = 0; round < 20; round++) {
        for (i = 0; i < 500; i++) {
            assert_int_equal(civic_shm_enter(shm), NGX_OK);
            step(shm);
            civic_shm_leave(shm);
        }

        assert_true(civic_shm_entries(shm) > 0);
        assert_int_equal(civic_shm_enter(shm), NGX_OK);

        /* links of a cell half written, and nobody leaves */

        i = draw(civic_shm_cells(shm) / 2);
        ngx_memset(region + SMALL - (i + 1) * CELL, 0x5a, 16);

        assert_int_equal(civic_shm_enter(shm), NGX_DECLINED);
        assert_int_equal(civic_shm_entries(shm), 0);
        assert_null(civic_shm_oldest(shm));
        civic_shm_leave(shm);

        model_n = 0;
    }
}


static void
the_least_recently_used_goes_first(void **state)
{
    ngx_uint_t    i, n, evicted;
    civic_shm_t  *shm;

    shm = small();
    n = civic_shm_cells(shm);

    for (i = 0; i < n; i++) {
        assert_non_null(civic_shm_insert(shm, key_of(i), 8, &evicted));
        assert_int_equal(evicted, 0);
    }

    /* used again: 0; only looked at: 1 */

    assert_non_null(civic_shm_find(shm, key_of(0)));
    assert_non_null(civic_shm_peek(shm, key_of(1)));

    assert_non_null(civic_shm_insert(shm, key_of(n), 8, &evicted));
    assert_int_equal(evicted, 1);

    assert_non_null(civic_shm_peek(shm, key_of(0)));
    assert_null(civic_shm_peek(shm, key_of(1)));
    assert_non_null(civic_shm_peek(shm, key_of(2)));

    /* three cells take three more; the same key again takes none */

    assert_non_null(civic_shm_insert(shm, key_of(n + 1), FIRST + FURTHER + 1,
                                     &evicted));
    assert_int_equal(evicted, 3);

    assert_non_null(civic_shm_insert(shm, key_of(n + 1), FIRST + FURTHER + 1,
                                     &evicted));
    assert_int_equal(evicted, 0);
    assert_int_equal(civic_shm_entries(shm), n - 2);
}


static void
more_than_a_quarter_is_refused(void **state)
{
    size_t        most;
    ngx_uint_t    evicted;
    civic_shm_t  *shm;

    shm = small();
    most = FIRST + (civic_shm_cells(shm) / 4 - 1) * FURTHER;

    assert_non_null(civic_shm_insert(shm, key_of(1), 1, &evicted));
    assert_non_null(civic_shm_insert(shm, key_of(2), most, &evicted));

    assert_null(civic_shm_insert(shm, key_of(1), most + 1, &evicted));
    assert_null(civic_shm_insert(shm, key_of(1), (size_t) -1, &evicted));
    assert_int_equal(evicted, 0);

    assert_int_equal(civic_shm_entries(shm), 2);
}


static void
reading_and_writing_end_with_the_entry(void **state)
{
    u_char        data[256];
    void         *entry;
    ngx_uint_t    evicted;
    civic_shm_t  *shm;

    shm = small();

    entry = civic_shm_insert(shm, key_of(1), FIRST + 1, &evicted);
    assert_non_null(civic_shm_insert(shm, key_of(2), FIRST, &evicted));

    ngx_memset(data, 'x', sizeof(data));
    civic_shm_write(shm, entry, 0, data, sizeof(data));

    ngx_memzero(data, sizeof(data));
    civic_shm_read(shm, entry, 0, data, sizeof(data));

    assert_int_equal(data[FIRST + FURTHER - 1], 'x');
    assert_int_equal(data[FIRST + FURTHER], 0);

    civic_shm_read(shm, civic_shm_find(shm, key_of(2)), 0, data, FIRST);
    assert_int_equal(data[0], 0);

    data[0] = 'y';
    civic_shm_read(shm, entry, 100000, data, 1);
    assert_int_equal(data[0], 'y');
}


static void
too_small_a_region_is_refused(void **state)
{
    size_t        size;
    civic_shm_t  *shm;

    assert_null(civic_shm_init(region, 0, CELL));
    assert_null(civic_shm_init(region, 7 * CELL, CELL));

    for (size = 0; size < 4096; size++) {
        ngx_memset(region, 0xa5, SMALL);

        shm = civic_shm_init(region, size, CELL);
        assert_int_equal(region[size], 0xa5);

        if (shm) {
            assert_true(civic_shm_cells(shm) >= 8);
            assert_true(civic_shm_cells(shm) * CELL < size);
        }
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(it_behaves_as_the_oracle),
        cmocka_unit_test(a_death_inside_empties_it),
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(more_than_a_quarter_is_refused),
        cmocka_unit_test(reading_and_writing_end_with_the_entry),
        cmocka_unit_test(too_small_a_region_is_refused)
    };

    return cmocka_run_group_tests_name("shm", tests, NULL, NULL);
}
