/** @file managed.h  What a manager keeps for many processes: dict, list, set, Namespace, the program's types.
 *
 *     BROOD_TRY(brood_manager_list(&list, manager, "jobs", mem));
 *     BROOD_TRY(brood_managed_list_append(list, BROOD_LIST("build", 7)));
 *     BROOD_TRY(brood_managed_list_get(&item, list, -1, mem));
 *
 * The object is in the manager's server (manager.h); what a process has is a proxy of it.  A proxy travels like every
 * object of brood: to children, in items of queues of the tree, and into other managed objects of the same manager,
 * which may so hold each other (SPEC PROX-07, PROX-08, PROX-12).  What is got from an object is a copy, but for managed
 * objects in it, of which proxies are got: to change a list inside of a dictionary, set it again, or use set_path, or
 * have a managed list there (SPEC PROX-01, PROX-09).  The object lives as long as a process has a proxy of it, or
 * another managed object has it in it, or it has a name; processes that die have no proxies any more (SPEC PROX-10,
 * PROX-11, PROX-13).
 *
 * Each call is one round trip, and on the server it happens at one instant: between others, never during them.  Any
 * thread of any process that has an object may make every call on it, at any time between brood_init and its end, also
 * by one proxy at once (SPEC PROX-05, PROX-06); _close, and the end of `mem`, must be the last that a process does with
 * a proxy.  Proxies, keys and values are borrowed for the call; `mem` owns what comes back.
 *
 * Every call can fail with these, which are not said again below:
 *   - BROOD_ELOST      the server is gone, or another is at its address now; whether the call has happened is not
 *                      known.  The next call connects again, so that a server whose network was away is found
 *                      (SPEC PROX-17).
 *   - APR_TIMEUP       the server has not answered in its call_timeout (manager.h).
 *   - BROOD_ECANCELLED Ctrl-C was pressed while it waited: see brood_main.
 *   - BROOD_EENCODE    a value that was given cannot leave the tree: a lock of the tree, say, or an object of
 *                      another manager.  BROOD_EENTRY, BROOD_EDECODE: it has an entry in it that the server does not
 *                      have.
 *   - BROOD_ETOOBIG    the values are larger than the server takes, or the result is larger than a message can be.
 *   - BROOD_ECLOSED    this process has closed the proxy.
 *   - BROOD_EPROTOCOL  what answers is no manager, or one of another version.
 *   - APR_ENOMEM       no memory, here or there.
 * A call that fails has changed nothing unless it says so, but for BROOD_ELOST, APR_TIMEUP and BROOD_ECANCELLED, after
 * which it may have happened.  Outputs are untouched unless APR_SUCCESS.  SPEC GEN-05, STYP-01. */
#ifndef BROOD_MANAGED_H
#define BROOD_MANAGED_H

#include <brood/value.h>

BROOD_BEGIN

/** This process's hold of an object of a manager. */
typedef struct brood_managed_dict_t brood_managed_dict_t;
typedef struct brood_managed_list_t brood_managed_list_t;
typedef struct brood_managed_set_t brood_managed_set_t;
typedef struct brood_namespace_t brood_namespace_t;
typedef struct brood_proxy_t brood_proxy_t; /**< of a type of the program's own */

/** @name Dictionary.
 *
 *  Keys are any values; they are equal as brood_value_equal has it, and keep the order in which they were first set.
 *  BROOD_ERANGE: no such key.  SPEC STYP-03. @{ */
