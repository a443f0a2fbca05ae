/* Mike looks at his watch and sends the time back through a pipe. */
#include <brood.h>
#include <stdio.h>

static apr_status_t watch(brood_call_t *call)
{
    const char *owner;
    brood_connection_t *connection;
    apr_time_exp_t time;

    BROOD_TRY(BROOD_UNPACK(call->args, &owner, &connection));
    printf("%s(%d) is looking at the watch\n", owner, brood_current_pid());
    BROOD_TRY(apr_time_exp_lt(&time, apr_time_now()));
    return brood_connection_send(connection,
                                 brood_text(
                                     apr_psprintf(call->mem, "%d:%d:%d", time.tm_hour, time.tm_min, time.tm_sec)),
                                 BROOD_FOREVER);
}

static apr_status_t app(brood_call_t *call)
{
    brood_connection_t *mine, *mikes;
    brood_process_t *mike;
    brood_value_t now;

    printf("I(%d) am asking for the time\n", brood_current_pid());
    BROOD_TRY(brood_pipe_create(&mine, &mikes, BROOD_DUPLEX, call->mem));
    BROOD_TRY(brood_process_start(&mike, watch, BROOD_ARGS("Mike", mikes), NULL, call->mem));
    brood_connection_close(mikes); /* so that we see the end if Mike dies */
    BROOD_TRY(brood_connection_recv(&now, mine, BROOD_FOREVER, call->mem));
    BROOD_TRY(brood_process_join(mike, BROOD_FOREVER));
    printf("Mike's watch says %s\n", brood_value_string(now, call->mem));
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(watch))
