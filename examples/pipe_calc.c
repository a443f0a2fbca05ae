/* A client and a calculator talk over a duplex pipe; nil says goodbye. */
#include <brood.h>
#include <stdio.h>

static apr_status_t client(brood_call_t *call)
{
    brood_connection_t *connection;
    brood_value_t answer;

    BROOD_TRY(BROOD_UNPACK(call->args, &connection));
    for (int i = 1; i <= 5; i++) {
        BROOD_TRY(brood_connection_send(connection, brood_int(i), BROOD_FOREVER));
        BROOD_TRY(brood_connection_recv(&answer, connection, BROOD_FOREVER, call->mem));
        printf("asked %d, was told %s\n", i, brood_value_string(answer, call->mem));
    }
    return brood_connection_send(connection, BROOD_NIL, BROOD_FOREVER);
}

static apr_status_t calculator(brood_call_t *call)
{
    brood_connection_t *connection;
    brood_value_t question;
    int n;

    BROOD_TRY(BROOD_UNPACK(call->args, &connection));
    for (;;) {
        BROOD_TRY(brood_connection_recv(&question, connection, BROOD_FOREVER, call->mem));
        if (question.kind == BROOD_KIND_NIL)
            return APR_SUCCESS;
        BROOD_TRY(BROOD_READ(&n, question));
        BROOD_TRY(brood_connection_send(connection, BROOD_LIST(n, "squared is", n * n), BROOD_FOREVER));
    }
}

static apr_status_t app(brood_call_t *call)
{
    brood_connection_t *ends[2];
    brood_process_t *processes[2];

    BROOD_TRY(brood_pipe_create(&ends[0], &ends[1], BROOD_DUPLEX, call->mem));
    BROOD_TRY(brood_process_start(&processes[0], client, BROOD_ARGS(ends[0]), NULL, call->mem));
    BROOD_TRY(brood_process_start(&processes[1], calculator, BROOD_ARGS(ends[1]), NULL, call->mem));
    for (int i = 0; i < 2; i++) {
        brood_connection_close(ends[i]);
        BROOD_TRY(brood_process_join(processes[i], BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(client), BROOD_ENTRY(calculator))
