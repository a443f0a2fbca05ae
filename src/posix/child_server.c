/* child_server.c - the fork server: a clean process with one thread that forks when asked. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/request.h"

#include "platform/channel.h"
#include "platform/interrupt.h"
#include "posix/child_parts.h"
#include "posix/fd.h"
#include "posix/image.h"
#include "posix/lifeline.h"
#include "posix/mail.h"
#include "posix/system.h"
#include <apr_tables.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The server's memory of a child. */
typedef struct record_t {
    pid_t pid; /* 0: it has ended */
    int status;
} record_t;

/* A request as it has come; a short one is written to one page. */
typedef struct order_t {
    brood__mail_t mail;
    size_t size; /* of what follows the head */
    struct {
        brood__request_t head;
        char data[BROOD__REQUEST_DATA + 1];
    } message;
} order_t;

typedef struct server_t {
    const unsigned char *key;
    pid_t group; /* of processes: this one's */
    int requests;
    int alarm[2];                /* a pipe that SIGCHLD writes to */
    apr_array_header_t *records; /* of record_t */
    int ended;                   /* how many of them have */
    order_t *order;              /* the last one, which its child keeps */
    struct sigaction on_child;   /* as they were before, for the children */
    struct sigaction on_interrupt;
    sigset_t mask;
    bool has_null_stdin; /* which the children then need not open again */
    bool has_read;       /* from it, before it was a server */
} server_t;

static int alarm_bell = -1; /* for the handler: the pipe's write end */

static void ring_alarm(int number)
{
    int error = errno;

    (void) number;
    (void) !write(alarm_bell, "", 1); /* a full pipe rings already */
    errno = error;
}

