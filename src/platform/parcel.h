/* parcel.h - handles that go to another process along with a message, in which a word stands for each.
 *
 * Sending: brood__parcel_pack between brood__parcel_begin and the message's departure, brood__parcel_end after it.
 * Receiving: what has come with the messages of a stream is in its parcel, for brood__parcel_take. */
#ifndef BROOD_PLATFORM_PARCEL_H
#define BROOD_PLATFORM_PARCEL_H

#include "platform/handle.h"
#include <apr_time.h>

#define BROOD__PARCEL_MOST 64 /* handles at once */

/* How long one that has been sent waits for somebody to take it: a minute, but in tests. */
extern apr_interval_time_t brood__parcel_patience;

/* What a handle is. */
typedef enum brood__handle_kind_t { BROOD__HANDLE_PIPE, BROOD__HANDLE_SOCKET } brood__handle_kind_t;

typedef struct brood__parcel_t {
    brood__handle_t handle[BROOD__PARCEL_MOST];
    apr_time_t due[BROOD__PARCEL_MOST]; /* not taken by then, it is closed */
    int count;
} brood__parcel_t;

/* This thread packs into `parcel` from now on, which is empty; NULL: into none. */
void brood__parcel_begin(brood__parcel_t *parcel);

/* Put a copy of a handle in, and say by which word it will be found; the four bits at its top are 0.
 * APR_ENOTIMPL: this thread packs no message that can carry one.  APR_ENOSPC: there are BROOD__PARCEL_MOST already. */
apr_status_t brood__parcel_pack(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind);

/* The message has gone, or will never go: `parcel` is empty. */
void brood__parcel_end(brood__parcel_t *parcel);

/* Whoever was to take them has ended: close what he has not taken.  For a copy of a parcel whose message has gone. */
void brood__parcel_revoke(const brood__parcel_t *parcel);

/* A received handle, which is the caller's then, once.  APR_ENOENT: there is none by that word: it never came, has been
 * taken, or was not taken in time. */
apr_status_t brood__parcel_take(brood__handle_t *handle, brood__parcel_t *parcel, uint64_t word);

/* Close what nobody has taken in time. */
void brood__parcel_expire(brood__parcel_t *parcel);

#endif
