/* A manager's calls that are given up: what was given with an answer that nobody has heard is given back. */
#include "manager_sync_fixture.h"
#include "base/codec.h"
#include "connection/connection.h"
#include "manager/proxy.h"
#include "manager/rpc.h"

#define KEY "secret"

/* ---- a client that speaks for itself ---- */

typedef struct client_t {
    brood_connection_t *connection;
    uint64_t number; /* of the connection */
    uint32_t asked;  /* the last request */
} client_t;

static void ask(client_t *client, void *object, const char *method, const brood_value_t *args, size_t count)
{
    const uint64_t number = object != NULL ? brood__proxy_shared(object)->number : 0;
    brood__output_t output = {NULL, 0, 0, mem};

    client->asked++;
    EXPECT_OK(brood__rpc_write(&output, &client->asked, method, number, args, count));
    EXPECT_OK(brood_connection_send_bytes(client->connection, output.data, output.size, BROOD_FOREVER));
}

#define ASK(client, object, method, ...)                              \
    ask(client, object, method, (const brood_value_t[]){__VA_ARGS__}, \
        sizeof(const brood_value_t[]){__VA_ARGS__} / sizeof(brood_value_t))

/* The answer, which is no failure: its result, still encoded. */
static brood_bytes_t listen_to(client_t *client)
{
    brood_bytes_t bytes = {NULL, 0}, parts = {NULL, 0};
    brood_value_t failure = brood_int(1);
    uint32_t of = 0;
    size_t used = 0;

    EXPECT_OK(brood_connection_recv_bytes(&bytes, client->connection, 0, BROOD_FOREVER, mem));
    EXPECT_OK(brood__rpc_read_answer(&of, &parts, bytes.data, bytes.size));
    EXPECT(of == client->asked);
    EXPECT_OK(brood__decode_next(&failure, &used, parts.data, parts.size, false, mem));
    expect_value(brood_nil(), failure, mem);
    return (brood_bytes_t){(const char *) parts.data + used, parts.size - used};
}

static brood_value_t hear(client_t *client)
{
    const brood_bytes_t bytes = listen_to(client);
    brood_value_t result = brood_nil();

    EXPECT_OK(brood__decode(&result, bytes.data, bytes.size, false, mem));
    return result;
}

/* One more connection of a process of that name. */
static client_t client_of(const char *process)
{
    const brood_connect_options_t options = {.authkey = KEY};
    client_t client = {NULL, 0, 0};
    char token[BROOD__TOKEN + 1];
    brood_value_t answer;

    (void) snprintf(token, sizeof token, "%-16s", process);
    EXPECT_OK(brood_client_connect(&client.connection, brood_manager_address(manager), &options, mem));
    ASK(&client, NULL, "hello", brood_int(BROOD__RPC_VERSION), brood_bytes("0123456789abcdef", BROOD__TOKEN),
        brood_bytes(token, BROOD__TOKEN));
    answer = hear(&client);
    for (apr_size_t i = 0; i < answer.as.list.count; i++)
        if (brood_value_equal(answer.as.list.items[2 * i], brood_text("connection")))
            client.number = (uint64_t) answer.as.list.items[2 * i + 1].as.integer;
    return client;
}

/* By another connection of the same process: the last request is given up. */
static void give_up(const client_t *client, client_t *other)
{
    ASK(other, NULL, "cancel", brood_uint(client->number), brood_uint(client->asked));
    (void) hear(other);
}

/* Ask, wait for the answer, and say that it was never heard. */
#define UNHEARD(object, method, ...)                                           \
    do {                                                                       \
        client_t asker_ = client_of("process"), other_ = client_of("process"); \
        ASK(&asker_, object, method, __VA_ARGS__);                             \
        (void) listen_to(&asker_);                                             \
        give_up(&asker_, &other_);                                             \
        brood_connection_close(asker_.connection);                             \
        brood_connection_close(other_.connection);                             \
    } while (0)

#define THREAD brood_int(1)
#define FOREVER brood_int(-1)

/* ---- help ---- */

