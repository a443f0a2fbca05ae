/* segment_memfd.c - Linux: a file without a name, in memory that belongs to no mount. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/segment.h"

#include "posix/segment_map.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif

apr_status_t brood__segment_create(brood__segment_t *segment, uint64_t size)
{
    /* A system may be set to refuse memory files that could be executed (vm.memfd_noexec); older ones do not know
     * how to say that. */
    int fd = memfd_create("brood", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("brood", MFD_CLOEXEC);
    if (fd < 0)
        return errno == EPERM || errno == ENOSYS ? APR_EACCES : errno; /* what a sandbox says */
    return brood__segment_map_new(segment, fd, size);
}

apr_status_t brood__segment_attach(brood__segment_t *segment, brood__handle_t handle, uint64_t size, uint64_t wish)
{
    return brood__segment_map(segment, (int) handle, size, wish);
}

apr_status_t brood__segment_commit(const brood__segment_t *segment, uint64_t offset, uint64_t size)
{
    /* Its pages count as ordinary memory, and no mount can be full: there is nothing to ask for ahead. */
    (void) segment;
    (void) offset;
    (void) size;
    return APR_SUCCESS;
}

bool brood__segment_discard(const brood__segment_t *segment, uint64_t offset, uint64_t size)
{
    return fallocate((int) segment->handle, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t) offset, (off_t) size)
           == 0;
}

void brood__segment_detach(brood__segment_t *segment)
{
    brood__segment_unmap(segment);
}
