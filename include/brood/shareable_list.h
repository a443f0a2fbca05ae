/** @file shareable_list.h  A list of a fixed number of items in named shared memory, as Python's ShareableList.
 *
 *     BROOD_TRY(brood_shareable_list_create(&list, "settings", BROOD_LIST(42, 1.5, "hello"), mem));
 *     BROOD_TRY(brood_shareable_list_set(list, 0, brood_int(43)));
 *
 * Items are nil, bools, integers of 64 bits with a sign, doubles, texts and bytes; each may become another kind and
 * value that fits its slot.  A slot has 8 bytes, or for text and bytes so many that at least one more would fit, a
 * multiple of 8.  Python's multiprocessing.shared_memory.ShareableList opens the same list by its name, and the
 * reverse; there trailing zero bytes of texts and bytes are lost, between programs of brood they are not.
 *
 * Any thread of any process that has a list open may make every call on it, at any time between brood_init and its end;
 * _close, and the end of `mem`, must be the last that a process does with it.  There is no lock: who writes what others
 * read brings one (SPEC SLIST-10).
 *
 * BROOD_EDECODE: another program has spoilt the list.  BROOD_ECLOSED: this process has closed it. */
#ifndef BROOD_SHAREABLE_LIST_H
#define BROOD_SHAREABLE_LIST_H

#include <brood/shared_memory.h>

BROOD_BEGIN

/** A list that this process has open. */
typedef struct brood_shareable_list_t brood_shareable_list_t;

/** Make a list; this process owns its block, as brood_shared_memory_create says.
 *
 *  @param[out] list  the new list; yours until `mem` ends or brood_shareable_list_close.  Untouched unless APR_SUCCESS.
 *  @param name       of the block, copied; NULL: a free one.
 *  @param items      a list of what it is to hold, perhaps of none; copied.
 *  @param mem        owner of this process's reference.
 *  @retval APR_SUCCESS    it is there.
 *  @retval BROOD_EKIND    `items` is no list, or one of them is of a kind that cannot be held.
 *  @retval BROOD_ERANGE   one of them is an integer above 2^63 - 1.
 *  @retval BROOD_EENCODE  one of them is text that is not UTF-8.
 *  @retval BROOD_ETOOBIG  one of them has more than 9 999 999 bytes, or more than 999 999 and ends with a zero byte.
 *  @return otherwise as brood_shared_memory_create.
 *  SPEC SLIST-01, SLIST-02, SLIST-03, SLIST-07, SLIST-11. */
BROOD_API BROOD_CHECKED apr_status_t brood_shareable_list_create(brood_shareable_list_t **list, const char *name,
                                                                 brood_value_t items, apr_pool_t *mem);

/** Open a list that another has made.
 *
 *  @param[out] list  the list; yours until `mem` ends or brood_shareable_list_close.  Untouched unless APR_SUCCESS.
 *  @param name       of its block; copied.
 *  @param mem        owner of this process's reference.
 *  @return as brood_shared_memory_open; BROOD_EDECODE: what is there is no list, or not whole yet.  SPEC SLIST-07. */
BROOD_API BROOD_CHECKED apr_status_t brood_shareable_list_open(brood_shareable_list_t **list, const char *name,
                                                               apr_pool_t *mem);

/** One item.
 *
 *  @param[out] item  untouched unless APR_SUCCESS.
 *  @param list       open list, borrowed for the call.
 *  @param index      from 0; below 0 it counts from the end.
 *  @param mem        owner of what the item points to.
 *  @return APR_SUCCESS; BROOD_ERANGE: no such index; BROOD_EDECODE; BROOD_ECLOSED.  SPEC SLIST-05, SLIST-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_shareable_list_get(brood_value_t *item, brood_shareable_list_t *list,
                                                              apr_ssize_t index, apr_pool_t *mem);

/** Change one item.
 *
 *  @param list   open list, borrowed for the call.
 *  @param index  from 0; below 0 it counts from the end.
 *  @param item   copied.
 *  @return APR_SUCCESS; BROOD_ERANGE: no such index, or an integer above 2^63 - 1; BROOD_EKIND: it cannot be held;
 *          BROOD_ETOOBIG: longer than the slot; BROOD_EENCODE: text that is not UTF-8; BROOD_EDECODE; BROOD_ECLOSED.
 *          After a failure nothing has changed.
 *  SPEC SLIST-03, SLIST-04, SLIST-05. */
BROOD_API BROOD_CHECKED apr_status_t brood_shareable_list_set(brood_shareable_list_t *list, apr_ssize_t index,
                                                              brood_value_t item);

/** Number of items; never changes; of a closed list, too.  SPEC SLIST-06. */
BROOD_API apr_size_t brood_shareable_list_count(const brood_shareable_list_t *list);

/** How many items equal a value; the index of the first that does.
 *
 *  @param[out] count, index  untouched unless APR_SUCCESS.
 *  @param list               open list, borrowed for the call.
 *  @param value              compared as brood_value_equal does.
 *  @return APR_SUCCESS; APR_ENOENT from the second: there is none; BROOD_EDECODE; BROOD_ECLOSED.  SPEC SLIST-06. */
BROOD_API BROOD_CHECKED apr_status_t brood_shareable_list_count_of(apr_size_t *count, brood_shareable_list_t *list,
                                                                   brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_shareable_list_index_of(apr_size_t *index, brood_shareable_list_t *list,
                                                                   brood_value_t value);

/** All items as a list value, to walk through or to make another list of.
 *
 *  @param[out] items  untouched unless APR_SUCCESS.
 *  @param list        open list, borrowed for the call.
 *  @param mem         owner of the items.
 *  @return APR_SUCCESS; BROOD_EDECODE; BROOD_ECLOSED.  SPEC SLIST-06, SLIST-07. */
BROOD_API BROOD_CHECKED apr_status_t brood_shareable_list_items(brood_value_t *items, brood_shareable_list_t *list,
                                                                apr_pool_t *mem);

/** The block underneath, for its name, keep, give, unlink; borrowed until `mem` ends.  SPEC SLIST-08. */
BROOD_API brood_shared_memory_t *brood_shareable_list_memory(brood_shareable_list_t *list);

/** This process uses it no more; if it owns the block, the name goes, too.  Twice is fine. */
BROOD_API void brood_shareable_list_close(brood_shareable_list_t *list);

/** @name As a value: as shared memory (shared_memory.h); what travels is the same few bytes whatever it holds.
 *  SPEC SLIST-08. @{ */
BROOD_API brood_value_t brood_shareable_list_to_value(brood_shareable_list_t *list);
BROOD_API BROOD_CHECKED apr_status_t brood_shareable_list_from_value(brood_shareable_list_t **list,
                                                                     brood_value_t value);
BROOD_API brood_slot_t brood_slot_shareable_list(brood_shareable_list_t **target);
/** @} */

BROOD_END
#endif
