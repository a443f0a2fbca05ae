/* status.h - inside of the last failure: what else is known of it, and its trip to another process. */
#ifndef BROOD_BASE_STATUS_H
#define BROOD_BASE_STATUS_H

#include <brood/value.h>
#include <stdbool.h>

/* The name of this process from now on, for failures that arise here.  Borrowed for ever.  Until then: MainProcess. */
void brood__status_self(const char *process);
const char *brood__status_name(void);

/* While held, failures of this thread leave its last one as it is.  Not nested. */
void brood__status_hold(bool hold);

/* Record a failure whose message is a literal: nothing is formatted or copied.  For what fails often and is no accident,
 * such as a queue that is empty. */
apr_status_t brood__fail_often(apr_status_t status, const char *literal);

/* A wait of this thread was cut short by Ctrl-C: it is told so, BROOD_ECANCELLED, this once. */
apr_status_t brood__fail_interrupted(void);

/* Amend this thread's last failure.  Texts are copied. */
void brood__status_entry(const char *entry);
void brood__status_origin(const char *process, int pid);
void brood__status_exitcode(int exitcode);
void brood__status_item(apr_ssize_t item);

/* This thread's last failure as a value that can travel, payload included (GEN-05).  Points into `mem` and into the
 * failure itself: encode it before the next one. */
brood_value_t brood__status_to_value(apr_pool_t *mem);

/* Make such a value this thread's last failure and return its status; BROOD_EDECODE if it is none. */
apr_status_t brood__status_from_value(brood_value_t record);

/* Nothing has failed: frees what the failure holds.  For threads of brood's own at their end. */
void brood__status_clear(void);

#endif
