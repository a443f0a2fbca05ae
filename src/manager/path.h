/* path.h - change a value inside of lists and maps that are nested. */
#ifndef BROOD_MANAGER_PATH_H
#define BROOD_MANAGER_PATH_H

#include <brood/value.h>

/* Is it a path: a list that is not empty?  BROOD_EKIND, APR_EINVAL. */
apr_status_t brood__path_check(brood_value_t path);

/* `whole` as it is when `value` has been put where the path leads to, a list of keys of maps and of indexes of lists,
 * negative ones from the end; the steps before `step` have led to `whole`.  A key that the last step names may be new.
 * In `mem`; what has not changed it shares with `whole`.
 * BROOD_ERANGE: a step leads nowhere; BROOD_EKIND: into what is neither list nor map. */
apr_status_t brood__path_set(brood_value_t *changed, brood_value_t whole, brood_value_t path, size_t step,
                             brood_value_t value, apr_pool_t *mem);

#endif
