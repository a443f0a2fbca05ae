/* test_exit.c - the end of a process: finalizers, hooks of forked children, the temporary directory (EXIT-*).
 *
 * A child tells by a queue, which outlives it, what its end does and in which order. */
#include "harness_tree.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_thread_proc.h>
#include <string.h>

#define THREADS 8
#define EACH 200

static brood_finalizer_t *inherited; /* what a forked child finds in its memory */

/* ---- entries ---- */

/* One who says a word. */
typedef struct speaker_t {
    brood_queue_t *queue;
    const char *word;
} speaker_t;

static void speak(void *user)
{
    const speaker_t *speaker = user;

    BROOD_IGNORE(brood_queue_put(speaker->queue, brood_text(speaker->word), BROOD_FOREVER));
}

static apr_status_t speak_at_end(brood_finalizer_t **finalizer, brood_queue_t *queue, const char *word, int priority,
                                 apr_pool_t *mem)
{
    speaker_t *speaker = apr_palloc(mem, sizeof *speaker);

    *speaker = (speaker_t){queue, word};
    return brood_finalizer_create(finalizer, speak, speaker, priority, mem);
}

/* Wait for a word, and repeat it. */
static apr_status_t repeat(brood_call_t *call)
{
    brood_queue_t *from, *to;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &from, &to));
    BROOD_TRY(brood_queue_get(&word, from, BROOD_FOREVER, call->mem));
    return brood_queue_put(to, word, BROOD_FOREVER);
}

static void tell_whether_it_lives(void *user)
{
    void **pair = user;
    const bool lives = brood_process_is_alive(pair[1]);

    BROOD_IGNORE(
        brood_queue_put(pair[0], brood_text(lives ? "the daemon lives" : "the daemon is gone"), BROOD_FOREVER));
}

/* All that an end goes through.  The child is joined after it has heard the finalizer of priority 0. */
static apr_status_t full_end(brood_call_t *call)
{
    const brood_process_options_t daemonic = {.daemon = BROOD_YES};
    void **pair = apr_palloc(call->mem, 2 * sizeof *pair);
    brood_queue_t *queue, *go, *never;
    brood_finalizer_t *finalizer, *cancelled;
    brood_process_t *daemon;
    apr_pool_t *lasting;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &go, &never));
    BROOD_TRY(apr_pool_create(&lasting, NULL)); /* nobody ends it */
    BROOD_TRY(brood_process_start(NULL, repeat, BROOD_ARGS(go, queue), NULL, call->mem));
    BROOD_TRY(brood_process_start(&daemon, repeat, BROOD_ARGS(never, queue), &daemonic, call->mem));
    pair[0] = queue;
    pair[1] = daemon;
    BROOD_TRY(speak_at_end(NULL, queue, "-7", -7, call->mem));
    BROOD_TRY(brood_finalizer_create(NULL, tell_whether_it_lives, pair, -1, call->mem));
    BROOD_TRY(speak_at_end(NULL, go, "joined", 0, call->mem));
    BROOD_TRY(speak_at_end(NULL, queue, "10, the older", 10, call->mem));
    BROOD_TRY(speak_at_end(NULL, queue, "10, the newer", 10, lasting));
    BROOD_TRY(speak_at_end(NULL, queue, "5", 5, call->mem));
    BROOD_TRY(speak_at_end(NULL, queue, "with the call's memory", BROOD_NOT_AT_EXIT, call->mem));
    BROOD_TRY(speak_at_end(NULL, queue, "never", BROOD_NOT_AT_EXIT, lasting));
    BROOD_TRY(speak_at_end(&finalizer, queue, "by hand", 20, call->mem));
    BROOD_TRY(speak_at_end(&cancelled, queue, "cancelled", 20, call->mem));
    brood_finalizer_cancel(cancelled);
    brood_finalizer_run(finalizer);
    brood_finalizer_run(finalizer);
    return APR_SUCCESS;
}

static void tell_whether_exiting(void *queue)
{
    BROOD_IGNORE(brood_queue_put(queue, brood_bool(brood_is_exiting()), BROOD_FOREVER));
}

static apr_status_t ask_whether_exiting(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    tell_whether_exiting(queue);
    BROOD_TRY(brood_finalizer_create(NULL, tell_whether_exiting, queue, 1, call->mem));
    return brood_finalizer_create(NULL, tell_whether_exiting, queue, -1, call->mem);
}

/* A finalizer that starts a child. */
static void start_late(void *user)
{
    brood_queue_t **queues = user;

    BROOD_IGNORE(brood_process_start(NULL, repeat, BROOD_ARGS(queues[0], queues[1]), NULL, NULL));
    BROOD_IGNORE(brood_queue_put(queues[0], brood_text("started late"), BROOD_FOREVER));
}

static apr_status_t end_with_a_start(brood_call_t *call)
{
    brood_queue_t **queues = apr_palloc(call->mem, 2 * sizeof *queues);

    BROOD_TRY(BROOD_UNPACK(call->args, &queues[0], &queues[1]));
    return brood_finalizer_create(NULL, start_late, queues, 0, call->mem);
}

