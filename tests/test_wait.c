/* test_wait.c - many processes and sockets waited for at once (WAIT-*, PROC-36). */
#include "harness_tree.h"

#include "platform/channel.h"
#include "platform/clock.h"
#include "platform/wait.h"
#include <apr_network_io.h>
#include <apr_thread_proc.h>
#include <stdlib.h>

#define MANY 600
#define MANY_PROCESSES 150
#define CYCLES 200

/* ---- entries ---- */

static apr_status_t leaving(brood_call_t *call)
{
    int code;

    BROOD_TRY(BROOD_UNPACK(call->args, &code));
    exit(code);
}

/* Wait until there is a word. */
static apr_status_t waiting(brood_call_t *call)
{
    brood_queue_t *go;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &go));
    return brood_queue_get(&word, go, BROOD_FOREVER, call->mem);
}

/* Wait for the parent in every way there is. */
static apr_status_t orphan(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_process_t *parent = brood_parent_process();
    brood_wait_t item = BROOD_WAIT(parent);
    brood__watch_t watch = {BROOD__NO_HANDLE, false, false};
    apr_os_file_t sentinel;
    apr_status_t rc = brood_process_sentinel(&sentinel, parent);

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    CHECK(rc == APR_SUCCESS || rc == APR_ENOTIMPL);
    CHECK(brood_wait(&item, 1, BROOD_NOWAIT) == APR_TIMEUP && !item.ready);
    CHECK(brood_wait(&item, 1, 1000) == APR_TIMEUP && !item.ready);
    BROOD_TRY(brood_queue_put(queue, brood_text("born"), BROOD_FOREVER));
    BROOD_TRY(brood_wait(&item, 1, BROOD_FOREVER));
    CHECK(item.ready && !brood_process_is_alive(parent));
    BROOD_TRY(brood_process_join(parent, BROOD_FOREVER));
    if (rc == APR_SUCCESS) {
        watch.handle = (brood__handle_t) sentinel;
        BROOD_TRY(brood__wait_any(&watch, 1, 0));
        CHECK(watch.ready);
    }
    return brood_queue_put(queue, brood_text("orphaned"), BROOD_FOREVER);
}

static apr_status_t parent_of_orphan(brood_call_t *call)
{
    const brood_process_options_t options = {.outlives_parent = true};
    brood_queue_t *queue, *never;
    brood_value_t word;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &never));
    BROOD_TRY(brood_process_start(NULL, orphan, BROOD_ARGS(queue), &options, call->mem));
    return brood_queue_get(&word, never, BROOD_FOREVER, call->mem);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(leaving), BROOD_ENTRY(waiting), BROOD_ENTRY(orphan),
                                        BROOD_ENTRY(parent_of_orphan), BROOD_ENTRIES_END};

/* ---- helpers ---- */

/* A datagram socket of this machine's own; false: too many are open. */
static bool open_socket(apr_socket_t **socket, apr_pool_t *mem)
{
    apr_sockaddr_t *address;

    return apr_socket_create(socket, APR_INET, SOCK_DGRAM, 0, mem) == APR_SUCCESS
           && apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, mem) == APR_SUCCESS
           && apr_socket_bind(*socket, address) == APR_SUCCESS;
}

static apr_socket_t *new_socket(apr_pool_t *mem)
{
    apr_socket_t *socket = NULL;

    EXPECT(open_socket(&socket, mem));
    return socket;
}

/* Give a socket something to read. */
static void send_to(apr_socket_t *socket)
{
    apr_sockaddr_t *address;
    apr_size_t size = 1;

    EXPECT(apr_socket_addr_get(&address, APR_LOCAL, socket) == APR_SUCCESS);
    EXPECT(apr_socket_sendto(socket, address, 0, "x", &size) == APR_SUCCESS);
}

static void receive(apr_socket_t *socket)
{
    char byte;
    apr_size_t size = 1;

    EXPECT(apr_socket_recv(socket, &byte, &size) == APR_SUCCESS && size == 1);
}

/* Is the sentinel ready?  Asked of the system, as an event loop would. */
static bool is_ready(apr_os_file_t sentinel, apr_time_t deadline)
{
    brood__watch_t watch = {(brood__handle_t) sentinel, false, false};

    return brood__wait_any(&watch, 1, deadline) == APR_SUCCESS && watch.ready;
}

