/* client_table.h - inside of the client: the servers that this process uses, its connections to them that are idle, and
 * the references that they have not been told of yet.
 *
 * All of it is under one lock, which is held for a few instructions and never while something is sent or awaited. */
#ifndef BROOD_MANAGER_CLIENT_TABLE_H
#define BROOD_MANAGER_CLIENT_TABLE_H

#include "base/output.h"
#include "connection/message.h"
#include "connection/open.h"
#include "manager/client.h"

/* A connection: of the call that has it, or idle. */
typedef struct brood__link_t {
    brood__open_t open;
    struct brood__link_t *next; /* among those that are idle, or spare */
    brood__stream_t stream;
    brood__message_t message;
    uint64_t number; /* by which the server knows it */
    uint64_t limit;  /* bytes of a message that the server takes */
    bool sure;       /* when the server has closed it, not even the first write succeeds */
} brood__link_t;

/* References that are no more. */
typedef struct brood__forgotten_t {
    struct brood__forgotten_t *next;
    uint64_t object, count;
} brood__forgotten_t;

/* A server. */
typedef struct brood__remote_t {
    struct brood__remote_t *next;
    brood__origin_t origin;
    unsigned users; /* see brood__client_use */
    unsigned calls; /* threads that are at it: it stays */
    unsigned idle_count;
    brood__link_t *idle; /* the one that was used last first */
    brood__forgotten_t *forgotten;
} brood__remote_t;

/* Between these it stays.  APR_ENOMEM. */
apr_status_t brood__remote_enter(brood__remote_t **remote, const brood__origin_t *origin);
void brood__remote_leave(brood__remote_t *remote);

/* An idle connection to which the server has not said anything: which is still open, as far as can be known.  NULL:
 * there is none. */
brood__link_t *brood__remote_take(brood__remote_t *remote);
/* It is idle from now on, or closed if there are enough. */
void brood__remote_keep(brood__remote_t *remote, brood__link_t *link);

/* References that the server is to be told of; and the next of them, which is then the caller's to tell.  False:
 * none. */
void brood__remote_forget(brood__remote_t *remote, uint64_t object, uint64_t count);
bool brood__remote_forgotten(brood__forgotten_t *taken, brood__remote_t *remote);

/* Tell the server by this connection what it has to be told.  Not APR_SUCCESS: it has not heard all, which will be told
 * again; *whole: what it has heard were whole messages, so the connection is good. */
apr_status_t brood__remote_flush(brood__remote_t *remote, brood__link_t *link, apr_time_t deadline, bool *whole);

/* ---- connections ---- */

/* Connect, shake hands and say hello; *identity is who answers.  Statuses as they come, with messages. */
apr_status_t brood__link_open(brood__link_t **link, unsigned char identity[BROOD__TOKEN],
                              const brood__origin_t *origin);

/* For brood__link_open: an empty one, to be closed.  NULL: no memory. */
brood__link_t *brood__link_make(void);
void brood__link_close(brood__link_t *link);

/* The next message; it is there until brood__message_end.  Statuses of brood__message_begin. */
apr_status_t brood__link_hear(brood_bytes_t *bytes, brood__link_t *link, apr_time_t deadline);

/* The same to the same server as is known; everything that says that it is not there is BROOD_ELOST. */
apr_status_t brood__link_reopen(brood__link_t **link, const brood__origin_t *origin);

/* BROOD_ELOST, and why: a status of the stream's. */
apr_status_t brood__link_lost(const brood__origin_t *origin, apr_status_t cause);

/* By when a call has to be answered. */
apr_time_t brood__client_deadline(const brood__origin_t *origin, apr_interval_time_t wait);

/* By which the server knows this process.  The system's status: it gives no random bytes. */
apr_status_t brood__client_token(unsigned char token[BROOD__TOKEN]);

/* ---- answers ---- */

/* Behind an answer's head: the failure becomes this thread's last one, or the result is read.  `result` NULL: it is not
 * wanted; with `mem` NULL only numbers, bools and nil are, and all else becomes nil. */
apr_status_t brood__client_read_result(brood_value_t *result, const brood__origin_t *origin, brood_bytes_t bytes,
                                       apr_pool_t *mem);

/* A request or with `number` NULL a notification, objects of this server's included. */
apr_status_t brood__client_write(brood__output_t *output, const uint32_t *number, const brood__origin_t *origin,
                                 uint64_t object, const char *method, const brood_value_t *args, size_t count);

/* `count` numbers for requests, that no others have had for long. */
uint32_t brood__client_numbers(size_t count);

#endif