static apr_status_t look_at_inherited(brood_call_t *call)
{
    (void) call;
    if (inherited != NULL) { /* by fork */
        CHECK(!brood_finalizer_pending(inherited));
        brood_finalizer_run(inherited);
    }
    return APR_SUCCESS;
}

static apr_status_t make_directory(brood_call_t *call)
{
    const char *path, *again;
    brood_queue_t *queue;
    apr_file_t *file;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    BROOD_TRY(brood_temp_dir(&path));
    BROOD_TRY(brood_temp_dir(&again));
    CHECK(path == again);
    BROOD_TRY(apr_dir_make(apr_pstrcat(call->mem, path, "/inner", NULL), APR_OS_DEFAULT, call->mem));
    BROOD_TRY(apr_file_open(&file, apr_pstrcat(call->mem, path, "/inner/file", NULL),
                            APR_FOPEN_CREATE | APR_FOPEN_WRITE, APR_OS_DEFAULT, call->mem));
    BROOD_TRY(apr_file_close(file));
    return brood_queue_put(queue, brood_text(path), BROOD_FOREVER);
}

static char heard[10]; /* of the hooks */

static void hook(void *word)
{
    strcat(heard, word);
}

static apr_status_t tell_what_was_heard(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_process_t *child;
    int depth;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &depth));
    BROOD_TRY(brood_queue_put(queue, brood_text(heard), BROOD_FOREVER));
    heard[0] = '\0';
    if (depth == 1)
        return APR_SUCCESS;
    BROOD_TRY(brood_process_start(&child, tell_what_was_heard, BROOD_ARGS(queue, depth - 1), NULL, call->mem));
    return brood_process_join(child, BROOD_FOREVER);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(repeat),
                                        BROOD_ENTRY(full_end),
                                        BROOD_ENTRY(ask_whether_exiting),
                                        BROOD_ENTRY(end_with_a_start),
                                        BROOD_ENTRY(look_at_inherited),
                                        BROOD_ENTRY(make_directory),
                                        BROOD_ENTRY(tell_what_was_heard),
                                        BROOD_ENTRIES_END};

/* ---- helpers ---- */

static void expect_words(const char *const *words, brood_queue_t *queue, apr_pool_t *mem)
{
    brood_value_t more;

    for (; *words != NULL; words++)
        EXPECT_TEXT(*words, brood_value_string(harness_get(queue, mem), mem));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&more, queue, BROOD_NOWAIT, mem));
}

static void count(void *number)
{
    ++*(int *) number;
}

static bool exists(const char *path, apr_pool_t *mem)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE, mem) == APR_SUCCESS;
}

/* ---- tests ---- */

static void the_end_has_its_order__EXIT_06_EXIT_07_EXIT_08_EXIT_09_EXIT_10_PROC_28(void)
{
    static const char *const words[] = {"by hand",
                                        "10, the newer",
                                        "10, the older",
                                        "5",
                                        "joined",
                                        "the daemon is gone",
                                        "-7",
                                        "with the call's memory",
                                        NULL};
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem), *never = harness_queue(mem);

    EXPECT_EXIT(0, harness_start(full_end, BROOD_ARGS(queue, go, never), mem));
    expect_words(words, queue, mem);
}

static void a_process_knows_that_it_is_exiting__EXIT_14(void)
{
    static const char *const words[] = {"False", "True", "True", NULL};
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);

    EXPECT(!brood_is_exiting());
    EXPECT_EXIT(0, harness_start(ask_whether_exiting, BROOD_ARGS(queue), mem));
    expect_words(words, queue, mem);
}

static void a_finalizer_may_start_a_child_which_is_joined__EXIT_06(void)
{
    static const char *const words[] = {"started late", NULL};
    apr_pool_t *mem = harness_mem();
    brood_queue_t *from = harness_queue(mem), *to = harness_queue(mem);

    EXPECT_EXIT(0, harness_start(end_with_a_start, BROOD_ARGS(from, to), mem));
    expect_words(words, to, mem);
}

static void a_finalizer_runs_once__EXIT_08_EXIT_09_EXIT_10_EXIT_12(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    brood_finalizer_t *by_hand = NULL, *with_pool = NULL, *cancelled = NULL;
    int runs[3] = {0, 0, 0};

    EXPECT_STATUS(APR_EINVAL, brood_finalizer_create(&by_hand, NULL, NULL, 0, mem));
    EXPECT(by_hand == NULL);
    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    EXPECT_OK(brood_finalizer_create(&by_hand, count, &runs[0], 0, brief));
    EXPECT_OK(brood_finalizer_create(&with_pool, count, &runs[1], BROOD_NOT_AT_EXIT, brief));
    EXPECT_OK(brood_finalizer_create(&cancelled, count, &runs[2], -3, brief));
    EXPECT(brood_finalizer_pending(by_hand) && brood_finalizer_pending(with_pool)
           && brood_finalizer_pending(cancelled));
    brood_finalizer_run(by_hand);
    brood_finalizer_run(by_hand);
    brood_finalizer_cancel(cancelled);
    brood_finalizer_run(cancelled);
    EXPECT(!brood_finalizer_pending(by_hand) && brood_finalizer_pending(with_pool));
    EXPECT(!brood_finalizer_pending(cancelled));
    EXPECT(runs[0] == 1 && runs[1] == 0 && runs[2] == 0);
    apr_pool_destroy(brief);
    EXPECT(runs[0] == 1 && runs[1] == 1 && runs[2] == 0);
}

