/* call.h - what an entry is given, and what brood keeps behind it. */
#ifndef BROOD_PROCESS_CALL_H
#define BROOD_PROCESS_CALL_H

#include "base/codec.h"
#include <brood/entry.h>

/* `call` is first: brood_return finds the rest by it. */
typedef struct brood__work_t {
    brood_call_t call;
    brood__output_t result; /* encoded; nothing: nil */
} brood__work_t;

/* The program's command line, for the calls of this process; kept, not copied. */
void brood__call_program(int argc, const char *const *argv);

/* A call with this pool and these arguments, nil being an empty list.  BROOD_EARGS: they are no list. */
apr_status_t brood__work_init(brood__work_t *work, const char *name, brood_value_t args, apr_pool_t *mem);

/* args is a list or nil, else BROOD_EARGS. */
apr_status_t brood__check_args(brood_value_t args);

/* The text of a failure that has just been returned: its message, if it has one, else that of the status.  Returns the
 * message itself or `buffer`. */
const char *brood__failure_text(apr_status_t status, char *buffer, apr_size_t size);

#endif
