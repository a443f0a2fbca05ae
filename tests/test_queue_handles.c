/* Connections and sockets as items of queues: they wait with their producer until somebody gets them. */
#include "pipe_fixture.h"

#include <apr_network_io.h>
#include <apr_thread_proc.h>
#include <string.h>

static brood_queue_t *queue, *said, *go; /* of the test that runs */

/* ---- children ---- */

/* Sends a number on each connection that comes, until nil; the number comes along, and a queue to say so. */
static apr_status_t say_numbers(brood_call_t *call)
{
    brood_connection_t *connection;
    brood_queue_t *items, *done;
    brood_value_t item;
    apr_pool_t *turn;
    int number;

    BROOD_TRY(BROOD_UNPACK(call->args, &items));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    for (;;) {
        BROOD_TRY(brood_queue_get(&item, items, BROOD_FOREVER, turn));
        if (item.kind == BROOD_KIND_NIL)
            return APR_SUCCESS;
        BROOD_TRY(BROOD_UNPACK(item, &number, &connection, &done));
        BROOD_TRY(brood_connection_send(connection, brood_int(number), BROOD_FOREVER));
        BROOD_TRY(brood_queue_put(done, brood_int(number), BROOD_FOREVER));
        apr_pool_clear(turn);
    }
}

/* Says hello at a socket that comes through the queue. */
static apr_status_t greet(brood_call_t *call)
{
    apr_size_t size = 5;
    brood_queue_t *items;
    apr_socket_t *socket;
    brood_value_t item;

    BROOD_TRY(BROOD_UNPACK(call->args, &items));
    BROOD_TRY(brood_queue_get(&item, items, BROOD_FOREVER, call->mem));
    BROOD_TRY(BROOD_READ(&socket, item));
    BROOD_TRY(apr_socket_send(socket, "hello", &size));
    CHECK(size == 5);
    return apr_socket_close(socket);
}

/* Puts connections whose other end it has sent something into, says so, and waits for its end. */
static apr_status_t offer(brood_call_t *call)
{
    brood_connection_t *ends[2];
    brood_queue_t *items, *done, *end;
    brood_value_t item;
    int count;

    BROOD_TRY(BROOD_UNPACK(call->args, &items, &done, &end, &count));
    for (int i = 0; i < count; i++) {
        BROOD_TRY(brood_pipe_create(&ends[0], &ends[1], BROOD_DUPLEX, call->mem));
        BROOD_TRY(brood_connection_send(ends[1], brood_int(i), BROOD_FOREVER));
        BROOD_TRY(brood_queue_put(items, BROOD_VALUE(ends[0]), BROOD_FOREVER));
        brood_connection_close(ends[0]);
    }
    BROOD_TRY(brood_queue_put(done, brood_nil(), BROOD_FOREVER));
    return brood_queue_get(&item, end, BROOD_FOREVER, call->mem);
}

/* Gets nothing: holds the queue until it is told to end. */
static apr_status_t hold(brood_call_t *call)
{
    brood_queue_t *items, *end;
    brood_value_t item;

    BROOD_TRY(BROOD_UNPACK(call->args, &items, &end));
    return brood_queue_get(&item, end, BROOD_FOREVER, call->mem);
}

/* ---- help ---- */

static void begin(void)
{
    mem = harness_mem();
    queue = harness_queue(mem);
    said = harness_queue(mem);
    go = harness_queue(mem);
}

