/* test_log_copies.c - the logger in copies of a process that the program makes by itself, with fork. */
#include "harness_log.h"

#include "base/own.h"
#include <apr_thread_proc.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#define COPIES 50

static _Atomic int calls;

static void count(void *user, brood_log_level_t level, const char *process, const char *message)
{
    (void) user;
    (void) level;
    (void) process;
    (void) message;
    atomic_fetch_add(&calls, 1);
}

static apr_status_t talk(brood_call_t *call)
{
    (void) call;
    brood_log(BROOD_LOG_ERROR, "from a child");
    return APR_SUCCESS;
}

/* The child's copy is not the child: what it logs does not go the child's way. */
static apr_status_t split(brood_call_t *call)
{
    const pid_t copy = fork();
    int status;

    (void) call;
    if (copy == 0) {
        brood_log(BROOD_LOG_ERROR, "from a copy");
        _exit(3);
    }
    CHECK(waitpid(copy, &status, 0) == copy && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    brood_log(BROOD_LOG_ERROR, "from the child");
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(talk), BROOD_ENTRY(split), BROOD_ENTRIES_END};

/* In a copy: 0 if all is as it should be. */
static int use_logger(void)
{
    atomic_store(&calls, 0);
    brood_log(BROOD_LOG_ERROR, "from a copy");
    if (atomic_load(&calls) != 0 || brood__own_threads() != 0)
        return 1;
    brood_log_to(count, NULL, BROOD_LOG_INFO);
    brood_log(BROOD_LOG_ERROR, "to the copy's own function");
    brood_log_to(NULL, NULL, BROOD_LOG_OFF);
    return atomic_load(&calls) == 1 && brood_log_level() == BROOD_LOG_OFF ? 0 : 2;
}

/* Whatever another thread of the original was about: its lock is nobody's in a copy. */
static void a_copy_may_log_and_waits_for_nobody__LOG_01(void)
{
    apr_pool_t *mem = harness_mem();
    _Atomic bool stop = false;
    apr_thread_t *thread;
    apr_status_t rc;
    int status;

    brood_log_to(count, NULL, BROOD_LOG_INFO);
    EXPECT_EXIT(0, harness_start(talk, BROOD_NO_ARGS, mem)); /* from here on there is a thread of brood's, too */
    EXPECT_OK(apr_thread_create(&thread, NULL, harness_log_on, &stop, mem));
    for (int i = 0; i < COPIES; i++) {
        const pid_t copy = fork();

        if (copy == 0)
            _exit(use_logger());
        EXPECT(waitpid(copy, &status, 0) == copy && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    atomic_store(&stop, true);
    EXPECT_OK(apr_thread_join(&rc, thread));
    EXPECT(brood__own_threads() == 1);
    harness_log_to_nobody();
    EXPECT(brood__own_threads() == 0);
}

static void a_childs_copy_has_no_way_to_the_function__LOG_04(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *records = harness_queue(mem);

    brood_log_to(harness_collect, records, BROOD_LOG_ERROR);
    EXPECT_EXIT(0, harness_start_named("Kid", split, BROOD_NO_ARGS, mem));
    harness_log_to_nobody();
    EXPECT(harness_size(records) == 1);
    harness_expect_record(40, "Kid", "from the child", records, mem);
}

static const brood_test_t tests[] = {
    TEST(a_copy_may_log_and_waits_for_nobody__LOG_01),
    TEST(a_childs_copy_has_no_way_to_the_function__LOG_04),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "log_copies", tests, sizeof tests / sizeof *tests);
}
