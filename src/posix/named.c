/* named.c - POSIX shared memory objects. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/named.h"

#include "posix/fd.h"
#include "posix/nameless.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define STEP ((uint64_t) 16 * 1024 * 1024)

#ifdef __APPLE__
#define NAME_LONGEST 30
#else
#define NAME_LONGEST 254
#endif

const char *const brood__named_prefix = "psm_";
const bool brood__named_stays = true;

static const brood__named_t nothing = {NULL, 0, 0, BROOD__NO_HANDLE};

/* A name as the system wants it. */
typedef struct path_t {
    char text[NAME_LONGEST + 2];
} path_t;

static path_t path_of(const char *name)
{
    path_t path;

    (void) snprintf(path.text, sizeof path.text, "/%s", name);
    return path;
}

apr_status_t brood__named_check(const char *name)
{
    const size_t size = strlen(name);

    return size == 0 || size > NAME_LONGEST || strchr(name, '/') != NULL || strcmp(name, ".") == 0
                   || strcmp(name, "..") == 0
               ? APR_EINVAL
               : APR_SUCCESS;
}

static uint64_t identity_of(int fd)
{
    struct stat file;

    return fstat(fd, &file) == 0 ? (uint64_t) file.st_ino : 0;
}

static apr_status_t map(brood__named_t *named, int fd, uint64_t size)
{
    void *base;

    if (size > SIZE_MAX / 2) /* which no C object is larger than */
        return APR_ENOMEM;
    base = mmap(NULL, (size_t) size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (base == MAP_FAILED)
        return errno;
    named->base = base;
    named->size = size;
    named->identity = identity_of(fd);
    return APR_SUCCESS;
}

/* Its pages, so that there is room for them when they are touched.  What is plainly too much is refused first: to find
 * out by taking page after page would leave others none. */
static apr_status_t reserve(int fd, uint64_t size)
{
    struct statvfs mount;

    if (fstatvfs(fd, &mount) == 0 && mount.f_blocks != 0 && mount.f_frsize != 0
        && size / mount.f_frsize > (uint64_t) mount.f_bavail)
        return APR_ENOSPC;
#if defined _POSIX_ADVISORY_INFO && _POSIX_ADVISORY_INFO > 0
    for (uint64_t offset = 0, part; offset < size; offset += part) {
        int error;

        part = size - offset < STEP ? size - offset : STEP; /* a signal undoes a step, not all of it */
        do
            error = posix_fallocate(fd, (off_t) offset, (off_t) part);
        while (error == EINTR);
        if (error == EINVAL || error == EOPNOTSUPP || error == ENODEV || error == ENOSYS)
            return APR_SUCCESS; /* nothing can be reserved here */
        if (error != 0)
            return error;
    }
#else
    (void) fd;
    (void) size;
#endif
    return APR_SUCCESS;
}

static apr_status_t give_size(int fd, uint64_t size)
{
    struct rlimit limit;

    /* Past the limit for files, ftruncate does not only fail: it raises SIGXFSZ. */
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < size)
        return APR_ENOSPC;
    if (size > SIZE_MAX / 2 || (uint64_t) (off_t) size != size) /* before pages are taken that could not be mapped */
        return APR_ENOSPC;
    if (ftruncate(fd, (off_t) size) != 0)
        return errno == EFBIG || errno == EINVAL ? APR_ENOSPC : errno;
    return reserve(fd, size);
}

/* Make the file what it is to be, and see it. */
static apr_status_t furnish(brood__named_t *named, int fd, uint64_t size, void (*note)(void *data, uint64_t identity),
                            void *data)
{
    apr_status_t rv;

    note(data, identity_of(fd));
    rv = give_size(fd, size);
    return rv == APR_SUCCESS ? map(named, fd, size) : rv;
}

/* APR_ENOTIMPL: no such thing here. */
static apr_status_t create_nameless(brood__named_t *named, const char *name, uint64_t size,
                                    void (*note)(void *data, uint64_t identity), void *data)
{
    const path_t path = path_of(name);
    int fd = brood__nameless_open();
    apr_status_t rv;

    if (fd < 0)
        return APR_ENOTIMPL;
    rv = furnish(named, fd, size, note, data);
    if (rv == APR_SUCCESS && !brood__nameless_link(fd, path.text))
        rv = errno == EEXIST ? EEXIST : APR_ENOTIMPL;
    brood__fd_close(fd);
    return rv;
}

static apr_status_t create_by_name(brood__named_t *named, const char *name, uint64_t size,
                                   void (*note)(void *data, uint64_t identity), void *data)
{
    const path_t path = path_of(name);
    int fd = shm_open(path.text, O_RDWR | O_CREAT | O_EXCL, 0600);
    apr_status_t rv;

    if (fd < 0)
        return errno;
    rv = furnish(named, fd, size, note, data);
    brood__fd_close(fd);
    if (rv != APR_SUCCESS)
        shm_unlink(path.text);
    return rv;
}

apr_status_t brood__named_create(brood__named_t *named, const char *name, uint64_t size,
                                 void (*note)(void *data, uint64_t identity), void *data)
{
    apr_status_t rv;

    *named = nothing;
    rv = create_nameless(named, name, size, note, data);
    if (rv == APR_ENOTIMPL) {
        brood__named_close(named);
        rv = create_by_name(named, name, size, note, data);
    }
    if (rv != APR_SUCCESS)
        brood__named_close(named);
    return rv;
}

apr_status_t brood__named_open(brood__named_t *named, const char *name)
{
    const path_t path = path_of(name);
    int fd = shm_open(path.text, O_RDWR, 0600);
    apr_status_t rv;
    struct stat file;

    *named = nothing;
    if (fd < 0)
        return errno;
    if (fstat(fd, &file) != 0)
        rv = errno;
    else
        rv = file.st_size <= 0 ? APR_EAGAIN : map(named, fd, (uint64_t) file.st_size);
    brood__fd_close(fd);
    return rv;
}

apr_status_t brood__named_unlink(const char *name, uint64_t identity)
{
    const path_t path = path_of(name);
    int fd;
    bool same;

    if (identity != 0) {
        fd = shm_open(path.text, O_RDONLY, 0);
        if (fd < 0)
            return errno;
        same = identity_of(fd) == identity;
        brood__fd_close(fd);
        if (!same)
            return APR_ENOENT;
    }
    return shm_unlink(path.text) == 0 ? APR_SUCCESS : errno;
}

void brood__named_close(brood__named_t *named)
{
    if (named->base != NULL)
        munmap(named->base, (size_t) named->size);
    *named = nothing;
}
