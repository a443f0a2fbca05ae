/* Shared objects in items on their way: they live as long as somebody may still get them, whoever dies. */
#include "harness_tree.h"
#include "loan_fixture.h"
#include "memory/block.h"
#include "platform/self.h"
#include <apr_thread_proc.h>

#define DEPTH 10000
#define SMALL_STACK (192 << 10)

/* An object that notes, when it is told that a process has ended, whose a block is then. */
typedef struct witness_t {
    brood__object_t object;
    uint64_t block;
    uint32_t owner;
} witness_t;

static void witness(void *shared, uint32_t id, bool ended)
{
    witness_t *self = shared;
    brood__block_t found;

    (void) id;
    if (ended && brood__block_find(self->block, &found))
        self->owner = brood__block_owner(&found);
}

static apr_status_t unpack_witness(void **object, uint64_t word, apr_pool_t *mem);

static const brood__kind_t witness_kind = {
    .tag = 200,
    .name = "Witness",
    .pack = brood__object_pack,
    .unpack = unpack_witness,
    .copy = NULL,
    .same = brood__object_same,
    .dropped = witness,
};

static apr_status_t unpack_witness(void **object, uint64_t word, apr_pool_t *mem)
{
    return brood__object_unpack(object, sizeof(brood__ref_t), &witness_kind, word, mem);
}

/* ---- children ---- */

static void wait_for_the_end(void)
{
    for (;;)
        apr_sleep(apr_time_from_sec(1));
}

/* Puts a lock, an array and an event that nobody else holds. */
static apr_status_t produce(brood_call_t *call)
{
    const int numbers[] = {7, 8, 9};
    brood_queue_t *queue;
    brood_lock_t *lock;
    brood_array_t *array;
    brood_event_t *event;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    BROOD_TRY(brood_lock_create(&lock, call->mem));
    BROOD_TRY(brood_array_create(&array, 3, sizeof *numbers, numbers, call->mem));
    BROOD_TRY(brood_event_create(&event, call->mem));
    BROOD_TRY(brood_event_set(event));
    return brood_queue_put(queue, BROOD_LIST(lock, array, event), BROOD_FOREVER);
}

/* Has an item in its hands, makes it or takes it, says so, and waits to be killed. */
static apr_status_t keep_item(brood_call_t *call)
{
    brood_queue_t *said, *queue;
    brood_lock_t *lock;
    brood__item_t item;
    bool makes;

    BROOD_TRY(BROOD_UNPACK(call->args, &said, &queue, &makes));
    if (makes) {
        BROOD_TRY(brood_lock_create(&lock, call->mem));
        BROOD_TRY(make_item(&item, BROOD_LIST(lock, queue)));
        brood_lock_close(lock);
    } else {
        BROOD_TRY(take_item(&item, queue, BROOD_FOREVER));
    }
    BROOD_TRY(brood_queue_put(said, brood_int(1), BROOD_FOREVER));
    wait_for_the_end();
    return APR_SUCCESS;
}

