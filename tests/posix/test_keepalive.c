/* test_keepalive.c - who has gone by TCP without a word is asked after. */
#include "harness_tree.h"
#include "platform/listener.h"
#include <apr_strings.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static int option(const brood__stream_t *stream, int level, int name)
{
    int value = -1;
    socklen_t size = sizeof value;

    EXPECT(getsockopt((int) stream->handle, level, name, &value, &size) == 0);
    return value;
}

static void expect_kept_alive(const brood__stream_t *stream)
{
    EXPECT(option(stream, SOL_SOCKET, SO_KEEPALIVE) != 0);
#ifdef TCP_KEEPIDLE
    EXPECT(option(stream, IPPROTO_TCP, TCP_KEEPIDLE) == BROOD__KEEPALIVE_IDLE);
#endif
    EXPECT(option(stream, IPPROTO_TCP, TCP_KEEPINTVL) == BROOD__KEEPALIVE_INTERVAL);
    EXPECT(option(stream, IPPROTO_TCP, TCP_KEEPCNT) == BROOD__KEEPALIVE_COUNT);
}

static void both_ends_by_tcp_ask_whether_the_other_is_there(void)
{
    brood__address_t address = {BROOD__FAMILY_INET, "127.0.0.1", 0, false};
    char text[BROOD__ADDRESS_SIZE], peer[BROOD__ADDRESS_SIZE];
    brood__listener_t *listener = NULL;
    brood__stream_t ends[2];

    if (!EXPECT_OK(brood__listener_open(&listener, &address, 1, text, harness_mem())))
        return;
    address.port = (uint16_t) apr_atoi64(strrchr(text, ':') + 1);
    EXPECT_OK(brood__listener_connect(&ends[0], &address, INT64_MAX));
    EXPECT_OK(brood__listener_accept(&ends[1], peer, listener, INT64_MAX));
    for (int i = 0; i < 2; i++) {
        expect_kept_alive(&ends[i]);
        brood__stream_close(&ends[i]);
    }
    brood__listener_close(listener, false);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(both_ends_by_tcp_ask_whether_the_other_is_there),
    };

    return harness_tree(argc, argv, entries, "keepalive", tests, sizeof tests / sizeof tests[0]);
}