/** The value of a key.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_get(brood_value_t *value, brood_managed_dict_t *dict,
                                                            brood_value_t key, apr_pool_t *mem);
/** Set a key to a value, whether it is there or not. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_set(brood_managed_dict_t *dict, brood_value_t key,
                                                            brood_value_t value);
/** Set it only if it is not there.
 *
 *  @param[out] value  what it then holds; NULL: not wanted.
 *  @param dict        open dictionary, borrowed for the call.
 *  @param key         any value, borrowed for the call.
 *  @param otherwise   its value if it is not there.
 *  @param mem         owner of the value. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_setdefault(brood_value_t *value, brood_managed_dict_t *dict,
                                                                   brood_value_t key, brood_value_t otherwise,
                                                                   apr_pool_t *mem);
/** Set all pairs of a map.  BROOD_EKIND: it is no map. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_update(brood_managed_dict_t *dict, brood_value_t map);
/** The values of many keys in one round trip.
 *
 *  @param[out] values  a list, as long as `keys`; nil for those that are not there.
 *  @param dict         open dictionary, borrowed for the call.
 *  @param keys         a list; BROOD_EKIND: it is none.
 *  @param mem          owner of the list. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_get_many(brood_value_t *values, brood_managed_dict_t *dict,
                                                                 brood_value_t keys, apr_pool_t *mem);
/** Set a value inside of lists and maps that are inside of the dictionary.
 *
 *  @param dict   open dictionary, borrowed for the call.
 *  @param path   a list: a key of the dictionary, then keys of maps and indexes of lists, each inside of what the one
 *                before leads to.  The last one is set; a map's key need not be there for it.
 *  @param value  what is set.
 *  @return APR_SUCCESS; BROOD_ERANGE: the path leads nowhere; BROOD_EKIND: it is no list, or leads through what is
 *          neither a list nor a map; APR_EINVAL: it is empty; otherwise as said at the top. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_set_path(brood_managed_dict_t *dict, brood_value_t path,
                                                                 brood_value_t value);
/** Remove a key; `value` is what it held, NULL: not wanted.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_pop(brood_value_t *value, brood_managed_dict_t *dict,
                                                            brood_value_t key, apr_pool_t *mem);
/** Remove the pair whose key came last, and say which it was.  BROOD_ERANGE: there is none. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_popitem(brood_value_t *key, brood_value_t *value,
                                                                brood_managed_dict_t *dict, apr_pool_t *mem);
/** Remove a key.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_delete(brood_managed_dict_t *dict, brood_value_t key);
/** Is the key there? */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_contains(bool *found, brood_managed_dict_t *dict,
                                                                 brood_value_t key);
/** How many keys there are. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_count(apr_size_t *count, brood_managed_dict_t *dict);
/** Remove all. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_clear(brood_managed_dict_t *dict);
/** All keys: a list; all values: a list; all pairs: a list of lists of two; all of it: a map. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_keys(brood_value_t *keys, brood_managed_dict_t *dict,
                                                             apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_values(brood_value_t *values, brood_managed_dict_t *dict,
                                                               apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_items(brood_value_t *items, brood_managed_dict_t *dict,
                                                              apr_pool_t *mem);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_copy(brood_value_t *map, brood_managed_dict_t *dict,
                                                             apr_pool_t *mem);
/** One pair after the other, a round trip each.
 *
 *  @param[out] more         false: that was all, and `key` and `value` are untouched.
 *  @param[in,out] position  0 before the first call; whatever this one leaves there before the next one.
 *  @param[out] key          of the next pair.
 *  @param[out] value        of the next pair.
 *  @param dict              open dictionary, borrowed for the call.
 *  @param mem               owner of both.
 *  @return APR_SUCCESS, also when there are no more; BROOD_EMISUSE: a key has come or gone since the first call;
 *          otherwise as said at the top. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_next(bool *more, apr_int64_t *position, brood_value_t *key,
                                                             brood_value_t *value, brood_managed_dict_t *dict,
                                                             apr_pool_t *mem);
/** This process uses it no more (then BROOD_ECLOSED).  Twice is fine; never fails.  SPEC PROX-17, PROX-18. */
BROOD_API void brood_managed_dict_close(brood_managed_dict_t *dict);
/** @} */

/** @name List.
 *
 *  Indexes count from 0; negative ones from the end, -1 is the last.  BROOD_ERANGE: no such index, or no such item.
 *  SPEC STYP-02. @{ */
