/* lock.h - inside of Lock and RLock. */
#ifndef BROOD_SYNC_LOCK_H
#define BROOD_SYNC_LOCK_H

#include <brood/sync.h>
#include <stdint.h>

/* Is it no manager's?  All that follows is for those only. */
bool brood__lock_is_local(const brood_lock_t *lock);

/* Does the calling thread hold it?  Of a Lock, which has no owner: does this process? */
bool brood__lock_held(const brood_lock_t *lock);

/* Let it go, however often it was acquired; *depth says how often.  Only what is held. */
void brood__lock_let_go(uint32_t *depth, brood_lock_t *lock);
/* Take it back as it was: waits for ever, and is not interrupted.  APR_SUCCESS or BROOD_EOWNERDEAD, with a message. */
apr_status_t brood__lock_take_back(brood_lock_t *lock, uint32_t depth);

/* Another reference to it. */
apr_status_t brood__lock_copy(brood_lock_t **copied, brood_lock_t *lock, apr_pool_t *mem);

/* For objects that come with a lock: its word, and from there a reference of one's own. */
uint64_t brood__lock_word(brood_lock_t *lock);
apr_status_t brood__lock_from_word(brood_lock_t **lock, uint64_t word, apr_pool_t *mem);

/* This thread, as no other of the tree: ids and thread numbers do not come twice. */
uint64_t brood__lock_thread(void);

/* For brood__sync_fail: release all that this process holds. */
void brood__locks_release_all(void);

#endif
