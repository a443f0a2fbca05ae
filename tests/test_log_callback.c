/* test_log_callback.c - children's way to the program's function (C-48, LOG-04, LOG-06). */
#include "harness_log.h"

#include "base/own.h"
#include "memory/table.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define KIDS 8
#define ROUNDS 5
#define RECORDS 200
#define ROOM 1024 /* records that are kept for a slow function */

#define STORM "storm %d %.*s"
#define DOTS                                                                               \
    "...................................................................................." \
    "...................................................................................." \
    "................................"

/* ---- entries ---- */

/* Log so many numbered records. */
static apr_status_t talk(brood_call_t *call)
{
    int level, records;

    BROOD_TRY(BROOD_UNPACK(call->args, &level, &records));
    for (int i = 0; i < records; i++)
        brood_log((brood_log_level_t) level, "record %d", i);
    return APR_SUCCESS;
}

/* The same when told to, and once more when told again. */
static apr_status_t talk_when_told(brood_call_t *call)
{
    brood_queue_t *ready, *go;
    brood_value_t word;
    int records;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &go, &records));
    BROOD_TRY(brood_queue_get(&word, go, BROOD_FOREVER, call->mem));
    for (int i = 0; i < records; i++)
        brood_log(BROOD_LOG_WARNING, "record %d", i);
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&word, go, BROOD_FOREVER, call->mem));
    brood_log(BROOD_LOG_WARNING, "last");
    return APR_SUCCESS;
}

static apr_status_t talk_for_ever(brood_call_t *call)
{
    brood_queue_t *ready;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready));
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    for (int i = 0;; i++)
        brood_log(BROOD_LOG_WARNING, STORM, i, i % 200, DOTS);
}

/* Log here and in a child's child. */
static apr_status_t hand_down(brood_call_t *call)
{
    const brood_process_options_t options = {.name = "Grandkid"};
    brood_process_t *child;
    int depth;

    BROOD_TRY(BROOD_UNPACK(call->args, &depth));
    brood_log(BROOD_LOG_WARNING, "at depth %d", depth);
    if (depth == 0)
        return APR_SUCCESS;
    BROOD_TRY(brood_process_start(&child, hand_down, BROOD_ARGS(depth - 1), &options, call->mem));
    return brood_process_join(child, BROOD_FOREVER);
}

/* Take the records of what it starts. */
static apr_status_t take_over(brood_call_t *call)
{
    const brood_process_options_t options = {.name = "Grandkid"};
    brood_queue_t *records;
    brood_process_t *child;

    BROOD_TRY(BROOD_UNPACK(call->args, &records));
    brood_log_to(harness_collect, records, BROOD_LOG_WARNING);
    BROOD_TRY(brood_process_start(&child, talk, BROOD_ARGS(BROOD_LOG_ERROR, 1), &options, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    brood_log_to(NULL, NULL, BROOD_LOG_OFF);
    brood_log(BROOD_LOG_WARNING, "mine again");
    return APR_SUCCESS;
}

static apr_status_t failing(brood_call_t *call)
{
    (void) call;
    return brood_fail(APR_ENOENT, "no such thing");
}

/* Those of a grandchild that nobody here waits for. */
static apr_status_t collect_at_end(brood_call_t *call)
{
    const brood_process_options_t options = {.name = "Grandkid"};
    brood_queue_t **records = apr_palloc(call->mem, sizeof *records);

    BROOD_TRY(BROOD_UNPACK(call->args, records));
    brood_log_to(harness_collect, *records, BROOD_LOG_WARNING);
    return brood_process_start(NULL, talk, BROOD_ARGS(BROOD_LOG_ERROR, RECORDS), &options, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(talk),           BROOD_ENTRY(talk_when_told),
                                        BROOD_ENTRY(talk_for_ever),  BROOD_ENTRY(hand_down),
                                        BROOD_ENTRY(take_over),      BROOD_ENTRY(failing),
                                        BROOD_ENTRY(collect_at_end), BROOD_ENTRIES_END};

/* ---- tests ---- */

static void records_of_children_come_in_their_order__C_48(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);
    brood_process_t *child[KIDS];
    int next[KIDS] = {0};
    char name[20];

    brood_log_to(harness_collect, records, BROOD_LOG_WARNING);
    for (int i = 0; i < KIDS; i++) {
        (void) snprintf(name, sizeof name, "Kid %d", i);
        child[i] = harness_start_named(name, talk, BROOD_ARGS(BROOD_LOG_WARNING, RECORDS), mem);
    }
    for (int i = 0; i < KIDS * RECORDS; i++) {
        const record_t record = harness_record(records, mem);
        int kid = -1, number = -1;

        EXPECT(sscanf(record.process, "Kid %d", &kid) == 1 && kid >= 0 && kid < KIDS);
        EXPECT(sscanf(record.message, "record %d", &number) == 1);
        EXPECT(record.level == BROOD_LOG_WARNING);
        if (kid >= 0 && kid < KIDS)
            EXPECT(number == next[kid]++);
    }
    for (int i = 0; i < KIDS; i++)
        EXPECT_EXIT(0, child[i]);
    harness_log_to_nobody();
    EXPECT(harness_size(records) == 0);
    EXPECT(harness_collected_at_once() == 0);
}

static void descendants_reach_it_too__C_48(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);

    brood_log_to(harness_collect, records, BROOD_LOG_WARNING);
    EXPECT_EXIT(0, harness_start_named("Kid", hand_down, BROOD_ARGS(2), mem));
    harness_log_to_nobody(); /* what the dead have left comes first */
    EXPECT(harness_size(records) == 3);
    harness_expect_record(30, "Kid", "at depth 2", records, mem);
    harness_expect_record(30, "Grandkid", "at depth 1", records, mem);
    harness_expect_record(30, "Grandkid", "at depth 0", records, mem);
}

/* In a child, which begins one. */
static bool threads_are_in_doubt(void)
{
    const bool doubt = harness_watched() && brood_get_start_method(true) == BROOD_START_FORK;

    if (doubt)
        puts("(skipped: a checker's thread) ");
    return doubt;
}

static void a_child_may_take_over__C_48(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem), *others = harness_queue(mem);

    if (threads_are_in_doubt())
        return;
    brood_log_to(harness_collect, records, BROOD_LOG_WARNING);
    EXPECT_EXIT(0, harness_start_named("Kid", take_over, BROOD_ARGS(others), mem));
    harness_log_to_nobody();
    EXPECT(harness_size(others) == 1 && harness_size(records) == 1);
    harness_expect_record(40, "Grandkid", "record 0", others, mem);
    harness_expect_record(30, "Kid", "mine again", records, mem);
}

