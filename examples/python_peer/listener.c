/* Tells Python about its numbers: who connects sends doubles, as they are in memory, and gets a JSON text about them.
 *
 *   python_peer_listener [ADDRESS]     until Ctrl-C; client.py is the other side */
#include <brood.h>
#include <stdio.h>
#include <string.h>

#define MOST ((apr_size_t) 1 << 20) /* bytes of a message */
#define PATIENCE apr_time_from_sec(20)

static const char *describe(brood_bytes_t bytes, apr_pool_t *mem)
{
    const apr_size_t count = bytes.size / sizeof(double);
    double least = 0, most = 0, sum = 0;

    for (apr_size_t i = 0; i < count; i++) {
        double number;

        memcpy(&number, (const char *) bytes.data + i * sizeof number, sizeof number);
        least = i == 0 || number < least ? number : least;
        most = i == 0 || number > most ? number : most;
        sum += number;
    }
    if (count == 0)
        return "{\"count\": 0}";
    return apr_psprintf(mem, "{\"count\": %lu, \"least\": %.17g, \"most\": %.17g, \"mean\": %.17g}",
                        (unsigned long) count, least, most, sum / (double) count);
}

/* One client, until it hangs up. */
static apr_status_t answer(brood_connection_t *connection, apr_pool_t *mem)
{
    brood_bytes_t bytes;
    apr_pool_t *turn;
    apr_status_t rc;

    BROOD_TRY(apr_pool_create(&turn, mem));
    while ((rc = brood_connection_recv_bytes(&bytes, connection, MOST, PATIENCE, turn)) == APR_SUCCESS) {
        const char *text = describe(bytes, turn);

        BROOD_TRY(brood_connection_send_bytes(connection, text, strlen(text), PATIENCE));
        apr_pool_clear(turn);
    }
    return brood_allow(rc, APR_EOF);
}

static apr_status_t app(brood_call_t *call)
{
    const brood_connect_options_t options = {.authkey = "python_peer"};
    const char *address = call->argc > 1 ? call->argv[1] : "127.0.0.1:0"; /* a free port */
    brood_listener_t *listener;
    brood_connection_t *connection;
    apr_pool_t *turn;

    BROOD_TRY(brood_listener_create(&listener, address, &options, call->mem));
    printf("%s\n", brood_listener_address(listener));
    fflush(stdout);
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    for (;;) {
        apr_status_t rc = brood_listener_accept(&connection, listener, BROOD_FOREVER, turn);

        if (rc == APR_SUCCESS)
            rc = answer(connection, turn);
        if (rc == BROOD_ECANCELLED)
            return rc;
        if (rc != APR_SUCCESS) /* a wrong key, say: the next may have the right one */
            fprintf(stderr, "%s\n", brood_last_error()->message);
        apr_pool_clear(turn); /* closes the connection */
    }
}

BROOD_MAIN(app, BROOD_ENTRIES_END)