static void expect_number(int number, brood_connection_t *connection)
{
    brood_value_t value;

    EXPECT_OK(brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    EXPECT(brood_value_equal(brood_int(number), value));
}

static void expect_end_of(brood_connection_t *connection)
{
    brood_value_t value;

    EXPECT_STATUS(APR_EOF, brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
}

/* ---- claims ---- */

static void a_connection_goes_through_a_queue__CONN_27_HND_05(void)
{
    brood_connection_t *ends[2];
    brood_process_t *child;

    begin();
    child = harness_start(say_numbers, BROOD_ARGS(queue), mem);
    for (int i = 0; i < 50; i++) {
        pair(ends, BROOD_DUPLEX);
        EXPECT_OK(brood_queue_put(queue, BROOD_LIST(i, ends[1], said), BROOD_FOREVER));
        brood_connection_close(ends[1]);
        expect_number(i, ends[0]);
        EXPECT(harness_get(said, mem).as.integer == i);
        expect_end_of(ends[0]); /* nobody has kept a copy */
        brood_connection_close(ends[0]);
    }
    EXPECT_OK(brood_queue_put(queue, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, child);
}

static void a_socket_goes_through_a_queue__CONN_28_HND_05(void)
{
    apr_socket_t *listener, *client, *server;
    apr_sockaddr_t *address;
    brood_process_t *child;
    char text[6] = "";
    apr_size_t got = 0;

    begin();
    child = harness_start(greet, BROOD_ARGS(queue), mem);
    EXPECT(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, mem) == APR_SUCCESS);
    EXPECT(apr_socket_create(&listener, APR_INET, SOCK_STREAM, APR_PROTO_TCP, mem) == APR_SUCCESS);
    EXPECT(apr_socket_bind(listener, address) == APR_SUCCESS);
    EXPECT(apr_socket_listen(listener, 1) == APR_SUCCESS);
    EXPECT(apr_socket_addr_get(&address, APR_LOCAL, listener) == APR_SUCCESS);
    EXPECT(apr_socket_create(&client, APR_INET, SOCK_STREAM, APR_PROTO_TCP, mem) == APR_SUCCESS);
    EXPECT(apr_socket_connect(client, address) == APR_SUCCESS);
    EXPECT(apr_socket_accept(&server, listener, mem) == APR_SUCCESS);
    EXPECT_OK(brood_queue_put(queue, BROOD_VALUE(server), BROOD_FOREVER));
    EXPECT(apr_socket_close(server) == APR_SUCCESS);
    while (got < 5) {
        apr_size_t size = 5 - got;

        if (!EXPECT(apr_socket_recv(client, text + got, &size) == APR_SUCCESS))
            break;
        got += size;
    }
    EXPECT_TEXT("hello", text);
    EXPECT_EXIT(0, child);
}

static void many_are_in_one_item_and_in_many_at_once(void)
{
    enum { EACH = 8, MANY = 16 };
    brood_connection_t *ends[MANY][EACH][2], *got;
    brood_value_t lists[MANY][EACH], items[MANY];
    apr_size_t count = MANY;
    brood_lock_t *lock, *same;

    begin();
    EXPECT_OK(brood_lock_create(&lock, mem));
    for (int i = 0; i < MANY; i++) {
        for (int k = 0; k < EACH; k++) {
            pair(ends[i][k], BROOD_DUPLEX);
            lists[i][k] = k == 3 ? brood_lock_to_value(lock) : BROOD_VALUE(ends[i][k][1]);
        }
        items[i] = brood_list(lists[i], EACH);
    }
    EXPECT_OK(brood_queue_put_many(queue, items, &count, BROOD_FOREVER));
    EXPECT(count == MANY);
    EXPECT_OK(brood_queue_get_many(items, &count, queue, BROOD_FOREVER, mem));
    EXPECT(count == MANY);
    for (int i = 0; i < MANY; i++)
        for (int k = 0; k < EACH; k++) {
            const brood_value_t value = brood_value_at(items[i], (apr_size_t) k);

            if (k == 3) {
                EXPECT_OK(brood_lock_from_value(&same, value));
                EXPECT(brood_value_equal(brood_lock_to_value(lock), value));
                continue;
            }
            EXPECT_OK(brood_connection_from_value(&got, value));
            EXPECT_OK(brood_connection_send(got, brood_int(i * EACH + k), BROOD_FOREVER));
            expect_number(i * EACH + k, ends[i][k][0]);
        }
}

static void what_is_not_put_leaves_nothing_open__HND_06(void)
{
    brood_queue_t *full = NULL;
    brood_connection_t *ends[2];
    int before;

    begin();
    EXPECT_OK(brood_queue_create(&full, 1, NULL, mem));
    EXPECT_OK(brood_queue_put_bytes(queue, "x", 1, BROOD_FOREVER));
    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_queue_put(full, BROOD_VALUE(ends[1]), BROOD_FOREVER));
    before = harness_handles();
    for (int i = 0; i < 20; i++) {
        EXPECT_STATUS(APR_TIMEUP, brood_queue_put(full, BROOD_LIST(ends[0], ends[1]), BROOD_NOWAIT));
        EXPECT_STATUS(BROOD_EKIND, brood_queue_put(queue, BROOD_LIST(ends[0], ends[1]), BROOD_NOWAIT));
    }
    EXPECT(harness_handles() == before);
}

static void what_was_never_got_ends_with_its_queue__HND_06(void)
{
    brood_connection_t *ends[2], *other[2];
    int before = 0;

    begin();
    for (int i = 0; i < 10; i++) { /* the first opens what the process keeps */
        queue = harness_queue(mem);
        pair(ends, BROOD_DUPLEX);
        pair(other, BROOD_DUPLEX);
        EXPECT_OK(brood_queue_put(queue, BROOD_LIST(ends[1], other[1]), BROOD_FOREVER));
        brood_connection_close(ends[1]);
        brood_connection_close(other[1]);
        brood_queue_close(queue);
        expect_end_of(ends[0]);
        expect_end_of(other[0]);
        brood_connection_close(ends[0]);
        brood_connection_close(other[0]);
        if (i == 0)
            before = harness_handles();
    }
    EXPECT(harness_handles() == before);
}

static void its_producer_is_told_when_another_ends_the_queue(void)
{
    brood_connection_t *ends[2];
    brood_process_t *child;

    begin();
    child = harness_start(hold, BROOD_ARGS(queue, go), mem);
    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_queue_put(queue, BROOD_VALUE(ends[1]), BROOD_FOREVER));
    brood_connection_close(ends[1]);
    brood_queue_close(queue);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, child);
    expect_end_of(ends[0]);
}