static void fresh_with_key(void)
{
    mem = harness_mem();
    EXPECT_OK(brood_manager_start(&manager, &(brood_manager_options_t){.authkey = KEY}, mem));
}

static brood_queue_t *new_queue(brood_queue_options_t options)
{
    brood_queue_t *queue = NULL;

    EXPECT_OK(brood_manager_queue(&queue, manager, NULL, 0, &options, mem));
    return queue;
}

static void put_numbers(brood_queue_t *queue, int count)
{
    for (int i = 0; i < count; i++)
        EXPECT_OK(brood_queue_put(queue, brood_int(i), BROOD_NOWAIT));
}

static void expect_numbers(brood_queue_t *queue, int count)
{
    for (int i = 0; i < count; i++)
        expect_number(i, queue, mem);
}

/* ---- claims ---- */

static void an_item_is_the_first_again(void)
{
    brood_queue_t *queue;
    client_t asker, other;

    fresh_with_key();
    queue = new_queue((brood_queue_options_t){.joinable = true});
    put_numbers(queue, 4);
    UNHEARD(queue, "get", THREAD, FOREVER);
    UNHEARD(queue, "get_many", THREAD, brood_int(3));
    asker = client_of("process");
    other = client_of("process");
    ASK(&asker, queue, "get", THREAD, FOREVER);
    expect_value(brood_int(0), hear(&asker), mem);
    give_up(&asker, &other);
    expect_numbers(queue, 4);
    for (int i = 0; i < 4; i++)
        EXPECT_OK(brood_queue_task_done(queue));
    EXPECT_STATUS(APR_EINVAL, brood_queue_task_done(queue));
    EXPECT_OK(brood_queue_join(queue, BROOD_FOREVER)); /* none was lost with the process that gave up */
}

static void who_waits_gets_what_another_has_not_heard_of(void)
{
    client_t waiter, asker, other;
    brood_queue_t *queue;

    fresh_with_key();
    queue = new_queue((brood_queue_options_t){.joinable = false});
    put_numbers(queue, 1);
    waiter = client_of("a third");
    asker = client_of("process");
    other = client_of("process");
    ASK(&asker, queue, "get", THREAD, FOREVER);
    (void) hear(&asker);
    ASK(&waiter, queue, "get", THREAD, FOREVER);
    give_up(&asker, &other);
    expect_value(brood_int(0), hear(&waiter), mem);
}

static void bytes_and_objects_come_back_whole(void)
{
    brood_queue_t *bytes, *values;
    brood_lock_t *lock = NULL;
    brood_bytes_t item;
    char room[2];
    apr_size_t size = sizeof room;

    fresh_with_key();
    bytes = new_queue((brood_queue_options_t){.joinable = false});
    values = new_queue((brood_queue_options_t){.joinable = false});
    EXPECT_OK(brood_queue_put_bytes(bytes, "bytes", 5, BROOD_FOREVER));
    UNHEARD(bytes, "get_bytes", THREAD, FOREVER, brood_nil());
    EXPECT_STATUS(BROOD_ETOOSHORT, brood_queue_get_into(room, &size, bytes, BROOD_NOWAIT));
    EXPECT(size == 5);
    EXPECT_OK(brood_queue_get_bytes(&item, bytes, BROOD_NOWAIT, mem));
    EXPECT_TEXT("bytes", item.data);
    EXPECT_OK(brood_manager_lock(&lock, manager, NULL, mem));
    EXPECT_OK(brood_queue_put(values, BROOD_VALUE(lock), BROOD_FOREVER));
    EXPECT_OK(brood_queue_put(values, brood_text("behind"), BROOD_FOREVER));
    brood_lock_close(lock);
    await_objects(manager, 3);
    UNHEARD(values, "get_many", THREAD, brood_int(2));
    EXPECT_OK(brood_lock_from_value(&lock, harness_get(values, mem)));
    EXPECT_OK(brood_lock_acquire(lock, BROOD_NOWAIT));
    expect_value(brood_text("behind"), harness_get(values, mem), mem);
}