static void a_failure_in_a_child_is_a_record__C_48(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);

    brood_log_to(harness_collect, records, BROOD_LOG_ERROR);
    EXPECT_EXIT(1, harness_start_named("Clumsy", failing, BROOD_NO_ARGS, mem));
    harness_log_to_nobody();
    EXPECT(harness_size(records) == 1);
    harness_expect_record(40, "Clumsy", "Clumsy: failing failed: no such thing", records, mem);
}

static void it_may_be_removed_and_set_again(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem), *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *child;

    brood_log_to(harness_collect, records, BROOD_LOG_WARNING);
    child = harness_start_named("Kid", talk_when_told, BROOD_ARGS(ready, go, 5), mem);
    EXPECT(brood__own_threads() >= 1);
    harness_log_to_nobody();
    EXPECT(brood__own_threads() == 0);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    (void) harness_get(ready, mem);
    EXPECT(harness_size(records) == 0);
    brood_log_to(harness_collect, records, BROOD_LOG_WARNING); /* the child still has its way here */
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    harness_expect_record(30, "Kid", "last", records, mem);
    EXPECT_EXIT(0, child);
    harness_log_to_nobody();
    EXPECT(harness_size(records) == 0);
}

static brood_queue_t *gate;

static void collect_behind_gate(void *user, brood_log_level_t level, const char *process, const char *message)
{
    char word;
    apr_size_t size = sizeof word;

    if (gate != NULL)
        BROOD_IGNORE(brood_queue_get_into(&word, &size, gate, BROOD_FOREVER));
    gate = NULL;
    harness_collect(user, level, process, message);
}

static void a_slow_function_costs_records_but_hangs_no_child__C_48(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem), *ready = harness_queue(mem), *go = harness_queue(mem);
    brood_queue_t *wait = gate = harness_queue(mem);
    brood_process_t *child;
    int got = 0, lost = 0;

    brood_log_to(collect_behind_gate, records, BROOD_LOG_WARNING);
    child = harness_start_named("Kid", talk_when_told, BROOD_ARGS(ready, go, 2 * ROOM), mem);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    (void) harness_get(ready, mem); /* it has logged all, and the function has not even returned once */
    EXPECT(harness_size(records) == 0);
    EXPECT_OK(brood_queue_put_bytes(wait, "", 1, BROOD_FOREVER));
    for (; got < ROOM; got++)
        (void) harness_record(records, mem);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, child);
    harness_log_to_nobody();
    while (harness_size(records) > 0) {
        const record_t record = harness_record(records, mem);
        int more;

        if (sscanf(record.message, "%d log records were lost", &more) == 1)
            lost += more;
        else
            got++;
    }
    EXPECT(lost > 0);
    EXPECT(got + lost == 2 * ROOM + 1);
}

