/* test_wait_sockets.c - sockets waited for, among processes and by hundreds; what cannot be waited for (WAIT-*). */
#include "harness_children.h"
#include "harness_tree.h"

#include "platform/channel.h"
#include "platform/clock.h"
#include "platform/wait.h"
#include <apr_network_io.h>
#include <apr_thread_proc.h>
#include <stdlib.h>

#define MANY 600
#define MANY_PROCESSES 150

/* ---- entries ---- */

static const brood_entry_t entries[] = {BROOD_ENTRY(leaving), BROOD_ENTRY(listening), BROOD_ENTRIES_END};

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

/* ---- tests ---- */

static void sockets_and_processes_mix__WAIT_02_WAIT_03_WAIT_06(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *go = harness_queue(mem);
    brood_process_t *process = harness_start(listening, BROOD_ARGS(go), mem);
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
    brood_process_t *process = harness_start(listening, BROOD_ARGS(go), mem);
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
    brood_process_t *process = harness_start(listening, BROOD_ARGS(go), mem);
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
        items[count] = brood_wait_process(harness_start(listening, BROOD_ARGS(go), mem));
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
        while (harness_count_ready(items, MANY_PROCESSES) < MANY_PROCESSES + 50 - left);
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
        process[i] = harness_start(listening, BROOD_ARGS(go), mem);
    for (int i = 0; i < MANY; i++) {
        EXPECT_OK(brood_process_sentinel(&sentinel, process[i % 70]));
        watches[i] = (brood__watch_t){.handle = (brood__handle_t) sentinel};
    }
    EXPECT_STATUS(APR_TIMEUP, brood__wait_any(watches, MANY, brood__clock_now() + 10000));
    EXPECT_OK(brood_process_kill(process[69]));
    EXPECT_OK(brood__wait_any(watches, MANY, INT64_MAX));
    for (int i = 0; i < MANY; i++)
        EXPECT(watches[i].ready == (i % 70 == 69));
    EXPECT_OK(brood__wait_always(&always));
    watches[0] = (brood__watch_t){.handle = always};
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
    EXPECT(harness_count_ready(items, 3) == 0); /* though one is ready */
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

static const brood_test_t tests[] = {
    TEST(sockets_and_processes_mix__WAIT_02_WAIT_03_WAIT_06),
    TEST(a_process_that_ends_wakes_who_waits_for_sockets_too__WAIT_03),
    TEST(a_socket_wakes_who_waits__WAIT_02),
    TEST(listeners_and_ends_of_streams_are_ready__WAIT_03_WAIT_05),
    TEST(hundreds_are_waited_for_at_once__WAIT_07),
    TEST(hundreds_of_handles_are_waited_for_at_once__WAIT_07),
    TEST(what_cannot_be_waited_for_is_refused__WAIT_10),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "wait_sockets", tests, sizeof tests / sizeof *tests);
}