static apr_size_t count_ready(const brood_wait_t *items, apr_size_t count)
{
    apr_size_t ready = 0;

    for (apr_size_t i = 0; i < count; i++)
        ready += items[i].ready;
    return ready;
}

/* ---- tests ---- */

static void who_ends_is_ready_with_its_exit_code__WAIT_02_WAIT_04_PROC_36(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *stays = harness_start(waiting, BROOD_ARGS(go), mem), *leaves;
    brood_wait_t items[3] = {BROOD_WAIT(stays), BROOD_WAIT(stays)};

    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, 2, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, 2, 20000));
    EXPECT(count_ready(items, 2) == 0);
    leaves = harness_start(leaving, BROOD_ARGS(7), mem);
    items[1] = BROOD_WAIT(leaves);
    items[2] = BROOD_WAIT(leaves); /* twice */
    EXPECT_OK(brood_wait(items, 3, BROOD_FOREVER));
    EXPECT(!items[0].ready && items[1].ready && items[2].ready);
    EXPECT(brood_process_exitcode(leaves) == 7);
    EXPECT_OK(brood_wait(items, 3, BROOD_NOWAIT)); /* and stays so */
    EXPECT(!items[0].ready && items[1].ready && items[2].ready);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_OK(brood_wait(items, 1, BROOD_FOREVER));
    EXPECT(items[0].ready);
    EXPECT_EXIT(0, stays);
}

static void an_end_is_known_as_soon_as_it_is_told(void)
{
    apr_pool_t *mem = harness_mem();

    for (int i = 0; i < 50; i++) {
        brood_process_t *process = harness_start(leaving, BROOD_ARGS(i), mem);
        brood_wait_t item = BROOD_WAIT(process);

        EXPECT_OK(brood_wait(&item, 1, i % 2 ? BROOD_FOREVER : apr_time_from_sec(3600)));
        EXPECT(item.ready);
        EXPECT_OK(brood_process_close(process)); /* refuses one that is not known to have ended */
        EXPECT(brood_process_exitcode(process) == i);
    }
}

static void every_end_is_told_once_all_are_ready__WAIT_01_WAIT_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_wait_t items[10];

    for (int i = 0; i < 10; i++) {
        brood_process_t *process = harness_start(leaving, BROOD_ARGS(i), mem);

        items[i] = BROOD_WAIT(process);
        EXPECT_EXIT(i, process);
    }
    EXPECT_OK(brood_wait(items, 10, BROOD_FOREVER));
    EXPECT(count_ready(items, 10) == 10);
}

static void sockets_and_processes_mix__WAIT_02_WAIT_03_WAIT_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(go), mem);
    apr_socket_t *silent = new_socket(mem), *loud = new_socket(mem);
    brood_wait_t items[] = {BROOD_WAIT(silent), BROOD_WAIT(process), BROOD_WAIT(loud), BROOD_WAIT(loud)};
    apr_interval_time_t timeout = 0;

    EXPECT(apr_socket_timeout_get(silent, &timeout) == APR_SUCCESS && timeout < 0);
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, 4, 10000));
    send_to(loud);
    EXPECT_OK(brood_wait(items, 4, BROOD_FOREVER));
    EXPECT(!items[0].ready && !items[1].ready && items[2].ready && items[3].ready);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER)); /* a busy socket starves nobody */
    EXPECT_EXIT(0, process);
    EXPECT_OK(brood_wait(items, 4, BROOD_FOREVER));
    EXPECT(!items[0].ready && items[1].ready && items[2].ready);
    receive(loud);
    EXPECT_STATUS(APR_TIMEUP, brood_wait(&items[2], 2, BROOD_NOWAIT));
    EXPECT(apr_socket_timeout_get(silent, &timeout) == APR_SUCCESS && timeout < 0);
}

