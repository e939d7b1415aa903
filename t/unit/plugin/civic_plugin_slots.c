/* sources: src/plugin/civic_plugin_slots.c */

/*
 * Copyright (C) Civic Gate
 *
 * Which route is counted where: over versions, over other plugins, and when
 * there is no more room.
 */


#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_plugin_slots.h"


static civic_plugin_slots_t    slots;
static civic_plugin_counted_t  many[CIVIC_PLUGIN_SLOTS];
static u_char                  names[CIVIC_PLUGIN_SLOTS][8];


static int
setup(void **state)
{
    ngx_uint_t  i;

    ngx_memzero(&slots, sizeof(civic_plugin_slots_t));

    for (i = 0; i < CIVIC_PLUGIN_SLOTS; i++) {
        many[i].key.data = names[i];
        many[i].key.len = ngx_sprintf(names[i], "GET %04ui", i) - names[i];
    }

    return 0;
}


static civic_plugin_counted_t
route(const char *key)
{
    civic_plugin_counted_t  counted = { ngx_null_string, { 0, 0 } };

    counted.key.data = (u_char *) key;
    counted.key.len = ngx_strlen(key);

    return counted;
}


static void
count(const civic_plugin_counted_t *counted)
{
    civic_plugin_slots_tally(&slots, &counted->place)->outcomes[0]++;
}


static uint64_t
counts(const civic_plugin_counted_t *counted)
{
    civic_plugin_tally_t  *tally;

    tally = civic_plugin_slots_tally(&slots, &counted->place);

    return tally ? tally->outcomes[0] : 0;
}


static ngx_uint_t
chain(ngx_uint_t owner)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = civic_plugin_slots_next(&slots, owner, 0);
         i;
         i = civic_plugin_slots_next(&slots, owner, i))
    {
        assert_true(++n <= CIVIC_PLUGIN_SLOTS);
    }

    return n;
}


static void
equal_keys_of_two_plugins_are_two_routes(void **state)
{
    civic_plugin_counted_t  a = route("GET /"), b = route("GET /");

    assert_int_equal(civic_plugin_slots_enlist(&slots, 0, &a, 1), 0);
    assert_int_equal(civic_plugin_slots_enlist(&slots, 1, &b, 1), 0);

    count(&a);

    assert_int_equal(counts(&a), 1);
    assert_int_equal(counts(&b), 0);
    assert_int_equal(chain(0), 1);
    assert_int_equal(chain(1), 1);
}


static void
a_route_keeps_its_numbers_while_it_has_its_key(void **state)
{
    civic_plugin_counted_t  first[2] = { route("GET /a"), route("GET /b") };
    civic_plugin_counted_t  next[2] = { route("GET /c"), route("GET /a") };

    (void) civic_plugin_slots_enlist(&slots, 0, first, 2);
    count(&first[0]);
    count(&first[1]);

    (void) civic_plugin_slots_enlist(&slots, 0, next, 2);
    assert_int_equal(counts(&next[1]), 1);
    assert_int_equal(counts(&next[0]), 0);

    /* who is still in the old version counts on */

    count(&first[0]);
    assert_int_equal(counts(&next[1]), 2);
    assert_int_equal(counts(&first[1]), 1);

    /* and so does he who goes back */

    (void) civic_plugin_slots_enlist(&slots, 0, first, 2);
    assert_int_equal(counts(&first[1]), 1);
    assert_int_equal(chain(0), 3);
}


static void
all_workers_find_the_same(void **state)
{
    civic_plugin_counted_t  a = route("GET /a"), b = route("GET /a");
    civic_plugin_counted_t  late = route("GET /late");

    (void) civic_plugin_slots_enlist(&slots, 0, &a, 1);
    (void) civic_plugin_slots_enlist(&slots, 0, &b, 1);
    count(&a);
    count(&b);
    assert_int_equal(counts(&a), 2);

    civic_plugin_slots_find(&slots, 0, &late, 1);
    assert_null(civic_plugin_slots_tally(&slots, &late.place));
    assert_int_equal(slots.slots[a.place.slot].kept, 1);
}


static void
a_new_version_keeps_sums_and_forgets_what_was_large(void **state)
{
    civic_plugin_counted_t  a = route("GET /a"), b = route("GET /a");
    civic_plugin_tally_t   *tally;

    (void) civic_plugin_slots_enlist(&slots, 0, &a, 1);
    (void) civic_plugin_slots_enlist(&slots, 1, &b, 1);
    count(&a);
    civic_plugin_slots_tally(&slots, &a.place)->largest = 7;
    civic_plugin_slots_tally(&slots, &b.place)->largest = 7;

    civic_plugin_slots_renew(&slots, 0);

    tally = civic_plugin_slots_tally(&slots, &a.place);
    assert_int_equal(tally->outcomes[0], 1);
    assert_int_equal(tally->largest, 0);
    assert_int_equal(civic_plugin_slots_tally(&slots, &b.place)->largest, 7);
    assert_int_equal(sizeof(civic_plugin_slot_t) % 64, 0);
}


