/* ticket.c - descriptors in a list, which a thread hands out at a socket: a word says which socket, and which of them. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/ticket.h"

#include "base/mutex.h"
#include "base/own.h"
#include "platform/channel.h"
#include "platform/clock.h"
#include "platform/listener.h"
#include "platform/self.h"
#include "posix/fd.h"
#include "posix/mail.h"
#include "posix/system.h"
#include "posix/thread.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHERE_SHIFT (BROOD__TICKET_BITS / 2)
#define HALF ((UINT64_C(1) << WHERE_SHIFT) - 1)
#define REVOKED (UINT64_C(1) << 63) /* of a word that is said to the thread */
#define NAME_SIZE 40
#define BACKLOG 128
#define GUESSES 100 /* that strangers have */

#define CALL apr_time_from_sec(1)    /* how long who comes may take to say his word; others wait meanwhile */
#define ANSWER apr_time_from_sec(10) /* and he for the descriptor */

/* One that this process has left. */
typedef struct left_t {
    uint64_t word;
    int fd;
    apr_time_t due;
    struct left_t *next;
} left_t;

static brood__mutex_t mutex;
static bool begun;
static left_t *all; /* the oldest last */
static brood__listener_t *listener;
static uint64_t where;       /* of the listener */
static char file[NAME_SIZE]; /* "": it has none */

/* ---- this process's own ---- */

/* Of a name of Linux's own no file can be left behind. */
static void name_of(char name[NAME_SIZE], uint64_t word, bool has_file)
{
    (void) snprintf(name, NAME_SIZE, "%sbrood-ticket-%08x", has_file ? "/tmp/" : "@", (unsigned) (word >> WHERE_SHIFT));
}

/* Those that nobody has come for in time, and those of the process that this one is a copy of. */
static void sweep(void)
{
    const apr_time_t now = brood__clock_now();
    left_t **place = &all;

    while (*place != NULL) {
        left_t *left = *place;

        if (left->due > now) {
            place = &left->next;
            continue;
        }
        *place = left->next;
        brood__fd_close(left->fd);
        free(left);
    }
}

/* -1: it is not here. */
static int take(uint64_t word)
{
    left_t **place = &all, *left;
    int fd = -1;

    brood__mutex_lock(&mutex);
    while (*place != NULL && (*place)->word != word)
        place = &(*place)->next;
    if ((left = *place) != NULL) {
        *place = left->next;
        fd = left->fd;
        free(left);
    }
    brood__mutex_unlock(&mutex);
    return fd;
}

static void before_fork(void)
{
    brood__mutex_lock(&mutex);
}

static void after_fork_in_parent(void)
{
    brood__mutex_unlock(&mutex);
}

/* Nothing is allocated or freed here. */
static void after_fork_in_child(void)
{
    for (left_t *left = all; left != NULL; left = left->next) {
        brood__fd_close(left->fd);
        *left = (left_t){.fd = -1, .next = left->next};
    }
    if (listener != NULL)
        brood__listener_close(listener, true);
    listener = NULL;
    file[0] = '\0';
    brood__mutex_forked(&mutex);
}

/* The thread may still be at the socket itself. */
static void end(void)
{
    if (file[0] != '\0')
        (void) unlink(file);
}

/* ---- the thread ---- */

/* Of one user, or one of them is root: a process may have changed its user. */
static bool is_ours(const brood__stream_t *peer)
{
    const uid_t user = brood__system_peer((int) peer->handle);

    return user == geteuid() || user == 0 || (geteuid() == 0 && user != (uid_t) -1);
}

static void answer(const brood__stream_t *guest)
{
    static int guesses; /* of words that are none, by others than our user */
    const bool stranger = brood__system_peer((int) guest->handle) != geteuid();
    brood__mail_t mail = {.count = 1};
    uint64_t word;

    if (!is_ours(guest) || (stranger && guesses >= GUESSES)
        || brood__channel_read(guest->handle, &word, sizeof word, brood__clock_now() + CALL) != APR_SUCCESS)
        return;
    if ((mail.fd[0] = take(word & ~REVOKED)) < 0) {
        guesses += stranger;
        return;
    }
    if (!(word & REVOKED))
        (void) brood__mail_send((int) guest->handle, "", 1, &mail, brood__clock_now() + CALL);
    brood__mail_close(&mail);
}

static void *serve(void *data)
{
    brood__listener_t *own = data;
    char peer[BROOD__ADDRESS_SIZE];
    brood__stream_t guest;

    for (;;)
        if (brood__listener_accept(&guest, peer, own, INT64_MAX) == APR_SUCCESS) {
            answer(&guest);
            brood__stream_close(&guest);
        } else { /* too many open files, say */
            (void) brood__fd_poll(NULL, 0, brood__clock_now() + apr_time_from_msec(10));
        }
    return NULL;
}

