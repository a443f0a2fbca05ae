/* Ctrl-C while a call of a manager waits: it is given up, and whatever it was about to get is as it was. */
#include "manager_sync_fixture.h"
#include "platform/interrupt.h"
#include <signal.h>
#include <unistd.h>

/* ---- help ---- */

/* Another thread presses Ctrl-C as soon as the text of the object has this part. */
typedef struct presser_t {
    brood_value_t object;
    const char *part;
    apr_pool_t *mem;
    apr_thread_t *thread;
} presser_t;

static void *APR_THREAD_FUNC press(apr_thread_t *thread, void *data)
{
    presser_t *presser = data;

    (void) thread;
    await_text(presser->part, presser->object, presser->mem);
    (void) kill(getpid(), SIGINT);
    return NULL;
}

static void begin(presser_t *presser, brood_value_t object, const char *part)
{
    presser->object = object;
    presser->part = part;
    EXPECT_OK(apr_pool_create(&presser->mem, NULL));
    (void) signal(SIGINT, SIG_DFL); /* it may be ignored here, as in the background */
    brood__interrupt_begin(NULL);
    EXPECT_OK(apr_thread_create(&presser->thread, NULL, press, presser, mem));
}

static void end(presser_t *presser)
{
    harness_join(presser->thread);
    apr_pool_destroy(presser->mem);
    brood__interrupt_end(false);
}

/* Something that tells, in its text, that all waits for this process. */
static brood_event_t *new_event(void)
{
    brood_event_t *event = NULL;

    EXPECT_OK(brood_manager_event(&event, manager, NULL, mem));
    return event;
}

/* ---- claims ---- */

static void who_waits_for_a_condition_has_the_lock_again__STYP_07(void)
{
    brood_condition_t *condition = NULL;
    brood_lock_t *lock;
    presser_t presser;

    fresh();
    EXPECT_OK(brood_manager_condition(&condition, manager, NULL, NULL, mem));
    lock = brood_condition_lock(condition);
    for (int i = 0; i < 2; i++)
        EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    begin(&presser, BROOD_VALUE(condition), "waiters=1>");
    EXPECT_STATUS(BROOD_ECANCELLED, brood_condition_wait(condition, BROOD_FOREVER));
    EXPECT_MESSAGE("Ctrl-C");
    end(&presser);
    for (int i = 0; i < 2; i++)
        EXPECT_OK(brood_lock_release(lock));
    EXPECT_TEXT("<Condition <RLock owner=None> waiters=0>", brood_value_string(BROOD_VALUE(condition), mem));
}

static void who_waits_at_a_barrier_breaks_it__STYP_08(void)
{
    brood_barrier_t *barrier = NULL;
    brood_barrier_state_t state = {0, 0, false};
    presser_t presser;

    fresh();
    EXPECT_OK(brood_manager_barrier(&barrier, manager, NULL, 2, NULL, mem));
    begin(&presser, BROOD_VALUE(barrier), "waiters=1/2>");
    EXPECT_STATUS(BROOD_ECANCELLED, brood_barrier_wait(NULL, barrier, BROOD_FOREVER));
    end(&presser);
    EXPECT_OK(brood_barrier_state(&state, barrier));
    EXPECT(state.broken);
}

static void who_waits_for_an_item_or_a_lock_gets_none__STYP_06_STYP_09(void)
{
    brood_event_t *event;
    brood_queue_t *queue = NULL;
    brood_lock_t *lock = NULL;
    brood_value_t item = brood_nil();
    presser_t presser;

    fresh();
    event = new_event();
    EXPECT_OK(brood_manager_queue(&queue, manager, NULL, 0, NULL, mem));
    EXPECT_OK(brood_manager_lock(&lock, manager, NULL, mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    begin(&presser, BROOD_VALUE(event), "unset");
    EXPECT_STATUS(BROOD_ECANCELLED, brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    end(&presser);
    begin(&presser, BROOD_VALUE(event), "unset");
    EXPECT_STATUS(BROOD_ECANCELLED, brood_lock_acquire(lock, BROOD_FOREVER));
    end(&presser);
    EXPECT_OK(brood_queue_put(queue, brood_int(1), BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT_OK(brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(who_waits_for_a_condition_has_the_lock_again__STYP_07),
        TEST(who_waits_at_a_barrier_breaks_it__STYP_08),
        TEST(who_waits_for_an_item_or_a_lock_gets_none__STYP_06_STYP_09),
    };

    return harness_tree(argc, argv, entries, "manager_ctrl_c", tests, sizeof tests / sizeof tests[0]);
}
