/* ticket.h - a copy of a handle that this process keeps until somebody comes for it by its word: any process, once.
 *
 * So a handle can be in a message that lies where nobody can send one along with it.  It ends with the process that keeps
 * it, which a handle on its way in a parcel does not everywhere. */
#ifndef BROOD_PLATFORM_TICKET_H
#define BROOD_PLATFORM_TICKET_H

#include "platform/parcel.h"

#define BROOD__TICKET_BITS 60 /* of a word; those above are 0 */

/* Keep a copy, and say by which word it will be found, which nobody can guess.  Who has not come for it by `due` comes in
 * vain, some time after.  What the system says, if it cannot be copied or kept. */
apr_status_t brood__ticket_leave(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind, apr_time_t due);

/* Get the handle, which is the caller's then.  APR_ENOENT: somebody else has it, or who kept it has ended, or does not
 * answer; APR_EINTR: see interrupt.h. */
apr_status_t brood__ticket_fetch(brood__handle_t *handle, uint64_t word);

/* Nobody will come for it: whoever keeps it closes it, if he can be told. */
void brood__ticket_revoke(uint64_t word);

#endif