static void a_process_that_ends_wakes_who_waits_for_sockets_too__WAIT_03(void)
{
    apr_pool_t *mem = harness_mem();
    apr_socket_t *silent = new_socket(mem);
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(go), mem);
    brood_wait_t items[] = {BROOD_WAIT(silent), BROOD_WAIT(process)};

    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_OK(brood_wait(items, 2, BROOD_FOREVER));
    EXPECT(!items[0].ready && items[1].ready);
    EXPECT(brood_process_exitcode(process) == 0);
}

static void *APR_THREAD_FUNC speak(apr_thread_t *thread, void *data)
{
    brood_wait_t *items = data; /* the other thread is in brood_wait by now, or will be */

    send_to(items[0].object);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void a_socket_wakes_who_waits__WAIT_02(void)
{
    apr_pool_t *mem = harness_mem();
    apr_socket_t *loud = new_socket(mem);
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(go), mem);
    brood_wait_t items[] = {BROOD_WAIT(loud), BROOD_WAIT(process)};
    apr_thread_t *thread;
    apr_status_t rc;

    EXPECT(apr_thread_create(&thread, NULL, speak, items, mem) == APR_SUCCESS);
    EXPECT_OK(brood_wait(items, 2, BROOD_FOREVER));
    EXPECT(items[0].ready && !items[1].ready);
    EXPECT(apr_thread_join(&rc, thread) == APR_SUCCESS);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

/* A peer that connects, and one that goes. */
static void listeners_and_ends_of_streams_are_ready__WAIT_03_WAIT_05(void)
{
    apr_pool_t *mem = harness_mem();
    apr_socket_t *listener, *client, *server;
    apr_sockaddr_t *address;
    brood_wait_t item;

    EXPECT(apr_socket_create(&listener, APR_INET, SOCK_STREAM, APR_PROTO_TCP, mem) == APR_SUCCESS);
    EXPECT(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, mem) == APR_SUCCESS);
    EXPECT(apr_socket_bind(listener, address) == APR_SUCCESS && apr_socket_listen(listener, 5) == APR_SUCCESS);
    item = BROOD_WAIT(listener);
    EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, BROOD_NOWAIT));
    EXPECT(apr_socket_addr_get(&address, APR_LOCAL, listener) == APR_SUCCESS);
    EXPECT(apr_socket_create(&client, APR_INET, SOCK_STREAM, APR_PROTO_TCP, mem) == APR_SUCCESS);
    EXPECT(apr_socket_connect(client, address) == APR_SUCCESS);
    EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
    EXPECT(apr_socket_accept(&server, listener, mem) == APR_SUCCESS);
    item = BROOD_WAIT(server);
    EXPECT_STATUS(APR_TIMEUP, brood_wait(&item, 1, BROOD_NOWAIT));
    EXPECT(apr_socket_close(client) == APR_SUCCESS);
    EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
    EXPECT_OK(brood_wait(&item, 1, BROOD_NOWAIT));
    EXPECT(item.ready);
}

/* As many distinct objects as the system lets a program have open, and the same ones again up to the full number. */
static void hundreds_are_waited_for_at_once__WAIT_07(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_wait_t *items = apr_pcalloc(mem, MANY * sizeof *items);
    apr_socket_t *spare[20];
    apr_size_t count = 0, open = 0;

    for (; count < MANY_PROCESSES; count++)
        items[count] = brood_wait_process(harness_start(waiting, BROOD_ARGS(go), mem));
    while (open < 20 && open_socket(&spare[open], mem))
        open++;
    for (apr_socket_t *socket; count < MANY && open == 20 && open_socket(&socket, mem); count++)
        items[count] = BROOD_WAIT(socket);
    while (open > 0)
        EXPECT(apr_socket_close(spare[--open]) == APR_SUCCESS);
    for (apr_size_t i = count; i < MANY; i++)
        items[i] = items[i - count];
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, MANY, BROOD_NOWAIT));
    EXPECT_STATUS(APR_TIMEUP, brood_wait(items, MANY, 10000));
    for (apr_size_t left = MANY_PROCESSES; left > 0; left -= 50) {
        for (int i = 0; i < 50; i++)
            EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
        do
            EXPECT_OK(brood_wait(items, MANY, BROOD_FOREVER));
        while (count_ready(items, MANY_PROCESSES) < MANY_PROCESSES + 50 - left);
    }
    for (int i = 0; i < MANY_PROCESSES; i++)
        EXPECT(items[i].ready && brood_process_exitcode(items[i].object) == 0);
    for (apr_size_t i = MANY_PROCESSES; i < count; i++)
        EXPECT(!items[i].ready);
}

