/* The other side of an encrypted connection as a program that knows nothing of brood: OpenSSL. */
#include "tls_fixture.h"

#include "base/deadline.h"
#include "connection/handshake.h"
#include "connection/mac.h"
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static apr_pool_t *mem;

/* As connection/tls.h says. */
static void derive(char hex[65])
{
    static const char label[] = "brood tls psk";
    unsigned char psk[BROOD__MAC_MOST];

    EXPECT_OK(brood__mac_compute(psk, BROOD__SHA256, (brood_bytes_t){KEY, strlen(KEY)},
                                 (brood_bytes_t){label, strlen(label)}));
    for (int i = 0; i < 32; i++)
        (void) snprintf(hex + 2 * i, 3, "%02x", psk[i]);
}

/* It passes on what comes from `stream`, encrypted, and the reverse.  0: it is not installed. */
static pid_t start_openssl(brood__stream_t *stream, const char *at)
{
    char hex[65];
    const char *arguments[] = {"openssl", "s_client", "-quiet", "-connect",      at,  "-psk_identity",
                               "brood",   "-psk",     hex,      "-verify_quiet", NULL};
    posix_spawn_file_actions_t actions;
    brood__stream_t ends[2];
    pid_t pid = 0;

    derive(hex);
    EXPECT_OK(brood__stream_pair(ends));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, (int) ends[1].handle, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, (int) ends[1].handle, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, *arguments, &actions, NULL, (char **) (uintptr_t) arguments, environ) != 0)
        pid = 0;
    posix_spawn_file_actions_destroy(&actions);
    brood__stream_close(&ends[1]);
    *stream = ends[0];
    return pid;
}

/* The client's side of brood's own handshake, while the listener has its own. */
static brood_connection_t *meet(brood_listener_t *listener, brood__stream_t *stream, brood__message_t *message)
{
    brood_connection_t *connection = NULL;
    brood__handshake_t handshake;
    apr_status_t met = APR_TIMEUP, accepted = APR_TIMEUP;

    brood__handshake_begin(&handshake, BROOD__HANDSHAKE_CONNECTS, (brood_bytes_t){KEY, strlen(KEY)});
    while (met == APR_TIMEUP || accepted == APR_TIMEUP) {
        if (accepted == APR_TIMEUP)
            accepted = brood_listener_accept(&connection, listener, 1000, mem);
        if (met == APR_TIMEUP)
            met = brood__handshake_run(&handshake, stream, message, BROOD__AT_ONCE);
    }
    EXPECT_OK(met);
    EXPECT_OK(accepted);
    return connection;
}

static void openssl_can_be_the_client(void)
{
    brood_listener_t *listener = listen_at("tls://127.0.0.1:0", KEY, mem);
    brood__message_t message = {.begun = false};
    brood_connection_t *connection;
    brood_bytes_t bytes = {NULL, 0};
    brood__stream_t stream;
    const pid_t pid = start_openssl(&stream, plain(brood_listener_address(listener)));
    size_t sent;

    if (pid != 0 && (connection = meet(listener, &stream, &message)) != NULL) {
        EXPECT_OK(brood__message_write(&stream, "hello", 5, NULL, &sent, BROOD__NEVER));
        EXPECT_OK(brood_connection_recv_bytes(&bytes, connection, 0, BROOD_FOREVER, mem));
        EXPECT(bytes.size == 5 && memcmp(bytes.data, "hello", 5) == 0);
        EXPECT_OK(brood_connection_send_bytes(connection, "good day", 8, BROOD_FOREVER));
        EXPECT_OK(brood__message_begin(&message, &stream, BROOD__NEVER));
        EXPECT_OK(brood__message_complete(&message, &stream, BROOD__NEVER));
        bytes = brood__message_bytes(&message, &stream);
        EXPECT(bytes.size == 8 && memcmp(bytes.data, "good day", 8) == 0);
        brood__message_end(&message, &stream);
        brood_connection_close(connection);
        EXPECT_STATUS(APR_EOF, brood__message_begin(&message, &stream, BROOD__NEVER));
    }
    if (pid == 0)
        puts("no openssl here");
    brood__stream_close(&stream);
    if (pid != 0)
        EXPECT(waitpid(pid, NULL, 0) == pid);
    brood_listener_close(listener);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {TEST(openssl_can_be_the_client)};

    mem = call->mem;
    return harness_run("tls_foreign", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
