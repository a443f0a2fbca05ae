/* request.h - what is said to the fork server, and what it answers.
 *
 * A request is one message with descriptors; the first of them is a channel for the answer, a pid and later an exit
 * code.  The server keeps nothing of a child but that channel.  The variables for a child go through the child's own
 * channel, so that the server never waits for anybody. */
#ifndef BROOD_POSIX_REQUEST_H
#define BROOD_POSIX_REQUEST_H

#include "platform/child.h"

#ifdef __APPLE__ /* no message sockets; records this small are neither split nor, having descriptors, joined */
#define BROOD__REQUEST_SOCKET SOCK_STREAM
#else
#define BROOD__REQUEST_SOCKET SOCK_SEQPACKET
#endif

/* The order of a request's descriptors; then, where wanted, a lifeline, standard input, a sentinel. */
enum { BROOD__FD_STATUS, BROOD__FD_CHANNEL, BROOD__FD_SERVER, BROOD__FD_ALWAYS };
enum { BROOD__WITH_LIFELINE = 1, BROOD__WITH_STDIN = 2, BROOD__WITH_SENTINEL = 4 };

typedef struct brood__request_t {
    unsigned char key[BROOD__SERVER_KEY]; /* who has come by the descriptor alone is refused */
    uint32_t with;
    int32_t group;        /* of processes, to be in: the asker's, as if it had forked; 0: one of its own */
    uint32_t environment; /* bytes that the child shall read from its channel: variables, each ended by a 0 */
} brood__request_t;

typedef struct brood__answer_t {
    int32_t status; /* 0, or why there is no child */
    int32_t pid;
} brood__answer_t;

/* After the answer, once. */
typedef struct brood__report_t {
    uint64_t peak; /* bytes of memory */
    int32_t exitcode;
} brood__report_t;

/* brood__child_request and brood__child_serve. */
apr_status_t brood__request_child(brood__child_t *child, brood__handle_t *channel, const brood__start_t *start,
                                  apr_time_t deadline, apr_pool_t *mem);
apr_status_t brood__request_serve(brood__handle_t requests, const unsigned char key[BROOD__SERVER_KEY],
                                  brood__bequest_t *bequest, apr_pool_t *mem);

#endif