/* The same of handles alone: the system has another way for these. */
static void hundreds_of_handles_are_waited_for_at_once__WAIT_07(void)
{
    brood__watch_t watches[MANY];
    brood__handle_t always = BROOD__NO_HANDLE;
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process[70];
    apr_os_file_t sentinel;

    for (int i = 0; i < 70; i++)
        process[i] = harness_start(waiting, BROOD_ARGS(go), mem);
    for (int i = 0; i < MANY; i++) {
        EXPECT_OK(brood_process_sentinel(&sentinel, process[i % 70]));
        watches[i] = (brood__watch_t){(brood__handle_t) sentinel, false, false};
    }
    EXPECT_STATUS(APR_TIMEUP, brood__wait_any(watches, MANY, brood__clock_now() + 10000));
    EXPECT_OK(brood_process_kill(process[69]));
    EXPECT_OK(brood__wait_any(watches, MANY, INT64_MAX));
    for (int i = 0; i < MANY; i++)
        EXPECT(watches[i].ready == (i % 70 == 69));
    EXPECT_OK(brood__wait_always(&always));
    watches[0] = (brood__watch_t){always, false, false};
    EXPECT_OK(brood__wait_any(watches, 69, INT64_MAX));
    EXPECT(watches[0].ready && !watches[1].ready);
    brood__channel_close(always);
    for (int i = 0; i < 69; i++)
        EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    for (int i = 0; i < 70; i++)
        EXPECT_EXIT(i < 69 ? 0 : harness_killed(), process[i]);
    EXPECT_STATUS(APR_TIMEUP, brood__wait_any(NULL, 0, brood__clock_now() + 1000));
}

static void what_cannot_be_waited_for_is_refused__WAIT_10(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process = harness_start(leaving, BROOD_ARGS(0), mem);
    apr_socket_t *socket = new_socket(mem);
    brood_wait_t items[] = {BROOD_WAIT(process), BROOD_WAIT(socket), {0, true, NULL}};

    EXPECT_EXIT(0, process);
    EXPECT_STATUS(APR_EINVAL, brood_wait(items, 0, BROOD_NOWAIT));
    EXPECT_STATUS(APR_EINVAL, brood_wait(items, 3, BROOD_NOWAIT));
    EXPECT(count_ready(items, 3) == 0); /* though one is ready */
    items[2] = brood_wait_process(NULL);
    EXPECT_STATUS(APR_EINVAL, brood_wait(items, 3, BROOD_NOWAIT));
    items[2] = brood_wait_process((brood_process_t *) brood_current_process());
    EXPECT_STATUS(BROOD_EMISUSE, brood_wait(items, 3, BROOD_NOWAIT));
    EXPECT_OK(brood_wait(items, 2, BROOD_NOWAIT));
    EXPECT(apr_socket_close(socket) == APR_SUCCESS);
    EXPECT_STATUS(BROOD_ECLOSED, brood_wait(items, 2, BROOD_NOWAIT));
    EXPECT_OK(brood_process_close(process));
    EXPECT_STATUS(BROOD_ECLOSED, brood_wait(items, 1, BROOD_NOWAIT));
    EXPECT_MESSAGE("is closed");
}

static void a_sentinel_is_ready_from_the_end_until_close__PROC_36(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(go), mem);
    apr_os_file_t sentinel, again;

    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT(!is_ready(sentinel, 0));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT(is_ready(sentinel, INT64_MAX));
    EXPECT_EXIT(0, process);
    EXPECT(is_ready(sentinel, 0));
    EXPECT_OK(brood_process_sentinel(&again, process));
    EXPECT(again == sentinel);
    EXPECT_OK(brood_process_close(process));
    EXPECT_STATUS(BROOD_ECLOSED, brood_process_sentinel(&again, process));
    EXPECT_STATUS(BROOD_EMISUSE, brood_process_sentinel(&again, (brood_process_t *) brood_current_process()));
}

