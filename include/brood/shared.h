/** @file shared.h  Memory that processes share: Array and RawArray (a Value is an array of one).
 *
 *     BROOD_TRY(brood_array_create(&array, 10, sizeof(double), NULL, mem));
 *     BROOD_TRY(brood_process_start(NULL, work, BROOD_ARGS(array), NULL, mem));
 *     double *numbers = brood_array_data(array);
 *
 * No pointers in it: they mean nothing in another process (SPEC SHC-16).
 *
 * Any thread of any process that has an array may make every call on it, at any time between brood_init and its end;
 * _close, and the end of `mem`, must be the last that a process does with it. */
#ifndef BROOD_SHARED_H
#define BROOD_SHARED_H

#include <brood/sync.h>

BROOD_BEGIN

/** This process's hold of an array; its items are freed with the last holder. */
typedef struct brood_array_t brood_array_t;

/** Make an array.  Its length never changes.
 *
 *  @param[out] array  the new array; yours until `mem` ends or brood_array_close.  Untouched unless APR_SUCCESS.
 *  @param count       number of items; may be 0.
 *  @param item_size   bytes of an item, at least 1.
 *  @param initial     `count` items, copied; NULL: all zero.
 *  @param mem         owner of this process's reference.
 *  @retval APR_SUCCESS   it is there.
 *  @retval APR_EINVAL    item_size is 0, or count * item_size is more than there can be.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @retval APR_ENOMEM    the arena is full.
 *  SPEC SHC-01, SHC-03, SHC-04, SHC-09, SHC-15. */
BROOD_API BROOD_CHECKED apr_status_t brood_array_create(brood_array_t **array, apr_size_t count, apr_size_t item_size,
                                                        const void *initial, apr_pool_t *mem);

/** The same without a lock: for items that need none, that are atomic, say, or that another lock guards.
 *  Parameters and statuses as brood_array_create.  SPEC SHC-05, SHC-06, SHC-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_raw_array_create(brood_array_t **array, apr_size_t count,
                                                            apr_size_t item_size, const void *initial, apr_pool_t *mem);

/** The items, aligned to 64 bytes, to be read and written as any C array.  What several write at once they guard
 *  themselves: by the array's lock, say.
 *
 *  @param array  any.
 *  @return borrowed until this process closes the array; NULL: it has.  SPEC SHC-07, SHC-09. */
BROOD_API void *brood_array_data(brood_array_t *array);
/** As given to create; of a closed array, too.  SPEC SHC-03. */
BROOD_API apr_size_t brood_array_count(const brood_array_t *array);
BROOD_API apr_size_t brood_array_item_size(const brood_array_t *array);

/** An RLock for the users of this array.  Access does not take it by itself.
 *
 *  @param array  any.
 *  @return borrowed until this process closes the array, which closes it: do not.  NULL: a raw array.
 *  SPEC SHC-01, SHC-06, SHC-07. */
BROOD_API brood_lock_t *brood_array_lock(brood_array_t *array);

/** This process uses neither it nor its lock any more.  Others are not affected: the memory goes with the last holder,
 *  and nothing stays behind.  Twice is fine.  SPEC SHC-15. */
BROOD_API void brood_array_close(brood_array_t *array);

/** @name As a value: for a child's arguments, and items of queues; and back, owned by the pool that the value was
 *  received in.
 *
 *  BROOD_EKIND from _from_value: the value is something else; the output is untouched.  SPEC SHC-14. @{ */
BROOD_API brood_value_t brood_array_to_value(brood_array_t *array);
BROOD_API BROOD_CHECKED apr_status_t brood_array_from_value(brood_array_t **array, brood_value_t value);
BROOD_API brood_slot_t brood_slot_array(brood_array_t **target);
/** @} */

BROOD_END
#endif
