/* source.h - where an iterator's items come from. */
#ifndef BROOD_POOL_SOURCE_H
#define BROOD_POOL_SOURCE_H

#include <brood/pool.h>

/* BROOD_EARGS: it is neither a function nor a list. */
apr_status_t brood__source_check(const brood_source_t *source);

/* The next items, those from `index` on, as a list: `most` of them, or fewer at the end and before a failure.  Those of a
 * function are in `mem`.
 * APR_EOF: there are no more behind these.  APR_SUCCESS: perhaps.  Otherwise what the function has failed with. */
apr_status_t brood__source_take(brood_value_t *items, const brood_source_t *source, apr_size_t index, apr_size_t most,
                                apr_pool_t *mem);

#endif
