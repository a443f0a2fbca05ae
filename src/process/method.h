/* method.h - which start method is meant. */
#ifndef BROOD_PROCESS_METHOD_H
#define BROOD_PROCESS_METHOD_H

#include <brood/process.h>

/* The method for one start: `asked`, or for BROOD_START_DEFAULT the program's choice, which is made now if it was not.
 * APR_EINVAL: there is none of that name or number.  APR_ENOTIMPL: not on this platform. */
apr_status_t brood__method_for(brood_start_method_t *method, brood_start_method_t asked);

/* In a new process: it was started by this one, and so are its children. */
void brood__method_born(brood_start_method_t method);

#endif