static apr_status_t listen_somewhere(brood__listener_t **made, uint64_t *word, char name[NAME_SIZE], apr_pool_t *mem)
{
    brood__address_t address = {.family = BROOD__FAMILY_UNIX};
    char text[BROOD__ADDRESS_SIZE];
    apr_status_t rc;

    address.name = name;
    do {
        if ((rc = brood__self_random(word, sizeof *word)) != APR_SUCCESS)
            return rc;
        *word &= HALF << WHERE_SHIFT;
        name_of(name, *word, false);
        rc = brood__listener_open(made, &address, BACKLOG, text, mem);
        if (rc != APR_ENOTIMPL)
            continue;
        name_of(name, *word, true);
        rc = brood__listener_open(made, &address, BACKLOG, text, mem);
    } while (rc == EADDRINUSE);
    return rc;
}

static bool has_begun(void)
{
    bool has;

    brood__mutex_lock(&mutex);
    has = listener != NULL;
    brood__mutex_unlock(&mutex);
    return has;
}

/* Under the lock. */
static apr_status_t begin_with(brood__listener_t *made, uint64_t word, const char name[NAME_SIZE])
{
    if (!begun && pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) != 0)
        return APR_ENOMEM;
    if (!begun)
        (void) brood__self_at_exit(end);
    begun = true;
    if (!brood__thread_begin(serve, made))
        return APR_EAGAIN;
    listener = made;
    where = word;
    if (*name == '/')
        memcpy(file, name, NAME_SIZE);
    return APR_SUCCESS;
}

/* Have somebody there who hands them out.  The lock comes last: whoever forks has that of pools when he waits for it. */
static apr_status_t begin(void)
{
    brood__listener_t *made;
    char name[NAME_SIZE] = "";
    apr_pool_t *mem;
    uint64_t word;
    apr_status_t rc = brood__own_pool(&mem);
    bool used = false;

    if (rc != APR_SUCCESS)
        return rc;
    if ((rc = listen_somewhere(&made, &word, name, mem)) == APR_SUCCESS) {
        brood__mutex_lock(&mutex);
        if (listener == NULL) /* else another thread has been faster */
            used = (rc = begin_with(made, word, name)) == APR_SUCCESS;
        brood__mutex_unlock(&mutex);
        if (!used)
            brood__listener_close(made, false);
    }
    if (!used)
        apr_pool_destroy(mem);
    return rc;
}

/* ---- all others ---- */

/* Say a word where it belongs. */
static apr_status_t call(brood__stream_t *stream, uint64_t word, apr_time_t deadline)
{
    brood__address_t address = {.family = BROOD__FAMILY_UNIX};
    char name[NAME_SIZE];
    apr_status_t rc;

    address.name = name;
    name_of(name, word & ~REVOKED, false);
    rc = brood__listener_connect(stream, &address, deadline);
    if (rc == APR_ENOTIMPL) {
        name_of(name, word & ~REVOKED, true);
        rc = brood__listener_connect(stream, &address, deadline);
    }
    if (rc != APR_SUCCESS)
        return rc;
    rc = is_ours(stream) ? brood__channel_write(stream->handle, &word, sizeof word, deadline) : APR_ENOENT;
    if (rc != APR_SUCCESS)
        brood__stream_close(stream);
    return rc;
}

/* ---- for everybody ---- */

apr_status_t brood__ticket_leave(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind, apr_time_t due)
{
    left_t *left = malloc(sizeof *left);
    apr_status_t rc;

    (void) kind;
    if (left == NULL)
        return APR_ENOMEM;
    *left = (left_t){.fd = fcntl((int) handle, F_DUPFD_CLOEXEC, 3), .due = due}; /* above the standard streams */
    rc = left->fd < 0 ? errno : brood__self_random(&left->word, sizeof left->word);
    if (rc == APR_SUCCESS && !has_begun())
        rc = begin();
    if (rc != APR_SUCCESS) {
        brood__fd_close(left->fd);
        free(left);
        return rc;
    }
    brood__mutex_lock(&mutex);
    sweep();
    *word = left->word = where | (left->word & HALF);
    left->next = all;
    all = left;
    brood__mutex_unlock(&mutex);
    return APR_SUCCESS;
}

apr_status_t brood__ticket_fetch(brood__handle_t *handle, uint64_t word)
{
    const apr_time_t deadline = brood__clock_now() + ANSWER;
    brood__stream_t stream;
    brood__mail_t mail;
    size_t size = 1;
    char byte;
    apr_status_t rc;

    *handle = take(word);
    if (*handle != BROOD__NO_HANDLE)
        return APR_SUCCESS;
    if ((rc = call(&stream, word, deadline)) == APR_SUCCESS) {
        rc = brood__mail_receive((int) stream.handle, &byte, 1, &size, &mail, deadline);
        brood__stream_close(&stream);
        if (mail.count == 1)
            *handle = mail.fd[0];
        else
            brood__mail_close(&mail);
    }
    if (*handle != BROOD__NO_HANDLE)
        return APR_SUCCESS;
    return rc == APR_EINTR ? rc : APR_ENOENT;
}

void brood__ticket_revoke(uint64_t word)
{
    brood__stream_t stream;
    int fd = take(word);

    if (fd < 0 && call(&stream, word | REVOKED, 0) == APR_SUCCESS)
        brood__stream_close(&stream);
    brood__fd_close(fd);
}
