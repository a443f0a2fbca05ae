/* authentication.h - what either side says to prove that it knows the key, as Python's multiprocessing.connection says
 * it: bytes in, bytes out; who sends them as messages is another (SPEC AUTH-01 to AUTH-19).
 *
 *               since Python 3.12                                    before
 *   challenge   #CHALLENGE#{sha256}, 40 random bytes                 #CHALLENGE#, 20 random bytes
 *   answer      {sha256}, HMAC-SHA256 of all after #CHALLENGE#       HMAC-MD5 of the same
 *   verdict     #WELCOME# or #FAILURE#                               the same
 *
 * Every failure has a message, in none of which is a byte of a key.  Any thread. */
#ifndef BROOD_CONNECTION_AUTHENTICATION_H
#define BROOD_CONNECTION_AUTHENTICATION_H

#include <apr_errno.h>
#include <brood/value.h>
#include <stdbool.h>

#define BROOD__HANDSHAKE_MOST 256           /* bytes of any message of it; a longer one is not to be read */
#define BROOD__CHALLENGE_SIZE (11 + 8 + 40) /* of ours */
#define BROOD__RESPONSE_MOST (10 + 48)      /* of ours */

/* A new challenge.  Otherwise the system's status: it gives no random bytes. */
apr_status_t brood__auth_challenge(unsigned char challenge[BROOD__CHALLENGE_SIZE]);

/* Is a message the beginning of a handshake? */
bool brood__auth_is_challenge(brood_bytes_t message);

/* The answer to a challenge that has come.  BROOD_EAUTH: it is none, too short, or wants a digest that is not allowed or
 * that this build has not.  APR_ENOMEM. */
apr_status_t brood__auth_response(unsigned char response[BROOD__RESPONSE_MOST], size_t *size, brood_bytes_t key,
                                  brood_bytes_t challenge);

/* Is that the right answer to our challenge?  BROOD_EAUTH: it is not, or cannot be; APR_ENOMEM.  Takes the same time
 * whatever is wrong with bytes of the right length. */
apr_status_t brood__auth_verify(brood_bytes_t key, const unsigned char challenge[BROOD__CHALLENGE_SIZE],
                                brood_bytes_t response);

/* What to send then, and what it means to who gets it: BROOD_EAUTH, unless he is welcome. */
brood_bytes_t brood__auth_verdict(bool welcome);
apr_status_t brood__auth_heed(brood_bytes_t verdict);

#endif
