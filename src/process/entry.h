/* entry.h - the tables of functions that have names.
 *
 * Tables are added before brood_init, in one thread; from then on they only are read, by any thread. */
#ifndef BROOD_PROCESS_ENTRY_H
#define BROOD_PROCESS_ENTRY_H

#include <brood/entry.h>
#include <stdint.h>

/* "module.function", for ever; NULL: in no table. */
const char *brood__entry_full_name(brood_entry_fn entry);

/* The function of a full name; NULL: there is none. */
brood_entry_fn brood__entry_by_name(const char *name, size_t size);

/* Its number among all, the same in all processes that have the same tables; UINT32_MAX: it is in no table. */
uint32_t brood__entry_number(brood_entry_fn entry);
/* NULL: there is none of that number. */
brood_entry_fn brood__entry_at(uint32_t number);

/* The same of a kernel.  BROOD_EENTRY, with a message that says what to do. */
apr_status_t brood__kernel_number(uint32_t *number, brood_kernel_fn kernel);
brood_kernel_fn brood__kernel_at(uint32_t number);
/* The name of either, without its module; NULL: there is none of that number. */
const char *brood__entry_name_at(uint32_t number);

/* The type that a program has under this name; NULL: none. */
const brood_type_t *brood__program_type(const char *name, size_t size);

/* The full name, or BROOD_EENTRY with a message that says what to do. */
apr_status_t brood__entry_require(const char **name, brood_entry_fn entry);

/* One number for all names, in whatever order they were registered: equal in two processes that can call each other's
 * entries by name. */
uint64_t brood__entry_fingerprint(void);

/* From now on, or no longer, brood_register is too late. */
void brood__entry_freeze(bool frozen);

/* Forget every table: for tests. */
void brood__entry_clear(void);

#endif
