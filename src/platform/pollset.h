/* pollset.h - wait for any of thousands of streams and listeners, again and again: what they are is told once.
 *
 * One thread has it, but for brood__pollset_wake. */
#ifndef BROOD_PLATFORM_POLLSET_H
#define BROOD_PLATFORM_POLLSET_H

#include "platform/listener.h"

typedef struct brood__pollset_t brood__pollset_t; /* each backend defines it */

/* One of those that are waited for; the caller's memory, at one place while it is in the set. */
typedef struct brood__poll_t {
    void *data;         /* the caller's */
    bool reads, writes; /* what it is waited for: set by brood__pollset_add_... and _change alone */
    bool readable,
        writable; /* out, of those that brood__pollset_wait has listed: what it is waited for and would not wait */
    size_t place; /* the backend's, like all below */
    size_t listed;
    brood__stream_t *stream; /* or */
    brood__listener_t *listener;
} brood__poll_t;

/* `most`: members it has at most.  APR_ENOMEM, APR_EMFILE. */
apr_status_t brood__pollset_create(brood__pollset_t **set, size_t most, apr_pool_t *mem);

/* A stream, or a listener, from now on; waited for until it can be read from, or written to by brood__stream_post.  What is
 * ahead in a stream already may go unnoticed: take it first. 
 * APR_ENOSPC: `most` are in it. */
apr_status_t brood__pollset_add_stream(brood__pollset_t *set, brood__poll_t *poll, brood__stream_t *stream, bool reads,
                                       bool writes);
apr_status_t brood__pollset_add_listener(brood__pollset_t *set, brood__poll_t *poll, brood__listener_t *listener);

/* Wait for other things of it; neither: it stays, and is not looked at.  After a failure it is neither. */
apr_status_t brood__pollset_change(brood__pollset_t *set, brood__poll_t *poll, bool reads, bool writes);

/* Before its stream is closed.  It is in no list that is being gone through any more. */
void brood__pollset_remove(brood__pollset_t *set, brood__poll_t *poll);

/* Sleep until some are ready: at least one, or none after a wake, with APR_SUCCESS.  *ready: an array of `count`, the set's
 * own, until the next call; NULL in it are those that were removed since.  APR_TIMEUP, with one that has passed after a
 * look; APR_EINTR: see interrupt.h.  Also an end that is closed is ready, for whatever it is waited for. */
apr_status_t brood__pollset_wait(brood__poll_t ***ready, size_t *count, brood__pollset_t *set, apr_time_t deadline);

/* From any thread, or a signal handler: the wait that is under way, or else the next one, returns. */
void brood__pollset_wake(brood__pollset_t *set);

/* Close what is its own, not the streams; in a forked child, too, where the parent's is left as it is.  Twice is fine. */
void brood__pollset_close(brood__pollset_t *set);

#endif
