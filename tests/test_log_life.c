/* test_log_life.c - the logger in whole lives: from brood_init to its end, and around forks (LOG-*). */
#include "harness_children.h"
#include "harness_log.h"

#include "base/own.h"
#include <apr_thread_proc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS 300

static int program_argc;
static char **program_argv;

/* ---- functions of the program ---- */

static _Atomic int inside; /* calls that have begun and not returned */
static _Atomic int calls;

static void count(void *user, brood_log_level_t level, const char *process, const char *message)
{
    (void) user;
    (void) level;
    (void) process;
    (void) message;
    atomic_fetch_add(&inside, 1);
    atomic_fetch_add(&calls, 1);
    atomic_fetch_sub(&inside, 1);
}

/* The words of the last one, in memory that must still be there. */
typedef struct notes_t {
    int count;
    char message[100];
} notes_t;

static void note(void *user, brood_log_level_t level, const char *process, const char *message)
{
    notes_t *notes = user;

    (void) level;
    (void) process;
    if (harness_is_warning(message))
        return;
    (void) snprintf(notes->message, sizeof notes->message, "%s", message);
    notes->count++;
}

/* ---- entries ---- */

static apr_status_t talk(brood_call_t *call)
{
    (void) call;
    for (int i = 0; i < RECORDS; i++)
        brood_log(BROOD_LOG_WARNING, "record %d", i);
    return APR_SUCCESS;
}

static apr_status_t talk_when_told(brood_call_t *call)
{
    brood_queue_t *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &go));
    BROOD_TRY(brood_queue_get(&word, go, BROOD_FOREVER, call->mem));
    return talk(call);
}

/* A forked child is a copy of no call of the program's function, and has none of its own. */
static apr_status_t look_around(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    CHECK(atomic_load(&inside) == 0);
    atomic_store(&calls, 0);
    brood_log(BROOD_LOG_ERROR, "from a child");
    CHECK(atomic_load(&calls) == 0);
    return brood_queue_put(queue, brood_uint(brood__own_threads()), BROOD_FOREVER);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(talk), BROOD_ENTRY(talk_when_told),
                                        BROOD_ENTRY(look_around), BROOD_ENTRIES_END};

/* ---- helpers ---- */

static apr_pool_t *begin(bool strict)
{
    const brood_init_options_t options = {.strict = strict};
    apr_pool_t *life = NULL;

    EXPECT(apr_pool_create(&life, NULL) == APR_SUCCESS);
    EXPECT_OK(brood_init(program_argc, program_argv, &options, life));
    return life;
}

/* ---- tests ---- */

static void the_end_gives_what_children_have_logged__LOG_06_EXIT_06(void)
{
    apr_pool_t *life = begin(false);
    brood_queue_t *go = harness_queue(life);
    notes_t first = {0}, second = {0};
    char last[20];

    brood_log_to(note, &first, BROOD_LOG_WARNING);
    EXPECT_OK(brood_process_start(NULL, talk_when_told, BROOD_ARGS(go), NULL, life));
    brood_log_to(note, &second, BROOD_LOG_WARNING); /* what is still to come goes to the one that is set */
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    apr_pool_destroy(life);
    (void) snprintf(last, sizeof last, "record %d", RECORDS - 1);
    EXPECT(first.count == 0);
    EXPECT(second.count == RECORDS);
    EXPECT_TEXT(last, second.message);
    EXPECT(brood__own_threads() == 0);
    EXPECT(brood_log_level() == BROOD_LOG_OFF);
    brood_log(BROOD_LOG_CRITICAL, "after the end");
    EXPECT(second.count == RECORDS);
}

static void its_memory_may_end_with_the_life__EXIT_06(void)
{
    apr_pool_t *life = begin(false), *mem;
    notes_t *notes;

    EXPECT(apr_pool_create(&mem, life) == APR_SUCCESS);
    notes = apr_pcalloc(mem, sizeof *notes);
    brood_log_to(note, notes, BROOD_LOG_SUBDEBUG);
    EXPECT_OK(brood_process_start(NULL, talk, BROOD_NO_ARGS, NULL, mem));
    apr_pool_destroy(life); /* a late call would be one too many for a sanitizer */
}

