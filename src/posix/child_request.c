/* child_request.c - the fork server's clients. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/request.h"

#include "platform/channel.h"
#include "platform/self.h"
#include "posix/child_parts.h"
#include "posix/fd.h"
#include "posix/lifeline.h"
#include "posix/mail.h"
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The variables as bytes. */
static const char *pack(uint32_t *size, const char *const *variables, apr_pool_t *mem)
{
    size_t total = 0;
    char *bytes;
    char *next;
    int i;

    for (i = 0; variables != NULL && variables[i] != NULL; i++)
        total += strlen(variables[i]) + 1;
    next = bytes = apr_palloc(mem, total + 1);
    for (i = 0; variables != NULL && variables[i] != NULL; i++)
        next = stpcpy(next, variables[i]) + 1;
    *size = (uint32_t) total;
    return bytes;
}

/* Send the request; `status`, `channel` and `sentinel` are the ends for the server. */
static apr_status_t ask(const brood__start_t *start, uint32_t environment, int status, int channel, int sentinel,
                        apr_time_t deadline)
{
    brood__request_t request = {.environment = environment};
    brood__mail_t mail = {.count = BROOD__FD_ALWAYS};
    int lifeline = -1;
    apr_status_t rv;

    memcpy(request.key, start->server_key, sizeof request.key);
    request.group = start->own_group ? 0 : getpgrp();
    mail.fd[BROOD__FD_STATUS] = status;
    mail.fd[BROOD__FD_CHANNEL] = channel;
    mail.fd[BROOD__FD_SERVER] = (int) start->server;
    if (!start->outlives_parent) {
        rv = brood__lifeline_for_child(&lifeline);
        if (rv != APR_SUCCESS)
            return rv;
        request.with |= BROOD__WITH_LIFELINE;
        mail.fd[mail.count++] = lifeline;
    }
    if (start->keep_stdin && fcntl(STDIN_FILENO, F_GETFD) == 0) { /* open, and not something close-on-exec */
        request.with |= BROOD__WITH_STDIN;
        mail.fd[mail.count++] = STDIN_FILENO;
    }
    if (sentinel >= 0) {
        request.with |= BROOD__WITH_SENTINEL;
        mail.fd[mail.count++] = sentinel;
    }
    rv = brood__mail_send((int) start->server, &request, sizeof request, &mail, deadline);
    brood__fd_close(lifeline);
    return rv;
}

apr_status_t brood__request_child(brood__child_t *child, brood__handle_t *channel, const brood__start_t *start,
                                  apr_time_t deadline, apr_pool_t *mem)
{
    brood__handle_t ends[2];
    int status[2] = {-1, -1};
    int sentinel[2] = {-1, -1};
    brood__mail_t mail = {{-1}, 0};
    brood__answer_t answer = {0, 0};
    uint32_t environment;
    const char *variables = pack(&environment, start->environment, mem);
    apr_status_t rv = brood__channel_pair(ends);

    if (rv != APR_SUCCESS)
        return rv;
    rv = brood__fd_socketpair(status, SOCK_STREAM);
    if (rv == APR_SUCCESS && !brood__child_has_pidfd())
        rv = brood__fd_pipe(sentinel);
    if (rv == APR_SUCCESS)
        rv = ask(start, environment, status[1], (int) ends[1], sentinel[1], deadline);
    /* No longer open here, so that the end of the server or of the child is the end of file. */
    brood__fd_close(status[1]);
    brood__fd_close(sentinel[1]);
    brood__channel_close(ends[1]);
    if (rv == APR_SUCCESS)
        rv = brood__mail_receive(status[0], &answer, sizeof answer, &mail, deadline);
    if (rv == APR_SUCCESS)
        rv = answer.status;
    if (rv != APR_SUCCESS) {
        brood__mail_close(&mail);
        brood__fd_close(status[0]);
        brood__fd_close(sentinel[0]);
        brood__channel_close(ends[0]);
        return rv;
    }
    child->pid = answer.pid;
    child->pidfd = mail.count > 0 ? mail.fd[0] : -1;
    child->born = child->pidfd < 0 ? brood__self_start_time((uint32_t) answer.pid) : 0;
    child->status = status[0];
    child->sentinel = sentinel[0];
    if (environment > 0) /* a failure is for brood__child_wait to tell, or for the caller's own data */
        (void) !brood__channel_write(ends[0], variables, environment, deadline);
    *channel = ends[0];
    return APR_SUCCESS;
}