static void a_sentinel_of_one_that_was_reaped_is_ready__PROC_36(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process = harness_start(leaving, BROOD_ARGS(3), mem);
    apr_os_file_t sentinel, again;

    EXPECT_EXIT(3, process);
    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT(is_ready(sentinel, 0));
    EXPECT_OK(brood_process_sentinel(&again, process));
    EXPECT(again == sentinel);
}

static void an_orphan_is_told_of_its_parents_end__PROC_41(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem), *never = harness_queue(mem);
    brood_process_t *process = harness_start(parent_of_orphan, BROOD_ARGS(queue, never), mem);

    EXPECT_TEXT("born", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_OK(brood_process_kill(process));
    EXPECT_TEXT("orphaned", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_EXIT(harness_killed(), process);
}

static void *APR_THREAD_FUNC wait_too(apr_thread_t *thread, void *process)
{
    brood_wait_t items[] = {brood_wait_process(process), brood_wait_process(process)};

    EXPECT_OK(brood_wait(items, 2, BROOD_FOREVER));
    EXPECT(items[0].ready && items[1].ready && brood_process_exitcode(process) == 0);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void threads_wait_for_one_process__WAIT_01(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(waiting, BROOD_ARGS(go), mem);
    apr_thread_t *thread[6];
    apr_os_file_t sentinel;
    apr_status_t rc;

    for (int i = 0; i < 6; i++)
        EXPECT(apr_thread_create(&thread[i], NULL, wait_too, process, mem) == APR_SUCCESS);
    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
    EXPECT(is_ready(sentinel, 0));
    for (int i = 0; i < 6; i++)
        EXPECT(apr_thread_join(&rc, thread[i]) == APR_SUCCESS);
}

/* One round of all that opens something; the objects end with `mem`, or are closed before. */
static void cycle(int round, apr_pool_t *mem)
{
    brood_process_t *process = harness_start(leaving, BROOD_ARGS(0), mem);
    brood_wait_t item = BROOD_WAIT(process);
    apr_os_file_t sentinel;

    if (round % 2 == 0)
        EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT_OK(brood_wait(&item, 1, BROOD_FOREVER));
    EXPECT_OK(brood_process_sentinel(&sentinel, process));
    EXPECT(is_ready(sentinel, 0));
    if (round % 3 == 0)
        EXPECT_OK(brood_process_close(process));
}

static void sentinels_and_waits_leave_nothing_open__PROC_22(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    int before;

    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    for (int i = 0; i < 3; i++) { /* what is made once is made */
        cycle(i, brief);
        apr_pool_clear(brief);
    }
    before = harness_handles();
    for (int i = 0; i < CYCLES; i++) {
        cycle(i, brief);
        apr_pool_clear(brief);
    }
    EXPECT(harness_handles() == before);
}

static const brood_test_t tests[] = {
    /* First: the threads by which a system waits for many end when it likes. */
    TEST(sentinels_and_waits_leave_nothing_open__PROC_22),
    TEST(who_ends_is_ready_with_its_exit_code__WAIT_02_WAIT_04_PROC_36),
    TEST(an_end_is_known_as_soon_as_it_is_told),
    TEST(every_end_is_told_once_all_are_ready__WAIT_01_WAIT_06),
    TEST(sockets_and_processes_mix__WAIT_02_WAIT_03_WAIT_06),
    TEST(a_process_that_ends_wakes_who_waits_for_sockets_too__WAIT_03),
    TEST(a_socket_wakes_who_waits__WAIT_02),
    TEST(listeners_and_ends_of_streams_are_ready__WAIT_03_WAIT_05),
    TEST(hundreds_are_waited_for_at_once__WAIT_07),
    TEST(hundreds_of_handles_are_waited_for_at_once__WAIT_07),
    TEST(what_cannot_be_waited_for_is_refused__WAIT_10),
    TEST(a_sentinel_is_ready_from_the_end_until_close__PROC_36),
    TEST(a_sentinel_of_one_that_was_reaped_is_ready__PROC_36),
    TEST(an_orphan_is_told_of_its_parents_end__PROC_41),
    TEST(threads_wait_for_one_process__WAIT_01),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "wait", tests, sizeof tests / sizeof *tests);
}
