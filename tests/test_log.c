/* test_log.c - records of one process, and the program's function (LOG-*). */
#include "harness_log.h"

#include "base/own.h"
#include <apr_thread_proc.h>
#include <stdatomic.h>
#include <string.h>

static void nobody_is_told_at_first__LOG_01(void)
{
    EXPECT(brood_log_level() == BROOD_LOG_OFF);
    brood_log(BROOD_LOG_CRITICAL, "nobody hears this");
    EXPECT(brood__own_threads() == 0);
}

static void the_function_is_given_what_it_wants__LOG_01_LOG_03(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);

    brood_log_to(harness_collect, records, BROOD_LOG_INFO);
    EXPECT(brood_log_level() == BROOD_LOG_INFO);
    brood_log(BROOD_LOG_DEBUG, "too little");
    brood_log(BROOD_LOG_INFO, "%s is %d", "number", 7);
    brood_log((brood_log_level_t) 22, "in between");
    brood_log(BROOD_LOG_CRITICAL, "much");
    brood_log(BROOD_LOG_OFF, "none");
    harness_expect_record(20, "MainProcess", "number is 7", records, mem);
    harness_expect_record(22, "MainProcess", "in between", records, mem);
    harness_expect_record(50, "MainProcess", "much", records, mem);
    EXPECT(harness_size(records) == 0);
    harness_log_to_nobody();
    EXPECT(brood_log_level() == BROOD_LOG_OFF);
}

static void a_message_is_valid_and_not_endless__LOG_02(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);
    char text[1200], kept[1001];

    for (size_t i = 0; i < sizeof text - 1; i += 3) /* euro signs, three bytes each */
        memcpy(text + i, "\xe2\x82\xac", i + 3 < sizeof text ? 3 : 2);
    text[sizeof text - 1] = '\0';
    memcpy(kept, text, 999);
    kept[999] = '\0';
    brood_log_to(harness_collect, records, BROOD_LOG_DEBUG);
    brood_log(BROOD_LOG_INFO, "a\xff%s", "\xe2\x82");
    brood_log(BROOD_LOG_INFO, "%s", text);
    harness_expect_record(20, "MainProcess", "a???", records, mem);
    harness_expect_record(20, "MainProcess", kept, records, mem);
    harness_log_to_nobody();
}

static void the_last_failure_stays__GEN_05(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);

    brood_log_to(harness_collect, records, BROOD_LOG_DEBUG);
    EXPECT_STATUS(APR_EINVAL, brood_fail(APR_EINVAL, "row 7"));
    brood_log(BROOD_LOG_INFO, "%s", brood_last_error()->message);
    harness_log_to_nobody();
    EXPECT_MESSAGE("row 7");
    harness_expect_record(20, "MainProcess", "row 7", records, mem);
}

static void replace(void *user, brood_log_level_t level, const char *process, const char *message)
{
    brood_log_to(harness_collect, user, BROOD_LOG_ERROR);
    harness_collect(user, level, process, message);
    brood_log(BROOD_LOG_ERROR, "from within");
}

static void the_function_may_log_and_replace_itself(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);

    brood_log_to(replace, records, BROOD_LOG_DEBUG);
    brood_log(BROOD_LOG_INFO, "one");
    brood_log(BROOD_LOG_INFO, "two");
    brood_log(BROOD_LOG_ERROR, "three");
    harness_log_to_nobody();
    brood_log(BROOD_LOG_ERROR, "four");
    harness_expect_record(20, "MainProcess", "one", records, mem);
    harness_expect_record(40, "MainProcess", "three", records, mem);
    EXPECT(harness_size(records) == 0);
}

static _Atomic int inside; /* calls that have begun and not returned */
static _Atomic int at_once;
static _Atomic int calls;

static void count(void *user, brood_log_level_t level, const char *process, const char *message)
{
    (void) user;
    (void) level;
    (void) process;
    (void) message;
    if (atomic_fetch_add(&inside, 1) != 0)
        atomic_fetch_add(&at_once, 1);
    atomic_fetch_add(&calls, 1);
    atomic_fetch_sub(&inside, 1);
}

/* While the others go on logging. */
static int calls_without_function(void)
{
    const int before = atomic_load(&calls);

    apr_sleep(apr_time_from_msec(1));
    return atomic_load(&calls) - before;
}

/* Whoever logs without a break keeps nobody out for long: else the first call below would not come back. */
static void threads_call_it_one_at_a_time__LOG_01(void)
{
    apr_pool_t *mem = harness_mem();
    _Atomic bool stop = false;
    apr_thread_t *thread[3];
    apr_status_t rc;

    brood_log_to(count, NULL, BROOD_LOG_INFO);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(apr_thread_create(&thread[i], NULL, harness_log_on, &stop, mem));
    for (int i = 0; i < 20; i++) {
        const int before = atomic_load(&calls);

        while (atomic_load(&calls) < before + 1000)
            apr_sleep(100);
        harness_log_to_nobody();
        EXPECT(atomic_load(&inside) == 0);
        EXPECT(calls_without_function() == 0);
        brood_log_to(count, NULL, BROOD_LOG_INFO);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(apr_thread_join(&rc, thread[i]));
    harness_log_to_nobody();
    EXPECT(atomic_load(&at_once) == 0);
}

static const brood_entry_t entries[] = {BROOD_ENTRIES_END};

static const brood_test_t tests[] = {
    TEST(nobody_is_told_at_first__LOG_01),
    TEST(the_function_is_given_what_it_wants__LOG_01_LOG_03),
    TEST(a_message_is_valid_and_not_endless__LOG_02),
    TEST(the_last_failure_stays__GEN_05),
    TEST(the_function_may_log_and_replace_itself),
    TEST(threads_call_it_one_at_a_time__LOG_01),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "log", tests, sizeof tests / sizeof *tests);
}
