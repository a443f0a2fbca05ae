/* stderr_tail.h - what workers write to their stderr goes on to the program's, and the end of it is kept.
 *
 * One thread at a time, that of the supervisor. */
#ifndef BROOD_POOL_STDERR_TAIL_H
#define BROOD_POOL_STDERR_TAIL_H

#include <brood/connection.h>
#include <brood/wait.h>

#define BROOD__TAIL 500u /* bytes that are kept of each */

/* In the text of a worker's death: between how it came and what was written last, which ends the text. */
#define BROOD__LAST_WORDS "; its last words on stderr: \""

typedef struct brood__tail_t brood__tail_t;

typedef struct brood__tails_t {
    brood__tail_t **tail; /* one for each worker, and as many of workers that have ended, whose children have the pipe
                           * yet; NULL: workers write to the program's stderr themselves */
    unsigned workers;
    unsigned ended; /* how many of the latter there have been */
    unsigned first; /* whose turn it is */
    bool stuck;     /* it was this one's, but the program's stderr takes no more now */
} brood__tails_t;

/* For so many workers.  They do without if it would take more than half of the handles that this process may have. */
void brood__tails_init(brood__tails_t *tails, unsigned workers, apr_pool_t *mem);

/* What a worker that is to be started may write to, to be closed then; NULL: the program's stderr. */
brood_connection_t *brood__tails_open(brood__tails_t *tails, unsigned worker);

/* Add what is to be waited for, at most two for each worker, but none while it is stuck; returns how many. */
apr_size_t brood__tails_watch(const brood__tails_t *tails, brood_wait_t *items);
/* And pass on what has come then. */
void brood__tails_pass_on(brood__tails_t *tails);
/* This worker has ended: pass on all that it has written. */
void brood__tails_pass_on_last(brood__tails_t *tails, unsigned worker);

/* Append its last lines to a text in a buffer of `room` bytes, if there are any. */
void brood__tails_quote(const brood__tails_t *tails, unsigned worker, char *text, apr_size_t room);
/* It has another number now. */
void brood__tails_move(brood__tails_t *tails, unsigned from, unsigned to);
/* It is buried; what children of it write is passed on as before. */
void brood__tails_leave(brood__tails_t *tails, unsigned worker);

/* Pass on what there is, and close them. */
void brood__tails_close(brood__tails_t *tails);

#endif
