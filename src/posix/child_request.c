/* child_request.c - the fork server's clients. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/request.h"

#include "platform/channel.h"
#include "posix/child_parts.h"
#include "posix/fd.h"
#include "posix/lifeline.h"
#include "posix/mail.h"
#include "posix/system.h"
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One request on its way: the message, and the ends of what leads to the server and to the child. */
typedef struct asking_t {
    struct {
        brood__request_t head;
        char data[BROOD__REQUEST_DATA + 1];
    } message;
    size_t size; /* of what follows the head; 0 if it does not fit */
    brood__handle_t channel[2];
    int status[2];
    int sentinel[2];
} asking_t;

/* Bytes of the variables, each ended by a 0. */
static size_t environment_size(const char *const *variable)
{
    size_t size = 0;

    for (; variable != NULL && *variable != NULL; variable++)
        size += strlen(*variable) + 1;
    return size;
}

/* What is for the child follows if it fits: variables, then start data.  Returns whether it does. */
static bool pack(asking_t *asking, const brood__start_t *start)
{
    const size_t environment = environment_size(start->environment);
    const char *const *variable = start->environment;
    char *next = asking->message.data;

    asking->message.head.environment = (uint32_t) environment;
    if (environment > BROOD__REQUEST_DATA || start->size > BROOD__REQUEST_DATA - environment)
        return false;
    for (; variable != NULL && *variable != NULL; variable++)
        next = stpcpy(next, *variable) + 1;
    if (start->size > 0)
        memcpy(next, start->data, start->size);
    asking->size = environment + start->size;
    return true;
}

static apr_status_t open_ends(asking_t *asking, bool fits)
{
    apr_status_t rv = brood__fd_socketpair(asking->status, SOCK_STREAM);

    if (rv == APR_SUCCESS && !fits)
        rv = brood__channel_pair(asking->channel);
    if (rv == APR_SUCCESS && !brood__child_has_pidfd())
        rv = brood__fd_pipe(asking->sentinel);
    return rv;
}

/* Send the message with the ends for the server. */
static apr_status_t ask(asking_t *asking, const brood__start_t *start, apr_time_t deadline)
{
    brood__request_t *request = &asking->message.head;
    brood__mail_t mail = {.count = BROOD__FD_ALWAYS};
    int lifeline = -1;
    apr_status_t rv;

    memcpy(request->key, start->server_key, sizeof request->key);
    request->group = start->own_group ? 0 : getpgrp();
    mail.fd[BROOD__FD_STATUS] = asking->status[1];
    mail.fd[BROOD__FD_SERVER] = (int) start->server;
    if (!start->outlives_parent) {
        rv = brood__lifeline_for_child(&lifeline);
        if (rv != APR_SUCCESS)
            return rv;
        request->with |= BROOD__WITH_LIFELINE;
        mail.fd[mail.count++] = lifeline;
    }
    if (start->keep_stdin && fcntl(STDIN_FILENO, F_GETFD) == 0) { /* open, and not something close-on-exec */
        request->with |= BROOD__WITH_STDIN;
        mail.fd[mail.count++] = STDIN_FILENO;
    }
    if (asking->sentinel[1] >= 0) {
        request->with |= BROOD__WITH_SENTINEL;
        mail.fd[mail.count++] = asking->sentinel[1];
    }
    if (asking->channel[1] != BROOD__NO_HANDLE) {
        request->with |= BROOD__WITH_CHANNEL;
        mail.fd[mail.count++] = (int) asking->channel[1];
    }
    rv = brood__mail_send((int) start->server, request, sizeof *request + asking->size, &mail, deadline);
    brood__fd_close(lifeline);
    return rv;
}

/* Send it, and hear who the child is. */
static apr_status_t converse(brood__child_t *child, asking_t *asking, const brood__start_t *start, apr_time_t deadline)
{
    brood__mail_t mail = {{-1}, 0};
    brood__answer_t answer;
    size_t size = sizeof answer;
    apr_status_t rv = ask(asking, start, deadline);

    /* No longer open here, so that the end of the server or of the child is the end of file. */
    brood__fd_close(asking->status[1]);
    brood__fd_close(asking->sentinel[1]);
    brood__channel_close(asking->channel[1]);
    asking->status[1] = asking->sentinel[1] = -1;
    asking->channel[1] = BROOD__NO_HANDLE;
    if (rv == APR_SUCCESS)
        rv = brood__mail_receive(asking->status[0], &answer, size, &size, &mail, deadline);
    if (rv == APR_TIMEUP) { /* no more answers from now on; whose has come already, that child runs */
        size = sizeof answer;
        shutdown(asking->status[0], SHUT_RD);
        rv = brood__mail_receive(asking->status[0], &answer, size, &size, &mail, 0);
        rv = rv == APR_EOF ? APR_TIMEUP : rv;
    }
    if (rv == APR_SUCCESS && answer.what == BROOD__ANSWER_REFUSED)
        rv = answer.value;
    if (rv != APR_SUCCESS) {
        brood__mail_close(&mail);
        return rv;
    }
    child->pid = answer.pid;
    child->pidfd = mail.count > 0 ? mail.fd[0] : -1;
    child->born = brood__system_time_for(answer.pid);
    brood__child_hear(child, &answer); /* it may have ended before it could answer */
    return APR_SUCCESS;
}

apr_status_t brood__request_child(brood__child_t *child, brood__handle_t *channel, const brood__start_t *start,
                                  apr_time_t deadline)
{
    asking_t asking = {.channel = {BROOD__NO_HANDLE, BROOD__NO_HANDLE}, .status = {-1, -1}, .sentinel = {-1, -1}};
    const bool fits = !start->by_channel && pack(&asking, start);
    const char *const *variable = fits ? NULL : start->environment;
    apr_status_t rv = open_ends(&asking, fits);

    if (rv == APR_SUCCESS)
        rv = converse(child, &asking, start, deadline);
    if (rv != APR_SUCCESS) {
        for (int i = 0; i < 2; i++) {
            brood__fd_close(asking.status[i]);
            brood__fd_close(asking.sentinel[i]);
            brood__channel_close(asking.channel[i]);
        }
        return rv;
    }
    child->status = asking.status[0];
    child->sentinel = asking.sentinel[0];
    *channel = asking.channel[0];
    for (; variable != NULL && *variable != NULL; variable++) /* a failure is for the caller's own data to tell */
        if (brood__channel_write(*channel, *variable, strlen(*variable) + 1, deadline) != APR_SUCCESS)
            break;
    return APR_SUCCESS;
}
