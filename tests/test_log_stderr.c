/* test_log_stderr.c - lines on stderr, levels, and what brood itself logs (LOG-*). */
#include "harness_capture.h"
#include "harness_children.h"
#include "harness_log.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define KIDS 6
#define RECORDS 300
#define PADDING \
    "........................................................................................................"

/* ---- help ---- */

static bool has_line(const char *text, const char *line, apr_pool_t *mem)
{
    return strstr(apr_pstrcat(mem, "\n", text, NULL), apr_pstrcat(mem, "\n", line, "\n", NULL)) != NULL;
}

/* ---- entries ---- */

static apr_status_t failing(brood_call_t *call)
{
    (void) call;
    return brood_fail(APR_ENOENT, "no such thing");
}

static apr_status_t fail_when_told(brood_call_t *call)
{
    brood_queue_t *ready, *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &go));
    BROOD_TRY(brood_queue_put(ready, brood_nil(), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&word, go, BROOD_FOREVER, call->mem));
    return failing(call);
}

static apr_status_t talk(brood_call_t *call)
{
    (void) call;
    for (int i = 0; i < RECORDS; i++)
        brood_log(BROOD_LOG_WARNING, "record %d %s", i, PADDING);
    return APR_SUCCESS;
}

/* Of each level one, here and in a child. */
static apr_status_t talk_at_all_levels(brood_call_t *call)
{
    const brood_process_options_t options = {.name = "Grandkid"};
    static const int levels[] = {5, 10, 20, 25, 30, 40, 50};
    brood_process_t *child;
    bool deeper;

    BROOD_TRY(BROOD_UNPACK(call->args, &deeper));
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        brood_log((brood_log_level_t) levels[i], "one of %d", levels[i]);
    if (!deeper)
        return APR_SUCCESS;
    BROOD_TRY(brood_process_start(&child, talk_at_all_levels, BROOD_ARGS(brood_bool(false)), &options, call->mem));
    return brood_process_join(child, BROOD_FOREVER);
}

static apr_status_t tell_level(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    return brood_queue_put(queue, brood_int((int) brood_log_level()), BROOD_FOREVER);
}

static void finalize(void *nothing_of_it)
{
    (void) nothing_of_it;
}

/* An end with everything in it: a finalizer, a daemonic child, one that is not. */
static apr_status_t end_with_all(brood_call_t *call)
{
    const brood_process_options_t daemon = {.name = "Imp", .daemon = BROOD_YES}, other = {.name = "Grandkid"};
    brood_queue_t *ready, *never;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &ready, &never));
    BROOD_TRY(brood_finalizer_create(NULL, finalize, NULL, 7, call->mem));
    BROOD_TRY(brood_process_start(NULL, fail_when_told, BROOD_ARGS(ready, never), &daemon, call->mem));
    BROOD_TRY(brood_queue_get(&word, ready, BROOD_FOREVER, call->mem));
    return brood_process_start(NULL, nothing, BROOD_NO_ARGS, &other, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing),
                                        BROOD_ENTRY(failing),
                                        BROOD_ENTRY(fail_when_told),
                                        BROOD_ENTRY(talk),
                                        BROOD_ENTRY(talk_at_all_levels),
                                        BROOD_ENTRY(tell_level),
                                        BROOD_ENTRY(end_with_all),
                                        BROOD_ENTRIES_END};

/* ---- tests ---- */

static void a_line_has_level_process_and_message__LOG_02_LOG_03(void)
{
    apr_pool_t *mem = harness_mem();

    harness_capture();
    brood_log_to_stderr(BROOD_LOG_INFO);
    brood_log(BROOD_LOG_DEBUG, "too little");
    brood_log(BROOD_LOG_INFO, "%s is %d", "number", 7);
    brood_log(BROOD_LOG_SUBWARNING, "hm");
    brood_log((brood_log_level_t) 33, "odd");
    brood_log(BROOD_LOG_CRITICAL, "much");
    brood_log_to_stderr(BROOD_LOG_OFF);
    brood_log(BROOD_LOG_CRITICAL, "none");
    EXPECT_TEXT("[INFO/MainProcess] number is 7\n[SUBWARNING/MainProcess] hm\n[Level 33/MainProcess] odd\n"
                "[CRITICAL/MainProcess] much\n",
                harness_captured(mem));
}

static void at_first_nothing_is_written__LOG_01(void)
{
    apr_pool_t *mem = harness_mem();

    harness_capture();
    brood_log(BROOD_LOG_CRITICAL, "nobody hears this");
    EXPECT_EXIT(0, harness_start_named("Kid", talk_at_all_levels, BROOD_ARGS(brood_bool(true)), mem));
    EXPECT_TEXT("", harness_captured(mem));
}

static void children_write_at_the_same_level__LOG_02_LOG_04(void)
{
    apr_pool_t *mem = harness_mem();
    const char *text;

    harness_capture();
    brood_log_to_stderr(BROOD_LOG_WARNING);
    EXPECT_EXIT(0, harness_start_named("Kid", talk_at_all_levels, BROOD_ARGS(brood_bool(true)), mem));
    brood_log_to_stderr(BROOD_LOG_OFF);
    text = harness_captured(mem);
    EXPECT_TEXT("[WARNING/Kid] one of 30\n[ERROR/Kid] one of 40\n[CRITICAL/Kid] one of 50\n"
                "[WARNING/Grandkid] one of 30\n[ERROR/Grandkid] one of 40\n[CRITICAL/Grandkid] one of 50\n",
                text);
}

