/* authkey.h - the key by which the members of a family know each other (SPEC PROC-34, PROC-35). */
#ifndef BROOD_PROCESS_AUTHKEY_H
#define BROOD_PROCESS_AUTHKEY_H

#include <brood/process.h>

/* In the first process: a random one, unless there is one. */
apr_status_t brood__authkey_begin(void);

/* In a new process: its parent's. */
apr_status_t brood__authkey_born(brood_bytes_t bytes);

#endif
