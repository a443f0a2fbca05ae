/* iterator.h - inside of imap: tasks that are given out as the results of earlier ones are taken.
 *
 * An iterator is used by one thread at a time.  Only what is said to be under the lock is also changed by others, those who
 * settle its tasks. */
#ifndef BROOD_POOL_ITERATOR_H
#define BROOD_POOL_ITERATOR_H

#include "pool/core.h"

struct brood_iterator_t {
    brood__core_t *core;
    brood_entry_fn entry;
    brood_source_t source;
    brood_task_options_t options;
    apr_size_t chunk, look_ahead;
    bool in_order;
    bool calling; /* the source is being called */
    bool more;    /* the source has not come to its end; counted in the core */
    bool over;    /* nothing comes after the current result */
    bool ended;   /* it refers to nothing of the pool any more */

    apr_size_t index;            /* of the next item */
    apr_size_t ahead;            /* tasks given out whose results have not been taken */
    brood__job_t *first, **last; /* those tasks, in order; or, under the lock, those of them that are settled */
    brood__job_t *failure;       /* never given out: what the source or the pool has failed with, if it is settled */

    brood__job_t *current; /* whose results are being given */
    apr_size_t given;      /* of its items */
    brood_value_t values; /* status, value, status, value ... of a current one of several items; nil: not decoded yet */
    apr_pool_t *turn;     /* of `values`, or of items that are on their way out */
};

/* Is there a task whose results can be given?  Under the lock; `user` is the iterator. */
bool brood__iterator_has_result(const void *user);

/* ---- look_ahead.c ---- */

/* Give out tasks until there are enough of them, or no more.  What keeps it from that is the iterator's `failure`. */
void brood__iterator_fill(brood_iterator_t *iterator, apr_time_t deadline);
/* Under the lock: no more items are wanted. */
void brood__iterator_stop_reading(brood_iterator_t *iterator);

#endif
