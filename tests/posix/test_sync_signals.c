/* Waits and signals: a handled one does not shorten a wait, and a handler may set an event. */
#include "harness_tree.h"

#include <signal.h>
#include <sys/time.h>

static apr_pool_t *mem;
static brood_event_t *event;
static volatile sig_atomic_t signals;

static void count_signal(int number)
{
    (void) number;
    signals++;
}

static void set_event(int number)
{
    (void) number;
    signals++;
    (void) brood_event_set(event);
}

static void on_alarm(void (*handler)(int), long first, long interval) /* microseconds */
{
    const struct itimerval time = {{0, interval}, {0, first}};
    struct sigaction action = {.sa_handler = handler};

    signals = 0;
    EXPECT(sigaction(SIGALRM, &action, NULL) == 0);
    EXPECT(setitimer(ITIMER_REAL, &time, NULL) == 0);
}

static void a_handled_signal_shortens_no_wait__LOCK_21(void)
{
    const apr_interval_time_t timeout = apr_time_from_msec(60);
    brood_semaphore_t *semaphore;
    brood_condition_t *condition;
    brood_barrier_t *barrier;
    apr_time_t before;

    EXPECT_OK(brood_semaphore_create(&semaphore, 0, mem));
    EXPECT_OK(brood_condition_create(&condition, NULL, mem));
    EXPECT_OK(brood_event_create(&event, mem));
    EXPECT_OK(brood_barrier_create(&barrier, 2, NULL, mem));
    EXPECT_OK(brood_lock_acquire(brood_condition_lock(condition), BROOD_NOWAIT));
    for (int i = 0; i < 4; i++) {
        on_alarm(count_signal, 3000, 3000);
        before = apr_time_now();
        EXPECT_STATUS(i == 3 ? BROOD_EBROKEN : APR_TIMEUP, i == 0   ? brood_semaphore_acquire(semaphore, timeout)
                                                           : i == 1 ? brood_condition_wait(condition, timeout)
                                                           : i == 2 ? brood_event_wait(event, timeout)
                                                                    : brood_barrier_wait(NULL, barrier, timeout));
        EXPECT(apr_time_now() - before >= timeout - 1000);
        EXPECT(signals > 0);
    }
    on_alarm(count_signal, 0, 0);
}

/* On top of the wait for that very event, wherever in it the signal comes. */
static void a_handler_may_set_an_event__EVT_06(void)
{
    for (int i = 0; i < 200; i++) {
        EXPECT_OK(brood_event_create(&event, mem));
        on_alarm(set_event, 1 + i * 10, 0);
        EXPECT_OK(brood_event_wait(event, BROOD_FOREVER));
        EXPECT(signals == 1);
        brood_event_close(event);
    }
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(a_handled_signal_shortens_no_wait__LOCK_21),
        TEST(a_handler_may_set_an_event__EVT_06),
    };

    mem = call->mem;
    return harness_run("sync_signals", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
