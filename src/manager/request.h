/* request.h - a call as a method sees it: its arguments, and how it is answered, now or later.
 *
 * A method does one of three things: it fails, with a status and its message as everywhere; it answers once, by one of the
 * brood__request_return functions, and returns APR_SUCCESS; or it parks the call, and returns what brood__request_park does. */
#ifndef BROOD_MANAGER_REQUEST_H
#define BROOD_MANAGER_REQUEST_H

#include "manager/referent.h"

struct brood__request_t {
    brood__referent_t *self;
    const brood__method_t *method;
    const brood_value_t *args; /* decoded, in `mem`; as many as the method's row allows */
    size_t count;
    apr_pool_t *mem;            /* until the method has returned */
    uint64_t client;            /* the process that calls: never 0, and no number comes twice */
    struct brood__peer_t *peer; /* the connection it came by */
    uint32_t number;            /* of the request there */
    bool wanted;                /* false: a notification, whose answer goes nowhere */
    brood__output_t *output;    /* the answer; behind its head */
};

/* The whole answer: a value, or what is stored (NULL: nil). */
apr_status_t brood__request_return(brood__request_t *request, brood_value_t value);
apr_status_t brood__request_return_stored(brood__request_t *request, const brood__stored_t *stored);
/* Or piece by piece: a head, and then as many parts as it says (of a map twice as many). */
apr_status_t brood__request_begin_list(brood__request_t *request, size_t count);
apr_status_t brood__request_begin_map(brood__request_t *request, size_t pairs);
apr_status_t brood__request_add(brood__request_t *request, brood_value_t value);
apr_status_t brood__request_add_stored(brood__request_t *request, const brood__stored_t *stored);

/* Argument `index`, if it is there and of that kind.  *number, *flag and *timeout are untouched if it is not there, or nil.
 * BROOD_EKIND, BROOD_ERANGE, with messages. */
apr_status_t brood__request_int(apr_int64_t *number, const brood__request_t *request, size_t index);
apr_status_t brood__request_bool(bool *flag, const brood__request_t *request, size_t index);

/* ---- calls that wait ---- */

/* A line of calls that wait for one object; the first came first.  Zeroed is empty. */
typedef struct brood__line_t {
    brood__waiter_t *first, *last;
    size_t count;
} brood__line_t;

/* How a call leaves its line by itself.  The waiter is in no line any more; what is done with it is to answer or drop it. */
typedef struct brood__line_ops_t {
    /* Its time is up.  NULL: it is answered with APR_TIMEUP and the text. */
    void (*expired)(brood__waiter_t *waiter);
    const char *text;
    /* Whoever waits has gone, or waits no more.  It is dropped afterwards.  NULL: nothing else is to be done. */
    void (*gone)(brood__waiter_t *waiter);
} brood__line_ops_t;

struct brood__waiter_t {
    brood__waiter_t *before, *next; /* in the line */
    brood__line_t *line;            /* NULL: in none */
    const brood__line_ops_t *ops;
    brood__referent_t *self; /* held */
    uint64_t client;
    uint64_t thread; /* for the types' use, like all below */
    uint64_t count;
    brood__stored_t *stored; /* freed with it */
    /* the server's: */
    struct brood__peer_t *peer; /* NULL: it is gone */
    uint32_t number;
    apr_time_t deadline;
    size_t place;
    brood__waiter_t *peer_next, **peer_before;
};

/* Park the call at the end of a line, for `timeout` microseconds at most (< 0: for ever; 0 is for the caller to see to).
 * Returns BROOD__PARKED, for the method to return; or APR_ENOMEM. */
#define BROOD__PARKED (-1)
apr_status_t brood__request_park(brood__waiter_t **waiter, brood__request_t *request, brood__line_t *line,
                                 const brood__line_ops_t *ops, apr_interval_time_t timeout);

/* Move it to the end of another line, with these ops and without a deadline (`timed` false) or with the one it has. */
void brood__waiter_move(brood__waiter_t *waiter, brood__line_t *line, const brood__line_ops_t *ops, bool timed);

/* Answer it, and it is gone.  With a value, with what is stored, or with this thread's last failure. */
void brood__waiter_return(brood__waiter_t *waiter, brood_value_t value);
void brood__waiter_return_stored(brood__waiter_t *waiter, const brood__stored_t *stored);
void brood__waiter_fail(brood__waiter_t *waiter);

/* It is not answered, since another one for the same request is. */
void brood__waiter_drop(brood__waiter_t *waiter);

/* ---- what may have to be taken back ---- */

/* What was given with this answer, a lock or an item, is given back if the caller says that it never heard the answer
 * (he had given up waiting just then).  `undo` is called once, with `stored` (which it takes over) or NULL; or never, and
 * then `stored` is freed.  For a call that is answered at once, and for one that was parked, before it is answered. */
typedef void (*brood__undo_fn)(brood__referent_t *self, uint64_t client, uint64_t thread, brood__stored_t *stored);
void brood__request_undo(brood__request_t *request, brood__undo_fn undo, uint64_t thread, brood__stored_t *stored);
void brood__waiter_undo(brood__waiter_t *waiter, brood__undo_fn undo, brood__stored_t *stored);

#endif
