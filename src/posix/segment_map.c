/* segment_map.c - a file of the segment's size, seen 64 KiB aligned. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/segment_map.h"

#include "posix/fd.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MAP_NORESERVE /* FreeBSD never reserves */
#define MAP_NORESERVE 0
#endif
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

#define ALIGNMENT 65536u

static const brood__segment_t nothing = {NULL, 0, BROOD__NO_HANDLE};

/* mmap aligns to pages: find room with a mapping that is larger by the alignment, and put ours inside it. */
static char *map_aligned(int fd, size_t size)
{
    char *room = mmap(NULL, size + ALIGNMENT, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    size_t before;
    char *base;

    if (room == MAP_FAILED)
        return NULL;
    before = (ALIGNMENT - (uintptr_t) room % ALIGNMENT) % ALIGNMENT;
    base = mmap(room + before, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd, 0);
    if (base == MAP_FAILED) {
        int error = errno;

        munmap(room, size + ALIGNMENT);
        errno = error;
        return NULL;
    }
    if (before > 0)
        munmap(room, before);
    munmap(base + size, ALIGNMENT - before);
    return base;
}

/* One call instead of four.  NULL: something else is there. */
static char *map_at(int fd, size_t size, uint64_t wish)
{
    char *place;
    char *base;

    if (wish == 0 || wish > UINTPTR_MAX || wish % ALIGNMENT != 0)
        return NULL;
    place = (char *) (uintptr_t) wish;
    base = mmap(place, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (base == place)
        return base;
    if (base != MAP_FAILED)
        munmap(base, size);
    return NULL;
}

apr_status_t brood__segment_map_new(brood__segment_t *segment, int fd, uint64_t size)
{
    struct rlimit limit;
    apr_status_t rv = APR_SUCCESS;

    *segment = nothing;
    rv = brood__fd_lift(&fd);
    if (rv != APR_SUCCESS)
        return rv;
    /* Past the limit for files, ftruncate does not only fail: it raises SIGXFSZ. */
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size)
        rv = APR_ENOMEM;
    else if (size > (uint64_t) INT64_MAX || (uint64_t) (off_t) size != size || ftruncate(fd, (off_t) size) != 0)
        rv = APR_ENOMEM;
    if (rv != APR_SUCCESS) {
        brood__fd_close(fd);
        return rv;
    }
    return brood__segment_map(segment, fd, size, 0);
}

apr_status_t brood__segment_map(brood__segment_t *segment, int fd, uint64_t size, uint64_t wish)
{
    apr_status_t rv = APR_SUCCESS;
    struct stat file;
    char *base = NULL;

    *segment = nothing;
    if (size == 0 || size > SIZE_MAX - ALIGNMENT)
        rv = APR_ENOMEM;
    else if (fstat(fd, &file) != 0)
        rv = errno;
    else if ((uint64_t) file.st_size < size)
        rv = APR_EINVAL; /* touching what is past the end would be SIGBUS */
    else if ((base = map_at(fd, (size_t) size, wish)) == NULL && (base = map_aligned(fd, (size_t) size)) == NULL)
        rv = errno;
    if (rv != APR_SUCCESS) {
        brood__fd_close(fd);
        return rv;
    }
    segment->base = base;
    segment->size = size;
    segment->handle = fd;
    return APR_SUCCESS;
}

void brood__segment_unmap(brood__segment_t *segment)
{
    if (segment->base != NULL)
        munmap(segment->base, (size_t) segment->size);
    brood__fd_close((int) segment->handle);
    *segment = nothing;
}
