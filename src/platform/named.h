/* named.h - memory that programs share by a name, whether or not they know of each other.
 *
 * Names are those of Python's multiprocessing.shared_memory, and the memory is the same. */
#ifndef BROOD_PLATFORM_NAMED_H
#define BROOD_PLATFORM_NAMED_H

#include "platform/handle.h"

typedef struct brood__named_t {
    void *base; /* where this process sees it; NULL: it does not */
    uint64_t size;
    uint64_t identity;      /* of the memory, whatever its name; 0: the system does not tell */
    brood__handle_t handle; /* what keeps it, or BROOD__NO_HANDLE */
} brood__named_t;

/* What names begin with that nobody has chosen, as "psm_". */
extern const char *const brood__named_prefix;

/* Does a name stay until it is taken away?  Else it goes with the last who has it open. */
extern const bool brood__named_stays;

/* Can it be a name here?  APR_EINVAL: it is empty, too long, or has letters that none has. */
apr_status_t brood__named_check(const char *name);

/* New memory of `size` bytes, above 0, that read as zero and can be written to: what would fault later fails here.  After
 * a failure there is no such name by this call.  `note` is told its identity before it has the name, where the system
 * can make memory without one, else right after.  APR_EEXIST: there is one already.  APR_ENOSPC, APR_ENOMEM. */
apr_status_t brood__named_create(brood__named_t *named, const char *name, uint64_t size,
                                 void (*note)(void *data, uint64_t identity), void *data);

/* APR_ENOENT: there is no such name.  APR_EAGAIN: it is being made, and has no size yet. */
apr_status_t brood__named_open(brood__named_t *named, const char *name);

/* Take the name away, if it is that of this memory (0: of any); who has the memory keeps it.  APR_ENOENT: it is not.
 * APR_ENOTIMPL: names do not stay. */
apr_status_t brood__named_unlink(const char *name, uint64_t identity);

/* This process sees it no more. */
void brood__named_close(brood__named_t *named);

#endif
