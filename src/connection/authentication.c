#include "connection/authentication.h"

#include "connection/mac.h"
#include "platform/self.h"
#include <brood/status.h>
#include <string.h>

#define NAME_MOST 8         /* bytes of a digest's name */
#define LEGACY_CHALLENGE 20 /* bytes after the marker, and the least there may be */
#define LEGACY_RESPONSE 16

static const char marker[] = "#CHALLENGE#", default_prefix[] = "{sha256}", welcome_word[] = "#WELCOME#",
                  failure_word[] = "#FAILURE#";

#define MARKER_SIZE (sizeof marker - 1)

static bool equals(brood_bytes_t bytes, const char *word)
{
    const size_t size = strlen(word);

    return bytes.size == size && memcmp(bytes.data, word, size) == 0;
}

static brood_bytes_t after(brood_bytes_t bytes, size_t size)
{
    return (brood_bytes_t){(const char *) bytes.data + size, bytes.size - size};
}

/* ---- {digest} ---- */

/* What is between the braces that the bytes begin with; none: NULL. */
static brood_bytes_t find_name(brood_bytes_t body)
{
    const char *text = body.data;
    const size_t size = body.size < NAME_MOST + 2 ? body.size : NAME_MOST + 2;
    const char *end = size != 0 && text[0] == '{' ? memchr(text, '}', size) : NULL;

    return end != NULL ? (brood_bytes_t){text + 1, (size_t) (end - text) - 1} : (brood_bytes_t){NULL, 0};
}

/* It comes from a stranger, and goes into messages. */
static bool is_printable(brood_bytes_t name)
{
    for (size_t i = 0; i < name.size; i++) {
        const unsigned char c = ((const unsigned char *) name.data)[i];

        if (c <= ' ' || c > '~')
            return false;
    }
    return name.size != 0;
}

/* `what` has come. */
static apr_status_t read_prefix(brood__digest_t *digest, size_t *size, brood_bytes_t body, const char *what)
{
    const brood_bytes_t name = find_name(body);

    for (int i = 0; i < BROOD__DIGESTS; i++)
        if (name.data != NULL && equals(name, brood__digest_name((brood__digest_t) i))) {
            *digest = (brood__digest_t) i;
            *size = name.size + 2;
            return APR_SUCCESS;
        }
    if (is_printable(name))
        return brood_fail(BROOD_EAUTH, "%s of the other side is by '%.*s', which is no digest for this", what,
                          (int) name.size, (const char *) name.data);
    return brood_fail(BROOD_EAUTH, "%s of the other side, of %llu bytes, names no digest", what,
                      (unsigned long long) body.size);
}

static apr_status_t finish(apr_status_t rc, brood__digest_t digest)
{
    if (!APR_STATUS_IS_ENOTIMPL(rc))
        return rc;
    return brood_fail(BROOD_EAUTH, "this build's Mbed TLS has no %s, by which the other side wants to know the key",
                      brood__digest_name(digest));
}

/* ---- challenge and answer ---- */

apr_status_t brood__auth_challenge(unsigned char challenge[BROOD__CHALLENGE_SIZE])
{
    const size_t prefix = MARKER_SIZE + sizeof default_prefix - 1;
    apr_status_t rc;

    memcpy(challenge, marker, MARKER_SIZE);
    memcpy(challenge + MARKER_SIZE, default_prefix, sizeof default_prefix - 1);
    rc = brood__self_random(challenge + prefix, BROOD__CHALLENGE_SIZE - prefix);
    return rc == APR_SUCCESS ? rc : brood_fail(rc, "the system gives no random bytes for a challenge");
}

bool brood__auth_is_challenge(brood_bytes_t message)
{
    return message.size >= MARKER_SIZE && memcmp(message.data, marker, MARKER_SIZE) == 0;
}

static unsigned char *put(unsigned char *end, const void *bytes, size_t size)
{
    memcpy(end, bytes, size);
    return end + size;
}

static apr_status_t respond(unsigned char response[BROOD__RESPONSE_MOST], size_t *size, brood__digest_t digest,
                            brood_bytes_t key, brood_bytes_t body)
{
    const char *name = brood__digest_name(digest);
    unsigned char mac[BROOD__MAC_MOST], *end = response;

    BROOD_TRY(brood__mac_compute(mac, digest, key, body));
    end = put(end, "{", 1);
    end = put(end, name, strlen(name));
    end = put(end, "}", 1);
    end = put(end, mac, brood__mac_size(digest));
    *size = (size_t) (end - response);
    return APR_SUCCESS;
}

/* 16 bytes alone.  Without MD5 the answer is one that an old side refuses; what is there to lose? */
static apr_status_t respond_legacy(unsigned char response[BROOD__RESPONSE_MOST], size_t *size, brood_bytes_t key,
                                   brood_bytes_t body)
{
    unsigned char mac[BROOD__MAC_MOST];
    const apr_status_t rc = brood__mac_compute(mac, BROOD__MD5, key, body);

    if (APR_STATUS_IS_ENOTIMPL(rc))
        return respond(response, size, BROOD__SHA256, key, body);
    if (rc == APR_SUCCESS) {
        memcpy(response, mac, LEGACY_RESPONSE);
        *size = LEGACY_RESPONSE;
    }
    return rc;
}

apr_status_t brood__auth_response(unsigned char response[BROOD__RESPONSE_MOST], size_t *size, brood_bytes_t key,
                                  brood_bytes_t challenge)
{
    brood__digest_t digest = BROOD__MD5;
    brood_bytes_t body;
    size_t prefix = 0;

    if (!brood__auth_is_challenge(challenge))
        return brood_fail_text(BROOD_EAUTH, "the other side sends no challenge");
    body = after(challenge, MARKER_SIZE);
    if (body.size < LEGACY_CHALLENGE)
        return brood_fail(BROOD_EAUTH, "the challenge of the other side is too short: %llu bytes",
                          (unsigned long long) body.size);
    if (body.size == LEGACY_CHALLENGE)
        return finish(respond_legacy(response, size, key, body), BROOD__SHA256);
    BROOD_TRY(read_prefix(&digest, &prefix, body, "the challenge"));
    return finish(respond(response, size, digest, key, body), digest);
}

apr_status_t brood__auth_verify(brood_bytes_t key, const unsigned char challenge[BROOD__CHALLENGE_SIZE],
                                brood_bytes_t response)
{
    const brood_bytes_t body = {challenge + MARKER_SIZE, BROOD__CHALLENGE_SIZE - MARKER_SIZE};
    brood__digest_t digest = BROOD__MD5;
    size_t prefix = 0;

    if (response.size != LEGACY_RESPONSE && response.size != LEGACY_CHALLENGE) /* else MD5, as all old sides do */
        BROOD_TRY(read_prefix(&digest, &prefix, response, "the answer"));
    return finish(brood__mac_verify(digest, key, body, after(response, prefix)), digest);
}

/* ---- verdict ---- */

brood_bytes_t brood__auth_verdict(bool welcome)
{
    const char *word = welcome ? welcome_word : failure_word;

    return (brood_bytes_t){word, strlen(word)};
}

apr_status_t brood__auth_heed(brood_bytes_t verdict)
{
    if (equals(verdict, welcome_word))
        return APR_SUCCESS;
    if (equals(verdict, failure_word))
        return brood_fail_text(BROOD_EAUTH, "the other side says that this one's key is wrong");
    return brood_fail(BROOD_EAUTH, "the other side's verdict is none: %llu bytes", (unsigned long long) verdict.size);
}