static void who_ends_takes_along_what_it_has_put(void)
{
    brood_process_t *child;
    brood_value_t item;

    begin();
    child = harness_start(offer, BROOD_ARGS(queue, said, go, 3), mem);
    EXPECT(harness_get(said, mem).kind == BROOD_KIND_NIL);
    EXPECT_OK(brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    EXPECT_KILLED(child);
    EXPECT_STATUS(BROOD_EDECODE, brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    EXPECT_MESSAGE("the process that has put it");
    EXPECT_STATUS(BROOD_EDECODE, brood_queue_get(&item, queue, BROOD_FOREVER, mem));
    EXPECT_OK(brood_queue_put(queue, brood_int(5), BROOD_FOREVER));
    EXPECT(harness_get(queue, mem).as.integer == 5);
}

static void a_child_that_starts_meanwhile_has_no_copy__HND_06(void)
{
    brood_connection_t *ends[2], *got;
    brood_process_t *child;

    begin();
    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_queue_put(queue, BROOD_VALUE(ends[1]), BROOD_FOREVER));
    brood_connection_close(ends[1]);
    child = harness_start(hold, BROOD_ARGS(said, go), mem);
    EXPECT_OK(BROOD_READ(&got, harness_get(queue, mem)));
    brood_connection_close(got);
    expect_end_of(ends[0]);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, child);
}

/* The child is a copy of one that keeps some: its own are its own. */
static void a_child_offers_its_own__HND_06(void)
{
    brood_connection_t *ends[2], *got;
    brood_process_t *child;

    begin();
    pair(ends, BROOD_DUPLEX);
    EXPECT_OK(brood_queue_put(queue, BROOD_VALUE(ends[1]), BROOD_FOREVER));
    child = harness_start(offer, BROOD_ARGS(queue, said, go, 1), mem);
    EXPECT(harness_get(said, mem).kind == BROOD_KIND_NIL);
    EXPECT_OK(BROOD_READ(&got, harness_get(queue, mem))); /* ours */
    EXPECT_OK(brood_connection_send(got, brood_int(8), BROOD_FOREVER));
    expect_number(8, ends[0]);
    EXPECT_OK(BROOD_READ(&got, harness_get(queue, mem))); /* the child's */
    expect_number(0, got);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, child);
    close_pair(ends);
}

typedef struct job_t {
    brood_queue_t *items;
    int failures;
} job_t;

static apr_status_t put_and_get(brood_queue_t *items, int number, apr_pool_t *turn)
{
    brood_connection_t *ends[2], *got;
    brood_value_t item;

    BROOD_TRY(brood_pipe_create(&ends[0], &ends[1], BROOD_DUPLEX, turn));
    BROOD_TRY(brood_queue_put(items, BROOD_VALUE(ends[1]), BROOD_FOREVER));
    BROOD_TRY(brood_queue_get(&item, items, BROOD_FOREVER, turn));
    BROOD_TRY(BROOD_READ(&got, item));
    BROOD_TRY(brood_connection_send(got, brood_int(number), BROOD_NOWAIT));
    BROOD_TRY(brood_connection_recv(&item, ends[0], BROOD_FOREVER, turn));
    CHECK(item.as.integer == number);
    return APR_SUCCESS;
}

static int fail_in_rounds(brood_queue_t *items)
{
    apr_pool_t *turn;
    int failures = 0;

    if (apr_pool_create(&turn, NULL) != APR_SUCCESS)
        return 1;
    for (int i = 0; i < 50; i++) {
        failures += put_and_get(items, i, turn) != APR_SUCCESS;
        apr_pool_clear(turn);
    }
    apr_pool_destroy(turn);
    return failures;
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    job_t *job = data;

    job->failures = fail_in_rounds(job->items);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void threads_put_and_get_them(void)
{
    enum { THREADS = 4 };
    apr_thread_t *thread[THREADS];
    job_t job[THREADS];
    apr_status_t rc;

    begin();
    for (int i = 0; i < THREADS; i++) {
        job[i] = (job_t){harness_queue(mem), 1};
        EXPECT(apr_thread_create(&thread[i], NULL, run, &job[i], mem) == APR_SUCCESS);
    }
    for (int i = 0; i < THREADS; i++) {
        EXPECT(apr_thread_join(&rc, thread[i]) == APR_SUCCESS);
        EXPECT(job[i].failures == 0);
    }
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(say_numbers), BROOD_ENTRY(greet), BROOD_ENTRY(offer),
                                            BROOD_ENTRY(hold), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(a_connection_goes_through_a_queue__CONN_27_HND_05),
        TEST(a_socket_goes_through_a_queue__CONN_28_HND_05),
        TEST(many_are_in_one_item_and_in_many_at_once),
        TEST(what_is_not_put_leaves_nothing_open__HND_06),
        TEST(what_was_never_got_ends_with_its_queue__HND_06),
        TEST(its_producer_is_told_when_another_ends_the_queue),
        TEST(who_ends_takes_along_what_it_has_put),
        TEST(a_child_that_starts_meanwhile_has_no_copy__HND_06),
        TEST(a_child_offers_its_own__HND_06),
        TEST(threads_put_and_get_them),
    };

    return harness_tree(argc, argv, entries, "queue_handles", tests, sizeof tests / sizeof *tests);
}
