/* Queues of a manager: the type and the calls of local ones. */
#include "manager_sync_fixture.h"

/* ---- children ---- */

/* Puts numbers, each by itself or all at once. */
static apr_status_t produce(brood_call_t *call)
{
    brood_value_t items[400];
    brood_queue_t *queue;
    apr_size_t count;
    int first;
    bool at_once;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &first, &count, &at_once));
    for (apr_size_t i = 0; i < count; i++)
        items[i] = brood_int(first + (int) i);
    if (at_once)
        return brood_queue_put_many(queue, items, &count, BROOD_FOREVER);
    for (apr_size_t i = 0; i < count; i++)
        BROOD_TRY(brood_queue_put(queue, items[i], BROOD_FOREVER));
    return APR_SUCCESS;
}

/* Gets until there are no more, and says how many there were. */
static apr_status_t consume(brood_call_t *call)
{
    brood_queue_t *queue, *said;
    brood_value_t items[7];
    apr_size_t total = 0, count;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &said));
    do {
        count = total % 3 == 0 ? 1 : 7;
        rc = count == 1 ? brood_queue_get(items, queue, BROOD_FOREVER, call->mem)
                        : brood_queue_get_many(items, &count, queue, BROOD_FOREVER, call->mem);
        total += rc == APR_SUCCESS ? count : 0;
    } while (rc == APR_SUCCESS);
    BROOD_TRY(brood_allow(rc, APR_EOF));
    return brood_queue_put(said, brood_uint(total), BROOD_FOREVER);
}

/* Says that it waits, and then what it got. */
static apr_status_t get_one(brood_call_t *call)
{
    brood_value_t item = brood_nil();
    brood_queue_t *queue, *said;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &said));
    BROOD_TRY(brood_queue_put(said, brood_int(-1), BROOD_FOREVER));
    rc = brood_queue_get(&item, queue, BROOD_FOREVER, call->mem);
    return brood_queue_put(said, rc == APR_SUCCESS ? item : brood_int(rc), BROOD_FOREVER);
}

/* ---- help ---- */

static brood_queue_t *new_queue(apr_size_t maxsize)
{
    brood_queue_t *queue = NULL;

    EXPECT_OK(brood_manager_queue(&queue, manager, NULL, maxsize, NULL, mem));
    return queue;
}

static void put_number(brood_queue_t *queue, apr_int64_t number)
{
    EXPECT_OK(brood_queue_put(queue, brood_int(number), BROOD_NOWAIT));
}

static void expect_size(apr_size_t expected, brood_queue_t *queue)
{
    apr_size_t size = expected + 1;

    EXPECT_OK(brood_queue_size(&size, queue));
    EXPECT(size == expected);
}

/* ---- claims ---- */

static void items_come_in_their_order_and_at_once__STYP_09(void)
{
    brood_value_t item = brood_nil(), list[3] = {brood_text("two"), brood_nil(), brood_double(2.5)};
    brood_queue_t *queue;

    fresh();
    queue = new_queue(0);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
    EXPECT_MESSAGE("the queue stayed empty");
    put_number(queue, 1);
    EXPECT_OK(brood_queue_put(queue, brood_list(list, 3), BROOD_FOREVER));
    expect_size(2, queue);
    EXPECT_TEXT("<Queue size=2>", brood_value_string(BROOD_VALUE(queue), mem));
    expect_number(1, queue, mem);
    expect_value(brood_list(list, 3), harness_get(queue, mem), mem);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, queue, 1000, mem));
    EXPECT(brood_queue_maxsize(queue) == 0 && brood_queue_deliveries(queue) == 0);
    brood_queue_close(queue);
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_put(queue, item, BROOD_NOWAIT));
}

static void there_is_room_for_so_many__STYP_09(void)
{
    brood_process_t *child;
    brood_queue_t *queue;

    fresh();
    queue = new_queue(2);
    EXPECT(brood_queue_maxsize(queue) == 2);
    put_number(queue, 1);
    put_number(queue, 2);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(queue, brood_int(3), BROOD_NOWAIT));
    EXPECT_MESSAGE("the queue stayed full");
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(queue, brood_int(3), 1000));
    child = harness_start(produce, BROOD_ARGS(queue, 3, 4, brood_bool(false)), mem);
    for (int i = 1; i <= 6; i++)
        expect_number(i, queue, mem);
    EXPECT_EXIT(0, child);
    expect_size(0, queue);
    EXPECT_TEXT("<Queue size=0 maxsize=2>", brood_value_string(BROOD_VALUE(queue), mem));
}