static void a_lease_is_as_if_it_had_never_been(void)
{
    brood_queue_t *queue;

    fresh_with_key();
    queue = new_queue((brood_queue_options_t){.lease = true, .deliveries = 1});
    put_numbers(queue, 3);
    UNHEARD(queue, "get", THREAD, FOREVER);
    UNHEARD(queue, "get_many", THREAD, brood_int(2));
    for (int i = 0; i < 3; i++) {
        expect_number(i, queue, mem);
        EXPECT(brood_queue_deliveries(queue) == 1);
        EXPECT_OK(brood_queue_task_done(queue));
    }
    EXPECT_OK(brood_queue_join(queue, BROOD_FOREVER));
}

static void what_was_put_is_taken_back(void)
{
    const brood_value_t items[] = {brood_int(8), brood_int(9)};
    brood_queue_t *queue;

    fresh_with_key();
    queue = new_queue((brood_queue_options_t){.joinable = false});
    put_numbers(queue, 2);
    UNHEARD(queue, "put", brood_int(7), FOREVER);
    UNHEARD(queue, "put_many", brood_list(items, 2));
    put_numbers(queue, 1);
    expect_numbers(queue, 2);
    expect_numbers(queue, 1);
    EXPECT_TEXT("<Queue size=0>", brood_value_string(BROOD_VALUE(queue), mem));
}

static void what_was_heard_is_not_taken_back(void)
{
    client_t asker, other;
    brood_queue_t *queue;
    uint32_t first;

    fresh_with_key();
    queue = new_queue((brood_queue_options_t){.joinable = false});
    put_numbers(queue, 1);
    asker = client_of("process");
    other = client_of("process");
    ASK(&asker, queue, "get", THREAD, FOREVER);
    (void) hear(&asker);
    first = asker.asked;
    ask(&asker, queue, "size", NULL, 0);
    expect_value(brood_int(0), hear(&asker), mem);
    asker.asked = first;
    give_up(&asker, &other);
    EXPECT_TEXT("<Queue size=0>", brood_value_string(BROOD_VALUE(queue), mem));
}

static void who_has_given_up_gets_nothing(void)
{
    client_t asker, other, stranger;
    brood_queue_t *queue;

    fresh_with_key();
    queue = new_queue((brood_queue_options_t){.joinable = false});
    asker = client_of("process");
    other = client_of("process");
    stranger = client_of("another");
    ASK(&asker, queue, "get", THREAD, FOREVER);
    give_up(&asker, &stranger); /* which is no affair of his */
    put_numbers(queue, 1);
    expect_value(brood_int(0), hear(&asker), mem);
    ASK(&asker, queue, "get", THREAD, FOREVER);
    give_up(&asker, &other);
    put_numbers(queue, 1);
    expect_numbers(queue, 1);
}

/* By the other connection: nothing says which of the two the server reads first. */
static void who_gives_up_before_the_request_is_read_gets_nothing(void)
{
    client_t asker, other;
    brood_queue_t *queue;

    fresh_with_key();
    queue = new_queue((brood_queue_options_t){.joinable = false});
    put_numbers(queue, 1);
    asker = client_of("process");
    other = client_of("process");
    asker.asked++;
    give_up(&asker, &other);
    asker.asked--;
    ASK(&asker, queue, "get", THREAD, FOREVER);
    ask(&asker, queue, "size", NULL, 0);
    expect_value(brood_int(1), hear(&asker), mem);
}

static void a_lock_is_free_again_and_nobody_has_been_told(void)
{
    brood_lock_t *lock[2] = {NULL, NULL};
    client_t dying;

    fresh_with_key();
    EXPECT_OK(brood_manager_lock(&lock[0], manager, NULL, mem));
    EXPECT_OK(brood_manager_rlock(&lock[1], manager, NULL, mem));
    for (int i = 0; i < 2; i++) {
        UNHEARD(lock[i], "acquire", THREAD, FOREVER);
        EXPECT_OK(brood_lock_acquire(lock[i], BROOD_NOWAIT));
        EXPECT_OK(brood_lock_release(lock[i]));
        dying = client_of("dying");
        ASK(&dying, lock[i], "acquire", THREAD, FOREVER);
        expect_value(brood_bool(false), hear(&dying), mem);
        brood_connection_close(dying.connection);
        await_text("owner=None", BROOD_VALUE(lock[i]), mem);
        UNHEARD(lock[i], "acquire", THREAD, FOREVER);
        EXPECT_STATUS(BROOD_EOWNERDEAD, brood_lock_acquire(lock[i], BROOD_NOWAIT));
        EXPECT_OK(brood_lock_release(lock[i]));
    }
}

