/** @file brood.h  multiprocessing for C: processes, queues, locks, shared memory.
 *
 * Order of parameters: out, object, inputs, timeout, mem.  A `**out` is yours until `mem` ends; a returned
 * pointer is borrowed; what you pass in is borrowed for the call, unless its comment says otherwise.
 * Ending `mem` closes what was made in it, in reverse order, without waiting; close does so sooner.  NULL options,
 * zeroed options, zero in a field: the default.
 *
 * Every object may be used by any number of threads and processes at once, except: an apr_pool_t by one thread; a
 * connection by one process, and there by one thread that sends and one that receives; a listener by one thread.
 * Messages of failures (brood_last_error) are per thread. */
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
