/* Many items at once, and large ones without a copy. */
#include "queue_fixture.h"
#include <string.h>

/* ---- children ---- */

/* Puts numbers of its own, in batches of all sizes: number << 32 | 0, 1, 2 ... */
static apr_status_t produce(brood_call_t *call)
{
    brood_value_t items[100];
    brood_queue_t *queue;
    int number, count;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &number, &count));
    for (int done = 0, size = 1; done < count; size = size % 100 + 1) {
        apr_size_t some = (apr_size_t) (size < count - done ? size : count - done);

        for (apr_size_t i = 0; i < some; i++)
            items[i] = brood_int((int64_t) number << 32 | (done + (int) i));
        BROOD_TRY(brood_queue_put_many(queue, items, &some, BROOD_FOREVER));
        done += (int) some;
    }
    return APR_SUCCESS;
}

/* Publishes texts of all sizes where they lie, until it is killed. */
static apr_status_t pour(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    for (apr_size_t size = 1;; size = size * 7 % 99991) {
        void *room;

        BROOD_TRY(brood_queue_reserve(&room, queue, size, BROOD_FOREVER));
        memset(room, 'x', size);
        BROOD_TRY(brood_queue_publish(queue, room, size, BROOD_FOREVER));
    }
}

/* ---- claims ---- */

static void many_go_in_and_come_out_in_order(void) /* QUE-01, QUE-08 */
{
    static brood_value_t items[1000], got[1000];
    brood_queue_t *queue = new_queue(0);
    apr_size_t count = 1000, done = 0;

    for (int i = 0; i < 1000; i++)
        items[i] = i % 10 == 0
                       ? brood_text("one that is longer than what fits into a slot of the queue, and so has a block")
                       : brood_int(i);
    EXPECT_OK(brood_queue_put_many(queue, items, &count, BROOD_NOWAIT));
    EXPECT(count == 1000);
    expect_size(queue, 1000);
    while (done < 1000) {
        count = done % 7 == 0 ? 1 : 1000 - done;
        EXPECT_OK(brood_queue_get_many(got + done, &count, queue, BROOD_NOWAIT, mem));
        if (!EXPECT(count > 0))
            return;
        done += count;
    }
    for (int i = 0; i < 1000; i++)
        EXPECT(brood_value_equal(items[i], got[i]));
    count = 3;
    EXPECT_STATUS(APR_TIMEUP, brood_queue_get_many(got, &count, queue, 1000, mem));
    EXPECT(count == 0);
    brood_queue_close(queue);
}

static void as_many_go_in_as_there_is_room_for_and_the_rest_is_told(void) /* QUE-03 */
{
    brood_value_t items[] = {brood_int(1), brood_int(2), brood_int(3), brood_int(4)}, got[4];
    const brood_bytes_t bytes[] = {{"a", 1}, {"", 0}, {"ccc", 3}};
    brood_queue_t *queue = new_queue(3);
    apr_size_t count = 4;

    EXPECT_STATUS(APR_TIMEUP, brood_queue_put_many(queue, items, &count, BROOD_NOWAIT));
    EXPECT(count == 3);
    EXPECT_MESSAGE("full");
    count = 1;
    EXPECT_STATUS(APR_TIMEUP, brood_queue_put_many(queue, items, &count, 1000));
    EXPECT(count == 0);
    count = 3;
    EXPECT_STATUS(BROOD_EKIND, brood_queue_put_many_bytes(queue, bytes, &count, BROOD_NOWAIT));
    EXPECT(count == 0);
    count = 2;
    EXPECT_OK(brood_queue_get_many(got, &count, queue, BROOD_NOWAIT, mem));
    EXPECT(count == 2 && got[0].as.integer == 1 && got[1].as.integer == 2);
    count = 0;
    EXPECT_OK(brood_queue_put_many(queue, items, &count, BROOD_NOWAIT));
    expect_size(queue, 1);
    brood_queue_close(queue);
    count = 1;
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_put_many(queue, items, &count, BROOD_NOWAIT));
    EXPECT(count == 0);
}

static void what_cannot_be_encoded_stops_the_rest_and_those_before_are_in(void) /* QUE-18 */
{
    brood_queue_t *queue = new_queue(0);
    const brood_value_t items[] = {brood_int(1), brood_text("\xff\xfe"), brood_int(3)};
    brood_value_t got[3];
    apr_size_t count = 3;

    EXPECT_STATUS(BROOD_EENCODE, brood_queue_put_many(queue, items, &count, BROOD_NOWAIT));
    EXPECT(count == 1);
    count = 3;
    EXPECT_OK(brood_queue_get_many(got, &count, queue, BROOD_NOWAIT, mem));
    EXPECT(count == 1 && got[0].as.integer == 1);
    brood_queue_close(queue);
}

static void many_bytes_travel_as_they_are(void)
{
    static char large[70000];
    const brood_bytes_t items[] = {{"a", 1}, {"", 0}, {large, sizeof large}, {"four\0five", 9}};
    brood_queue_t *queue = new_queue(0);
    brood_bytes_t got[10];
    apr_size_t count = 4;

    memset(large, 'L', sizeof large);
    EXPECT_OK(brood_queue_put_many_bytes(queue, items, &count, BROOD_NOWAIT));
    EXPECT(count == 4);
    count = 10;
    EXPECT_OK(brood_queue_get_many_bytes(got, &count, queue, BROOD_FOREVER, mem));
    EXPECT(count == 4);
    for (apr_size_t i = 0; i < count; i++)
        EXPECT(got[i].size == items[i].size && memcmp(got[i].data, items[i].data, items[i].size) == 0);
    brood_queue_close(queue);
}

