/* jobs.h - threads in which a server runs what is the program's own, so that its loop waits for nobody.
 *
 * As many as are needed at once, up to a limit; then jobs wait for a thread.  Idle ones are kept. */
#ifndef BROOD_MANAGER_JOBS_H
#define BROOD_MANAGER_JOBS_H

#include <apr_errno.h>

/* Something to be run; the beginning of what that is. */
typedef struct brood__job_t {
    void (*run)(struct brood__job_t *job); /* in a thread */
    void (*done)(
        struct brood__job_t *job); /* in the server's thread, afterwards; also if it was never run, and then with: */
    int abandoned;
    struct brood__job_t *next;
} brood__job_t;

typedef struct brood__jobs_t brood__jobs_t;

/* `wake` is called, in a thread, when there is a job to be done with. */
apr_status_t brood__jobs_create(brood__jobs_t **jobs, void (*wake)(void *data), void *data);

/* APR_ENOMEM and the like: no thread runs, and none can be begun.  The job is the caller's again. */
apr_status_t brood__jobs_add(brood__jobs_t *jobs, brood__job_t *job);

/* Call `done` of those that have been run. */
void brood__jobs_collect(brood__jobs_t *jobs);

/* Those that no thread has begun are abandoned; waits for the others. */
void brood__jobs_destroy(brood__jobs_t *jobs);

#endif
