/** @file shared_memory.h  Memory with a name, for programs that are not each other's descendants: SharedMemory.
 *
 *     BROOD_TRY(brood_shared_memory_create(&memory, "results", 4096, mem));
 *     strcpy(brood_shared_memory_data(memory), "hello");
 *
 * and in another program, which may be Python's SharedMemory("results")
 *
 *     BROOD_TRY(brood_shared_memory_open(&memory, "results", mem));
 *     puts(brood_shared_memory_data(memory));
 *
 * One process owns a block: its creator, or the heir that it has named.  The name goes when the owner closes the block,
 * ends `mem`, or ends itself, however it ends, unless it has said brood_shared_memory_keep.  Nobody else's end takes it
 * away.  Those who have the block open go on.  On Windows the system takes a name away when nobody has the block open
 * any more, and not before.  On Unix the first block of a tree starts a keeper, which is the program run anew
 * as far as brood_init, and takes names away when all other processes have been killed at once.
 *
 * Any thread of any process that has a block open may make every call on it, at any time between brood_init and its
 * end; _close, and the end of `mem`, must be the last that a process does with it.  What several write at once they
 * guard themselves.  Source: shm_open(3). */
#ifndef BROOD_SHARED_MEMORY_H
#define BROOD_SHARED_MEMORY_H

#include <brood/process.h>
#include <brood/value.h>

BROOD_BEGIN

/** A block that this process has open. */
typedef struct brood_shared_memory_t brood_shared_memory_t;

/** Make a block, zeroed, for this user alone (mode 0600); this process owns it.  Its pages are reserved, where the
 *  system can, so that using it does not fail later.
 *
 *  @param[out] memory  the new block; yours until `mem` ends or brood_shared_memory_close.  Untouched unless
 *                      APR_SUCCESS.
 *  @param name         text without a slash, of 1 to 254 bytes (macOS: 30), copied; NULL: a free one, as Python would
 *                      choose it.
 *  @param size         bytes, at least 1.
 *  @param mem          owner of this process's reference.
 *  @retval APR_SUCCESS   it is there.
 *  @retval APR_EINVAL    no such size, or no such name is possible.
 *  @retval APR_EEXIST    the name is taken.
 *  @retval APR_ENOSPC, APR_ENOMEM  the system has not so much room (on Linux: in /dev/shm), or the arena is full.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @return otherwise the status of what the system refused.  After a failure nothing is left of it.
 *  SPEC SHM-01, SHM-02, SHM-03, SHM-05, SHM-06, SHM-14, SHM-15. */
BROOD_API BROOD_CHECKED apr_status_t brood_shared_memory_create(brood_shared_memory_t **memory, const char *name,
                                                                apr_size_t size, apr_pool_t *mem);

/** Open a block that another has made.  This process does not own it.
 *
 *  @param[out] memory  the block; yours until `mem` ends or brood_shared_memory_close.  Untouched unless APR_SUCCESS.
 *  @param name         as given to create, or as brood_shared_memory_name says; copied.
 *  @param mem          owner of this process's reference.
 *  @retval APR_SUCCESS   it is open.
 *  @retval APR_ENOENT    there is no such name.
 *  @retval APR_EAGAIN    it is being made at this moment, and has no size yet.
 *  @retval APR_EINVAL    no such name is possible.
 *  @retval BROOD_EGUARD  brood_main or brood_init has not run, or has ended.
 *  @retval APR_ENOMEM    the arena is full.
 *  @return otherwise the status of what the system refused: it is not this user's, say.
 *  SPEC SHM-03, SHM-04, SHM-12. */
BROOD_API BROOD_CHECKED apr_status_t brood_shared_memory_open(brood_shared_memory_t **memory, const char *name,
                                                              apr_pool_t *mem);

/** The block, aligned to pages, to be read and written.
 *
 *  @param memory  any.
 *  @return borrowed until this process closes it; NULL: it has.  SPEC SHM-06, SHM-07. */
BROOD_API void *brood_shared_memory_data(brood_shared_memory_t *memory);
/** Bytes: as given to create; of one that was opened, what the system says, perhaps rounded up to pages (Windows,
 *  macOS).  0 once it is closed here.  SPEC SHM-04. */
BROOD_API apr_size_t brood_shared_memory_size(const brood_shared_memory_t *memory);
/** Its name without a slash; borrowed until `mem` ends.  SPEC SHM-06. */
BROOD_API const char *brood_shared_memory_name(const brood_shared_memory_t *memory);

/** Let the block outlive its owner: the name stays until somebody says brood_shared_memory_unlink (on Windows as long
 *  as anybody has it open).
 *
 *  @param memory  open block, borrowed for the call.
 *  @return APR_SUCCESS, also if it was kept before; BROOD_EMISUSE: this process does not own it; BROOD_ECLOSED: closed
 *          by this process.  After a failure nothing has changed.
 *  SPEC SHM-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_shared_memory_keep(brood_shared_memory_t *memory);

/** Let another process own it, which is to receive it as an argument or has it already: the block goes with the heir.
 *
 *  @param memory  open block that this process owns, borrowed for the call.
 *  @param heir    a living child of this process, borrowed for the call.
 *  @return APR_SUCCESS; BROOD_EMISUSE: this process does not own it, or `heir` is no child of it, or has ended;
 *          BROOD_ECLOSED: closed by this process.  After a failure nothing has changed.
 *  SPEC SHM-12. */
BROOD_API BROOD_CHECKED apr_status_t brood_shared_memory_give(brood_shared_memory_t *memory, brood_process_t *heir);

/** Take the name away at once; whoever owns it.  Those who have the block open go on.
 *
 *  @param memory  open block, borrowed for the call.
 *  @retval APR_SUCCESS    it has no name any more.
 *  @retval APR_ENOENT     it had none.
 *  @retval APR_ENOTIMPL   Windows: the name goes with the last who has it open.
 *  @retval BROOD_ECLOSED  closed by this process.
 *  @return otherwise the status of what the system refused; nothing changed.
 *  SPEC SHM-08, SHM-09. */
BROOD_API BROOD_CHECKED apr_status_t brood_shared_memory_unlink(brood_shared_memory_t *memory);

/** This process uses it no more; if it owns it, the name goes, too.  Twice is fine.  SPEC SHM-07. */
BROOD_API void brood_shared_memory_close(brood_shared_memory_t *memory);

/** @name As a value: for a child's arguments, and items of queues; and back, owned by the pool that the value was
 *  received in.
 *
 *  Who receives it opens it by its name: APR_ENOENT for what it receives if that has gone meanwhile.  BROOD_EKIND from
 *  _from_value: the value is something else; the output is untouched.  SPEC SHM-10. @{ */
BROOD_API brood_value_t brood_shared_memory_to_value(brood_shared_memory_t *memory);
BROOD_API BROOD_CHECKED apr_status_t brood_shared_memory_from_value(brood_shared_memory_t **memory,
                                                                    brood_value_t value);
BROOD_API brood_slot_t brood_slot_shared_memory(brood_shared_memory_t **target);
/** @} */

BROOD_END
#endif