/* What has come of the storms: each child's number is part of its name. */
static int last[ROUNDS * KIDS];
static _Atomic int whole, broken;

static void check_storm(void *user, brood_log_level_t level, const char *process, const char *message)
{
    char expected[300];
    int kid = -1, number = -1;
    bool good;

    if (sscanf(message, "storm %d", &number) != 1) { /* some were lost for want of room, or that is no storm */
        if (strstr(message, "lost") == NULL)
            harness_collect(user, level, process, message);
        return;
    }
    good = sscanf(process, "Kid %d", &kid) == 1 && kid >= 0 && kid < ROUNDS * KIDS && number >= last[kid];
    (void) snprintf(expected, sizeof expected, STORM, number, number % 200, DOTS);
    if (good && strcmp(message, expected) == 0 && level == BROOD_LOG_WARNING) {
        last[kid] = number + 1;
        atomic_fetch_add(&whole, 1);
    } else {
        atomic_fetch_add(&broken, 1);
    }
}

static void killed_children_leave_it_whole__LOG_06_C_48(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem), *ready = harness_queue(mem);
    brood_process_t *child[KIDS];
    char name[20];

    brood_log_to(check_storm, records, BROOD_LOG_WARNING);
    for (int round = 0; round < ROUNDS; round++) {
        const int before = atomic_load(&whole);

        for (int i = 0; i < KIDS; i++) {
            (void) snprintf(name, sizeof name, "Kid %d", round * KIDS + i);
            child[i] = harness_start_named(name, talk_for_ever, BROOD_ARGS(ready), mem);
        }
        for (int i = 0; i < KIDS; i++)
            (void) harness_get(ready, mem);
        while (atomic_load(&whole) < before + KIDS * 50 && atomic_load(&broken) == 0)
            apr_sleep(100);
        for (int i = 0; i < KIDS; i++) {
            EXPECT_KILLED(child[i]);
        }
    }
    EXPECT_EXIT(0, harness_start_named("Survivor", talk, BROOD_ARGS(BROOD_LOG_ERROR, 1), mem));
    harness_log_to_nobody();
    EXPECT(atomic_load(&broken) == 0);
    EXPECT(harness_size(records) == 1);
    harness_expect_record(40, "Survivor", "record 0", records, mem);
    EXPECT(brood__table_count() == 1);
}

static void start_one(void *user, brood_log_level_t level, const char *process, const char *message)
{
    brood_process_t *child;
    apr_pool_t *mem;

    harness_collect(user, level, process, message);
    if (strcmp(message, "record 0") == 0 && strcmp(process, "Kid") == 0 && apr_pool_create(&mem, NULL) == APR_SUCCESS) {
        child = harness_start_named("Late", talk, BROOD_ARGS(BROOD_LOG_ERROR, 1), mem);
        EXPECT_EXIT(0, child);
        apr_pool_destroy(mem);
    }
}

static void the_function_may_start_a_process(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);

    brood_log_to(start_one, records, BROOD_LOG_WARNING);
    EXPECT_EXIT(0, harness_start_named("Kid", talk, BROOD_ARGS(BROOD_LOG_ERROR, 1), mem));
    harness_expect_record(40, "Kid", "record 0", records, mem);
    harness_expect_record(40, "Late", "record 0", records, mem);
    harness_log_to_nobody();
}

static void the_end_of_a_child_waits_for_its_childrens_records__LOG_06_EXIT_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);
    char message[20];

    if (threads_are_in_doubt())
        return;
    EXPECT_EXIT(0, harness_start_named("Kid", collect_at_end, BROOD_ARGS(records), mem));
    EXPECT(harness_size(records) == RECORDS);
    for (int i = 0; i < RECORDS; i++) {
        (void) snprintf(message, sizeof message, "record %d", i);
        harness_expect_record(40, "Grandkid", message, records, mem);
    }
}

static const brood_test_t tests[] = {
    TEST(records_of_children_come_in_their_order__C_48),
    TEST(descendants_reach_it_too__C_48),
    TEST(a_child_may_take_over__C_48),
    TEST(a_failure_in_a_child_is_a_record__C_48),
    TEST(it_may_be_removed_and_set_again),
    TEST(a_slow_function_costs_records_but_hangs_no_child__C_48),
    TEST(killed_children_leave_it_whole__LOG_06_C_48),
    TEST(the_function_may_start_a_process),
    TEST(the_end_of_a_child_waits_for_its_childrens_records__LOG_06_EXIT_06),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "log_callback", tests, sizeof tests / sizeof *tests);
}
