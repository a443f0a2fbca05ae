/* Event: between threads and processes. */
#include "harness_tree.h"
#include "base/step.h"
#include "memory/layout.h"
#include "memory/sleep.h"
#include "platform/clock.h"
#include <apr_thread_proc.h>

static apr_pool_t *mem;

/* ---- children ---- */

static apr_status_t wait_for_it(brood_call_t *call)
{
    brood_event_t *event;
    brood_queue_t *said;

    BROOD_TRY(BROOD_UNPACK(call->args, &event, &said));
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    BROOD_TRY(brood_event_wait(event, BROOD_FOREVER));
    return brood_queue_put(said, brood_int(2), BROOD_FOREVER);
}

static apr_status_t set_it(brood_call_t *call)
{
    brood_event_t *event;

    BROOD_TRY(BROOD_UNPACK(call->args, &event));
    return brood_event_set(event);
}

/* Answers each setting of the one by setting the other. */
static apr_status_t answer(brood_call_t *call)
{
    brood_event_t *ping, *pong;
    int rounds;

    BROOD_TRY(BROOD_UNPACK(call->args, &ping, &pong, &rounds));
    for (int i = 0; i < rounds; i++) {
        BROOD_TRY(brood_event_wait(ping, BROOD_FOREVER));
        BROOD_TRY(brood_event_clear(ping));
        BROOD_TRY(brood_event_set(pong));
    }
    return APR_SUCCESS;
}

/* ---- help ---- */

static brood_event_t *new_event(void)
{
    brood_event_t *event = NULL;

    EXPECT_OK(brood_event_create(&event, mem));
    return event;
}

static bool is_set(brood_event_t *event)
{
    bool set = false;

    EXPECT_OK(brood_event_is_set(&set, event));
    return set;
}

static void expect_said(brood_queue_t *said, int number)
{
    EXPECT(brood_value_equal(brood_int(number), harness_get(said, mem)));
}

/* ---- claims ---- */

