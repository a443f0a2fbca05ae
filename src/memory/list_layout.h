/* list_layout.h - how Python lays out a ShareableList, and how it is read and written.
 *
 *   count             8 bytes
 *   offsets           8 each, count + 1 of them: of the items in the data, the last being their end
 *   data
 *   formats           8 each, filled up with zeros, in the language of Python's struct
 *   codes             1 each: what is made of what the format says
 *
 * All in the machine's own byte order.  Texts and bytes have the format "16s", which for Python is 16 bytes without the
 * zeros at their end.  "11s ", with a blank that Python passes over, is 11 bytes exactly, whatever they are.
 *
 * Others may write here at any moment: everything is read once, and checked before it is used. */
#ifndef BROOD_MEMORY_LIST_LAYOUT_H
#define BROOD_MEMORY_LIST_LAYOUT_H

#include <brood/value.h>
#include <stdint.h>

/* The memory that a list is in. */
typedef struct brood__list_t {
    char *bytes;
    uint64_t size;
    uint64_t count;
} brood__list_t;

/* How many bytes a list of these items needs.  BROOD_EKIND, BROOD_ERANGE, BROOD_ETOOBIG, BROOD_EENCODE, with messages. */
apr_status_t brood__list_size(uint64_t *size, brood_value_t items);
/* Write them into so many bytes of zeros. */
void brood__list_write(brood__list_t *list, brood_value_t items);

/* Is there a list in `list`'s memory?  Its count, or BROOD_EDECODE. */
apr_status_t brood__list_find(brood__list_t *list);

/* The item, below count.  BROOD_EDECODE. */
apr_status_t brood__list_get(brood_value_t *item, const brood__list_t *list, uint64_t index, apr_pool_t *mem);
/* BROOD_EKIND, BROOD_ERANGE, BROOD_ETOOBIG, BROOD_EENCODE, BROOD_EDECODE: nothing has changed. */
apr_status_t brood__list_set(const brood__list_t *list, uint64_t index, brood_value_t item);

#endif
