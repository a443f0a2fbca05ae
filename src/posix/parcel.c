/* parcel.c - descriptors as ancillary data; a descriptor's word is the number of its file, which the receiver finds it by. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/parcel.h"

#include "base/thread_local.h"
#include "platform/clock.h"
#include "posix/fd.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define WORD_BITS UINT64_C(0x0fffffffffffffff)

apr_interval_time_t brood__parcel_patience = apr_time_from_sec(60);

static BROOD__THREAD_LOCAL brood__parcel_t *current;

/* 0 where the system has no number for it: then they come in their order. */
static uint64_t word_of(int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 ? (uint64_t) file.st_ino & WORD_BITS : 0;
}

void brood__parcel_begin(brood__parcel_t *parcel)
{
    current = parcel;
    if (parcel != NULL)
        parcel->count = 0;
}

apr_status_t brood__parcel_pack(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind)
{
    int copy;

    (void) kind;
    if (current == NULL)
        return APR_ENOTIMPL;
    if (current->count == BROOD__PARCEL_MOST)
        return APR_ENOSPC;
    copy = fcntl((int) handle, F_DUPFD_CLOEXEC, 3); /* above the standard streams */
    if (copy < 0)
        return errno;
    *word = word_of(copy);
    current->handle[current->count++] = copy;
    return APR_SUCCESS;
}

void brood__parcel_end(brood__parcel_t *parcel)
{
    while (parcel->count > 0)
        brood__fd_close((int) parcel->handle[--parcel->count]);
    if (current == parcel)
        current = NULL;
}

void brood__parcel_revoke(const brood__parcel_t *parcel)
{
    (void) parcel; /* they were on the way, in nobody's hands but the system's */
}

static void forget(brood__parcel_t *parcel, int at)
{
    parcel->count--;
    for (int i = at; i < parcel->count; i++) {
        parcel->handle[i] = parcel->handle[i + 1];
        parcel->due[i] = parcel->due[i + 1];
    }
}

apr_status_t brood__parcel_take(brood__handle_t *handle, brood__parcel_t *parcel, uint64_t word)
{
    for (int i = 0; parcel != NULL && i < parcel->count; i++)
        if (word_of((int) parcel->handle[i]) == word) {
            *handle = parcel->handle[i];
            forget(parcel, i);
            return APR_SUCCESS;
        }
    return APR_ENOENT;
}

void brood__parcel_expire(brood__parcel_t *parcel)
{
    const apr_time_t now = parcel->count > 0 ? brood__clock_now() : 0;

    while (parcel->count > 0 && parcel->due[0] <= now) {
        brood__fd_close((int) parcel->handle[0]);
        forget(parcel, 0);
    }
}
