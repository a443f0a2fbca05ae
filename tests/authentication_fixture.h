/* authentication_fixture.h - keys, challenges and answers as bytes, for the tests of the handshake. */
#ifndef BROOD_TESTS_AUTHENTICATION_FIXTURE_H
#define BROOD_TESTS_AUTHENTICATION_FIXTURE_H

#include "harness.h"

#include "connection/authentication.h"
#include "connection/mac.h"
#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

static const brood_bytes_t jobs = {"jobs", 4}; /* the key of the vectors */

static inline brood_bytes_t text(const char *word)
{
    return (brood_bytes_t){word, strlen(word)};
}

/* `head`, and `count` bytes 00 01 02 ... */
static inline brood_bytes_t counting(const char *head, size_t count, apr_pool_t *mem)
{
    const size_t size = strlen(head);
    char *bytes = apr_palloc(mem, size + count + 1);

    memcpy(bytes, head, size);
    for (size_t i = 0; i < count; i++)
        bytes[size + i] = (char) i;
    return (brood_bytes_t){bytes, size + count};
}

static inline unsigned char nibble(char digit)
{
    return (unsigned char) (digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

/* `head`, and what `hex` says. */
static inline brood_bytes_t unhex(const char *head, const char *hex, apr_pool_t *mem)
{
    const size_t size = strlen(head), count = strlen(hex) / 2;
    unsigned char *bytes = apr_palloc(mem, size + count + 1);

    memcpy(bytes, head, size);
    for (size_t i = 0; i < count; i++)
        bytes[size + i] = (unsigned char) (nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    return (brood_bytes_t){bytes, size + count};
}

static inline bool same(brood_bytes_t one, brood_bytes_t other)
{
    return one.size == other.size && memcmp(one.data, other.data, one.size) == 0;
}

/* Our challenge, with bytes that are known. */
static inline const unsigned char *known_challenge(apr_pool_t *mem)
{
    const brood_bytes_t challenge = counting("#CHALLENGE#{sha256}", 40, mem);

    EXPECT(challenge.size == BROOD__CHALLENGE_SIZE);
    return challenge.data;
}

/* `{name}` and the HMAC of that challenge by it. */
static inline brood_bytes_t prefixed(brood__digest_t digest, brood_bytes_t key, const unsigned char *challenge,
                                     apr_pool_t *mem)
{
    const char *prefix = apr_psprintf(mem, "{%s}", brood__digest_name(digest));
    const brood_bytes_t body = {challenge + 11, BROOD__CHALLENGE_SIZE - 11};
    unsigned char mac[BROOD__MAC_MOST];
    char *bytes = apr_palloc(mem, BROOD__RESPONSE_MOST);

    EXPECT_OK(brood__mac_compute(mac, digest, key, body));
    memcpy(bytes, prefix, strlen(prefix));
    memcpy(bytes + strlen(prefix), mac, brood__mac_size(digest));
    return (brood_bytes_t){bytes, strlen(prefix) + brood__mac_size(digest)};
}

/* Said aloud, if not. */
static inline bool is_there(brood__digest_t digest)
{
    unsigned char mac[BROOD__MAC_MOST];

    if (brood__mac_compute(mac, digest, jobs, jobs) == APR_SUCCESS)
        return true;
    printf("skipped: this build's Mbed TLS has no %s\n", brood__digest_name(digest));
    return false;
}

#endif
