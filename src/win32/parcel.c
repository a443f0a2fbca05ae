/* parcel.c - nothing goes along with a message here, so the word says where to fetch it: a ticket. */
#include "platform/parcel.h"

#include "base/thread_local.h"
#include "platform/clock.h"
#include "platform/ticket.h"

apr_interval_time_t brood__parcel_patience = apr_time_from_sec(60);

static BROOD__THREAD_LOCAL brood__parcel_t *current;

void brood__parcel_begin(brood__parcel_t *parcel)
{
    current = parcel;
    if (parcel != NULL)
        parcel->count = 0;
}

apr_status_t brood__parcel_pack(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind)
{
    apr_status_t rc;

    if (current == NULL)
        return APR_ENOTIMPL;
    if (current->count == BROOD__PARCEL_MOST)
        return APR_ENOSPC;
    rc = brood__ticket_leave(word, handle, kind, brood__clock_now() + brood__parcel_patience);
    if (rc == APR_SUCCESS)
        current->handle[current->count++] = (brood__handle_t) *word;
    return rc;
}

void brood__parcel_end(brood__parcel_t *parcel)
{
    parcel->count = 0;
    if (current == parcel)
        current = NULL;
}

void brood__parcel_revoke(const brood__parcel_t *parcel)
{
    for (int i = 0; i < parcel->count; i++)
        brood__ticket_revoke((uint64_t) parcel->handle[i]);
}

apr_status_t brood__parcel_take(brood__handle_t *handle, brood__parcel_t *parcel, uint64_t word)
{
    (void) parcel;
    return brood__ticket_fetch(handle, word);
}

void brood__parcel_expire(brood__parcel_t *parcel)
{
    (void) parcel; /* tickets expire by themselves */
}