static apr_status_t open_server(server_t *server, apr_pool_t *mem)
{
    struct sigaction ring = {.sa_handler = ring_alarm, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t unblock;
    apr_status_t rv = brood__fd_pipe(server->alarm);

    if (rv != APR_SUCCESS)
        return rv;
    fcntl(server->alarm[0], F_SETFL, O_NONBLOCK);
    fcntl(server->alarm[1], F_SETFL, O_NONBLOCK);
    alarm_bell = server->alarm[1];
    brood__lifeline_begin();
    (void) brood__system_time_for(getpid()); /* its first time takes longest */
    server->has_null_stdin = brood__child_has_null();
    server->has_read = brood__child_has_read();
    server->records = apr_array_make(mem, 16, sizeof(record_t));
    server->order = apr_palloc(mem, sizeof *server->order);
    sigemptyset(&ring.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGCHLD, &ring, &server->on_child);
    brood__interrupt_leave();
    sigaction(SIGINT, &ignore, &server->on_interrupt); /* the terminal's: for those who have something to end */
    sigemptyset(&unblock);
    sigaddset(&unblock, SIGCHLD);
    pthread_sigmask(SIG_UNBLOCK, &unblock, &server->mask);
    return APR_SUCCESS;
}

/* Back to how the process was. */
static void close_server(server_t *server)
{
    sigaction(SIGCHLD, &server->on_child, NULL);
    sigaction(SIGINT, &server->on_interrupt, NULL);
    pthread_sigmask(SIG_SETMASK, &server->mask, NULL);
    alarm_bell = -1;
    brood__fd_close(server->alarm[0]);
    brood__fd_close(server->alarm[1]);
    while (server->records->nelts > 0)
        brood__fd_close(((record_t *) apr_array_pop(server->records))->status);
}

static void forget(server_t *server, int at)
{
    record_t *records = (record_t *) (void *) server->records->elts;

    brood__fd_close(records[at].status);
    records[at] = records[--server->records->nelts];
}

/* Not as soon as they have ended: whoever hears of it may ask for the next at once, and if a socket is closed while
 * descriptors are on their way, Linux wakes a thread to look for some that nobody can receive any more. */
static void forget_ended(server_t *server)
{
    for (int i = server->records->nelts - 1; i >= 0 && server->ended > 0; i--)
        if (((record_t *) (void *) server->records->elts)[i].pid == 0) {
            forget(server, i);
            server->ended--;
        }
}

/* Report those who ended. */
static void reap_all(server_t *server)
{
    char bytes[64];
    struct rusage use;
    siginfo_t ended;
    int status;
    int i;

    while (read(server->alarm[0], bytes, sizeof bytes) == (ssize_t) sizeof bytes)
        continue;
    for (;;) {
        if (!brood__system_ended_child(&ended, &use))
            return;
        /* Reported first and reaped then: whoever has not heard of its end may still send signals to that pid. */
        for (i = 0; i < server->records->nelts; i++) {
            record_t *record = &((record_t *) (void *) server->records->elts)[i];

            if (record->pid == ended.si_pid) {
                brood__answer_t answer = {.what = BROOD__ANSWER_ENDED, .pid = ended.si_pid};

                answer.value = ended.si_code == CLD_EXITED ? ended.si_status & 255 : -ended.si_status;
                answer.peak = brood__child_peak(&use);
                (void) !brood__channel_write(record->status, &answer, sizeof answer, 0);
                record->pid = 0;
                server->ended++;
                break;
            }
        }
        waitpid(ended.si_pid, &status, 0);
    }
}

/* In the child: have the variables that come first in the message, or in the channel. */
static bool take_environment(const order_t *order, int channel)
{
    const size_t size = order->message.head.environment;
    char *bytes = malloc(size + 1);
    const char **variables = malloc((size + 1) * sizeof *variables);
    char **merged = NULL;
    size_t count = 0;
    bool whole = bytes != NULL && variables != NULL;
    char *next;

    if (whole && channel < 0)
        memcpy(bytes, order->message.data, size);
    else if (whole)
        whole = brood__channel_read(channel, bytes, size, INT64_MAX) == APR_SUCCESS;
    if (whole) {
        bytes[size] = '\0';
        for (next = bytes; next < bytes + size; next += strlen(next) + 1)
            variables[count++] = next;
        variables[count] = NULL;
        merged = brood__image_environment(variables, NULL);
        if (merged != NULL)
            brood__child_set_environment(merged);
    }
    free(variables);
    free(bytes);
    return merged != NULL;
}

/* In the child: say so to whoever asked.  False: it does not listen any more, and this child is not wanted. */
static bool answer_started(int status, bool group)
{
    const brood__answer_t answer = {.what = BROOD__ANSWER_STARTED, .pid = getpid()};
    brood__mail_t proof = {{-1}, 0};
    bool heard;

    if (group) /* whoever asked may come too late for one, and without it cannot mean the group */
        proof.fd[0] = brood__system_pidfd(answer.pid);
    proof.count = proof.fd[0] >= 0 ? 1 : 0;
    heard = brood__mail_send(status, &answer, sizeof answer, &proof, 0) == APR_SUCCESS;
    brood__mail_close(&proof);
    brood__fd_close(status);
    return heard;
}

/* In the child: become what the request says. */
static void settle(server_t *server, const order_t *order, brood__bequest_t *bequest)
{
    const brood__request_t *request = &order->message.head;
    const brood__mail_t *mail = &order->mail;
    int next = BROOD__FD_ALWAYS;
    int channel = -1;

    if (request->group != server->group) /* first: whoever asked may signal the group at once */
        (void) setpgid(0, request->group);
    if (!answer_started(mail->fd[BROOD__FD_STATUS], request->group == 0))
        _exit(255);
    close_server(server);
    brood__fd_close(server->requests);
    if (request->with & BROOD__WITH_LIFELINE)
        brood__lifeline_tie(mail->fd[next++]);
    if (request->with & BROOD__WITH_STDIN)
        brood__child_set_stdin(mail->fd[next++], server->has_read);
    else if (!server->has_null_stdin)
        brood__child_set_stdin(-1, server->has_read);
    if (request->with & BROOD__WITH_SENTINEL)
        brood__lifeline_hold(mail->fd[next++]);
    if (request->with & BROOD__WITH_CHANNEL)
        channel = mail->fd[next];
    if (request->environment > 0 && !take_environment(order, channel))
        _exit(255); /* whoever asked is gone */
    bequest->channel = channel < 0 ? BROOD__NO_HANDLE : channel;
    bequest->segment = BROOD__NO_HANDLE;
    bequest->server = mail->fd[BROOD__FD_SERVER];
    bequest->data = channel < 0 ? order->message.data + request->environment : NULL;
    bequest->size = channel < 0 ? order->size - request->environment : 0;
}

static void refuse(brood__mail_t *mail, int32_t why)
{
    const brood__answer_t answer = {.what = BROOD__ANSWER_REFUSED, .value = why};

    if (mail->count > 0)
        (void) !brood__channel_write(mail->fd[BROOD__FD_STATUS], &answer, sizeof answer, 0);
    brood__mail_close(mail);
}

/* Fork for a request and answer it.  APR_SUCCESS: in the child; APR_EAGAIN: in the server. */
static apr_status_t start_one(server_t *server, order_t *order, brood__bequest_t *bequest)
{
    brood__mail_t *mail = &order->mail;
    sigset_t all;
    sigset_t before;
    pid_t pid;

    brood__child_flush();
    sigfillset(&all); /* the child must not run the server's handlers */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0) {
        settle(server, order, bequest);
        return APR_SUCCESS;
    }
    if (pid < 0)
        refuse(mail, errno);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid > 0) {
        APR_ARRAY_PUSH(server->records, record_t) = (record_t){pid, mail->fd[BROOD__FD_STATUS]};
        mail->fd[BROOD__FD_STATUS] = -1; /* the record's */
    }
    brood__mail_close(mail);
    return APR_EAGAIN;
}

