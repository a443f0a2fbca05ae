/** @file shared.h  Memory that processes share: arrays (a Value is an array of one).
 *  No pointers in it: they mean nothing in another process. */
#ifndef BROOD_SHARED_H
#define BROOD_SHARED_H

#include <brood/sync.h>

BROOD_BEGIN

/** Items in shared memory, anonymous, handed to children as an argument; freed with their last holder. */
typedef struct brood_array_t brood_array_t;

/** Make an array.  Its length never changes.
 *
 *  @param[out] array  the new array; yours until `mem` ends or brood_array_close.
 *  @param count       number of items, 0 allowed.
 *  @param item_size   bytes of an item, at least 1.
 *  @param initial     count items to copy, or NULL for zeros.
 *  @param mem         owner of this process's reference.
 *  @return APR_SUCCESS; APR_EINVAL: item_size 0, or count * item_size overflows; BROOD_EGUARD before brood_init;
 *          APR_ENOMEM: the arena has no room, which brood_init_options_t.arena_limit sets.
 *  SPEC SHC-01, SHC-03, SHC-04, SHC-09, SHC-15. */
BROOD_API BROOD_CHECKED apr_status_t brood_array_create(brood_array_t **array, apr_size_t count, apr_size_t item_size,
                                                        const void *initial, apr_pool_t *mem);

/** The items, aligned to 64 bytes, to be read and written as any C array; NULL once the array is closed here. */
BROOD_API void *brood_array_data(brood_array_t *array);
BROOD_API apr_size_t brood_array_count(const brood_array_t *array);
BROOD_API apr_size_t brood_array_item_size(const brood_array_t *array);

/** An RLock for the users of this array; borrowed, ends with it.  Access does not take it by itself.  SPEC SHC-06. */
BROOD_API brood_lock_t *brood_array_lock(brood_array_t *array);

/** This process uses it no more.  Others are not affected.  Twice is fine. */
BROOD_API void brood_array_close(brood_array_t *array);

/** @name As a value: hand it to a child; take it back, owned by the pool the value was received in. @{ */
BROOD_API brood_value_t brood_array_to_value(brood_array_t *array);
BROOD_API BROOD_CHECKED apr_status_t brood_array_from_value(brood_array_t **array, brood_value_t value);
BROOD_API brood_slot_t brood_slot_array(brood_array_t **target);
/** @} */

BROOD_END
#endif
