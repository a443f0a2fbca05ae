/* map_array.h - a map over C arrays as the pool's process sees it: a job whose pieces are parties, each a worker that
 * claims chunks until there are no more. */
#ifndef BROOD_POOL_MAP_ARRAY_H
#define BROOD_POOL_MAP_ARRAY_H

#include "pool/array_job.h"
#include "pool/job.h"

/* ---- for the job; under the lock ---- */

/* The worker that had this part has died.  True: nothing is lost, or may be tried again, by whoever takes the part now. */
bool brood__map_array_again(brood__piece_t *piece);
/* A part has failed, in the chunk that it has begun: the others begin no more. */
void brood__map_array_fail(const brood__piece_t *piece);
void brood__map_array_stop(const brood__map_array_t *map);
/* Items done so far. */
apr_size_t brood__map_array_done(const brood__map_array_t *map);
void brood__map_array_end(brood__map_array_t *map);

/* Without the lock, by whoever has waited for its success, the first time before others may. */
apr_status_t brood__map_array_value(brood_value_t *value, brood__map_array_t *map);

#endif
