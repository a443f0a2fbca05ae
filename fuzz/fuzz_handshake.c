/* fuzz_handshake.c - bytes from one who does not know the key, in pieces of any length, to either side of the handshake
 * (AUTH-01 to AUTH-14): he is not believed. */
#include "base/own.h"
#include "connection/handshake.h"
#include "platform/self.h"
#include <apr_general.h>
#include <brood/status.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define AT_ONCE ((apr_time_t) 0)
#define LARGEST 8192u /* of an input: the system keeps so much */

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* A new one in each run. */
static brood_bytes_t secret(void)
{
    static unsigned char key[16];
    static bool made;

    if (!made)
        must(apr_initialize() == APR_SUCCESS && brood__own_begin() == APR_SUCCESS
             && brood__self_random(key, sizeof key) == APR_SUCCESS);
    made = true;
    return (brood_bytes_t){key, sizeof key};
}

/* Not one of them is a success: to answer alone asks for no proof.  Nothing is taken for what no frame can be. */
static void check(apr_status_t rc, brood__handshake_role_t role, const brood__message_t *message)
{
    must(message->room <= BROOD__HANDSHAKE_MOST);
    must(rc == BROOD_EAUTH || rc == BROOD_ETOOBIG || rc == BROOD_EPROTOCOL || rc == APR_TIMEUP
         || (rc == APR_SUCCESS && role == BROOD__HANDSHAKE_ANSWERS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    brood__handshake_t handshake;
    brood__handshake_role_t role;
    brood__message_t message = {.begun = false};
    brood__stream_t ends[2];
    apr_status_t rc;
    size_t piece, sent;

    if (size < 2 || size > LARGEST)
        return 0;
    piece = data[0] == 0 ? size : data[0];
    role = (brood__handshake_role_t) (data[1] % 4);
    must(brood__stream_pair(ends) == APR_SUCCESS);
    brood__handshake_begin(&handshake, role, secret());
    rc = brood__handshake_run(&handshake, &ends[1], &message, AT_ONCE);
    for (size_t at = 2; at < size && rc == APR_TIMEUP; at += sent) {
        const size_t part = piece < size - at ? piece : size - at;

        must(brood__stream_write(&ends[0], NULL, 0, data + at, part, NULL, &sent, AT_ONCE) == APR_SUCCESS);
        must(sent == part);
        rc = brood__handshake_run(&handshake, &ends[1], &message, AT_ONCE);
    }
    check(rc, role, &message);
    brood__stream_close(&ends[0]);
    if (rc == APR_TIMEUP) {
        rc = brood__handshake_run(&handshake, &ends[1], &message, AT_ONCE);
        must(rc != APR_TIMEUP); /* it has closed */
        check(rc, role, &message);
    }
    brood__message_drop(&message);
    brood__stream_close(&ends[1]);
    return 0;
}
