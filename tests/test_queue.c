/* The queue: order, bounds, times, deaths. */
#include "queue_fixture.h"
#include <apr_thread_proc.h>
#include <string.h>

/* ---- children ---- */

/* Puts first, first + 1 ... first + count - 1. */
static apr_status_t produce(brood_call_t *call)
{
    brood_queue_t *queue;
    int first, count;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &first, &count));
    for (int i = 0; i < count; i++)
        BROOD_TRY(brood_queue_put(queue, brood_int(first + i), BROOD_FOREVER));
    return APR_SUCCESS;
}

/* Moves items until nil. */
static apr_status_t move(brood_call_t *call)
{
    brood_queue_t *from, *to;
    brood_value_t item;

    BROOD_TRY(BROOD_UNPACK(call->args, &from, &to));
    for (;;) {
        BROOD_TRY(brood_queue_get(&item, from, BROOD_FOREVER, call->mem));
        if (item.kind == BROOD_KIND_NIL)
            return APR_SUCCESS;
        BROOD_TRY(brood_queue_put(to, item, BROOD_FOREVER));
    }
}

/* Puts items of all sizes, some of them text, until it is killed. */
static apr_status_t pour(brood_call_t *call)
{
    static char text[200000];
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    memset(text, 'x', sizeof text);
    for (apr_size_t i = 1;; i = i * 5 % 199999)
        BROOD_TRY(brood_queue_put(queue, brood_text_n(text, i), BROOD_FOREVER));
}

/* ---- claims ---- */

