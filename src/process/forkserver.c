/* forkserver.c - the way to the fork server, which is started when it is first needed.
 *
 * The server is a spawned copy of the program that goes to brood__child_serve as soon as it sees the arena.  It stands
 * in no table and holds nothing of the arena; it outlives the process that started it if others still may ask. */
#include "process/forkserver.h"

#include "base/deadline.h"
#include "base/own.h"
#include "memory/arena.h"
#include "platform/channel.h"
#include "process/entry.h"
#include "process/startup.h"
#include <brood/process.h>
#include <stdatomic.h>

#define LAST_WAIT apr_time_from_sec(1)

static brood__handle_t server = BROOD__NO_HANDLE;
static brood__child_t *server_child; /* if this process started it */
static apr_pool_t *server_pool;      /* of server_child */
static unsigned starts;              /* of servers, by this process */
static const char *_Atomic preload;  /* full name of an entry; NULL: none */

apr_status_t brood_set_forkserver_preload(brood_entry_fn entry)
{
    const char *name = NULL;

    if (entry != NULL)
        BROOD_TRY(brood__entry_require(&name, entry));
    atomic_store(&preload, name);
    return APR_SUCCESS;
}

brood__handle_t brood__forkserver_handle(void)
{
    return server;
}

void brood__forkserver_inherit(brood__handle_t handle)
{
    if (server_child != NULL) /* in a forked copy of the process that started it */
        brood__child_forget(server_child);
    server = handle;
    server_child = NULL;
    server_pool = NULL;
    starts = 0;
}

unsigned brood__forkserver_starts(void)
{
    return starts;
}

brood__child_t *brood__forkserver_child(void)
{
    return server_child;
}

static void part_from(brood__child_t *child, bool ends)
{
    int exitcode;

    if (ends) /* a matter of moments */
        BROOD_IGNORE(brood__child_wait(child, &exitcode, brood__deadline(LAST_WAIT)));
    brood__child_close(child);
}

void brood__forkserver_end(bool last)
{
    brood__channel_close(server);
    server = BROOD__NO_HANDLE;
    if (server_child != NULL) {
        part_from(server_child, last);
        apr_pool_destroy(server_pool);
    }
    server_child = NULL;
    server_pool = NULL;
}

static apr_status_t instruct(brood__handle_t channel, apr_pool_t *mem)
{
    brood__output_t output = {NULL, 0, 0, mem};
    const brood__startup_t startup = {
        .role = BROOD__ROLE_SERVER,
        .fingerprint = brood__entry_fingerprint(),
        .arena_size = brood__arena_segment()->size,
        .entry = atomic_load(&preload),
    };

    BROOD_TRY(brood__startup_encode(&output, &startup));
    return brood__frame_send(channel, output.data, output.size, NULL, brood__deadline(BROOD__STARTUP_PATIENCE));
}

static apr_status_t begin(const brood__start_t *model)
{
    brood__handle_t ends[2] = {BROOD__NO_HANDLE, BROOD__NO_HANDLE};
    brood__handle_t channel = BROOD__NO_HANDLE;
    brood__child_t *child = NULL;
    apr_pool_t *pool;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&pool));
    rc = brood__child_server_pair(ends);
    if (rc == APR_SUCCESS) {
        const brood__start_t start = {
            .argv = model->argv,
            .executable = model->executable,
            .segment = brood__arena_segment()->handle,
            .server = ends[0],
            .serves = true,
            .outlives_parent = true,
        };

        rc = brood__child_spawn(&child, &channel, &start, pool);
    }
    if (rc == APR_SUCCESS) {
        rc = instruct(channel, pool);
        brood__channel_close(channel);
    }
    brood__channel_close(ends[0]);
    if (rc != APR_SUCCESS
        && !APR_STATUS_IS_EPIPE(rc)) { /* EPIPE: it was killed at once, which the request will find out */
        brood__channel_close(ends[1]);
        if (child != NULL) {
            BROOD_IGNORE(brood__child_kill(child));
            part_from(child, true);
        }
        apr_pool_destroy(pool);
        return rc;
    }
    server = ends[1];
    server_child = child;
    server_pool = pool;
    starts++;
    return APR_SUCCESS;
}

apr_status_t brood__forkserver_request(brood__child_t **child, brood__handle_t *channel, brood__start_t *start,
                                       apr_pool_t *mem)
{
    apr_status_t rc = APR_EOF;

    for (int attempt = 0; attempt < 2 && rc == APR_EOF; attempt++) {
        if (server == BROOD__NO_HANDLE)
            BROOD_TRY(begin(start));
        start->server = server;
        start->server_key = brood__arena_key();
        rc = brood__child_request(child, channel, start, brood__deadline(BROOD__STARTUP_PATIENCE), mem);
        if (rc == APR_EOF)
            brood__forkserver_end(true); /* it is dead */
    }
    return rc;
}