static void a_semaphore_has_its_unit_again(void)
{
    brood_semaphore_t *semaphore = NULL;

    fresh_with_key();
    EXPECT_OK(brood_manager_bounded_semaphore(&semaphore, manager, NULL, 1, mem));
    UNHEARD(semaphore, "acquire", FOREVER);
    EXPECT_TEXT("<BoundedSemaphore value=1 bound=1>", brood_value_string(BROOD_VALUE(semaphore), mem));
}

/* Whether it was notified meanwhile is not forgotten. */
static void who_gives_up_a_condition_has_the_lock_again(void)
{
    brood_condition_t *condition = NULL;
    client_t asker, other;

    fresh_with_key();
    EXPECT_OK(brood_manager_condition(&condition, manager, NULL, NULL, mem));
    asker = client_of("process");
    other = client_of("process");
    for (int notified = 0; notified < 2; notified++) {
        for (int i = 0; i < 2; i++) {
            ASK(&asker, condition, "acquire", THREAD, FOREVER);
            (void) hear(&asker);
        }
        ASK(&asker, condition, "wait", THREAD, FOREVER);
        await_text("waiters=1>", BROOD_VALUE(condition), mem);
        if (notified) {
            EXPECT_OK(brood_lock_acquire(brood_condition_lock(condition), BROOD_FOREVER));
            EXPECT_OK(brood_condition_notify(condition, 1));
            EXPECT_OK(brood_lock_release(brood_condition_lock(condition)));
            expect_value(brood_int(1), hear(&asker), mem);
        }
        give_up(&asker, &other);
        EXPECT_TEXT("<Condition <RLock owner=None> waiters=0>", brood_value_string(BROOD_VALUE(condition), mem));
        ASK(&asker, condition, "resume", THREAD);
        expect_value(brood_int(notified), hear(&asker), mem);
        EXPECT(strstr(brood_value_string(BROOD_VALUE(condition), mem), "depth=2>") != NULL);
        for (int i = 0; i < 2; i++) {
            ASK(&asker, condition, "release", THREAD);
            (void) hear(&asker);
        }
    }
}

static void who_gives_up_a_barrier_breaks_it(void)
{
    brood_barrier_t *barrier = NULL;
    brood_barrier_state_t state;
    client_t asker, other;

    fresh_with_key();
    EXPECT_OK(brood_manager_barrier(&barrier, manager, NULL, 2, NULL, mem));
    asker = client_of("process");
    other = client_of("process");
    ASK(&asker, barrier, "wait", THREAD, FOREVER);
    await_text("waiters=1/2", BROOD_VALUE(barrier), mem);
    give_up(&asker, &other);
    EXPECT_OK(brood_barrier_state(&state, barrier));
    EXPECT(state.broken && state.waiting == 0);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(an_item_is_the_first_again),
        TEST(who_waits_gets_what_another_has_not_heard_of),
        TEST(bytes_and_objects_come_back_whole),
        TEST(a_lease_is_as_if_it_had_never_been),
        TEST(what_was_put_is_taken_back),
        TEST(what_was_heard_is_not_taken_back),
        TEST(who_has_given_up_gets_nothing),
        TEST(who_gives_up_before_the_request_is_read_gets_nothing),
        TEST(a_lock_is_free_again_and_nobody_has_been_told),
        TEST(a_semaphore_has_its_unit_again),
        TEST(who_gives_up_a_condition_has_the_lock_again),
        TEST(who_gives_up_a_barrier_breaks_it),
    };

    return harness_tree(argc, argv, entries, "manager_undo", tests, sizeof tests / sizeof tests[0]);
}
