/* handshake.h - each side proves to the other that it knows the key: six frames, of which none says it.
 *
 * It goes as far as the frames that have come, and on with the next call; so one thread may have many under way. */
#ifndef BROOD_CONNECTION_HANDSHAKE_H
#define BROOD_CONNECTION_HANDSHAKE_H

#include "connection/authentication.h"
#include "connection/message.h"

typedef enum brood__handshake_role_t {
    BROOD__HANDSHAKE_ACCEPTS, /* challenges first, and answers then */
    BROOD__HANDSHAKE_CONNECTS,
    BROOD__HANDSHAKE_DELIVERS, /* only challenges */
    BROOD__HANDSHAKE_ANSWERS
} brood__handshake_role_t;

typedef struct brood__handshake_t {
    brood_bytes_t key; /* borrowed */
    const char *steps; /* those that are left */
    unsigned char challenge[BROOD__CHALLENGE_SIZE];
} brood__handshake_t;

void brood__handshake_begin(brood__handshake_t *handshake, brood__handshake_role_t role, brood_bytes_t key);

/* APR_SUCCESS: it is done.  APR_TIMEUP: not yet, call again.  BROOD_EAUTH; APR_EINTR: see interrupt.h; otherwise why the
 * stream has failed.  With a message, but for APR_TIMEUP and APR_EINTR. */
apr_status_t brood__handshake_run(brood__handshake_t *handshake, brood__stream_t *stream, brood__message_t *message,
                                  apr_time_t deadline);

#endif