static void lines_of_many_do_not_mix__LOG_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *child[KIDS];
    int next[KIDS] = {0}, lines = 0;
    char name[20], *state = NULL, *text;

    harness_capture();
    brood_log_to_stderr(BROOD_LOG_WARNING);
    for (int i = 0; i < KIDS; i++) {
        (void) snprintf(name, sizeof name, "Kid %d", i);
        child[i] = harness_start_named(name, talk, BROOD_NO_ARGS, mem);
    }
    for (int i = 0; i < KIDS; i++)
        EXPECT_EXIT(0, child[i]);
    brood_log_to_stderr(BROOD_LOG_OFF);
    text = harness_captured(mem);
    for (char *line = apr_strtok(text, "\n", &state); line != NULL; line = apr_strtok(NULL, "\n", &state)) {
        int kid = -1;

        EXPECT(sscanf(line, "[WARNING/Kid %d]", &kid) == 1 && kid >= 0 && kid < KIDS);
        if (kid >= 0 && kid < KIDS)
            EXPECT_TEXT(apr_psprintf(mem, "[WARNING/Kid %d] record %d %s", kid, next[kid]++, PADDING), line);
        lines++;
    }
    EXPECT(lines == KIDS * RECORDS);
}

static int level_of_child(brood_queue_t *queue, apr_pool_t *mem)
{
    EXPECT_EXIT(0, harness_start(tell_level, BROOD_ARGS(queue), mem));
    return (int) harness_get(queue, mem).as.integer;
}

static void children_begin_with_the_levels_of_their_parent__LOG_04_CTX_21(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *records = harness_queue(mem);

    EXPECT(level_of_child(queue, mem) == BROOD_LOG_OFF);
    brood_log_to_stderr(BROOD_LOG_CRITICAL);
    EXPECT(level_of_child(queue, mem) == BROOD_LOG_CRITICAL);
    brood_log_to(harness_collect, records, BROOD_LOG_ERROR);
    EXPECT(level_of_child(queue, mem) == BROOD_LOG_ERROR);
    harness_log_to_nobody();
    brood_log_to_stderr(BROOD_LOG_OFF);
    EXPECT(level_of_child(queue, mem) == BROOD_LOG_OFF);
}

static void a_failure_goes_to_stderr_when_nobody_takes_it__LOG_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem), *ready = harness_queue(mem), *go = harness_queue(mem);
    const char *line = "Clumsy: failing failed: no such thing";
    brood_process_t *child;

    harness_capture();
    EXPECT_EXIT(1, harness_start_named("Clumsy", failing, BROOD_NO_ARGS, mem));
    EXPECT(has_line(harness_captured(mem), line, mem));

    harness_capture();
    brood_log_to(harness_collect, records, BROOD_LOG_ERROR);
    EXPECT_EXIT(1, harness_start_named("Clumsy", failing, BROOD_NO_ARGS, mem));
    child = harness_start_named("Late", fail_when_told, BROOD_ARGS(ready, go), mem);
    (void) harness_get(ready, mem);
    harness_log_to_nobody();
    EXPECT_TEXT("", harness_captured(mem));
    EXPECT(harness_size(records) == 1);
    harness_expect_record(40, "Clumsy", line, records, mem);

    harness_capture();
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(1, child);
    EXPECT(has_line(harness_captured(mem), "Late: fail_when_told failed: no such thing", mem));
    EXPECT(harness_size(records) == 0);
}

static void lives_are_traced__LOG_07(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem), *ready = harness_queue(mem), *never = harness_queue(mem);
    const char *by =
        apr_psprintf(mem, "by %s to run test.end_with_all", brood_start_method_name(brood_get_start_method(true)));

    brood_log_to(harness_collect, records, BROOD_LOG_SUBDEBUG);
    EXPECT_EXIT(0, harness_start_named("Kid", end_with_all, BROOD_ARGS(ready, never), mem));
    harness_log_to_nobody();
    EXPECT(harness_has_record(records, "MainProcess", "started Kid (pid ", by, mem));
    EXPECT(harness_has_record(records, "Kid", "runs test.end_with_all", "", mem));
    EXPECT(harness_has_record(records, "Kid", "test.end_with_all has returned", "", mem));
    EXPECT(harness_has_record(records, "Kid", "is shutting down", "", mem));
    EXPECT(harness_has_record(records, "Kid", "runs the finalizers of priority 0 and more", "", mem));
    EXPECT(harness_has_record(records, "Kid", "runs a finalizer of priority 7", "", mem));
    EXPECT(harness_has_record(records, "Kid", "terminates daemon Imp", "", mem));
    EXPECT(harness_has_record(records, "Kid", "joins Grandkid", "", mem));
    EXPECT(harness_has_record(records, "Kid", "Imp (pid ", "has ended with exit code -15", mem));
    EXPECT(harness_has_record(records, "Kid", "runs the remaining finalizers", "", mem));
    EXPECT(harness_has_record(records, "Grandkid", "ends with exit code 0", "", mem));
    EXPECT(harness_has_record(records, "Kid", "ends with exit code 0", "", mem));
    EXPECT(harness_has_record(records, "MainProcess", "Kid (pid ", "has ended with exit code 0", mem));
    EXPECT(!harness_has_record(records, "Imp", "ends with", "", mem));
}

static const brood_test_t tests[] = {
    TEST(a_line_has_level_process_and_message__LOG_02_LOG_03),
    TEST(at_first_nothing_is_written__LOG_01),
    TEST(children_write_at_the_same_level__LOG_02_LOG_04),
    TEST(lines_of_many_do_not_mix__LOG_06),
    TEST(children_begin_with_the_levels_of_their_parent__LOG_04_CTX_21),
    TEST(a_failure_goes_to_stderr_when_nobody_takes_it__LOG_06),
    TEST(lives_are_traced__LOG_07),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "log_stderr", tests, sizeof tests / sizeof *tests);
}
