/* Has Python calculate: python_peer_client ADDRESS, which listener.py has printed. */
#include <brood.h>
#include <stdio.h>
#include <string.h>

#define PATIENCE apr_time_from_sec(20)

static apr_status_t app(brood_call_t *call)
{
    const brood_connect_options_t options = {.authkey = "python_peer"};
    brood_connection_t *connection;
    brood_bytes_t answer;

    if (call->argc != 2)
        return brood_fail(APR_EINVAL, "python_peer_client ADDRESS");
    BROOD_TRY(brood_client_connect(&connection, call->argv[1], &options, call->mem));
    for (int n = 10; n <= 30; n += 10) {
        const char *question = apr_psprintf(call->mem, "{\"factorial\": %d}", n);

        BROOD_TRY(brood_connection_send_bytes(connection, question, strlen(question), PATIENCE));
        BROOD_TRY(brood_connection_recv_bytes(&answer, connection, 0, PATIENCE, call->mem));
        printf("%.*s\n", (int) answer.size, (const char *) answer.data);
    }
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRIES_END)