static void many_are_put_and_got_at_once__STYP_09(void)
{
    brood_value_t items[300];
    brood_process_t *child;
    brood_queue_t *queue;
    apr_size_t count = 300, got = 0;

    fresh();
    queue = new_queue(10);
    for (int i = 0; i < 300; i++)
        items[i] = brood_int(i);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put_many(queue, items, &count, BROOD_NOWAIT));
    EXPECT(count == 10);
    child = harness_start(produce, BROOD_ARGS(queue, 10, 290, brood_bool(true)), mem);
    while (got < 300) {
        count = 300 - got;
        if (!EXPECT_OK(brood_queue_get_many(&items[got], &count, queue, BROOD_FOREVER, mem)))
            break;
        EXPECT(count > 0);
        got += count;
    }
    for (int i = 0; i < 300; i++)
        expect_value(brood_int(i), items[i], mem);
    EXPECT_EXIT(0, child);
    count = 5;
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get_many(items, &count, queue, BROOD_NOWAIT, mem));
    EXPECT(count == 0);
}

static void each_item_goes_to_one__STYP_09(void)
{
    brood_process_t *producer[2], *consumer[3];
    brood_queue_t *queue, *said;
    apr_int64_t total = 0;

    fresh();
    said = harness_queue(mem);
    queue = new_queue(16);
    for (int i = 0; i < 3; i++)
        consumer[i] = harness_start(consume, BROOD_ARGS(queue, said), mem);
    for (int i = 0; i < 2; i++)
        producer[i] = harness_start(produce, BROOD_ARGS(queue, 0, 400, brood_bool(i == 0)), mem);
    for (int i = 0; i < 2; i++)
        EXPECT_EXIT(0, producer[i]);
    EXPECT_OK(brood_queue_shutdown(queue, false));
    for (int i = 0; i < 3; i++) {
        total += harness_get(said, mem).as.integer;
        EXPECT_EXIT(0, consumer[i]);
    }
    EXPECT(total == 800);
}

