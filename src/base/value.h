/* value.h - inside of values: depth, order of keys, names for messages. */
#ifndef BROOD_BASE_VALUE_H
#define BROOD_BASE_VALUE_H

#include <brood/value.h>

/* Lists and maps within each other.  Bounds what a hostile peer, or a list that holds itself, can cost in stack. */
#define BROOD__DEPTH 32

/* BROOD_KIND_TEXT: the tag of text whose last byte is followed by a NUL. */
#define BROOD__TEXT_ENDS 1

/* "int", "text", "Lock" ...: for messages.  Borrowed, for ever. */
const char *brood__value_kind(brood_value_t value);

/* What the value is, in a few words, for messages: 42, 'hello', list of 3 items.  Returns `buffer`. */
#define BROOD__BRIEF 96
const char *brood__value_brief(char buffer[BROOD__BRIEF], brood_value_t value);

/* A number as a double, rounded if need be.  False: it is no number. */
bool brood__value_real(double *real, brood_value_t value);

/* No list or map lies deeper than BROOD__DEPTH: recursion over the value ends. */
bool brood__value_shallow(brood_value_t value);

/* brood_value_copy, whose failure cannot be taken for nil. */
apr_status_t brood__value_copy(brood_value_t *copied, brood_value_t value, apr_pool_t *mem);

/* A total order over all shallow values: < 0, 0, > 0.  Numbers by value whatever their kind, NaN after all others and
 * equal to itself; text and bytes by their bytes.  Maps in the order of their pairs, which is enough for keys. */
int brood__value_order(brood_value_t a, brood_value_t b);

/* Find a key that comes twice; *repeated is NULL if none does.  O(n log n) for any input.  APR_ENOMEM. */
apr_status_t brood__value_repeated_key(const brood_value_t **repeated, const brood_value_t *items, apr_size_t pairs);

#endif
