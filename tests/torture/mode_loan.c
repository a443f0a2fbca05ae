/* mode_loan.c - objects that go from process to process in the items of a queue, and bags, queues in whose items there are
 * objects and older bags.  Who gets some uses them, sends them on or drops them.  Afterwards nothing is left of any. */
#include "torture.h"

#include "loan_fixture.h"

/* A bag is filled when it is new and gets nothing later: so none is in itself. */
typedef struct load_t {
    torture_gift_t gift;
    brood_queue_t *bag;
} load_t;

static apr_status_t put(torture_thread_t *thread, brood_queue_t *queue, brood_value_t value)
{
    const apr_status_t rc = brood_queue_put(queue, value, torture_below(&thread->random, 4) == 0 ? 100 : BROOD_NOWAIT);

    if (rc == APR_SUCCESS)
        torture_count(thread->books, TORTURE_GIVEN);
    return rc == APR_TIMEUP ? APR_SUCCESS : rc;
}

static brood_value_t gift_of(const load_t *load, apr_pool_t *mem)
{
    return brood_value_copy(BROOD_LIST(load->gift.queue, load->gift.array, load->gift.lock), mem);
}

static void use(torture_thread_t *thread, torture_gift_t *gift)
{
    torture_get_some(thread, gift->queue, 3);
    torture_count_up(thread, gift->lock, gift->array);
    torture_put_some(thread, gift->queue, 3);
}

/* A new load, with some of an old one in its bag, to all. */
static apr_status_t send_new(torture_thread_t *thread, const load_t *old, apr_pool_t *mem)
{
    load_t load;

    BROOD_TRY(torture_make_gift(thread, &load.gift, mem));
    BROOD_TRY(brood_queue_create(&load.bag, TORTURE_CAPACITY, NULL, mem));
    BROOD_TRY(put(thread, load.bag, gift_of(&load, mem)));
    if (old != NULL) {
        BROOD_TRY(put(thread, load.bag, BROOD_LIST(old->bag, old->bag, load.gift.lock)));
        BROOD_TRY(put(thread, load.bag, gift_of(old, mem)));
    }
    for (unsigned i = torture_below(&thread->random, 3); i > 0; i--)
        BROOD_TRY(put(thread, thread->shared->queue, BROOD_LIST(load.bag, gift_of(&load, mem))));
    use(thread, &load.gift);
    torture_close_some(thread, &load.gift);
    return APR_SUCCESS;
}

/* What is in a bag: gifts, or lists that begin with older bags. */
static apr_status_t unpack_bag(torture_thread_t *thread, brood_queue_t *bag, apr_pool_t *mem)
{
    torture_gift_t gift;
    brood_value_t value;
    apr_status_t rc;

    while ((rc = brood_queue_get(&value, bag, BROOD_NOWAIT, mem)) == APR_SUCCESS) {
        torture_count(thread->books, TORTURE_TAKEN);
        if (brood_queue_from_value(&bag, brood_value_at(value, 1)) == APR_SUCCESS)
            continue; /* what is left in this one goes with it */
        BROOD_TRY(BROOD_UNPACK(value, &gift.queue, &gift.array, &gift.lock));
        use(thread, &gift);
    }
    return rc == APR_TIMEUP ? APR_SUCCESS : rc;
}

static apr_status_t use_up(torture_thread_t *thread, brood_value_t value, apr_pool_t *mem)
{
    brood_value_t gift;
    load_t load;

    BROOD_TRY(BROOD_UNPACK(value, &load.bag, &gift));
    BROOD_TRY(BROOD_UNPACK(gift, &load.gift.queue, &load.gift.array, &load.gift.lock));
    use(thread, &load.gift);
    switch (torture_below(&thread->random, 4)) {
    case 0:
        return unpack_bag(thread, load.bag, mem);
    case 1:
        return put(thread, thread->shared->queue, value);
    case 2:
        return send_new(thread, &load, mem);
    default:
        return APR_SUCCESS;
    }
}

/* If it is on a lease and this process dies, another gets it with all that is in it. */
static apr_status_t receive(torture_thread_t *thread, apr_pool_t *mem)
{
    brood_queue_t *queue = thread->shared->queue;
    brood_value_t value;
    apr_status_t rc = brood_queue_get(&value, queue, BROOD_NOWAIT, mem);

    if (rc != APR_SUCCESS)
        return rc == APR_TIMEUP ? APR_SUCCESS : rc;
    torture_count(thread->books, TORTURE_TAKEN);
    rc = use_up(thread, value, mem);
    if (brood_queue_deliveries(queue) != 0)
        BROOD_TRY(brood_queue_task_done(queue));
    return rc;
}

static apr_status_t send_or_receive(torture_thread_t *thread, apr_pool_t *mem)
{
    return torture_below(&thread->random, 3) == 0 ? send_new(thread, NULL, mem) : receive(thread, mem);
}

static void work(torture_thread_t *thread)
{
    torture_in_rounds(thread, send_or_receive, "a load");
}

static const int steps[] = {
    BROOD__STEP_LOAN_COUNTED,    BROOD__STEP_LOAN_BEGUN,       BROOD__STEP_LOAN_UNMARKED,   BROOD__STEP_LOAN_RETURNED,
    BROOD__STEP_LOAN_ENDED,      BROOD__STEP_LOANS_FORGOTTEN,  BROOD__STEP_LOANS_FORGOTTEN, BROOD__STEP_LOANS_RECOUNTED,
    BROOD__STEP_LOANS_RECOUNTED, BROOD__STEP_SWEEP_TAKEN,      BROOD__STEP_SWEEP_BLOCK,     BROOD__STEP_PUT_FILLED,
    BROOD__STEP_PUT_COMMITTED,   BROOD__STEP_GET_OWNED,        BROOD__STEP_GET_COMMITTED,   BROOD__STEP_OBJECT_HELD,
    BROOD__STEP_OBJECT_DROPPED,  BROOD__STEP_OBJECT_DESTROYED, BROOD__STEP_OBJECT_TAKEN,    0};

const torture_mode_t torture_loan = {"loan", TORTURE_USUAL_WORKERS, work, torture_account_left, steps, 0};