/* Gets each item and puts it into the other queue, by references of its own. */
static apr_status_t pass_on(brood_call_t *call)
{
    brood_queue_t *from, *to;
    brood_value_t value;
    int count;

    BROOD_TRY(BROOD_UNPACK(call->args, &from, &to, &count));
    while (count-- > 0) {
        BROOD_TRY(brood_queue_get(&value, from, BROOD_FOREVER, call->mem));
        BROOD_TRY(brood_queue_put(to, value, BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

/* Dies inside the lock of the holder sets, with wrong counts in it. */
static apr_status_t miscount(brood_call_t *call)
{
    brood_lock_t *first, *second;

    BROOD_TRY(BROOD_UNPACK(call->args, &first, &second));
    brood__object_lock();
    object_of(first)->loans = 0;
    object_of(second)->loans = 77;
    brood__self_kill();
    return APR_SUCCESS;
}

/* Puts a large block and is killed: it is the dead's, and in the queue. */
static apr_status_t put_large(brood_call_t *call)
{
    brood__item_t item = {0, UINT32_C(1) << 20, NULL, BROOD__BYTES};
    uint32_t one = 1;
    brood_queue_t *queue;
    void *object;

    BROOD_TRY(brood_queue_from_value(&queue, brood_value_at(call->args, 0)));
    BROOD_TRY(brood__kind_from_value(&object, witness_kind.tag, brood_value_at(call->args, 1)));
    BROOD_TRY(brood__heap_alloc(&item.block, item.length));
    ((witness_t *) object_of(object))->block = item.block;
    BROOD_TRY(brood__ring_put(&one, (brood__ring_t *) object_of(queue), &item, BROOD_FOREVER));
    brood__self_kill();
    return APR_SUCCESS;
}

/* ---- claims ---- */

static void an_object_outlives_its_producer_in_an_item(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *child = harness_start(produce, BROOD_ARGS(queue), mem);
    brood_lock_t *lock;
    brood_array_t *array;
    brood_event_t *event;
    brood_value_t value;
    bool set = false;

    EXPECT_EXIT(0, child);
    EXPECT_OK(brood_queue_get(&value, queue, BROOD_FOREVER, mem));
    EXPECT_OK(BROOD_UNPACK(value, &lock, &array, &event));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    EXPECT_OK(brood_lock_release(lock));
    EXPECT(brood_array_count(array) == 3 && ((int *) brood_array_data(array))[2] == 9);
    EXPECT_OK(brood_lock_acquire(brood_array_lock(array), BROOD_FOREVER));
    EXPECT_OK(brood_event_is_set(&set, event));
    EXPECT(set);
    EXPECT(brood__object_alone(object_of(lock)));
    apr_pool_clear(mem);
    expect_balance(before);
}

static void the_dead_have_no_items_in_their_hands(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();

    for (int makes = 0; makes < 2; makes++) {
        brood_queue_t *said = harness_queue(mem), *queue = harness_queue(mem);
        brood_process_t *child;
        brood_lock_t *lock;

        EXPECT_OK(brood_lock_create(&lock, mem));
        EXPECT_OK(brood_queue_put(queue, BROOD_LIST(lock, queue), BROOD_FOREVER));
        brood_lock_close(lock);
        child = harness_start(keep_item, BROOD_ARGS(said, queue, brood_bool(makes != 0)), mem);
        (void) harness_get(said, mem);
        EXPECT(loans_of(queue) == 1u + (unsigned) makes);
        EXPECT_KILLED(child);
        EXPECT(loans_of(queue) == (unsigned) makes);
        if (makes != 0) {
            brood_value_t value;

            EXPECT_OK(brood_queue_get(&value, queue, BROOD_FOREVER, mem));
        }
        EXPECT(loans_of(queue) == 0);
    }
    apr_pool_clear(mem);
    expect_balance(before);
}

static void items_go_from_process_to_process(void)
{
    enum { ITEMS = 300 };
    apr_pool_t *mem = harness_mem(), *round;
    const brood__heap_use_t before = count();
    brood_queue_t *there = harness_queue(mem), *back = harness_queue(mem);
    brood_process_t *children[2];
    int sum = 0;

    for (int i = 0; i < 2; i++)
        children[i] = harness_start(pass_on, BROOD_ARGS(there, back, ITEMS / 2), mem);
    EXPECT_OK(apr_pool_create(&round, mem));
    for (int i = 0; i < ITEMS; i++) {
        brood_array_t *array;

        EXPECT_OK(brood_array_create(&array, i == 7 ? 100000 : 1, sizeof i, NULL, round));
        *(int *) brood_array_data(array) = i;
        EXPECT_OK(brood_queue_put(there, BROOD_VALUE(array), BROOD_FOREVER));
        apr_pool_clear(round);
    }
    for (int i = 0; i < ITEMS; i++) {
        brood_array_t *array;
        brood_value_t value;

        EXPECT_OK(brood_queue_get(&value, back, BROOD_FOREVER, round));
        EXPECT_OK(brood_array_from_value(&array, value));
        sum += *(int *) brood_array_data(array);
        apr_pool_clear(round);
    }
    EXPECT(sum == ITEMS * (ITEMS - 1) / 2);
    for (int i = 0; i < 2; i++)
        EXPECT_EXIT(0, children[i]);
    apr_pool_clear(mem);
    expect_balance(before);
}

/* Each of the queues in an item of the next. */
static void *APR_THREAD_FUNC nest(apr_thread_t *thread, void *data)
{
    apr_pool_t *mem = data;
    brood_queue_t *inner = NULL, *outer;

    for (int i = 0; i < DEPTH; i++) {
        EXPECT_OK(brood_queue_create(&outer, 1, NULL, mem));
        if (inner != NULL) {
            EXPECT_OK(brood_queue_put(outer, BROOD_VALUE(inner), 0));
            brood_queue_close(inner);
        }
        inner = outer;
    }
    brood_queue_close(inner);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void queues_in_items_end_however_deep(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    apr_threadattr_t *attributes;
    apr_thread_t *thread;
    apr_status_t rc;

    EXPECT_OK(apr_threadattr_create(&attributes, mem));
    EXPECT_OK(apr_threadattr_stacksize_set(attributes, SMALL_STACK));
    EXPECT_OK(apr_thread_create(&thread, attributes, nest, mem, mem));
    EXPECT_OK(apr_thread_join(&rc, thread));
    expect_balance(before);
}

static void a_death_inside_the_lock_leaves_no_wrong_count(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood_queue_t *queue = harness_queue(mem);
    brood_lock_t *first, *second;

    EXPECT_OK(brood_lock_create(&first, mem));
    EXPECT_OK(brood_lock_create(&second, mem));
    EXPECT_OK(brood_queue_put(queue, BROOD_LIST(first, first, "a long text, so that there is more in the block"), 0));
    EXPECT_EXIT(harness_killed(), harness_start(miscount, BROOD_ARGS(first, second), mem));
    EXPECT(loans_of(first) == 2);
    EXPECT(loans_of(second) == 0);
    brood_lock_close(second);
    brood_lock_close(first);
    EXPECT(count().objects == before.objects + 2);
    apr_pool_clear(mem);
    expect_balance(before);
}

static void blocks_of_the_dead_are_sorted_before_objects_are_told(void)
{
    apr_pool_t *mem = harness_mem();
    const brood__heap_use_t before = count();
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *child;
    void *object;

    EXPECT_OK(brood__object_create(&object, sizeof(brood__ref_t), &witness_kind, sizeof(witness_t), mem));
    brood__object_publish(object);
    child = harness_start(put_large, BROOD_ARGS(queue, brood__kind_to_value(witness_kind.tag, object)), mem);
    EXPECT_EXIT(harness_killed(), child);
    EXPECT(brood__offset(object_of(object))
           < ((witness_t *) object_of(object))->block); /* one pass would come by here first */
    EXPECT(((witness_t *) object_of(object))->owner == BROOD__OWNER_QUEUE);
    apr_pool_clear(mem);
    expect_balance(before);
}

static const brood_test_t tests[] = {
    TEST(an_object_outlives_its_producer_in_an_item),
    TEST(the_dead_have_no_items_in_their_hands),
    TEST(items_go_from_process_to_process),
    TEST(queues_in_items_end_however_deep),
    TEST(a_death_inside_the_lock_leaves_no_wrong_count),
    TEST(blocks_of_the_dead_are_sorted_before_objects_are_told),
};

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(produce),  BROOD_ENTRY(keep_item), BROOD_ENTRY(pass_on),
                                            BROOD_ENTRY(miscount), BROOD_ENTRY(put_large), BROOD_ENTRIES_END};

    brood__kind_register(&witness_kind);
    return harness_tree(argc, argv, entries, "loan", tests, sizeof tests / sizeof tests[0]);
}
