/* task.h - who has got how many items of a joinable ring and has not done them.  Only for the ring's files.
 *
 * One entry for each slot of the process table, of totals that only grow: what its processes have in hand is got -
 * finished - lost, of which the latter two are one word: or an item that is just being finished could be lost, too.  A get counts twice: first in `after`, before the commit, with the position `at` that the head
 * will have then; in `got` when all is over.  Between the two the head says whether it happened.  No item is counted
 * anywhere else, so no death can make two counts differ. */
#ifndef BROOD_QUEUE_TASK_H
#define BROOD_QUEUE_TASK_H

#include "queue/ring.h"

/* Under the head's lock: this process is about to get `count` items, and the head to be at `position`.  Returns the
 * total before. */
uint64_t brood__tasks_begin(brood__ring_t *ring, uint32_t position, uint32_t count);
/* It has: any time after the commit, before the call returns. */
void brood__tasks_commit(brood__ring_t *ring, uint64_t before, uint32_t count);
/* Under the head's lock: this process is about to get one that has come back, by a commit that does not move the head. */
void brood__tasks_take_back(brood__ring_t *ring);
/* Under the head's lock, which somebody died with, at `position`: what he had begun did not happen. */
void brood__tasks_revoke(brood__ring_t *ring, uint32_t position);

/* One of this process's, or else, if they are not leased, of another's, is done.  False: there is none. */
bool brood__tasks_finish(brood__ring_t *ring);
/* What process `id` has in hand is lost, or has come back. */
void brood__tasks_lose(brood__ring_t *ring, uint32_t id);
/* Of leased items: none can come back from others, or this process has some itself, and need not wait for that. */
bool brood__tasks_rest(brood__ring_t *ring);
/* Wait until no item is in the ring or in anybody's hands.  APR_TIMEUP, APR_EINTR; no messages.  *lost: how many were lost
 * that no other such call has told of. */
apr_status_t brood__tasks_join(uint64_t *lost, brood__ring_t *ring, apr_interval_time_t timeout);
/* Have those who wait for that look again. */
void brood__tasks_ring(brood__ring_t *ring);

#endif