static void values_come_out_as_they_went_in_and_in_order(void) /* QUE-08, QUE-26, GEN-03 */
{
    static char large[100000];
    brood_queue_t *queue = new_queue(0);
    brood_value_t item;

    memset(large, 'L', sizeof large - 1);
    const brood_value_t items[] = {brood_nil(),
                                   brood_bool(true),
                                   brood_int(-5),
                                   brood_uint(UINT64_MAX),
                                   brood_double(0.1),
                                   brood_text("hello"),
                                   brood_bytes("\0\1\2", 3),
                                   BROOD_LIST(42, BROOD_NIL, "hello"),
                                   brood_text(large),
                                   BROOD_LIST("a", large, BROOD_MAP("k", 1))};
    const size_t count = sizeof items / sizeof items[0];

    for (size_t i = 0; i < count; i++)
        EXPECT_OK(brood_queue_put(queue, items[i], BROOD_NOWAIT));
    large[0] = 'C'; /* copied at put */
    expect_size(queue, count);
    for (size_t i = 0; i < count; i++) {
        large[0] = i >= 8 ? 'L' : 'C';
        EXPECT_OK(brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
        EXPECT(brood_value_equal(item, items[i]));
    }
    expect_size(queue, 0);
    brood_queue_close(queue);
}

static void a_full_queue_takes_no_more_and_an_empty_one_gives_none(void) /* QUE-03, QUE-04, QUE-05, QUE-07,
    QUE-10, QUE-11, QUE-25, SQ-02 */
{
    brood_queue_t *queue = new_queue(3);
    brood_value_t item = brood_int(77);
    apr_time_t before;

    EXPECT(brood_queue_maxsize(queue) == 3);
    for (int i = 0; i < 3; i++)
        EXPECT_OK(brood_queue_put(queue, brood_int(i), BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(queue, brood_int(3), BROOD_NOWAIT));
    before = apr_time_now();
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put(queue, brood_int(3), apr_time_from_msec(30)));
    EXPECT(apr_time_now() - before >= apr_time_from_msec(29));
    expect_size(queue, 3);
    for (int i = 0; i < 3; i++) {
        EXPECT_OK(brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
        EXPECT(item.as.integer == i);
    }
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
    before = apr_time_now();
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get(&item, queue, apr_time_from_msec(30), mem));
    EXPECT(apr_time_now() - before >= apr_time_from_msec(29));
    EXPECT(item.as.integer == 2);
}

static void every_item_goes_to_exactly_one_getter(void) /* QUE-01 */
{
    enum { PRODUCERS = 3, MOVERS = 3, EACH = 5000 };
    static unsigned char seen[PRODUCERS * EACH];
    brood_queue_t *queue = new_queue(5), *results = new_queue(100);
    brood_process_t *producers[PRODUCERS], *movers[MOVERS];
    brood_value_t item = BROOD_NIL;

    memset(seen, 0, sizeof seen);
    for (int i = 0; i < MOVERS; i++)
        movers[i] = start(move, BROOD_ARGS(queue, results));
    for (int i = 0; i < PRODUCERS; i++)
        producers[i] = start(produce, BROOD_ARGS(queue, i * EACH, (int) EACH));
    for (int i = 0; i < PRODUCERS * EACH; i++) {
        EXPECT_OK(brood_queue_get(&item, results, BROOD_FOREVER, mem));
        seen[item.as.integer]++;
    }
    for (int i = 0; i < PRODUCERS * EACH; i++)
        if (seen[i] != 1)
            EXPECT(seen[i] == 1);
    for (int i = 0; i < MOVERS; i++)
        EXPECT_OK(brood_queue_put(queue, BROOD_NIL, BROOD_FOREVER));
    for (int i = 0; i < PRODUCERS; i++)
        EXPECT_EXIT(0, producers[i]);
    for (int i = 0; i < MOVERS; i++)
        EXPECT_EXIT(0, movers[i]);
    expect_size(results, 0);
}

static void an_item_outlives_its_producer_and_no_join_waits(void) /* QUE-09, QUE-16, SQ-03 */
{
    brood_queue_t *queue = new_queue(10000);
    brood_value_t item;

    EXPECT_EXIT(0, start(produce, BROOD_ARGS(queue, 100, 9000))); /* joined before anything is got */
    expect_size(queue, 9000);
    for (int i = 0; i < 9000; i++) {
        EXPECT_OK(brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
        if (item.as.integer != 100 + i)
            EXPECT(item.as.integer == 100 + i);
    }
}

static void bytes_travel_as_they_are(void)
{
    static const apr_size_t sizes[] = {0, 1, 16, 47, 48, 49, 64, 4096, 262144, 262145, 3000000};
    static char data[3000000];
    brood_queue_t *queue = new_queue(64);
    brood_bytes_t item;

    for (apr_size_t i = 0; i < sizeof data; i++)
        data[i] = (char) (i * 31 % 127);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        EXPECT_OK(brood_queue_put_bytes(queue, data, sizes[i], BROOD_NOWAIT));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        EXPECT_OK(brood_queue_get_bytes(&item, queue, BROOD_NOWAIT, mem));
        EXPECT(item.size == sizes[i]);
        EXPECT(memcmp(item.data, data, item.size) == 0);
    }
}

static void a_short_buffer_leaves_the_item(void)
{
    static const apr_size_t sizes[] = {10, 10000};
    char data[10000] = "0123456789", buffer[10000];
    brood_queue_t *queue = new_queue(4);

    for (int i = 0; i < 2; i++) {
        apr_size_t size = sizes[i] - 1;

        EXPECT_OK(brood_queue_put_bytes(queue, data, sizes[i], BROOD_NOWAIT));
        EXPECT_STATUS(BROOD_ETOOSHORT, brood_queue_get_into(buffer, &size, queue, BROOD_NOWAIT));
        EXPECT(size == sizes[i]);
        expect_size(queue, 1);
        EXPECT_OK(brood_queue_get_into(buffer, &size, queue, BROOD_NOWAIT));
        EXPECT(size == sizes[i] && memcmp(buffer, data, size) == 0);
        EXPECT_STATUS(APR_TIMEUP, brood_queue_get_into(buffer, &size, queue, BROOD_NOWAIT));
    }
}

static void a_queue_carries_values_or_bytes(void)
{
    brood_queue_t *queue = new_queue(4), *other = new_queue(4);
    brood_value_t item;
    brood_bytes_t bytes;

    EXPECT_OK(brood_queue_put(queue, brood_int(1), BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_EKIND, brood_queue_put_bytes(queue, "x", 1, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_EKIND, brood_queue_get_bytes(&bytes, queue, BROOD_NOWAIT, mem));
    EXPECT_OK(brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
    EXPECT_STATUS(BROOD_EKIND, brood_queue_put_bytes(queue, "x", 1, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_put_bytes(other, "x", 1, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_EKIND, brood_queue_get(&item, other, BROOD_NOWAIT, mem));
    expect_size(other, 1);
}

static void what_cannot_be_put_is_refused_and_nothing_is_lost(void) /* QUE-18, GEN-04 */
{
    const brood__heap_use_t *before;
    brood__heap_use_t use, after;
    brood_queue_t *queue = new_queue(4);
    brood_value_t item;

    brood__heap_flush();
    brood__heap_count(&use);
    before = &use;
    EXPECT_STATUS(BROOD_EENCODE, brood_queue_put(queue, brood_text("\xff\xfe"), BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_EENTRY,
                  brood_queue_put(queue, brood_entry((brood_entry_fn) (void (*)(void)) brood_version), BROOD_NOWAIT));
    expect_size(queue, 0);
    EXPECT_OK(brood_queue_put(queue, brood_entry(produce), BROOD_NOWAIT));
    EXPECT_OK(brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
    EXPECT(item.kind == BROOD_KIND_ENTRY && item.as.entry == produce);
    brood__heap_flush();
    brood__heap_count(&after);
    EXPECT(after.mine == before->mine);
    EXPECT_STATUS(APR_EINVAL, brood_queue_create(&queue, BROOD_QUEUE_LIMIT + 1, NULL, mem));
}

static void a_closed_queue_says_so_and_others_go_on(void) /* QUE-12, QUE-13, QUE-14, QUE-27, SQ-04 */
{
    brood_queue_t *queue = new_queue(10), *results = new_queue(100);
    brood_process_t *child = start(move, BROOD_ARGS(queue, results));
    brood_bytes_t bytes;
    brood_value_t item;
    apr_size_t size;

    EXPECT_OK(brood_queue_put(queue, brood_int(5), BROOD_FOREVER));
    EXPECT_OK(brood_queue_put(queue, BROOD_NIL, BROOD_FOREVER));
    brood_queue_close(queue);
    brood_queue_close(queue);
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_put(queue, BROOD_NIL, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_get(&item, queue, BROOD_NOWAIT, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_put_bytes(queue, "x", 1, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_get_bytes(&bytes, queue, BROOD_NOWAIT, mem));
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_size(&size, queue));
    EXPECT_OK(brood_queue_get(&item, results, BROOD_FOREVER, mem));
    EXPECT(item.as.integer == 5);
    EXPECT_EXIT(0, child);
    EXPECT_TEXT("<Queue closed>", brood_value_string(BROOD_VALUE(queue), mem));
    EXPECT_TEXT("<Queue size=0 maxsize=100>", brood_value_string(BROOD_VALUE(results), mem));
}

static void a_queue_goes_with_its_items(void)
{
    static char text[100000];
    brood__heap_use_t before, after;
    brood_queue_t *queue;

    memset(text, 't', sizeof text);
    brood__heap_flush();
    brood__heap_count(&before);
    queue = new_queue(100);
    for (apr_size_t i = 1; i < 100; i++)
        EXPECT_OK(brood_queue_put(queue, brood_text_n(text, i * 1000), BROOD_NOWAIT));
    brood_queue_close(queue);
    brood__heap_flush();
    brood__heap_count(&after);
    EXPECT(after.mine == before.mine && after.objects == before.objects && after.queued == before.queued);
}

static void killed_producers_leave_whole_items_and_nothing_behind(void) /* QUE-20 */
{
    brood__heap_use_t before, after;
    brood_queue_t *queue;
    brood_value_t item;
    apr_pool_t *turn;
    apr_status_t rc;

    EXPECT_OK(apr_pool_create(&turn, mem));
    brood__heap_flush();
    brood__heap_count(&before);
    queue = new_queue(32);
    for (int round = 0; round < 10; round++) {
        brood_process_t *child = start(pour, BROOD_ARGS(queue));

        for (int i = 0; i < 20 + round * 37; i++) {
            EXPECT_OK(brood_queue_get(&item, queue, BROOD_FOREVER, turn));
            apr_pool_clear(turn);
        }
        EXPECT_KILLED(child);
        while ((rc = brood_queue_get(&item, queue, BROOD_NOWAIT, turn)) == APR_SUCCESS) {
            EXPECT(item.kind == BROOD_KIND_TEXT && item.as.text.data[item.as.text.size - 1] == 'x');
            apr_pool_clear(turn);
        }
        EXPECT(rc == APR_TIMEUP);
    }
    brood_queue_close(queue);
    brood__heap_flush();
    brood__heap_count(&after);
    EXPECT(after.mine == before.mine && after.objects == before.objects && after.queued == before.queued);
}

/* Plain memory that is handed over through the queue: what one thread wrote before put, another reads after get. */
typedef struct parcel_t {
    long number, square;
} parcel_t;

static parcel_t parcels[20000];

static void *APR_THREAD_FUNC send_parcels(apr_thread_t *thread, void *data)
{
    apr_status_t rc = APR_SUCCESS;

    for (long i = 0; i < 20000 && rc == APR_SUCCESS; i++) {
        parcels[i] = (parcel_t){i, i * i};
        rc = brood_queue_put_bytes(data, &i, sizeof i, BROOD_FOREVER);
    }
    apr_thread_exit(thread, rc);
    return NULL;
}

static void threads_of_one_process_hand_over_memory(void)
{
    brood_queue_t *queue = new_queue(7);
    apr_thread_t *thread;
    apr_status_t rc;

    EXPECT_OK(apr_thread_create(&thread, NULL, send_parcels, queue, mem));
    for (long i = 0; i < 20000; i++) {
        long number = -1;
        apr_size_t size = sizeof number;

        rc = brood_queue_get_into(&number, &size, queue, BROOD_FOREVER);
        if (rc != APR_SUCCESS || number != i || parcels[number].square != number * number)
            EXPECT(rc == APR_SUCCESS && number == i && parcels[i].square == i * i);
    }
    EXPECT_OK(apr_thread_join(&rc, thread));
    EXPECT_OK(rc);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(values_come_out_as_they_went_in_and_in_order),
        TEST(a_full_queue_takes_no_more_and_an_empty_one_gives_none),
        TEST(every_item_goes_to_exactly_one_getter),
        TEST(an_item_outlives_its_producer_and_no_join_waits),
        TEST(bytes_travel_as_they_are),
        TEST(a_short_buffer_leaves_the_item),
        TEST(a_queue_carries_values_or_bytes),
        TEST(what_cannot_be_put_is_refused_and_nothing_is_lost),
        TEST(a_closed_queue_says_so_and_others_go_on),
        TEST(a_queue_goes_with_its_items),
        TEST(threads_of_one_process_hand_over_memory),
        TEST(killed_producers_leave_whole_items_and_nothing_behind),
    };

    mem = call->mem;
    return harness_run("queue", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(produce), BROOD_ENTRY(move), BROOD_ENTRY(pour))