static void
what_finds_no_room_has_no_slot(void **state)
{
    civic_plugin_counted_t  a = route("GET /a");

    assert_int_equal(civic_plugin_slots_enlist(&slots, 0, many,
                                               CIVIC_PLUGIN_SLOTS), 0);
    assert_int_equal(civic_plugin_slots_enlist(&slots, 1, &a, 1), 1);
    assert_null(civic_plugin_slots_tally(&slots, &a.place));
    assert_int_equal(chain(1), 0);

    /* and all are found again, and none is taken from its own plugin */

    assert_int_equal(civic_plugin_slots_enlist(&slots, 0, many,
                                               CIVIC_PLUGIN_SLOTS), 0);
    assert_int_equal(chain(0), CIVIC_PLUGIN_SLOTS);
}


static void
a_plugin_that_went_makes_room(void **state)
{
    civic_plugin_counted_t  a[2] = { route("GET /a"), route("GET /b") };
    civic_plugin_counted_t  old;

    (void) civic_plugin_slots_enlist(&slots, 0, many, CIVIC_PLUGIN_SLOTS);
    count(&many[0]);
    count(&many[7]);
    old = many[0];

    civic_plugin_slots_leave(&slots, 0);
    assert_int_equal(counts(&many[7]), 1);

    assert_int_equal(civic_plugin_slots_enlist(&slots, 1, a, 2), 0);
    assert_int_equal(counts(&a[0]), 0);
    assert_null(civic_plugin_slots_tally(&slots, &old.place));
    assert_int_equal(chain(0), CIVIC_PLUGIN_SLOTS - 2);
    assert_int_equal(chain(1), 2);

    /* it returns: two are lost, the others have their numbers */

    assert_int_equal(civic_plugin_slots_enlist(&slots, 0, many,
                                               CIVIC_PLUGIN_SLOTS), 2);
    assert_int_equal(counts(&many[7]), 1);
    assert_int_equal(chain(1), 2);
}


static void
another_plugin_in_its_place_has_none_of_its_numbers(void **state)
{
    ngx_uint_t              i;
    civic_plugin_counted_t  a = route("GET 0007"), b;

    (void) civic_plugin_slots_enlist(&slots, 0, many, CIVIC_PLUGIN_SLOTS);
    count(&many[7]);

    civic_plugin_slots_drop(&slots, 0);
    assert_int_equal(chain(0), 0);

    (void) civic_plugin_slots_enlist(&slots, 0, &a, 1);
    assert_int_equal(counts(&a), 0);
    assert_int_equal(chain(0), 1);

    for (i = 0; i < 9; i++) {
        b = many[i];
        (void) civic_plugin_slots_enlist(&slots, 1, &b, 1);
        assert_int_equal(counts(&b), 0);
    }

    assert_int_equal(chain(0), 1);
}


static void
a_key_that_is_too_long_has_no_slot(void **state)
{
    u_char                  key[CIVIC_PLUGIN_SLOT_LEN + 1];
    civic_plugin_counted_t  a;

    ngx_memset(key, 'a', sizeof(key));
    a.key.data = key;
    a.key.len = sizeof(key);

    assert_int_equal(civic_plugin_slots_enlist(&slots, 0, &a, 1), 1);

    a.key.len--;

    assert_int_equal(civic_plugin_slots_enlist(&slots, 0, &a, 1), 0);
}


/* a writer that was ended between any two of his steps */

static void
a_broken_chain_is_no_circle(void **state)
{
    civic_plugin_counted_t  a[2] = { route("GET /a"), route("GET /b") };

    (void) civic_plugin_slots_enlist(&slots, 3, a, 1);

    /* counted as used, not taken */

    slots.n++;
    (void) civic_plugin_slots_enlist(&slots, 3, a, 2);
    assert_int_equal(chain(3), 2);

    /* out of the chain, not in another */

    slots.heads[3] = slots.slots[a[1].place.slot].next;
    slots.slots[a[1].place.slot].kept = 0;
    slots.n = CIVIC_PLUGIN_SLOTS;
    (void) civic_plugin_slots_enlist(&slots, 3, a, 2);
    assert_int_equal(chain(3), 2);
    count(&a[1]);
    assert_int_equal(counts(&a[0]), 0);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup(equal_keys_of_two_plugins_are_two_routes,
                               setup),
        cmocka_unit_test_setup(a_route_keeps_its_numbers_while_it_has_its_key,
                               setup),
        cmocka_unit_test_setup(all_workers_find_the_same, setup),
        cmocka_unit_test_setup(
            a_new_version_keeps_sums_and_forgets_what_was_large, setup),
        cmocka_unit_test_setup(what_finds_no_room_has_no_slot, setup),
        cmocka_unit_test_setup(a_plugin_that_went_makes_room, setup),
        cmocka_unit_test_setup(
            another_plugin_in_its_place_has_none_of_its_numbers, setup),
        cmocka_unit_test_setup(a_key_that_is_too_long_has_no_slot, setup),
        cmocka_unit_test_setup(a_broken_chain_is_no_circle, setup)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