/** The item at an index.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_get(brood_value_t *item, brood_managed_list_t *list,
                                                            apr_ssize_t index, apr_pool_t *mem);
/** Put another item there.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_set(brood_managed_list_t *list, apr_ssize_t index,
                                                            brood_value_t item);
/** Add an item at the end; all items of a list.  BROOD_EKIND: `items` is no list. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_append(brood_managed_list_t *list, brood_value_t item);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_extend(brood_managed_list_t *list, brood_value_t items);
/** Add an item before the one at an index; beyond the ends, at that end. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_insert(brood_managed_list_t *list, apr_ssize_t index,
                                                               brood_value_t item);
/** Remove the item at an index, -1: the last; `item` is what it was, NULL: not wanted.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_pop(brood_value_t *item, brood_managed_list_t *list,
                                                            apr_ssize_t index, apr_pool_t *mem);
/** Remove the first item that equals this one.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_remove(brood_managed_list_t *list, brood_value_t item);
/** Where the first item is that equals this one; is there one; how many are there?  BROOD_ERANGE from the first. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_index(apr_size_t *index, brood_managed_list_t *list,
                                                              brood_value_t item);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_contains(bool *found, brood_managed_list_t *list,
                                                                 brood_value_t item);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_count_of(apr_size_t *count, brood_managed_list_t *list,
                                                                 brood_value_t item);
/** Items first ... end-1; what is beyond the ends is left out. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_slice(brood_value_t *items, brood_managed_list_t *list,
                                                              apr_ssize_t first, apr_ssize_t end, apr_pool_t *mem);
/** Replace them by the items of a list, which may be longer, shorter or empty.  BROOD_EKIND: it is no list. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_splice(brood_managed_list_t *list, apr_ssize_t first,
                                                               apr_ssize_t end, brood_value_t items);
/** The items at many indexes in one round trip: a list, nil where there is none.  BROOD_EKIND: `indexes` is no list of
 *  ints. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_get_many(brood_value_t *items, brood_managed_list_t *list,
                                                                 brood_value_t indexes, apr_pool_t *mem);
/** As brood_managed_dict_set_path; the path begins with an index. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_set_path(brood_managed_list_t *list, brood_value_t path,
                                                                 brood_value_t value);
/** Sort, the least or the greatest first; equal ones stay in order.  BROOD_EKIND: there are items in it that cannot be
 *  compared with each other. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_sort(brood_managed_list_t *list);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_sort_reverse(brood_managed_list_t *list);
/** Turn the order round. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_reverse(brood_managed_list_t *list);
/** All items so many times; 0: none are left.  BROOD_ETOOBIG also: more than 2^24 items, or 1 GiB. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_repeat(brood_managed_list_t *list, apr_size_t times);
/** How many items there are. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_count(apr_size_t *count, brood_managed_list_t *list);
/** Remove all. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_clear(brood_managed_list_t *list);
/** All of it. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_copy(brood_value_t *items, brood_managed_list_t *list,
                                                             apr_pool_t *mem);
/** As brood_managed_dict_close. */
BROOD_API void brood_managed_list_close(brood_managed_list_t *list);
/** @} */

/** @name Set.
 *
 *  Values, none of which equals another (brood_value_equal).  BROOD_ERANGE: no such item.  SPEC STYP-01. @{ */
/** It is in the set from now on, or was already. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_add(brood_managed_set_t *set, brood_value_t item);
/** It is not in the set any more; for _remove it is BROOD_ERANGE if it was not there. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_discard(brood_managed_set_t *set, brood_value_t item);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_remove(brood_managed_set_t *set, brood_value_t item);
/** Is it there? */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_contains(bool *found, brood_managed_set_t *set,
                                                                brood_value_t item);
