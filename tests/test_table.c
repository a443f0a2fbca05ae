/* The process table: slots, generations, and what a death takes back. */
#include "harness.h"
#include "memory/table.h"
#include <brood.h>
#include <string.h>

static apr_pool_t *mem;

static apr_status_t report_id(brood_call_t *call)
{
    brood_queue_t *said, *told;
    brood_value_t go;

    BROOD_TRY(BROOD_UNPACK(call->args, &said, &told));
    BROOD_TRY(brood_queue_put(said, brood_int(brood__me), BROOD_FOREVER));
    return brood_queue_get(&go, told, BROOD_FOREVER, call->mem);
}

static void this_process_is_in_the_table(void)
{
    char name[BROOD__NAME_SIZE];

    EXPECT(brood__table_alive(brood__me));
    EXPECT(!brood__table_probe(brood__me));
    EXPECT_TEXT("MainProcess", brood__table_name(brood__me, name));
    EXPECT((int) brood__table_pid(brood__me) == brood_current_pid());
    EXPECT(!brood__table_alive(0));
    EXPECT(!brood__table_alive(BROOD__ID_MASK));
}

static void a_child_is_in_the_table_until_it_has_ended(void)
{
    brood_queue_t *said, *told;
    unsigned before = brood__table_count();

    EXPECT_OK(brood_queue_create(&said, 4, NULL, mem));
    EXPECT_OK(brood_queue_create(&told, 4, NULL, mem));
    for (int killed = 0; killed < 2; killed++) {
        char name[BROOD__NAME_SIZE];
        brood_process_options_t options = {.name = "a child with a name that is longer than the table keeps, by far"};
        brood_process_t *child;
        brood_value_t item;
        brood__id_t id;

        EXPECT_OK(brood_process_start(&child, report_id, BROOD_ARGS(said, told), &options, mem));
        EXPECT_OK(brood_queue_get(&item, said, BROOD_FOREVER, mem));
        id = (brood__id_t) item.as.integer;
        EXPECT(id != brood__me && brood__table_alive(id) && !brood__table_probe(id));
        EXPECT((int) brood__table_pid(id) == brood_process_pid(child));
        EXPECT(brood__table_name(id, name) != NULL && strncmp(name, options.name, BROOD__NAME_SIZE - 1) == 0);
        if (killed != 0)
            EXPECT_OK(brood_process_kill(child));
        else
            EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
        EXPECT_OK(brood_process_join(child, BROOD_FOREVER));
        EXPECT(!brood__table_alive(id));
        EXPECT(brood__table_probe(id));
        EXPECT(brood__table_name(id, name) == NULL);
        EXPECT(brood__table_pid(id) == 0);
        EXPECT(brood__table_count() == before);
    }
}

static void a_full_table_is_a_status_and_it_goes_on(void)
{
    const unsigned before = brood__table_count();
    brood__id_t ids[BROOD__SLOTS], more;
    brood_process_t *child;
    unsigned count = 0;

    while (count < BROOD__SLOTS - before) {
        EXPECT_OK(brood__table_reserve(&ids[count], "reserved"));
        EXPECT(count == 0 || ids[count] != ids[count - 1]);
        count++;
    }
    EXPECT_STATUS(APR_EAGAIN, brood__table_reserve(&more, "one more"));
    EXPECT_STATUS(APR_EAGAIN, brood_process_start(&child, report_id, BROOD_NO_ARGS, NULL, mem));
    while (count-- > 0)
        brood__table_bury(ids[count]);
    EXPECT(brood__table_count() == before);
    EXPECT_OK(brood__table_reserve(&more, "again"));
    EXPECT(more != ids[0]);
    brood__table_bury(more);
}

static void an_id_does_not_come_twice(void)
{
    brood__id_t first, id;

    EXPECT_OK(brood__table_reserve(&first, "x"));
    brood__table_bury(first);
    for (unsigned i = 0; i < 3 * BROOD__SLOTS; i++) {
        EXPECT_OK(brood__table_reserve(&id, "x"));
        if (id == first)
            EXPECT(id != first);
        brood__table_bury(id);
        brood__table_bury(id);
        brood__table_bury(first);
    }
    EXPECT(!brood__table_alive(first));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(this_process_is_in_the_table),
        TEST(a_child_is_in_the_table_until_it_has_ended),
        TEST(a_full_table_is_a_status_and_it_goes_on),
        TEST(an_id_does_not_come_twice),
    };

    mem = call->mem;
    return harness_run("table", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(report_id))
