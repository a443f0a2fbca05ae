/* segment_shm.c - POSIX: a shared memory object that loses its name as soon as it has one. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/segment.h"

#include "platform/self.h"
#include "posix/segment_map.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define STEP ((uint64_t) 16 * 1024 * 1024)

static int open_unnamed(void)
{
#ifdef SHM_ANON /* FreeBSD */
    return shm_open(SHM_ANON, O_RDWR | O_CREAT, 0600);
#else
    unsigned char random[8];
    char name[7 + 2 * sizeof random + 1]; /* macOS takes 31 characters */
    apr_status_t rv = brood__self_random(random, sizeof random);
    size_t at = (size_t) snprintf(name, sizeof name, "/brood-");
    size_t i;
    int fd;

    if (rv != APR_SUCCESS) {
        errno = rv;
        return -1;
    }
    for (i = 0; i < sizeof random; i++)
        at += (size_t) snprintf(name + at, sizeof name - at, "%02x", random[i]);
    fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600); /* close-on-exec by POSIX */
    if (fd >= 0)
        shm_unlink(name);
    return fd;
#endif
}

apr_status_t brood__segment_create(brood__segment_t *segment, uint64_t size)
{
    int fd = open_unnamed();

    if (fd < 0)
        return errno;
    return brood__segment_map_new(segment, fd, size);
}

apr_status_t brood__segment_attach(brood__segment_t *segment, brood__handle_t handle, uint64_t size, uint64_t wish)
{
    return brood__segment_map(segment, (int) handle, size, wish);
}

apr_status_t brood__segment_commit(const brood__segment_t *segment, uint64_t offset, uint64_t size)
{
#if defined _POSIX_ADVISORY_INFO && _POSIX_ADVISORY_INFO > 0
    /* The object's mount may be full (containers often have 64 MiB): then the first touch of a page raises SIGBUS. */
    while (size > 0) {
        uint64_t part = size < STEP ? size : STEP; /* a signal undoes a step, not all of it */
        int error = posix_fallocate((int) segment->handle, (off_t) offset, (off_t) part);

        if (error == EINTR)
            continue;
        if (error == EINVAL || error == EOPNOTSUPP || error == ENODEV || error == ENOSYS)
            return APR_SUCCESS; /* nothing can be reserved here */
        if (error != 0)
            return error;
        offset += part;
        size -= part;
    }
#else
    (void) segment;
    (void) offset;
    (void) size;
#endif
    return APR_SUCCESS;
}

bool brood__segment_discard(const brood__segment_t *segment, uint64_t offset, uint64_t size)
{
    /* Pages given back to the mount may not be there any more when they are wanted again: they are kept. */
    (void) segment;
    (void) offset;
    (void) size;
    return false;
}

void brood__segment_detach(brood__segment_t *segment)
{
    brood__segment_unmap(segment);
}