static void every_life_may_have_one__LOG_01(void)
{
    for (int i = 0; i < 3; i++) {
        apr_pool_t *life = begin(false);
        notes_t notes = {0};

        EXPECT(brood_log_level() == BROOD_LOG_OFF);
        brood_log_to(note, &notes, BROOD_LOG_WARNING);
        EXPECT_EXIT(0, harness_start(talk, BROOD_NO_ARGS, life));
        apr_pool_destroy(life);
        EXPECT(notes.count == RECORDS);
    }
}

static void it_may_be_set_before_brood_begins__LOG_04(void)
{
    notes_t notes = {0};
    apr_pool_t *life;

    brood_log_to(note, &notes, BROOD_LOG_WARNING);
    life = begin(false);
    EXPECT_EXIT(0, harness_start(talk, BROOD_NO_ARGS, life));
    apr_pool_destroy(life);
    EXPECT(notes.count == RECORDS);
}

static void no_child_is_a_copy_of_a_call__LOG_04(void)
{
    apr_pool_t *life = begin(false);
    brood_queue_t *queue = harness_queue(life);
    _Atomic bool stop = false;
    apr_thread_t *thread;
    apr_status_t rc;
    unsigned alone;

    EXPECT_EXIT(0, harness_start(look_around, BROOD_ARGS(queue), life));
    alone = (unsigned) harness_get(queue, life).as.integer;
    brood_log_to(count, NULL, BROOD_LOG_INFO);
    EXPECT_OK(apr_thread_create(&thread, NULL, harness_log_on, &stop, life));
    for (int i = 0; i < 30; i++) {
        EXPECT_EXIT(0, harness_start(look_around, BROOD_ARGS(queue), life));
        EXPECT(harness_get(queue, life).as.integer == alone); /* not our listener */
    }
    atomic_store(&stop, true);
    EXPECT_OK(apr_thread_join(&rc, thread));
    harness_log_to_nobody();
    apr_pool_destroy(life);
}

/* Its thread is brood's own; one of the program's is not. */
static void a_strict_program_may_have_one__LOG_04_FORK(void)
{
    apr_pool_t *life = begin(true);
    _Atomic bool stop = false;
    notes_t notes = {0};
    apr_thread_t *thread;
    apr_status_t rc;

    if (harness_watched()) {
        puts("(skipped: a checker's thread) ");
        apr_pool_destroy(life);
        return;
    }
    for (int i = 0; i < 20; i++) {
        brood_log_to(note, &notes, BROOD_LOG_WARNING);
        EXPECT_EXIT(0, harness_start(talk, BROOD_NO_ARGS, life));
        EXPECT(brood__own_threads() == 1);
        EXPECT_EXIT(0, harness_start(talk, BROOD_NO_ARGS, life));
        harness_log_to_nobody();
        EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, life)); /* the thread has just been joined */
    }
    EXPECT(notes.count == 20 * 2 * RECORDS);
    brood_log_to(note, &notes, BROOD_LOG_WARNING);
    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, life));
    EXPECT_OK(apr_thread_create(&thread, NULL, harness_log_on, &stop, life));
    if (brood_get_start_method(true) == BROOD_START_FORK) {
        EXPECT_STATUS(BROOD_EFORK, brood_process_start(NULL, nothing, BROOD_NO_ARGS, NULL, life));
        EXPECT_MESSAGE("1 other thread");
    } else {
        EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, life));
    }
    atomic_store(&stop, true);
    EXPECT_OK(apr_thread_join(&rc, thread));
    apr_pool_destroy(life);
}

static const brood_test_t tests[] = {
    TEST(the_end_gives_what_children_have_logged__LOG_06_EXIT_06),
    TEST(its_memory_may_end_with_the_life__EXIT_06),
    TEST(every_life_may_have_one__LOG_01),
    TEST(it_may_be_set_before_brood_begins__LOG_04),
    TEST(no_child_is_a_copy_of_a_call__LOG_04),
    TEST(a_strict_program_may_have_one__LOG_04_FORK),
};

/* Every child comes through here: it must not get further than brood_init. */
int main(int argc, char **argv)
{
    apr_pool_t *life;
    int result;

    program_argc = argc;
    program_argv = argv;
    if (apr_initialize() != APR_SUCCESS || brood_register("test", entries) != APR_SUCCESS)
        return EXIT_FAILURE;
    if (apr_pool_create(&life, NULL) != APR_SUCCESS || brood_init(argc, argv, NULL, life) != APR_SUCCESS)
        return EXIT_FAILURE;
    apr_pool_destroy(life);
    result = harness_run("log_life", tests, sizeof tests / sizeof *tests);
    apr_terminate();
    return result;
}
