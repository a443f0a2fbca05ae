/* keeper.c - names of shared memory outlive processes, so one process outlives them all.
 *
 * It is a spawned copy of the program, without a parent, that stands in the table, owns nothing and sweeps like every
 * other; so what it does for a tree that was killed as a whole is what any survivor would have done.  The first name
 * starts it, and so does the next one when it was killed. */
#include "process/keeper.h"

#include "base/deadline.h"
#include "base/log.h"
#include "base/own.h"
#include "memory/table.h"
#include "platform/channel.h"
#include "platform/named.h"
#include "process/family.h"
#include "process/guard.h"

#define LOOK_AGAIN apr_time_from_msec(1)

static apr_status_t instruct(brood__handle_t channel, brood__id_t id, apr_time_t deadline, apr_pool_t *mem)
{
    brood__output_t output = {NULL, 0, 0, mem};
    const brood__startup_t startup = {
        .role = BROOD__ROLE_KEEPER,
        .id = id,
        .arena_size = brood__arena_segment()->size,
    };

    BROOD_TRY(brood__startup_encode(&output, &startup));
    return brood__frame_send(channel, output.data, output.size, NULL, deadline);
}

/* Closes its end when it is in the table, or has failed; what was started has ended by then. */
static apr_status_t wait_for_it(brood__child_t *child, brood__handle_t channel, apr_time_t deadline)
{
    char none;
    int exitcode;
    const apr_status_t rc = brood__channel_read(channel, &none, 1, deadline);

    if (rc != APR_EOF)
        BROOD_IGNORE(brood__child_kill(child));
    BROOD_IGNORE(brood__child_wait(child, &exitcode, brood__deadline(BROOD__STARTUP_PATIENCE)));
    return rc == APR_EOF ? APR_SUCCESS : rc;
}

static apr_status_t start(brood__id_t id, apr_pool_t *mem)
{
    const brood__start_t how = {
        .argv = brood__guard_argv(),
        .executable = brood__guard_executable(),
        .segment = brood__arena_segment()->handle,
        .server = BROOD__NO_HANDLE,
        .outlives_parent = true,
    };
    const apr_time_t deadline = brood__deadline(BROOD__STARTUP_PATIENCE);
    brood__child_t *child;
    brood__handle_t channel;
    apr_status_t rc;

    brood__family_lock();
    rc = brood__child_spawn(&child, &channel, &how, mem);
    if (rc == APR_SUCCESS) {
        rc = instruct(channel, id, deadline, mem);
        if (rc == APR_SUCCESS)
            rc = wait_for_it(child, channel, deadline);
        brood__channel_close(channel);
        brood__child_close(child);
    }
    brood__family_unlock();
    return rc == APR_SUCCESS && brood__table_pid(id) == 0 ? APR_EGENERAL : rc;
}

/* Is it ours to start?  Not if another does so, who is waited for. */
static bool reserve(brood__id_t *id)
{
    const apr_time_t deadline = brood__deadline(BROOD__STARTUP_PATIENCE);
    apr_status_t rc = brood__table_reserve_keeper(id);

    while (rc == APR_EEXIST && brood__table_pid(brood__table_keeper()) == 0 && brood__clock_now() < deadline) {
        apr_sleep(LOOK_AGAIN);
        rc = brood__table_reserve_keeper(id);
    }
    return rc == APR_SUCCESS;
}

void brood__keeper_begin(void)
{
    brood__id_t id;
    apr_pool_t *mem;
    apr_status_t rc;
    char text[200];

    if (!brood__named_stays || !reserve(&id))
        return;
    rc = brood__own_pool(&mem);
    if (rc == APR_SUCCESS) {
        rc = start(id, mem);
        apr_pool_destroy(mem);
    }
    if (rc == APR_SUCCESS)
        return;
    brood__table_bury(id);
    brood_log(BROOD_LOG_WARNING,
              "no keeper can be started, so names will stay when all processes are killed at once: %s",
              brood_strerror(rc, text, sizeof text));
}

void brood__keeper_live(const brood__startup_t *startup, brood__handle_t channel)
{
    if (brood__child_detach() != APR_SUCCESS || brood__table_adopt(startup->id) != APR_SUCCESS)
        brood__child_exit(1);
    brood__channel_close(channel);
    brood__table_keep();
    brood__child_exit(0);
}
