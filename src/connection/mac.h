/* mac.h - HMAC with the digests of Python's handshake, by Mbed TLS through the PSA Crypto API.  Any thread.
 *
 * Keys are passed as they are and kept nowhere: any number of bytes, none is a key, too. */
#ifndef BROOD_CONNECTION_MAC_H
#define BROOD_CONNECTION_MAC_H

#include <apr_errno.h>
#include <brood/value.h>
#include <stdbool.h>

typedef enum brood__digest_t {
    BROOD__MD5,
    BROOD__SHA256,
    BROOD__SHA384,
    BROOD__SHA3_256,
    BROOD__SHA3_384,
    BROOD__DIGESTS
} brood__digest_t;

#define BROOD__MAC_MOST 48

/* As Python calls it, and the bytes of its HMAC. */
const char *brood__digest_name(brood__digest_t digest);
size_t brood__mac_size(brood__digest_t digest);

/* brood__mac_size bytes.  APR_ENOTIMPL: this build of Mbed TLS has no such digest, without a message; APR_ENOMEM;
 * APR_EGENERAL: what else it says. */
apr_status_t brood__mac_compute(unsigned char mac[BROOD__MAC_MOST], brood__digest_t digest, brood_bytes_t key,
                                brood_bytes_t message);

/* Is that it?  Looks at the length first, and then takes the same time whatever is wrong.  BROOD_EAUTH: it is not;
 * otherwise as above. */
apr_status_t brood__mac_verify(brood__digest_t digest, brood_bytes_t key, brood_bytes_t message, brood_bytes_t mac);

/* Around a fork, in the thread that forks, so that a copy does not find it half done; in the child brood__mac_forked
 * instead of the latter. */
void brood__mac_lock(void);
void brood__mac_unlock(void);
void brood__mac_forked(void);

/* Is this a forked child, or a child's? */
bool brood__mac_copied(void);

#endif
