/* client.h - this process's connections to managers' servers: one for each call that is under way, kept for the next.
 *
 * A call is one frame there and one back by a connection that nobody else uses meanwhile, so a call that waits holds up no
 * other.  Any thread. */
#ifndef BROOD_MANAGER_CLIENT_H
#define BROOD_MANAGER_CLIENT_H

#include "manager/managed.h"
#include "platform/listener.h"

#define BROOD__ORIGIN_KEY 256u
#define BROOD__TOKEN 16u

/* Whose objects: a server as a process tree knows it.  Plain data, copied into each proxy in the arena. */
typedef struct brood__origin_t {
    char address[BROOD__ADDRESS_SIZE];
    uint32_t key_size;
    unsigned char key[BROOD__ORIGIN_KEY];
    unsigned char session[BROOD__TOKEN];  /* by which the server counts the references of this tree */
    unsigned char identity[BROOD__TOKEN]; /* of the server; all zero: not known yet */
    apr_interval_time_t call_timeout;     /* for an answer, above a call's own */
} brood__origin_t;

/* Fill in the identity: the first call.  BROOD_EAUTH, APR_ECONNREFUSED and the like, APR_TIMEUP. */
apr_status_t brood__client_hello(brood__origin_t *origin);

/* Call a method.  `wait` is how long the method itself may wait, in microseconds, < 0: for ever.  The result is in `mem`;
 * NULL: not wanted; managed objects in it are proxies.
 * BROOD_ELOST: the server is gone, or another is there now; APR_TIMEUP: no answer in call_timeout + wait;
 * BROOD_ECANCELLED: Ctrl-C; after both, whatever the call was given is given back.  Otherwise the method's own failure. */
apr_status_t brood__client_call(brood_value_t *result, const brood__origin_t *origin, uint64_t object,
                                const char *method, const brood_value_t *args, size_t count, apr_interval_time_t wait,
                                apr_pool_t *mem);

/* Many calls by one connection, written without waiting for answers.  Each one's status, and its result or its failure's
 * message, are left in it.  Fails as a whole only if the server is lost. */
typedef struct brood__client_batch_t {
    uint64_t object;
    const char *method;
    const brood_value_t *args;
    size_t count;
    apr_status_t status;  /* out */
    brood_value_t result; /* out; of a failure its message, text */
} brood__client_batch_t;
apr_status_t brood__client_call_many(brood__client_batch_t *calls, size_t count, const brood__origin_t *origin,
                                     apr_pool_t *mem);

/* `count` references of this tree to an object are no more.  Told with the next call, or soon; never fails. */
void brood__client_forget(const brood__origin_t *origin, uint64_t object, uint64_t count);

/* This process uses the server, until as many times not any more: then its connections are closed. */
void brood__client_use(const brood__origin_t *origin);
void brood__client_unuse(const brood__origin_t *origin);

/* In a forked child: connections are the parent's. */
void brood__client_forked(void);
/* At the end of this process's part: all are closed. */
void brood__client_end(void);

/* This thread, as no other of the tree: the owner of locks. */
uint64_t brood__client_thread(void);

#endif