/** Remove any one; `item` is what it was, NULL: not wanted.  BROOD_ERANGE: there is none. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_pop(brood_value_t *item, brood_managed_set_t *set,
                                                           apr_pool_t *mem);
/** Add all items of a list.  BROOD_EKIND: it is no list. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_update(brood_managed_set_t *set, brood_value_t items);
/** How many items there are. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_count(apr_size_t *count, brood_managed_set_t *set);
/** All of them: a list. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_copy(brood_value_t *items, brood_managed_set_t *set,
                                                            apr_pool_t *mem);
/** Remove all. */
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_clear(brood_managed_set_t *set);
/** As brood_managed_dict_close. */
BROOD_API void brood_managed_set_close(brood_managed_set_t *set);
/** @} */

/** @name Namespace: values by name.
 *
 *  Names are UTF-8 that ends in NUL; NULL, an empty one and one that begins with _ are APR_EINVAL.  BROOD_ERANGE: no
 *  such name.  SPEC STYP-04, STYP-05. @{ */
/** The value of a name.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_namespace_get(brood_value_t *value, brood_namespace_t *space,
                                                         const char *name, apr_pool_t *mem);
/** Set it, whether it is there or not. */
BROOD_API BROOD_CHECKED apr_status_t brood_namespace_set(brood_namespace_t *space, const char *name,
                                                         brood_value_t value);
/** Remove it.  BROOD_ERANGE. */
BROOD_API BROOD_CHECKED apr_status_t brood_namespace_delete(brood_namespace_t *space, const char *name);
/** All of it: a map. */
BROOD_API BROOD_CHECKED apr_status_t brood_namespace_copy(brood_value_t *map, brood_namespace_t *space,
                                                          apr_pool_t *mem);
/** As brood_managed_dict_close. */
BROOD_API void brood_namespace_close(brood_namespace_t *space);
/** @} */

/** @name Objects of a program's types: brood_type_t (entry.h), brood_manager_object (manager.h). @{ */
/** Call a method.
 *
 *  @param[out] result  what it returned; an object of the manager if the type says so (BROOD_METHOD_RETURNING).  NULL:
 *                      not wanted.  Untouched unless APR_SUCCESS.
 *  @param proxy        open proxy, borrowed for the call.
 *  @param method       its name in the type's table; borrowed for the call.
 *  @param args         a list; nil: none.
 *  @param mem          owner of the result.
 *  @retval APR_SUCCESS    it returned.
 *  @retval BROOD_EMETHOD  the type has no such method.
 *  @retval BROOD_EARGS    `args` is no list.
 *  @retval APR_EINVAL     `method` is NULL.
 *  @return otherwise the method's own failure, with its message and payload; or as said at the top.
 *  SPEC PROX-01, PROX-02, PROX-03, PROX-04, MGR-15, MGR-16. */
BROOD_API BROOD_CHECKED apr_status_t brood_proxy_call(brood_value_t *result, brood_proxy_t *proxy, const char *method,
                                                      brood_value_t args, apr_pool_t *mem);
/** As brood_managed_dict_close. */
BROOD_API void brood_proxy_close(brood_proxy_t *proxy);
/** @} */

/** @name Many calls at once: sent one behind the other, without waiting for each one's answer.
 *
 *  Of any objects of one manager.  They happen in their order, with calls of others in between; one that fails does not
 *  keep the next ones from happening.  For calls that do not wait for others: one that does holds up the rest, and with
 *  them a lock it was to get.  One thread has a batch. @{ */
typedef struct brood_batch_t brood_batch_t;
/** Make an empty one.
 *
 *  @param[out] batch  for one thread; yours until `mem` ends.  Untouched unless APR_SUCCESS.
 *  @param mem         owner of the batch, and of what is added to it.
 *  @return APR_SUCCESS; APR_ENOMEM: no memory. */
