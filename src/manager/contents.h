/* contents.h - what the types that keep values for clients have in common. */
#ifndef BROOD_MANAGER_CONTENTS_H
#define BROOD_MANAGER_CONTENTS_H

#include "manager/request.h"

/* ---- values that an object contains ---- */

/* As brood__stored_create.  BROOD_EENCODE: it is nested so deep that it could not be given out within the lists that
 * calls such as items() put around it. */
apr_status_t brood__content_create(brood__stored_t **stored, brood_value_t value);

/* Another one of the same; NULL: there is no memory (no message). */
brood__stored_t *brood__content_copy(const brood__stored_t *stored);

/* All `count` values, into an array; or none, with a message. */
apr_status_t brood__contents_fill(brood__stored_t **contents, const brood_value_t *values, size_t count);
/* All of them are freed, but not the array. */
void brood__contents_empty(brood__stored_t *const *contents, size_t count);

/* The same into a new array, by malloc. */
apr_status_t brood__contents_create(brood__stored_t ***contents, const brood_value_t *values, size_t count);

/* ---- arguments ---- */

/* An argument of that kind; BROOD_EKIND, with a message that says which, and what it is.  It has to be there. */
apr_status_t brood__argument(brood_value_t *value, const brood__request_t *request, size_t argument, brood_kind_t kind);

/* The one argument that an object may be made of, if it is there: one of `kind` without items if not.  BROOD_EARGS,
 * BROOD_EKIND. */
apr_status_t brood__argument_to_create(brood_value_t *value, const brood__request_t *request, brood_kind_t kind);

/* Where the item of an index is, negative ones from the end; false: there is none. */
bool brood__find_index(size_t *place, apr_int64_t number, size_t count);

/* An index of one of `count` items, negative ones from the end.  BROOD_EKIND, BROOD_ERANGE. */
apr_status_t brood__argument_index(size_t *place, const brood__request_t *request, size_t argument, size_t count);

/* A bound, as Python's slices have it: nil or not there, it is `otherwise`; beyond an end, it is that end. */
apr_status_t brood__argument_bound(size_t *place, const brood__request_t *request, size_t argument, size_t count,
                                   size_t otherwise);

/* ---- answers ---- */

apr_status_t brood__return_nil(brood__request_t *request);
apr_status_t brood__return_count(brood__request_t *request, size_t count);
apr_status_t brood__return_bool(brood__request_t *request, bool flag);

#endif
