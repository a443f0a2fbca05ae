/* request.h - what is said to the fork server, and what it answers.
 *
 * A request is one message with descriptors; the first of them is a channel for the answer, a pid and later an exit
 * code.  The server keeps nothing of a child but that channel.  The child itself answers: if the server is killed in
 * between, whoever asked either hears of this child or sees the channel's end and asks another server, never both.
 *
 * What is for the child follows in the same message; if it is too long, it goes through a channel of the child's own, so
 * that the server never waits for anybody. */
#ifndef BROOD_POSIX_REQUEST_H
#define BROOD_POSIX_REQUEST_H

#include "platform/child.h"

#ifdef __APPLE__ /* no message sockets; records this small are neither split nor, having descriptors, joined */
#define BROOD__REQUEST_SOCKET SOCK_STREAM
#define BROOD__REQUEST_DATA 0
#else
#define BROOD__REQUEST_SOCKET SOCK_SEQPACKET
#define BROOD__REQUEST_DATA 8192 /* the most that follow in a request */
#endif

/* The order of a request's descriptors; then, where wanted, a lifeline, standard input, a sentinel, a channel. */
enum { BROOD__FD_STATUS, BROOD__FD_SERVER, BROOD__FD_ALWAYS };
enum { BROOD__WITH_LIFELINE = 1, BROOD__WITH_STDIN = 2, BROOD__WITH_SENTINEL = 4, BROOD__WITH_CHANNEL = 8 };

typedef struct brood__request_t {
    unsigned char key[BROOD__SERVER_KEY]; /* who has come by the descriptor alone is refused */
    uint32_t with;
    int32_t group;        /* of processes, to be in: the asker's, as if it had forked; 0: one of its own */
    uint32_t environment; /* bytes for the child: variables, each ended by a 0 */
} brood__request_t;       /* then, if there is no channel, these and the start data */

/* What comes back: that there is a child, by itself, or why there is none; then its end, once. */
enum { BROOD__ANSWER_STARTED, BROOD__ANSWER_REFUSED, BROOD__ANSWER_ENDED };
typedef struct brood__answer_t {
    int32_t what;
    int32_t pid;
    int32_t value; /* the status of a refusal, the exit code */
    int32_t unused;
    uint64_t peak; /* bytes of memory */
} brood__answer_t;

/* brood__child_request and brood__child_serve. */
apr_status_t brood__request_child(brood__child_t *child, brood__handle_t *channel, const brood__start_t *start,
                                  apr_time_t deadline);
apr_status_t brood__request_serve(brood__handle_t requests, const unsigned char key[BROOD__SERVER_KEY],
                                  brood__bequest_t *bequest, apr_pool_t *mem);

#endif