BROOD_API BROOD_CHECKED apr_status_t brood_batch_create(brood_batch_t **batch, apr_pool_t *mem);
/** Add a call, to be made by brood_batch_run.
 *
 *  @param batch   not run yet.
 *  @param object  a managed object: brood_managed_dict_to_value and so on.  Not to be closed before the run.
 *  @param method  its name: that of the call in this file without the beginning, "set" for brood_managed_dict_set; or a
 *                 method of the program's own type.  Copied.
 *  @param args    a list of the call's inputs, in their order, copied; nil: none.
 *  @retval APR_SUCCESS    it will be made.
 *  @retval BROOD_EKIND    `object` is no managed object.
 *  @retval BROOD_EENCODE  it is of another manager than those before.
 *  @retval BROOD_EARGS    `args` is no list.
 *  @retval APR_EINVAL     `method` is NULL, or `args` are nested too deep.
 *  @retval BROOD_ECLOSED  this process has closed the object, or one in `args`.
 *  @retval BROOD_EMISUSE  the batch has been run.
 *  @retval APR_ENOMEM     no memory.
 *  After a failure the batch is as it was. */
BROOD_API BROOD_CHECKED apr_status_t brood_batch_add(brood_batch_t *batch, brood_value_t object, const char *method,
                                                     brood_value_t args);
/** Make the calls, and wait for all answers.
 *
 *  @param[out] results  a list with the result of each, nil for those that have failed; NULL: not wanted.  Untouched
 *                       unless APR_SUCCESS.
 *  @param batch         not run yet; from now on it is for brood_batch_status and brood_batch_message.
 *  @param mem           owner of the results.
 *  @return APR_SUCCESS: all have been answered, whatever the answers are.  Otherwise as said at the top: those whose
 *          answers had not come have that status, too, and may have happened.  BROOD_EMISUSE: it has been run. */
BROOD_API BROOD_CHECKED apr_status_t brood_batch_run(brood_value_t *results, brood_batch_t *batch, apr_pool_t *mem);
/** How a call has ended.  It is no failure of this thread.
 *
 *  @param batch  run.
 *  @param index  of the call, from 0, in the order of adding.
 *  @return its status; APR_EINVAL: there is no such call, or it has not been run. */
BROOD_API apr_status_t brood_batch_status(const brood_batch_t *batch, apr_size_t index);
/** The message of a call that has failed.
 *
 *  @param batch  run.
 *  @param index  as for brood_batch_status.
 *  @return borrowed until `mem` of the run ends; NULL: it has not failed. */
BROOD_API const char *brood_batch_message(const brood_batch_t *batch, apr_size_t index);
/** @} */

/** @name As values: for a child's arguments, items of queues, and other managed objects; and back, owned by the pool
 *  that the value was received in.
 *
 *  BROOD_EKIND from _from_value: the value is something else; the output is untouched.  SPEC PROX-07, PROX-08, PROX-14,
 *  PROX-16. @{ */
BROOD_API brood_value_t brood_managed_dict_to_value(brood_managed_dict_t *managed_dict);
BROOD_API brood_value_t brood_managed_list_to_value(brood_managed_list_t *managed_list);
BROOD_API brood_value_t brood_managed_set_to_value(brood_managed_set_t *managed_set);
BROOD_API brood_value_t brood_namespace_to_value(brood_namespace_t *space);
BROOD_API brood_value_t brood_proxy_to_value(brood_proxy_t *proxy);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_dict_from_value(brood_managed_dict_t **managed_dict,
                                                                   brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_list_from_value(brood_managed_list_t **managed_list,
                                                                   brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_managed_set_from_value(brood_managed_set_t **managed_set,
                                                                  brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_namespace_from_value(brood_namespace_t **space, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_proxy_from_value(brood_proxy_t **proxy, brood_value_t value);
BROOD_API brood_slot_t brood_slot_managed_dict(brood_managed_dict_t **target);
BROOD_API brood_slot_t brood_slot_managed_list(brood_managed_list_t **target);
BROOD_API brood_slot_t brood_slot_managed_set(brood_managed_set_t **target);
BROOD_API brood_slot_t brood_slot_namespace(brood_namespace_t **target);
BROOD_API brood_slot_t brood_slot_proxy(brood_proxy_t **target);
/** @} */

BROOD_END
#endif
