/* mode_object.c - short lives: locks, queues and arrays that are made, handed on, closed, and left behind by the dead,
 * with blocks in them.  Afterwards nothing is left of any. */
#include "torture.h"

/* ---- what a short life is made of ---- */

static apr_status_t use_alone(torture_thread_t *thread, apr_pool_t *mem)
{
    torture_gift_t gift, second;

    BROOD_TRY(torture_make_gift(thread, &gift, mem));
    second = gift;
    if (torture_below(&thread->random, 2) == 0) { /* a second reference, that lives on when the first is closed */
        brood_value_t copy = brood_value_copy(BROOD_LIST(gift.queue, gift.array, gift.lock), mem);

        BROOD_TRY(BROOD_UNPACK(copy, &second.queue, &second.array, &second.lock));
        torture_close_some(thread, &gift);
    }
    torture_get_some(thread, second.queue, TORTURE_CAPACITY);
    torture_count_up(thread, second.lock, second.array);
    torture_close_some(thread, &second);
    return APR_SUCCESS;
}

static apr_status_t hand_on(torture_thread_t *thread, apr_pool_t *mem)
{
    const torture_shared_t *shared = thread->shared;
    char plan[TORTURE_PLAN];
    const char *const environment[] = {plan, NULL};
    const brood_process_options_t options = {.environment = environment};
    const uint32_t dice = torture_below(&thread->random, 8);
    brood_process_t *child;
    torture_gift_t gift;
    int step;

    torture_plan(plan, &step, torture_object.steps, &thread->random);
    BROOD_TRY(torture_make_gift(thread, &gift, mem));
    BROOD_TRY(brood_process_start(&child, torture_child_entry,
                                  BROOD_ARGS(shared->books_array, shared->items_array, shared->queue, shared->lock[0],
                                             shared->lock[1], thread->number,
                                             (unsigned long long) torture_random(&thread->random), gift.queue,
                                             gift.array, gift.lock),
                                  &options, mem));
    torture_count(thread->books, TORTURE_GRANDCHILDREN);
    if (dice < 6)
        torture_close_some(thread, &gift);
    else {
        torture_count_up(thread, gift.lock, gift.array);
        torture_get_some(thread, gift.queue, TORTURE_CAPACITY);
    }
    if (dice == 1) {
        apr_sleep(torture_below(&thread->random, 2000));
        BROOD_IGNORE(brood_process_kill(child));
    }
    return dice == 2 ? APR_SUCCESS : brood_process_join(child, BROOD_FOREVER);
}

apr_status_t torture_child_entry(brood_call_t *call)
{
    static torture_lane_t lane;
    torture_shared_t shared;
    torture_thread_t thread = {.shared = &shared, .lane = &lane, .mem = call->mem};
    unsigned long long seed;
    torture_gift_t gift;

    BROOD_TRY(BROOD_UNPACK(call->args, &shared.books_array, &shared.items_array, &shared.queue, &shared.lock[0],
                           &shared.lock[1], &thread.number, &seed, &gift.queue, &gift.array, &gift.lock));
    torture_locate(&shared);
    torture_steps_follow(shared.books);
    thread.books = shared.books;
    thread.random = torture_seeded(seed);
    if (torture_below(&thread.random, 2) == 0)
        torture_close_some(&thread, &(torture_gift_t){shared.queue, shared.lock[0], shared.books_array});
    for (unsigned i = torture_below(&thread.random, 4); i > 0; i--) {
        torture_get_some(&thread, gift.queue, TORTURE_CAPACITY);
        torture_put_some(&thread, gift.queue, TORTURE_CAPACITY);
        torture_count_up(&thread, gift.lock, gift.array);
    }
    torture_close_some(&thread, &gift);
    return APR_SUCCESS;
}

static apr_status_t live(torture_thread_t *thread, apr_pool_t *mem)
{
    if (torture_below(&thread->random, 4) == 0) {
        torture_put_some(thread, thread->shared->queue, 3);
        torture_get_some(thread, thread->shared->queue, 3);
    }
    return torture_below(&thread->random, 4) == 0 ? hand_on(thread, mem) : use_alone(thread, mem);
}

static void work(torture_thread_t *thread)
{
    torture_in_rounds(thread, live, "a short life");
}

static const int steps[] = {BROOD__STEP_OBJECT_LOCKED,
                            BROOD__STEP_OBJECT_HELD,
                            BROOD__STEP_OBJECT_DROPPED,
                            BROOD__STEP_OBJECT_DESTROYED,
                            BROOD__STEP_OBJECT_TAKEN,
                            BROOD__STEP_OBJECT_TAKEN,
                            BROOD__STEP_ADOPT_PID,
                            BROOD__STEP_ADOPTED,
                            BROOD__STEP_SWEEP_BLOCK,
                            BROOD__STEP_PUT_FILLED,
                            BROOD__STEP_GET_OWNED,
                            BROOD__STEP_OBJECT_DESTROYED,
                            BROOD__STEP_SWEEP_ENDS_LOCKED,
                            BROOD__STEP_SWEEP_WOKE,
                            BROOD__STEP_SWEEP_FREED,
                            BROOD__STEP_HEAP_FREED,
                            BROOD__STEP_HEAP_LARGE_FREED,
                            BROOD__STEP_LOCK_FAST,
                            0};

const torture_mode_t torture_object = {"object", TORTURE_USUAL_WORKERS, work, torture_account_left, steps, 0};