static void batches_of_several_producers_keep_each_ones_order(void) /* QUE-01, QUE-08 */
{
    enum { PRODUCERS = 3, EACH = 5000 };
    brood_process_t *process[PRODUCERS];
    brood_queue_t *queue = new_queue(50);
    int64_t next[PRODUCERS] = {0};
    brood_value_t got[64];

    for (int i = 0; i < PRODUCERS; i++)
        process[i] = start(produce, BROOD_ARGS(queue, i, EACH));
    for (int done = 0; done < PRODUCERS * EACH;) {
        apr_size_t count = (apr_size_t) (done % 64 + 1);

        EXPECT_OK(brood_queue_get_many(got, &count, queue, BROOD_FOREVER, mem));
        if (!EXPECT(count > 0))
            return;
        for (apr_size_t i = 0; i < count; i++) {
            const int64_t number = got[i].as.integer >> 32;

            if (number < 0 || number >= PRODUCERS || (got[i].as.integer & INT32_MAX) != next[number]++)
                EXPECT(number >= 0 && number < PRODUCERS && (got[i].as.integer & INT32_MAX) == next[number] - 1);
        }
        done += (int) count;
    }
    for (int i = 0; i < PRODUCERS; i++)
        EXPECT_EXIT(0, process[i]);
    expect_size(queue, 0);
    brood_queue_close(queue);
}

static void a_place_is_written_and_read_where_it_lies(void)
{
    brood_queue_t *queue = new_queue(2);
    brood_bytes_t item;
    void *room = NULL, *other = NULL;

    EXPECT_OK(brood_queue_reserve(&room, queue, 1000000, BROOD_NOWAIT));
    EXPECT((uintptr_t) room % 128 == 0);
    expect_size(queue, 0);
    memset(room, 'r', 1000000);
    EXPECT_STATUS(APR_EINVAL, brood_queue_publish(queue, (char *) room + 128, 5, BROOD_NOWAIT));
    EXPECT_STATUS(APR_EINVAL, brood_queue_publish(queue, room, 2000000, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_publish(queue, room, 999999, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_put_bytes(queue, "short", 5, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_reserve(&other, queue, 100, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_queue_publish(queue, other, 100, BROOD_NOWAIT)); /* full: it stays ours */
    EXPECT_OK(brood_queue_borrow(&item, queue, BROOD_NOWAIT));
    EXPECT(item.data == room && item.size == 999999 && ((const char *) item.data)[999998] == 'r');
    EXPECT_STATUS(APR_EINVAL, brood_queue_publish(queue, room, 5, BROOD_NOWAIT)); /* not ours any more */
    brood_queue_drop(queue, room);
    EXPECT_OK(brood_queue_publish(queue, other, 0, BROOD_NOWAIT));
    brood_queue_give_back(queue, item);
    brood_queue_give_back(queue, item);
    EXPECT_OK(brood_queue_borrow(&item, queue, BROOD_NOWAIT));
    EXPECT(item.size == 5 && memcmp(item.data, "short", 5) == 0);
    brood_queue_give_back(queue, item);
    EXPECT_OK(brood_queue_borrow(&item, queue, BROOD_NOWAIT));
    EXPECT(item.size == 0 && item.data != NULL);
    brood_queue_give_back(queue, item);
    EXPECT_STATUS(APR_TIMEUP, brood_queue_borrow(&item, queue, BROOD_NOWAIT));
    EXPECT_OK(brood_queue_reserve(&room, queue, 100, BROOD_NOWAIT));
    brood_queue_drop(queue, room);
    brood_queue_drop(queue, NULL);
    brood_queue_close(queue);
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_reserve(&room, queue, 100, BROOD_NOWAIT));
    EXPECT_STATUS(BROOD_ECLOSED, brood_queue_borrow(&item, queue, BROOD_NOWAIT));
}

static void what_a_killed_process_has_reserved_is_free_again(void) /* QUE-20 */
{
    const brood__heap_use_t before = use();
    brood_queue_t *queue = new_queue(5);

    for (int round = 0; round < 20; round++) {
        brood_process_t *process = start(pour, BROOD_ARGS(queue));
        brood_bytes_t item;

        for (int i = 0; i < round * 3 + 1; i++) {
            EXPECT_OK(brood_queue_borrow(&item, queue, BROOD_FOREVER));
            EXPECT(memchr(item.data, 'x', item.size) != NULL);
            brood_queue_give_back(queue, item);
        }
        EXPECT_KILLED(process);
        while (brood_queue_borrow(&item, queue, BROOD_NOWAIT) == APR_SUCCESS)
            brood_queue_give_back(queue, item);
        expect_size(queue, 0);
    }
    brood_queue_close(queue);
    expect_use(&before);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(many_go_in_and_come_out_in_order),
        TEST(as_many_go_in_as_there_is_room_for_and_the_rest_is_told),
        TEST(what_cannot_be_encoded_stops_the_rest_and_those_before_are_in),
        TEST(many_bytes_travel_as_they_are),
        TEST(batches_of_several_producers_keep_each_ones_order),
        TEST(a_place_is_written_and_read_where_it_lies),
        TEST(what_a_killed_process_has_reserved_is_free_again),
    };

    mem = call->mem;
    return harness_run("queue, many at once", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(produce), BROOD_ENTRY(pour))