static void it_is_clear_until_it_is_set__EVT_01_EVT_02_EVT_03_EVT_07(void)
{
    const apr_time_t before = apr_time_now();
    brood_event_t *event = new_event();

    EXPECT(!is_set(event));
    EXPECT_TEXT("<Event unset>", brood_value_string(BROOD_VALUE(event), mem));
    EXPECT_STATUS(APR_TIMEUP, brood_event_wait(event, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_event_wait(event, apr_time_from_msec(30)));
    EXPECT(apr_time_now() - before >= apr_time_from_msec(29));
    for (int i = 0; i < 2; i++) {
        EXPECT_OK(brood_event_set(event));
        EXPECT(is_set(event));
    }
    EXPECT_OK(brood_event_wait(event, BROOD_NOWAIT));
    EXPECT_OK(brood_event_wait(event, BROOD_FOREVER));
    EXPECT_TEXT("<Event set>", brood_value_string(BROOD_VALUE(event), mem));
    for (int i = 0; i < 2; i++) {
        EXPECT_OK(brood_event_clear(event));
        EXPECT(!is_set(event));
    }
    EXPECT_STATUS(APR_TIMEUP, brood_event_wait(event, BROOD_NOWAIT));
}

static void set_lets_all_pass__EVT_01(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *event = new_event();
    brood_process_t *waiters[4], *setter;

    for (int i = 0; i < 4; i++)
        waiters[i] = harness_start(wait_for_it, BROOD_ARGS(event, said), mem);
    for (int i = 0; i < 4; i++)
        expect_said(said, 1);
    setter = harness_start(set_it, BROOD_ARGS(event), mem);
    for (int i = 0; i < 4; i++)
        expect_said(said, 2);
    for (int i = 0; i < 4; i++)
        EXPECT_EXIT(0, waiters[i]);
    EXPECT_EXIT(0, setter);
    EXPECT(is_set(event));
}

/* Until a thread of this process sleeps. */
static void await_sleeper(void)
{
    for (;;)
        for (uint32_t i = 0; i < atomic_load(&brood__head()->cells_used); i++)
            if (atomic_load(&brood__head()->cell[i].owner) == brood__me
                && atomic_load(&brood__head()->cell[i].note) > BROOD__NOTE_CLAIMED)
                return;
}

static void *APR_THREAD_FUNC wait_in_thread(apr_thread_t *thread, void *data)
{
    brood_event_t *event = data;

    apr_thread_exit(thread, brood_event_wait(event, BROOD_FOREVER));
    return NULL;
}

static void who_waited_passes_though_it_is_cleared_at_once__EVT_04(void)
{
    for (int i = 0; i < 200; i++) {
        brood_event_t *event = new_event();
        apr_status_t rc = APR_EGENERAL;
        apr_thread_t *thread;

        EXPECT_OK(apr_thread_create(&thread, NULL, wait_in_thread, event, mem));
        await_sleeper();
        EXPECT_OK(brood_event_set(event));
        EXPECT_OK(brood_event_clear(event));
        EXPECT_OK(apr_thread_join(&rc, thread));
        EXPECT_OK(rc);
        EXPECT(!is_set(event));
        brood_event_close(event);
    }
}

#ifdef BROOD_TORTURE
/* A set that is late: it is held up before it wakes anybody, until the event was cleared and a waiter has had its last
 * look. */
enum { BEGUN, CHANGED, CLEARED, LOOKED, RANG };
static _Atomic int stage;

static void await(int wanted)
{
    while (atomic_load(&stage) != wanted)
        brood__clock_yield();
}

static bool go_on(int from)
{
    return atomic_compare_exchange_strong(&stage, &from, from + 1);
}

static void hold_up(int step)
{
    if (step == BROOD__STEP_EVENT_CHANGED && go_on(BEGUN))
        await(LOOKED);
    else if (step == BROOD__STEP_SLEEP_DECLARED && go_on(CLEARED))
        await(RANG);
}

static void *APR_THREAD_FUNC set_in_thread(apr_thread_t *thread, void *data)
{
    const apr_status_t rc = brood_event_set(data);

    atomic_store(&stage, RANG);
    apr_thread_exit(thread, rc);
    return NULL;
}

static void who_waits_for_the_next_set_is_woken_though_the_last_one_was_late__EVT_01(void)
{
    const apr_time_t look_first = brood__look_first;

    brood__look_first = apr_time_from_sec(86400); /* who is not woken sleeps on, and the test does not end */
    brood__step = hold_up;
    for (int i = 0; i < 100; i++) {
        brood_event_t *event = new_event();
        apr_status_t rc = APR_EGENERAL;
        apr_thread_t *setter, *waiter;

        atomic_store(&stage, BEGUN);
        EXPECT_OK(apr_thread_create(&setter, NULL, set_in_thread, event, mem));
        await(CHANGED);
        EXPECT_OK(brood_event_clear(event));
        EXPECT(go_on(CHANGED));
        EXPECT_OK(apr_thread_create(&waiter, NULL, wait_in_thread, event, mem));
        EXPECT_OK(apr_thread_join(&rc, setter));
        EXPECT_OK(rc);
        for (int j = 0; j < i % 16; j++)
            brood__clock_yield();
        EXPECT_OK(brood_event_set(event));
        EXPECT_OK(apr_thread_join(&rc, waiter));
        EXPECT_OK(rc);
        brood_event_close(event);
    }
    brood__step = NULL;
    brood__look_first = look_first;
}
#endif

/* ---- a set of what is set ---- */

#define ROUNDS 100000u
#define ROUNDS_LAST apr_time_from_sec(3) /* where the two hinder each other it is fewer */

typedef struct desk_t {
    brood_event_t *event;
    _Alignas(64) _Atomic uint32_t begun; /* rounds */
    _Alignas(64) _Atomic uint32_t ended;
    _Alignas(64) _Atomic uint32_t work;
    bool over; /* before the last round begins, which is none */
} desk_t;

static void await_round(_Atomic uint32_t *round, uint32_t wanted)
{
    for (int i = 0; atomic_load(round) != wanted; i++)
        if (i > 1000)
            brood__clock_yield();
}

static apr_status_t put_work(desk_t *desk)
{
    apr_status_t rc = APR_SUCCESS;

    for (uint32_t round = 1;; round++) {
        bool set;

        await_round(&desk->begun, round);
        if (desk->over)
            break;
        BROOD_IGNORE(brood_event_is_set(&set, desk->event));
        atomic_store_explicit(&desk->work, round, memory_order_release);
        rc = brood_event_set(desk->event);
        atomic_store(&desk->ended, round);
    }
    return rc;
}

static void *APR_THREAD_FUNC run_putter(apr_thread_t *thread, void *data)
{
    apr_thread_exit(thread, put_work(data));
    return NULL;
}

/* The event is set all the time but for the clear: either the work is seen after it, or the set came after it.  Each of
 * the two has near it what he looks at, and has to fetch what he writes: so a look that may come before a write does. */
static void work_is_seen_or_the_event_is_set__EVT_01_EVT_02(void)
{
    desk_t desk = {.event = new_event()};
    apr_thread_t *thread;
    apr_status_t rc = APR_SUCCESS;
    const apr_time_t end = brood__clock_now() + ROUNDS_LAST;
    uint32_t round = 1;
    unsigned lost = 0;

    EXPECT_OK(apr_thread_create(&thread, NULL, run_putter, &desk, mem));
    for (; round <= ROUNDS && brood__clock_now() < end; round++) {
        uint32_t seen;

        rc = brood_event_set(desk.event);
        atomic_fetch_add(&desk.work, 0);
        atomic_store(&desk.begun, round);
        for (uint32_t i = 0; i < round % 128; i++) /* now before the set, now after it, and sometimes at once */
            (void) atomic_load(&desk.begun);
        rc = rc == APR_SUCCESS ? brood_event_clear(desk.event) : rc;
        seen = atomic_load_explicit(&desk.work, memory_order_acquire);
        await_round(&desk.ended, round);
        lost += rc != APR_SUCCESS || (seen != round && !is_set(desk.event));
    }
    desk.over = true;
    atomic_store(&desk.begun, round);
    EXPECT(lost == 0 && round > 1);
    EXPECT_OK(apr_thread_join(&rc, thread));
    EXPECT_OK(rc);
}

static void two_processes_take_turns__EVT_01(void)
{
    brood_event_t *ping = new_event(), *pong = new_event();
    brood_process_t *child = harness_start(answer, BROOD_ARGS(ping, pong, 2000), mem);

    for (int i = 0; i < 2000; i++) {
        EXPECT_OK(brood_event_set(ping));
        EXPECT_OK(brood_event_wait(pong, BROOD_FOREVER));
        EXPECT_OK(brood_event_clear(pong));
    }
    EXPECT_EXIT(0, child);
}

static void a_killed_waiter_holds_nobody_up__EVT_05(void)
{
    brood_queue_t *said = harness_queue(mem);
    brood_event_t *event = new_event();
    brood_process_t *victim = harness_start(wait_for_it, BROOD_ARGS(event, said), mem);
    brood_process_t *other = harness_start(wait_for_it, BROOD_ARGS(event, said), mem);

    expect_said(said, 1);
    expect_said(said, 1);
    EXPECT_KILLED(victim);
    EXPECT_OK(brood_event_set(event));
    expect_said(said, 2);
    EXPECT_EXIT(0, other);
    EXPECT_OK(brood_event_set(event));
}

static void a_closed_one_is_of_no_use(void)
{
    brood_event_t *event = new_event(), *other;
    bool set = true;

    EXPECT_OK(brood_event_from_value(&other, brood_value_copy(BROOD_VALUE(event), mem)));
    EXPECT(brood_value_equal(BROOD_VALUE(event), BROOD_VALUE(other)));
    brood_event_close(event);
    brood_event_close(event);
    EXPECT_STATUS(BROOD_ECLOSED, brood_event_set(event));
    EXPECT_STATUS(BROOD_ECLOSED, brood_event_clear(event));
    EXPECT_STATUS(BROOD_ECLOSED, brood_event_wait(event, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_event_is_set(&set, event));
    EXPECT(set);
    EXPECT_TEXT("<Event closed>", brood_value_string(BROOD_VALUE(event), mem));
    EXPECT_OK(brood_event_set(other));
    EXPECT_STATUS(BROOD_EKIND, brood_event_from_value(&event, brood_nil()));
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(it_is_clear_until_it_is_set__EVT_01_EVT_02_EVT_03_EVT_07),
        TEST(set_lets_all_pass__EVT_01),
        TEST(who_waited_passes_though_it_is_cleared_at_once__EVT_04),
#ifdef BROOD_TORTURE
        TEST(who_waits_for_the_next_set_is_woken_though_the_last_one_was_late__EVT_01),
#endif
        TEST(work_is_seen_or_the_event_is_set__EVT_01_EVT_02),
        TEST(two_processes_take_turns__EVT_01),
        TEST(a_killed_waiter_holds_nobody_up__EVT_05),
        TEST(a_closed_one_is_of_no_use),
    };

    mem = call->mem;
    return harness_run("event", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(wait_for_it), BROOD_ENTRY(set_it), BROOD_ENTRY(answer))
