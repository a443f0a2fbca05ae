/* codec.h - values to bytes and back: MessagePack, objects and entries as extension types.
 *
 * Depth is bounded by BROOD__DEPTH both ways, text is UTF-8 both ways, no map has one key twice.  Extension types
 * 0 to 127 are the program's own; of the negative ones, which MessagePack keeps for itself, two are brood's. */
#ifndef BROOD_BASE_CODEC_H
#define BROOD_BASE_CODEC_H

#include "base/output.h"
#include <brood/value.h>
#include <stdint.h>

#define BROOD__EXT_ENTRY (-2)  /* the entry's full name */
#define BROOD__EXT_OBJECT (-3) /* the tag, one byte; the word by which it is found, eight bytes, highest first */
#define BROOD__OBJECT_SIZE 9

/* Append `value`.  `to` is the process that will hold the objects in it; 0: objects are refused (BROOD_EENCODE), but for
 * those that travel by themselves; BROOD__TO_ITEM: see brood__loans_encode.
 * Objects are handed over last, when all else has been encoded.
 * BROOD_EENCODE, BROOD_EENTRY, BROOD_ETOOBIG, APR_ENOMEM: `output->size` is as it was. */
apr_status_t brood__encode(brood__output_t *output, brood_value_t value, uint32_t to);

/* The value that `data` begins and ends with; text, bytes, lists and objects of it in `mem`, numbers, bools and nil take
 * none of it.  `objects`: may name any objects (bytes of our own tree only).  Nothing points into `data`; what is taken
 * of `mem` is at most some thirty times `size`.  BROOD_EDECODE, BROOD_EENTRY, APR_ENOMEM: *value is untouched. */
apr_status_t brood__decode(brood_value_t *value, const void *data, size_t size, bool objects, apr_pool_t *mem);

/* The same of the value that `data` begins with; *used is how many bytes it has. */
apr_status_t brood__decode_next(brood_value_t *value, size_t *used, const void *data, size_t size, bool objects,
                                apr_pool_t *mem);
/* The head alone of a list: how many values come behind it.  BROOD_EDECODE: it is none. */
apr_status_t brood__decode_list(size_t *count, size_t *used, const void *data, size_t size);

/* How the lower floors find entries by their full name "module.function" and back, NULL if there is none, and call
 * them as brood_call does; set once by the process floor. */
typedef struct brood__entry_table_t {
    const char *(*name)(brood_entry_fn entry);
    brood_entry_fn (*find)(const char *name, size_t size);
    apr_status_t (*call)(brood_value_t *result, brood_entry_fn entry, brood_value_t args, apr_pool_t *mem);
} brood__entry_table_t;
void brood__codec_entries(const brood__entry_table_t *names);

/* The same; NULL, and BROOD_EENTRY without a message, also while no table is set. */
const char *brood__entry_name(brood_entry_fn entry);
brood_entry_fn brood__entry_find(const char *name, size_t size);
apr_status_t brood__entry_call(brood_entry_fn entry, apr_pool_t *mem);

#endif
