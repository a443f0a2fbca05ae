#include "connection/handshake.h"

#include "base/status.h"
#include "connection/tls.h"

/* The steps, each a letter. */
#define CHALLENGE 'c' /* send ours */
#define CHECK 'k'     /* receive the response to it, and send the verdict */
#define RESPOND 'r'   /* receive the other side's, and send the response */
#define VERDICT 'v'   /* receive it */

void brood__handshake_begin(brood__handshake_t *handshake, brood__handshake_role_t role, brood_bytes_t key)
{
    static const char *const steps[] = {"ckrv", "rvck", "ck", "rv"}; /* in the order of the roles */

    *handshake = (brood__handshake_t){.key = key, .steps = steps[role]};
}

/* A short frame always fits into what the system keeps: who does not even take that is not served. */
static apr_status_t say(brood__stream_t *stream, brood_bytes_t bytes, apr_time_t deadline)
{
    size_t sent;
    const apr_status_t rc = brood__message_write(stream, bytes.data, bytes.size, NULL, &sent, deadline);

    if (rc == APR_SUCCESS)
        return rc;
    if (APR_STATUS_IS_EPIPE(rc))
        return brood_fail_text(BROOD_EAUTH, "the other side closed the connection during the handshake");
    return rc == APR_EINTR ? rc : brood_fail_text(BROOD_EAUTH, "the other side takes nothing during the handshake");
}

/* The next frame, until brood__message_end. */
static apr_status_t hear(brood_bytes_t *bytes, brood__stream_t *stream, brood__message_t *message, apr_time_t deadline)
{
    apr_status_t rc = brood__message_begin(message, stream, deadline);

    if (rc == APR_SUCCESS && message->size > BROOD__HANDSHAKE_MOST)
        return brood_fail_text(BROOD_ETOOBIG,
                               "a frame of the handshake is too long: the other side has no key, perhaps");
    if (rc == APR_SUCCESS)
        rc = brood__message_complete(message, stream, deadline);
    if (rc == APR_SUCCESS)
        *bytes = brood__message_bytes(message, stream);
    if (rc == APR_EOF || rc == BROOD_ETRUNCATED)
        return brood_fail_text(BROOD_EAUTH, "the other side closed the connection during the handshake");
    if (rc == BROOD_EPROTOCOL)
        return brood_fail_text(rc, "what comes during the handshake is no frame");
    return rc;
}

static apr_status_t check(brood__handshake_t *handshake, brood__stream_t *stream, brood__message_t *message,
                          apr_time_t deadline)
{
    brood_bytes_t response;
    apr_status_t rc, said;

    BROOD_TRY(hear(&response, stream, message, deadline));
    rc = brood__auth_verify(handshake->key, handshake->challenge, response);
    brood__message_end(message, stream);
    brood__status_hold(rc != APR_SUCCESS); /* that it was wrong is the news, whether it hears of it or not */
    said = say(stream, brood__auth_verdict(rc == APR_SUCCESS), deadline);
    brood__status_hold(false);
    return rc == APR_SUCCESS ? said : rc;
}

static apr_status_t respond(const brood__handshake_t *handshake, brood__stream_t *stream, brood__message_t *message,
                            apr_time_t deadline)
{
    unsigned char response[BROOD__RESPONSE_MOST];
    size_t size = 0;
    brood_bytes_t challenge;
    apr_status_t rc;

    BROOD_TRY(hear(&challenge, stream, message, deadline));
    rc = brood__auth_response(response, &size, handshake->key, challenge);
    brood__message_end(message, stream);
    return rc == APR_SUCCESS ? say(stream, (brood_bytes_t){response, size}, deadline) : rc;
}

static apr_status_t hear_verdict(brood__stream_t *stream, brood__message_t *message, apr_time_t deadline)
{
    brood_bytes_t verdict;
    apr_status_t rc;

    BROOD_TRY(hear(&verdict, stream, message, deadline));
    rc = brood__auth_heed(verdict);
    brood__message_end(message, stream);
    return rc;
}

static apr_status_t step(brood__handshake_t *handshake, brood__stream_t *stream, brood__message_t *message,
                         apr_time_t deadline)
{
    switch (*handshake->steps) {
    case CHALLENGE:
        BROOD_TRY(brood__auth_challenge(handshake->challenge));
        return say(stream, (brood_bytes_t){handshake->challenge, sizeof handshake->challenge}, deadline);
    case CHECK:
        return check(handshake, stream, message, deadline);
    case RESPOND:
        return respond(handshake, stream, message, deadline);
    default:
        return hear_verdict(stream, message, deadline);
    }
}

apr_status_t brood__handshake_run(brood__handshake_t *handshake, brood__stream_t *stream, brood__message_t *message,
                                  apr_time_t deadline)
{
    BROOD_TRY(brood__tls_handshake(stream, deadline));
    for (; *handshake->steps != '\0'; handshake->steps++)
        BROOD_TRY(step(handshake, stream, message, deadline));
    return APR_SUCCESS;
}
