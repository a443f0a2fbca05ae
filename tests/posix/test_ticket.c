/* Descriptors that wait to be fetched: by whom they can be, and by whom not. */
#include "harness_tree.h"

#include "base/codec.h"
#include "base/kind.h"
#include "platform/channel.h"
#include "platform/clock.h"
#include "platform/listener.h"
#include "platform/ticket.h"
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static apr_pool_t *mem;

/* ---- help ---- */

/* One end of a pair, for others to fetch; the other end is returned. */
static brood__handle_t leave(uint64_t *word, apr_time_t due)
{
    brood__handle_t ends[2] = {BROOD__NO_HANDLE, BROOD__NO_HANDLE};

    EXPECT(brood__channel_pair(ends) == APR_SUCCESS);
    EXPECT(brood__ticket_leave(word, ends[0], BROOD__HANDLE_SOCKET, due) == APR_SUCCESS);
    brood__channel_close(ends[0]);
    return ends[1];
}

static void expect_closed(brood__handle_t end)
{
    char byte;

    EXPECT(brood__channel_read(end, &byte, 1, INT64_MAX) == APR_EOF);
    brood__channel_close(end);
}

/* In another process: fetch it and write a byte, as user `uid` unless that is 0.  Its exit code: 0 if so, 1 if there is
 * none.  Wrong words come first, so many. */
static int fetch_elsewhere(uint64_t word, uid_t uid, int wrong)
{
    const pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        brood__handle_t handle;

        if (uid != 0 && setuid(uid) != 0)
            _exit(3);
        for (int i = 1; i <= wrong; i++)
            if (brood__ticket_fetch(&handle, word ^ (uint64_t) i) != APR_ENOENT)
                _exit(4);
        if (brood__ticket_fetch(&handle, word) != APR_SUCCESS)
            _exit(1);
        _exit(brood__channel_write(handle, "x", 1, INT64_MAX) == APR_SUCCESS ? 0 : 2);
    }
    EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void expect_byte(brood__handle_t end)
{
    char byte = 0;

    EXPECT(brood__channel_read(end, &byte, 1, INT64_MAX) == APR_SUCCESS && byte == 'x');
}

/* Where the process that kept `word` hands out. */
static brood__handle_t connect_to(uint64_t word)
{
    brood__address_t address = {BROOD__FAMILY_UNIX, NULL, 0, false};
    brood__stream_t stream = {.handle = BROOD__NO_HANDLE};
    char name[40];
    apr_status_t rc;

    (void) snprintf(name, sizeof name, "@brood-ticket-%08x", (unsigned) (word >> 30));
    address.name = name;
    rc = brood__listener_connect(&stream, &address, INT64_MAX);
    if (rc == APR_ENOTIMPL) {
        (void) snprintf(name, sizeof name, "/tmp/brood-ticket-%08x", (unsigned) (word >> 30));
        rc = brood__listener_connect(&stream, &address, INT64_MAX);
    }
    EXPECT(rc == APR_SUCCESS);
    return stream.handle;
}

/* ---- claims ---- */

static void a_word_is_good_once__HND_05(void)
{
    brood__handle_t end, handle;
    uint64_t word;

    end = leave(&word, INT64_MAX);
    EXPECT(fetch_elsewhere(word, 0, 0) == 0);
    expect_byte(end);
    EXPECT(fetch_elsewhere(word, 0, 0) == 1);
    EXPECT(brood__ticket_fetch(&handle, word) == APR_ENOENT);
    expect_closed(end);
}

static void what_is_revoked_or_due_is_closed__HND_06(void)
{
    uint64_t word, other;
    brood__handle_t end = leave(&word, INT64_MAX), late = leave(&other, brood__clock_now());

    brood__ticket_revoke(word);
    expect_closed(end);
    EXPECT(fetch_elsewhere(word, 0, 0) == 1);
    end = leave(&word, INT64_MAX); /* looks at all of them */
    expect_closed(late);
    brood__ticket_revoke(word);
    expect_closed(end);
}

static void who_revokes_elsewhere_need_not_wait__HND_06(void)
{
    uint64_t word;
    brood__handle_t end = leave(&word, INT64_MAX);
    const pid_t pid = fork();

    if (pid == 0) {
        brood__ticket_revoke(word);
        _exit(0);
    }
    expect_closed(end);
    EXPECT(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

static void callers_that_are_silent_or_talk_nonsense_stop_nobody(void)
{
    brood__handle_t silent[3], nonsense, end;
    char byte;
    uint64_t word;

    end = leave(&word, INT64_MAX);
    for (int i = 0; i < 3; i++)
        silent[i] = connect_to(word);
    nonsense = connect_to(word);
    EXPECT(brood__channel_write(nonsense, "0123456789abcdef", 16, INT64_MAX) == APR_SUCCESS);
    EXPECT(fetch_elsewhere(word, 0, 0) == 0);
    expect_byte(end);
    expect_closed(end);
    EXPECT(brood__channel_read(nonsense, &byte, 1, INT64_MAX) == APR_EOF);
    brood__channel_close(nonsense);
    for (int i = 0; i < 3; i++)
        expect_closed(silent[i]);
}

/* Only root can be another user here: whoever is it not sees that its own guesses cost it nothing. */
static void another_user_has_a_hundred_guesses(void)
{
    const uid_t other = getuid() == 0 ? 65534 : 0;
    brood__handle_t first, second;
    uint64_t word, next;

    first = leave(&word, INT64_MAX);
    second = leave(&next, INT64_MAX);
    EXPECT(fetch_elsewhere(word, other, 50) == 0);
    expect_byte(first);
    EXPECT(fetch_elsewhere(next, other, 51) == (other != 0 ? 1 : 0));
    if (other != 0)
        EXPECT(fetch_elsewhere(next, 0, 0) == 0);
    expect_byte(second);
    expect_closed(first);
    expect_closed(second);
}

/* What an item would be found by is nothing in a message, which anybody may have made. */
static void a_message_cannot_name_one__HND_02(void)
{
    unsigned char bytes[3 + BROOD__OBJECT_SIZE] = {0xc7, BROOD__OBJECT_SIZE, (unsigned char) BROOD__EXT_OBJECT,
                                                   BROOD__TAG_CONNECTION};
    brood_value_t value = brood_nil();
    brood__handle_t end;
    uint64_t word;

    end = leave(&word, INT64_MAX);
    word |= UINT64_C(3) << 62; /* it receives and sends */
    for (int i = 0; i < 8; i++)
        bytes[4 + i] = (unsigned char) (word >> (56 - 8 * i));
    EXPECT_STATUS(BROOD_EDECODE, brood__decode(&value, bytes, sizeof bytes, false, mem));
    EXPECT_STATUS(BROOD_EDECODE, brood__decode(&value, bytes, sizeof bytes, true, mem));
    EXPECT_MESSAGE("has not come along");
    word &= ~(UINT64_C(3) << 62);
    EXPECT(fetch_elsewhere(word, 0, 0) == 0);
    expect_byte(end);
    expect_closed(end);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(a_word_is_good_once__HND_05),
        TEST(what_is_revoked_or_due_is_closed__HND_06),
        TEST(who_revokes_elsewhere_need_not_wait__HND_06),
        TEST(callers_that_are_silent_or_talk_nonsense_stop_nobody),
        TEST(another_user_has_a_hundred_guesses),
        TEST(a_message_cannot_name_one__HND_02),
    };

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return 1;
    return harness_tree(argc, argv, entries, "ticket", tests, sizeof tests / sizeof *tests);
}