static void no_child_runs_its_parents__EXIT_11(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    brood_array_t *runs = NULL;

    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    EXPECT_OK(brood_array_create(&runs, 1, sizeof(int), NULL, mem)); /* shared: a child's runs would count */
    EXPECT_OK(brood_finalizer_create(&inherited, count, brood_array_data(runs), 0, brief));
    EXPECT_EXIT(0, harness_start(look_at_inherited, BROOD_NO_ARGS, mem));
    EXPECT(*(int *) brood_array_data(runs) == 0 && brood_finalizer_pending(inherited));
    apr_pool_destroy(brief);
    EXPECT(*(int *) brood_array_data(runs) == 1);
    inherited = NULL;
}

static void *APR_THREAD_FUNC make_many(apr_thread_t *thread, void *data)
{
    apr_pool_t *mem = apr_thread_pool_get(thread);
    int *runs = data;

    for (int i = 0; i < EACH; i++) {
        brood_finalizer_t *finalizer = NULL;

        EXPECT_OK(brood_finalizer_create(&finalizer, count, runs, i % 7 - 3, mem));
        if (i % 2 == 0)
            brood_finalizer_run(finalizer);
        else if (i % 3 == 0)
            brood_finalizer_cancel(finalizer);
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void threads_register_and_run_at_once__EXIT_13(void)
{
    apr_pool_t *mem = harness_mem();
    apr_thread_t *thread[THREADS];
    int runs[THREADS] = {0}, wanted = 0;
    apr_status_t rc;

    for (int i = 0; i < EACH; i++)
        wanted += i % 2 == 0 || i % 3 != 0;
    for (int i = 0; i < THREADS; i++)
        EXPECT(apr_thread_create(&thread[i], NULL, make_many, &runs[i], mem) == APR_SUCCESS);
    for (int i = 0; i < THREADS; i++)
        EXPECT(apr_thread_join(&rc, thread[i]) == APR_SUCCESS);
    (void) harness_mem(); /* the threads' memory ends */
    for (int i = 0; i < THREADS; i++)
        EXPECT(runs[i] == wanted);
}

static void a_temporary_directory_is_ones_own_and_goes__EXIT_15_EXIT_17(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);
    const char *own = NULL, *other, *last = "";

    EXPECT_OK(brood_temp_dir(&own));
    EXPECT(exists(own, mem));
    for (int i = 0; i < 3; i++) {
        EXPECT_EXIT(0, harness_start(make_directory, BROOD_ARGS(queue), mem));
        other = brood_value_string(harness_get(queue, mem), mem);
        EXPECT(strcmp(own, other) != 0 && strcmp(last, other) != 0);
        EXPECT(!exists(other, mem));
        last = other;
    }
    EXPECT(exists(own, mem));
}

static void hooks_run_in_forked_children_in_order__EXIT_16(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    brood_queue_t *queue = harness_queue(mem);
    const bool forks = brood_get_start_method(true) == BROOD_START_FORK;
    char a[] = "a", b[] = "b", c[] = "c";

    EXPECT_STATUS(APR_EINVAL, brood_after_fork(NULL, NULL, mem));
    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    EXPECT_OK(brood_after_fork(hook, a, mem));
    EXPECT_OK(brood_after_fork(hook, b, brief));
    EXPECT_OK(brood_after_fork(hook, c, mem));
    EXPECT_EXIT(0, harness_start(tell_what_was_heard, BROOD_ARGS(queue, 3), mem));
    for (int depth = 0; depth < 3; depth++)
        EXPECT_TEXT(forks ? "abc" : "", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_TEXT("", heard);
    apr_pool_destroy(brief);
    EXPECT_EXIT(0, harness_start(tell_what_was_heard, BROOD_ARGS(queue, 1), mem));
    EXPECT_TEXT(forks ? "ac" : "", brood_value_string(harness_get(queue, mem), mem));
}

static const brood_test_t tests[] = {
    TEST(the_end_has_its_order__EXIT_06_EXIT_07_EXIT_08_EXIT_09_EXIT_10_PROC_28),
    TEST(a_process_knows_that_it_is_exiting__EXIT_14),
    TEST(a_finalizer_may_start_a_child_which_is_joined__EXIT_06),
    TEST(a_finalizer_runs_once__EXIT_08_EXIT_09_EXIT_10_EXIT_12),
    TEST(no_child_runs_its_parents__EXIT_11),
    TEST(threads_register_and_run_at_once__EXIT_13),
    TEST(a_temporary_directory_is_ones_own_and_goes__EXIT_15_EXIT_17),
    TEST(hooks_run_in_forked_children_in_order__EXIT_16),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "exit", tests, sizeof tests / sizeof *tests);
}
