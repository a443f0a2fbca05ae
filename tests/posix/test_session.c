/* test_session.c - group, session and terminal of a child: its parent's, whoever has forked it (PROC-29). */
#include "posix/harness_server.h"

#include <fcntl.h>
#include <unistd.h>

/* ---- entries ---- */

static bool has_terminal(void)
{
    const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (terminal >= 0)
        (void) close(terminal);
    return terminal >= 0;
}

static apr_status_t tell(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    return brood_queue_put(queue,
                           BROOD_LIST((int) getpid(), (int) getpgrp(), (int) getsid(0), brood_bool(has_terminal())),
                           BROOD_FOREVER);
}

/* Tell of itself, then have a child of the fork server's tell, and one of that in a group of its own. */
static apr_status_t ask_for_one(brood_call_t *call)
{
    const brood_process_options_t own = {.start_method = BROOD_START_FORKSERVER, .own_group = true};
    brood_process_t *child;

    BROOD_TRY(tell(call));
    BROOD_TRY(brood_process_start(&child, tell, call->args, &harness_served, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    BROOD_TRY(brood_process_start(&child, tell, call->args, &own, call->mem));
    return brood_process_join(child, BROOD_FOREVER);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(tell), BROOD_ENTRY(ask_for_one), BROOD_ENTRIES_END};

/* ---- helpers ---- */

typedef struct place_t {
    int pid, group, session;
    bool terminal;
} place_t;

static place_t hear(brood_queue_t *queue, apr_pool_t *mem)
{
    place_t place = {-1, -1, -1, false};

    EXPECT_OK(BROOD_UNPACK(harness_get(queue, mem), &place.pid, &place.group, &place.session, &place.terminal));
    return place;
}

/* ---- tests ---- */

static void a_daemon_is_not_detached__PROC_29(void)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);

    for (apr_size_t i = 0; i < 2 * count; i++) {
        const brood_process_options_t options = {.start_method = methods[i / 2],
                                                 .daemon = i % 2 ? BROOD_YES : BROOD_NO};
        apr_pool_t *mem = harness_mem();
        brood_queue_t *queue = harness_queue(mem);
        brood_process_t *process = NULL;
        place_t place;

        EXPECT_OK(brood_process_start(&process, tell, BROOD_ARGS(queue), &options, mem));
        place = hear(queue, mem);
        EXPECT(place.group == getpgrp() && place.session == getsid(0));
        EXPECT(place.terminal == has_terminal());
        EXPECT_EXIT(0, process);
    }
}

static void a_group_of_its_own_is_in_the_session__C_29(void)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);

    for (apr_size_t i = 0; i < count; i++) {
        const brood_process_options_t options = {.start_method = methods[i], .own_group = true};
        apr_pool_t *mem = harness_mem();
        brood_queue_t *queue = harness_queue(mem);
        brood_process_t *process = NULL;
        place_t place;

        EXPECT_OK(brood_process_start(&process, tell, BROOD_ARGS(queue), &options, mem));
        place = hear(queue, mem);
        EXPECT(place.group == place.pid && place.pid == brood_process_pid(process) && place.session == getsid(0));
        EXPECT_EXIT(0, process);
    }
}

/* The server has been started by another process, and is in that one's group. */
static void the_fork_servers_child_is_in_the_group_of_who_asked__C_29(void)
{
    const brood_process_options_t options = {.own_group = true};
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);
    brood_process_t *process = harness_start_served(tell, BROOD_ARGS(queue), mem);
    place_t asker, child, own;

    EXPECT(hear(queue, mem).group == getpgrp());
    EXPECT_EXIT(0, process);
    EXPECT(getpgid(harness_server_pid()) == getpgrp());
    EXPECT_OK(brood_process_start(&process, ask_for_one, BROOD_ARGS(queue), &options, mem));
    asker = hear(queue, mem);
    child = hear(queue, mem);
    own = hear(queue, mem);
    EXPECT_EXIT(0, process);
    EXPECT(asker.group == asker.pid && asker.group != getpgrp());
    EXPECT(child.pid != asker.pid && child.group == asker.group);
    EXPECT(own.group == own.pid && own.group != asker.group);
    EXPECT(asker.session == getsid(0) && child.session == getsid(0) && own.session == getsid(0));
}

static const brood_test_t tests[] = {
    TEST(a_daemon_is_not_detached__PROC_29),
    TEST(a_group_of_its_own_is_in_the_session__C_29),
    TEST(the_fork_servers_child_is_in_the_group_of_who_asked__C_29),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "session", tests, sizeof tests / sizeof *tests);
}
