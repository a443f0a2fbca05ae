/* child.c - the starts: fork, posix_spawn, and what a new process finds. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/child.h"

#include "platform/channel.h"
#include "posix/child_parts.h"
#include "posix/fd.h"
#include "posix/image.h"
#include "posix/lifeline.h"
#include "posix/request.h"
#include "posix/system.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* In the parent: the descriptors that go with a new child.  sentinel[1] and the lifeline are for the child alone. */
static apr_status_t prepare(brood__child_t **child, int sentinel[2], int *lifeline, const brood__start_t *start,
                            apr_pool_t *mem)
{
    apr_status_t rv = brood__child_make(child, mem);

    sentinel[0] = sentinel[1] = *lifeline = -1;
    if (rv == APR_SUCCESS && !start->outlives_parent)
        rv = brood__lifeline_for_child(lifeline);
    if (rv == APR_SUCCESS && !brood__child_has_pidfd())
        rv = brood__fd_pipe(sentinel);
    return rv;
}

/* The child is there. */
static void note(brood__child_t *child, pid_t pid, int sentinel, const brood__start_t *start)
{
    child->pid = pid;
    child->sentinel = sentinel;
    if (start->own_group) {
        (void) setpgid(pid, pid);                /* also here: a signal to the group may be the next that we do */
        child->pidfd = brood__system_pidfd(pid); /* also now: when it has ended, it alone can mean the group */
    }
}

apr_status_t brood__child_fork(brood__child_t **child, const brood__start_t *start, apr_pool_t *mem)
{
    brood__child_t *made;
    char **environment = NULL;
    int sentinel[2];
    const bool set_stdin = !start->keep_stdin && !brood__child_has_null();
    const bool has_read = set_stdin && brood__child_has_read();
    int lifeline;
    pid_t pid;
    apr_status_t rv = prepare(&made, sentinel, &lifeline, start, mem);

    if (rv == APR_SUCCESS && start->environment != NULL) {
        environment = brood__image_environment(start->environment, NULL);
        if (environment == NULL)
            rv = APR_ENOMEM;
    }
    if (rv != APR_SUCCESS) {
        brood__fd_close(lifeline);
        brood__fd_close(sentinel[0]);
        brood__fd_close(sentinel[1]);
        return rv;
    }
    brood__child_flush();
    start->before_fork();
    pid = fork();
    rv = pid < 0 ? errno : APR_SUCCESS;
    start->after_fork();
    if (pid == 0) {
        brood__child_purge();
        brood__fd_close(sentinel[0]);
        brood__lifeline_hold(sentinel[1]);
        if (start->own_group)
            (void) setpgid(0, 0);
        if (lifeline >= 0)
            brood__lifeline_tie(lifeline);
        if (set_stdin)
            brood__child_set_stdin(-1, has_read);
        if (environment != NULL)
            brood__child_set_environment(environment);
        *child = NULL;
        return APR_SUCCESS;
    }
    free(environment);
    brood__fd_close(lifeline);
    brood__fd_close(sentinel[1]);
    if (rv != APR_SUCCESS) {
        brood__fd_close(sentinel[0]);
        return rv;
    }
    note(made, pid, sentinel[0], start);
    *child = made;
    return APR_SUCCESS;
}

apr_status_t brood__child_spawn(brood__child_t **child, brood__handle_t *channel, const brood__start_t *start,
                                apr_pool_t *mem)
{
    brood__handle_t ends[2] = {BROOD__NO_HANDLE, BROOD__NO_HANDLE};
    int pass[BROOD__PASSES];
    brood__child_t *made;
    int sentinel[2];
    int lifeline;
    pid_t pid = 0;
    apr_status_t rv = prepare(&made, sentinel, &lifeline, start, mem);

    if (rv == APR_SUCCESS)
        rv = brood__channel_pair(ends);
    if (rv == APR_SUCCESS) {
        pass[BROOD__PASS_CHANNEL] = (int) ends[1];
        pass[BROOD__PASS_SEGMENT] = (int) start->segment;
        pass[BROOD__PASS_LIFELINE] = lifeline;
        pass[BROOD__PASS_SERVER] = (int) start->server;
        pass[BROOD__PASS_SENTINEL] = sentinel[1];
        rv = brood__image_start(&pid, start, pass);
    }
    brood__channel_close(ends[1]);
    brood__fd_close(lifeline);
    brood__fd_close(sentinel[1]);
    if (rv != APR_SUCCESS) {
        brood__channel_close(ends[0]);
        brood__fd_close(sentinel[0]);
        return rv;
    }
    note(made, pid, sentinel[0], start);
    *child = made;
    *channel = ends[0];
    return APR_SUCCESS;
}

apr_status_t brood__child_request(brood__child_t **child, brood__handle_t *channel, const brood__start_t *start,
                                  apr_time_t deadline, apr_pool_t *mem)
{
    brood__child_t *made;
    apr_status_t rv = brood__child_make(&made, mem);

    if (rv == APR_SUCCESS)
        rv = brood__request_child(made, channel, start, deadline);
    if (rv == APR_SUCCESS)
        *child = made;
    return rv;
}

apr_status_t brood__child_server_pair(brood__handle_t ends[2])
{
    int pair[2];
    apr_status_t rv = brood__fd_socketpair(pair, BROOD__REQUEST_SOCKET);

    if (rv == APR_SUCCESS) {
        ends[0] = pair[0];
        ends[1] = pair[1];
    }
    return rv;
}

apr_status_t brood__child_serve(brood__handle_t requests, const unsigned char key[BROOD__SERVER_KEY],
                                brood__bequest_t *bequest, apr_pool_t *mem)
{
    brood__system_name_self("forkserver");
    brood__image_bound();
    return brood__request_serve(requests, key, bequest, mem);
}

static void take_null_streams(void)
{
    const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        if (fd >= 0)
            (void) dup2(fd, stream);
        else
            (void) close(stream);
    if (fd > STDERR_FILENO)
        (void) close(fd);
}

apr_status_t brood__child_detach(void)
{
    static const int polite[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    const pid_t pid = fork();

    if (pid < 0)
        return errno;
    if (pid > 0)
        _exit(0);
    (void) setsid();
    for (size_t i = 0; i < sizeof polite / sizeof *polite; i++)
        (void) signal(polite[i], SIG_IGN);
    take_null_streams();
    (void) !chdir("/"); /* so that it is in nobody's way */
    brood__system_name_self("keeper");
    return APR_SUCCESS;
}

bool brood__child_inherit(brood__bequest_t *bequest)
{
    int pass[BROOD__PASSES];

    if (!brood__image_passed(pass))
        return false;
    if (pass[BROOD__PASS_LIFELINE] >= 0)
        brood__lifeline_tie(pass[BROOD__PASS_LIFELINE]);
    brood__lifeline_hold(pass[BROOD__PASS_SENTINEL]);
    brood__system_name_self(NULL);
    bequest->channel = pass[BROOD__PASS_CHANNEL];
    bequest->segment = pass[BROOD__PASS_SEGMENT];
    bequest->server = pass[BROOD__PASS_SERVER];
    bequest->data = NULL;
    bequest->size = 0;
    return true;
}