/* Does whoever asks know the key?  In a time that does not tell how much of it was right. */
static bool has_key(const server_t *server, const brood__request_t *request)
{
    unsigned different = 0;

    for (int i = 0; i < BROOD__SERVER_KEY; i++)
        different |= (unsigned) (server->key[i] ^ request->key[i]);
    return different == 0;
}

static int descriptors_of(const brood__request_t *request)
{
    return BROOD__FD_ALWAYS + !!(request->with & BROOD__WITH_LIFELINE) + !!(request->with & BROOD__WITH_STDIN)
           + !!(request->with & BROOD__WITH_SENTINEL) + !!(request->with & BROOD__WITH_CHANNEL);
}

/* Take the next request.  As start_one; APR_EOF: nobody is left who could ask. */
static apr_status_t take_one(server_t *server, brood__bequest_t *bequest)
{
    order_t *order = server->order;
    const brood__request_t *request = &order->message.head;
    size_t size = sizeof order->message.head + BROOD__REQUEST_DATA;
    apr_status_t rv =
        brood__mail_receive(server->requests, &order->message, sizeof order->message.head, &size, &order->mail, 0);

    forget_ended(server);
    order->size = size - sizeof order->message.head;
    if (rv == APR_SUCCESS && !(request->with & BROOD__WITH_CHANNEL) && request->environment > order->size)
        rv = APR_EINVAL;
    if (rv != APR_SUCCESS) {
        brood__mail_close(&order->mail); /* not of ours: whoever sent it sees the end of file */
        return rv == APR_EINVAL || rv == APR_TIMEUP ? APR_EAGAIN : rv;
    }
    if (has_key(server, request) && order->mail.count == descriptors_of(request))
        return start_one(server, order, bequest);
    refuse(&order->mail, has_key(server, request) ? EMFILE : EACCES); /* not all fitted: too many files are open here */
    return APR_EAGAIN;
}

/* Nobody can ask any more, but some may still want to hear: serve those. */
static apr_status_t finish(server_t *server, apr_pool_t *mem)
{
    struct pollfd *work = apr_palloc(mem, ((size_t) server->records->nelts + 1) * sizeof *work);

    while (server->records->nelts > 0) {
        int count = server->records->nelts;
        int i;

        for (i = 0; i < count; i++) /* no events: only errors and the other side's end count */
            work[i] = (struct pollfd){.fd = ((record_t *) (void *) server->records->elts)[i].status};
        work[count] = (struct pollfd){.fd = server->alarm[0], .events = POLLIN};
        if (poll(work, (nfds_t) count + 1, -1) < 0) {
            if (errno != EINTR)
                return errno;
            continue;
        }
        for (i = count - 1; i >= 0; i--) /* from the end: forget puts the last into the gap */
            if (work[i].revents != 0)
                forget(server, i);
        if (work[count].revents != 0)
            reap_all(server);
        forget_ended(server);
    }
    return APR_EOF;
}

static apr_status_t serve(server_t *server, brood__bequest_t *bequest, apr_pool_t *mem)
{
    for (;;) {
        struct pollfd work[2] = {{.fd = server->alarm[0], .events = POLLIN},
                                 {.fd = server->requests, .events = POLLIN}};
        apr_status_t rv = APR_EAGAIN;
        const int ready = poll(work, 2, server->ended > 0 ? 0 : -1);

        if (ready < 0 && errno != EINTR)
            return errno;
        if (ready == 0)
            forget_ended(server);
        if (ready <= 0)
            continue;
        if (work[0].revents != 0)
            reap_all(server);
        if (work[1].revents != 0)
            rv = take_one(server, bequest);
        if (rv == APR_EOF)
            return finish(server, mem);
        if (rv != APR_EAGAIN)
            return rv;
    }
}

apr_status_t brood__request_serve(brood__handle_t requests, const unsigned char key[BROOD__SERVER_KEY],
                                  brood__bequest_t *bequest, apr_pool_t *mem)
{
    server_t server = {.key = key, .group = getpgrp(), .requests = (int) requests};
    apr_status_t rv = open_server(&server, mem);

    if (rv != APR_SUCCESS)
        return rv;
    rv = serve(&server, bequest, mem);
    if (rv != APR_SUCCESS) /* a child has done so */
        close_server(&server);
    return rv;
}