static void bytes_are_no_values__STYP_09(void)
{
    const brood_bytes_t many[2] = {{"three", 5}, {"", 0}};
    brood_value_t item = brood_nil();
    brood_bytes_t bytes[2];
    brood_queue_t *queue;
    apr_size_t count = 2, size;
    char buffer[4];

    fresh();
    queue = new_queue(0);
    EXPECT_OK(brood_queue_put_bytes(queue, "one", 3, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EKIND, brood_queue_put(queue, brood_int(1), BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EKIND, brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    EXPECT_MESSAGE("either values or bytes");
    EXPECT_OK(brood_queue_put_bytes(queue, "twenty", 6, BROOD_FOREVER));
    EXPECT_OK(brood_queue_put_many_bytes(queue, many, &count, BROOD_FOREVER));
    size = sizeof buffer;
    EXPECT_OK(brood_queue_get_into(buffer, &size, queue, BROOD_FOREVER));
    EXPECT(size == 3 && memcmp(buffer, "one", 3) == 0);
    size = sizeof buffer;
    EXPECT_STATUS(BROOD_ETOOSHORT, brood_queue_get_into(buffer, &size, queue, BROOD_FOREVER));
    EXPECT(size == 6);
    EXPECT_OK(brood_queue_get_bytes(&bytes[0], queue, BROOD_FOREVER, mem));
    EXPECT(bytes[0].size == 6);
    EXPECT_TEXT("twenty", bytes[0].data);
    EXPECT_OK(brood_queue_get_many_bytes(bytes, &count, queue, BROOD_FOREVER, mem));
    EXPECT(count == 2 && bytes[0].size == 5 && bytes[1].size == 0);
    queue = new_queue(0);
    put_number(queue, 1);
    EXPECT_STATUS(BROOD_EKIND, brood_queue_put_bytes(queue, "", 0, BROOD_FOREVER));
    EXPECT_STATUS(BROOD_EKIND, brood_queue_get_bytes(bytes, queue, BROOD_FOREVER, mem));
    expect_size(1, queue);
}

static void after_shutdown_what_is_left_is_got__STYP_09(void)
{
    brood_value_t item = brood_nil();
    brood_queue_t *queue;

    fresh();
    queue = new_queue(2);
    put_number(queue, 1);
    put_number(queue, 2);
    EXPECT_OK(brood_queue_shutdown(queue, false));
    EXPECT_STATUS(APR_EOF, brood_queue_put(queue, brood_int(3), BROOD_FOREVER));
    EXPECT_MESSAGE("the queue has been shut down");
    expect_number(1, queue, mem);
    EXPECT_OK(brood_queue_shutdown(queue, true));
    EXPECT_OK(brood_queue_shutdown(queue, false));
    EXPECT_STATUS(APR_EOF, brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    EXPECT_MESSAGE("nothing will come");
    expect_size(0, queue);
}

static void shutdown_ends_those_who_wait__STYP_09(void)
{
    brood_process_t *getter, *putter;
    brood_queue_t *queue, *full, *said;

    fresh();
    said = harness_queue(mem);
    queue = new_queue(0);
    full = new_queue(1);
    getter = harness_start(get_one, BROOD_ARGS(queue, said), mem);
    putter = harness_start(produce, BROOD_ARGS(full, 0, 2, brood_bool(false)), mem);
    expect_number(-1, said, mem);
    await_text("size=1", BROOD_VALUE(full), mem);
    EXPECT_OK(brood_queue_shutdown(queue, false));
    EXPECT_OK(brood_queue_shutdown(full, true));
    expect_number(APR_EOF, said, mem);
    EXPECT_EXIT(0, getter);
    EXPECT_EXIT(1, putter);
}

static void a_call_that_waits_holds_up_no_other__STYP_12(void)
{
    const brood_queue_options_t lease = {.lease = true}; /* so nothing is lost with one of whose end nobody knows yet */
    brood_process_t *waiter[3];
    brood_queue_t *queue = NULL, *other, *said;

    fresh();
    said = harness_queue(mem);
    EXPECT_OK(brood_manager_queue(&queue, manager, NULL, 0, &lease, mem));
    other = new_queue(0);
    for (int i = 0; i < 3; i++) {
        waiter[i] = harness_start(get_one, BROOD_ARGS(queue, said), mem);
        expect_number(-1, said, mem);
        put_number(other, i);
        expect_number(i, other, mem);
    }
    EXPECT_KILLED(waiter[0]);
    for (int i = 1; i < 3; i++) {
        put_number(queue, 7);
        expect_number(7, said, mem);
    }
    EXPECT_EXIT(0, waiter[1]);
    EXPECT_EXIT(0, waiter[2]);
}

static void a_queue_is_in_a_dictionary_and_a_lock_in_a_queue__PROX_08(void)
{
    brood_managed_dict_t *outer, *inner;
    brood_value_t value = brood_nil();
    brood_queue_t *queue, *local, *found;
    brood_lock_t *lock = NULL, *got;

    fresh();
    outer = new_dict(manager, NULL, mem);
    inner = new_dict(manager, NULL, mem);
    queue = new_queue(0);
    local = harness_queue(mem);
    EXPECT_OK(brood_managed_dict_set(outer, brood_int(1), BROOD_VALUE(inner)));
    EXPECT_OK(brood_managed_dict_set(inner, brood_int(2), BROOD_VALUE(queue)));
    brood_queue_close(queue);
    EXPECT_OK(brood_managed_dict_get(&value, inner, brood_int(2), mem));
    EXPECT_OK(brood_queue_from_value(&found, value));
    EXPECT_OK(brood_manager_lock(&lock, manager, NULL, mem));
    EXPECT_OK(brood_queue_put(found, BROOD_VALUE(lock), BROOD_FOREVER));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_FOREVER));
    brood_lock_close(lock);
    EXPECT_OK(brood_lock_from_value(&got, harness_get(found, mem)));
    EXPECT_STATUS(APR_TIMEUP, brood_lock_acquire(got, BROOD_NOWAIT));
    EXPECT_OK(brood_lock_release(got));
    EXPECT_STATUS(BROOD_EENCODE, brood_queue_put(found, BROOD_VALUE(local), BROOD_FOREVER));
    EXPECT_OK(brood_queue_put(local, BROOD_VALUE(found), BROOD_FOREVER));
    brood_queue_close(found);
    EXPECT_OK(brood_queue_from_value(&found, harness_get(local, mem)));
    expect_size(0, found);
}

static void what_only_a_local_queue_has_says_so__STYP_09(void)
{
    const brood_queue_options_t options = {.ends_with_writers = true};
    brood_queue_t *queue, *other = NULL;
    brood_bytes_t item = {"x", 1};
    void *room = NULL;

    fresh();
    queue = new_queue(0);
    EXPECT_STATUS(APR_ENOTIMPL, brood_queue_reserve(&room, queue, 1, BROOD_FOREVER));
    EXPECT_MESSAGE("use brood_queue_put_bytes");
    EXPECT_STATUS(APR_ENOTIMPL, brood_queue_publish(queue, &item, 1, BROOD_FOREVER));
    EXPECT_STATUS(APR_ENOTIMPL, brood_queue_borrow(&item, queue, BROOD_FOREVER));
    brood_queue_give_back(queue, item);
    brood_queue_drop(queue, &item);
    EXPECT_STATUS(APR_ENOTIMPL, brood_manager_queue(&other, manager, NULL, 0, &options, mem));
    EXPECT_MESSAGE("brood_queue_shutdown");
    EXPECT(other == NULL);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(produce), BROOD_ENTRY(consume), BROOD_ENTRY(get_one),
                                            BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(items_come_in_their_order_and_at_once__STYP_09),
        TEST(there_is_room_for_so_many__STYP_09),
        TEST(many_are_put_and_got_at_once__STYP_09),
        TEST(each_item_goes_to_one__STYP_09),
        TEST(bytes_are_no_values__STYP_09),
        TEST(after_shutdown_what_is_left_is_got__STYP_09),
        TEST(shutdown_ends_those_who_wait__STYP_09),
        TEST(a_call_that_waits_holds_up_no_other__STYP_12),
        TEST(a_queue_is_in_a_dictionary_and_a_lock_in_a_queue__PROX_08),
        TEST(what_only_a_local_queue_has_says_so__STYP_09),
    };

    return harness_tree(argc, argv, entries, "manager_queue", tests, sizeof tests / sizeof tests[0]);
}
