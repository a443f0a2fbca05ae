/** @file brood.h  multiprocessing for C: all headers of brood, and what holds in each of them.
 *
 *     static apr_status_t greet(brood_call_t *call)
 *     {
 *         const char *name;
 *
 *         BROOD_TRY(BROOD_UNPACK(call->args, &name));
 *         printf("hello %s\n", name);
 *         return APR_SUCCESS;
 *     }
 *
 *     static apr_status_t app(brood_call_t *call)
 *     {
 *         brood_process_t *child;
 *
 *         BROOD_TRY(brood_process_start(&child, greet, BROOD_ARGS("Ada"), NULL, call->mem));
 *         return brood_process_join(child, BROOD_FOREVER);
 *     }
 *
 *     BROOD_MAIN(app, BROOD_ENTRY(greet))
 *
 * Words: an entry is a function that all processes of the program know by name (entry.h).  The tree is the first
 * process, its children, theirs and so on.  The arena is the memory that the tree shares, where locks, queues and
 * arrays lie; brood_init_options_t.arena_limit is its size.  A value is what travels between processes (value.h).
 *
 * Parameters come in this order: out, object, inputs, timeout, mem.  What you pass in is borrowed for the call, a
 * pointer that is returned is borrowed, a `**out` is yours until `mem` ends; outputs are untouched unless APR_SUCCESS;
 * a comment says so where it is otherwise.  NULL options, zeroed options, zero in a field: the default.
 *
 * `mem`, a memory pool of APR's, owns what a call makes.  Its end closes that, the newest first, without waiting for
 * work that is going on: a pool is terminated, a manager shut down, a process left to run until it is joined at exit.
 * A _close does so sooner, for this process alone; what processes share goes with the last that has it, whether it
 * closes it, ends or dies.
 *
 * Every object may be used by any number of threads and processes at once, except: an apr_pool_t by one thread; a
 * connection by one process, and there by one thread that sends and one that receives; a listener, an iterator and a
 * batch by one thread; processes, pools, futures and managers by the process that made them.  What a timeout is:
 * BROOD_FOREVER (status.h).  Messages of failures (brood_last_error) are each thread's own.
 *
 * Numbers such as SPEC GEN-01 are those of brood's specification, for those who work on brood. */
#ifndef BROOD_H
#define BROOD_H

#include <apr_strings.h>
#include <brood/connection.h>
#include <brood/entry.h>
#include <brood/exit.h>
#include <brood/export.h>
#include <brood/future.h>
#include <brood/listener.h>
#include <brood/log.h>
#include <brood/managed.h>
#include <brood/manager.h>
#include <brood/pack.h>
#include <brood/pool.h>
#include <brood/process.h>
#include <brood/queue.h>
#include <brood/shareable_list.h>
#include <brood/shared.h>
#include <brood/shared_memory.h>
#include <brood/status.h>
#include <brood/sync.h>
#include <brood/value.h>
#include <brood/version.h>
#include <brood/wait.h>

#endif
