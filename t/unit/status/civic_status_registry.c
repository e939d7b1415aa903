/* sources: src/status/civic_status_registry.c */

/*
 * Copyright (C) Civic Gate
 *
 * Names keep their slot, owners keep equal names apart, and a full registry
 * answers "other" without losing what it has.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "civic_status_registry.h"


#define MAX  6


static u_char  memory[MAX * CIVIC_STATUS_NAME_SIZE]
                   __attribute__((aligned(16)));


static ngx_uint_t
add(civic_status_registry_t *reg, uint32_t owner, const char *text)
{
    ngx_str_t  name;

    name.data = (u_char *) text;
    name.len = ngx_strlen(text);

    return civic_status_registry_add(reg, owner, &name);
}


static void
test_the_first_two_slots_are_taken(void **state)
{
    civic_status_registry_t  reg;

    civic_status_registry_init(&reg, memory, MAX, 0);

    assert_int_equal(civic_status_registry_size(&reg), 2);
    assert_int_equal(add(&reg, 0, ""), CIVIC_STATUS_NONE);
    assert_int_equal(add(&reg, 0, "other"), CIVIC_STATUS_OTHER);
    assert_int_equal(civic_status_registry_size(&reg), 2);
}


static void
test_a_name_keeps_its_slot(void **state)
{
    ngx_uint_t               a, b;
    civic_status_registry_t  reg;

    civic_status_registry_init(&reg, memory, MAX, 0);

    a = add(&reg, 0, "/a/");
    b = add(&reg, 0, "/b/");

    assert_int_equal(a, 2);
    assert_int_equal(b, 3);
    assert_int_equal(add(&reg, 0, "/a/"), a);
    assert_int_equal(add(&reg, 0, "/b/"), b);
    assert_int_equal(civic_status_registry_size(&reg), 4);
    assert_memory_equal(reg.names[a].name.data, "/a/", 3);
}


static void
test_equal_names_of_two_owners_are_two(void **state)
{
    civic_status_registry_t  reg;

    civic_status_registry_init(&reg, memory, MAX, CIVIC_STATUS_OTHER);

    assert_int_not_equal(add(&reg, 2, "list"), add(&reg, 3, "list"));
    assert_int_equal(add(&reg, CIVIC_STATUS_OTHER, "other"),
                     CIVIC_STATUS_OTHER);
}


static void
test_a_full_registry_answers_other(void **state)
{
    civic_status_registry_t  reg;

    civic_status_registry_init(&reg, memory, MAX, 0);

    assert_int_equal(add(&reg, 0, "a"), 2);
    assert_int_equal(add(&reg, 0, "b"), 3);
    assert_int_equal(add(&reg, 0, "c"), 4);
    assert_int_equal(add(&reg, 0, "d"), 5);
    assert_int_equal(add(&reg, 0, "e"), CIVIC_STATUS_OTHER);
    assert_int_equal(add(&reg, 0, "c"), 4);
    assert_int_equal(civic_status_registry_size(&reg), MAX);
}


static void
test_a_name_longer_than_the_room_is_other(void **state)
{
    char                     longer[MAX * CIVIC_STATUS_NAME_ROOM + 1];
    civic_status_registry_t  reg;

    ngx_memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';

    civic_status_registry_init(&reg, memory, MAX, 0);

    assert_int_equal(add(&reg, 0, longer), CIVIC_STATUS_OTHER);
    assert_int_equal(add(&reg, 0, "a"), 2);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_the_first_two_slots_are_taken),
        cmocka_unit_test(test_a_name_keeps_its_slot),
        cmocka_unit_test(test_equal_names_of_two_owners_are_two),
        cmocka_unit_test(test_a_full_registry_answers_other),
        cmocka_unit_test(test_a_name_longer_than_the_room_is_other)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
