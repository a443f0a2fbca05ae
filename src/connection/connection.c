#include "connection/connection.h"

#include "base/status.h"
#include "memory/table.h"
#include "platform/channel.h"

/* ---- beginning and end ---- */

/* The last of those who use it closes it. */
static void leave(brood_connection_t *connection)
{
    if (atomic_fetch_sub(&connection->users, 1) != 1)
        return;
    brood__open_remove(&connection->open);
    brood__message_drop(&connection->message);
    brood__stream_close(&connection->stream);
}

void brood_connection_close(brood_connection_t *connection)
{
    if (!atomic_exchange(&connection->closed, true))
        leave(connection);
}

/* What it has in memory is of no use, but no harm. */
static void forked(brood__open_t *open)
{
    brood_connection_t *connection = (brood_connection_t *) open;

    atomic_store(&connection->closed, true);
    brood__channel_close(connection->stream.handle);
    connection->stream.handle = BROOD__NO_HANDLE;
    connection->stream.over = NULL;
    if (connection->stream.parcel != NULL)
        brood__parcel_end(connection->stream.parcel);
}

static apr_status_t cleanup(void *data)
{
    brood_connection_close(data);
    return APR_SUCCESS;
}

apr_status_t brood__connection_create(brood_connection_t **connection, brood__stream_t *stream, bool can_recv,
                                      bool can_send, apr_pool_t *mem)
{
    brood_connection_t *made = apr_pcalloc(mem, sizeof *made);

    if (made == NULL) {
        brood__stream_close(stream);
        return brood_fail_text(APR_ENOMEM, "no memory for a connection");
    }
    made->mem = mem;
    made->stream = *stream;
    made->can_recv = can_recv;
    made->can_send = can_send;
    atomic_flag_clear(&made->receiving);
    atomic_flag_clear(&made->sending);
    atomic_store(&made->users, 1);
    brood__open_add(&made->open, forked);
    apr_pool_cleanup_register(mem, made, cleanup, apr_pool_cleanup_null);
    *connection = made;
    return APR_SUCCESS;
}

/* ---- who may ---- */

apr_status_t brood__connection_closed(void)
{
    return brood_fail_text(BROOD_ECLOSED, "the connection is closed");
}

static apr_status_t enter(brood_connection_t *connection)
{
    unsigned users = atomic_load(&connection->users);

    do
        if (users == 0 || atomic_load(&connection->closed))
            return brood__connection_closed();
    while (!atomic_compare_exchange_weak(&connection->users, &users, users + 1));
    return APR_SUCCESS;
}

/* Statuses as brood__connection_enter. */
static apr_status_t begin_use(brood_connection_t *connection, bool allowed, atomic_flag *busy, const char *refusal,
                              const char *busy_text)
{
    apr_status_t rc;

    BROOD_TRY(enter(connection));
    if (!allowed)
        rc = brood_fail_text(BROOD_EDIRECTION, refusal);
    else if (atomic_flag_test_and_set(busy))
        rc = brood_fail_text(BROOD_EMISUSE, busy_text);
    else
        return APR_SUCCESS;
    leave(connection);
    return rc;
}

apr_status_t brood__connection_enter(brood_connection_t *connection, bool to_send)
{
    return to_send
               ? begin_use(connection, connection->can_send, &connection->sending,
                           "this end of the connection only receives", "another thread is sending on this connection")
               : begin_use(connection, connection->can_recv, &connection->receiving,
                           "this end of the connection only sends", "another thread is receiving on this connection");
}

void brood__connection_leave(brood_connection_t *connection, bool to_send)
{
    atomic_flag_clear(to_send ? &connection->sending : &connection->receiving);
    leave(connection);
}

/* ---- pipes ---- */

apr_status_t brood_pipe_create(brood_connection_t **first, brood_connection_t **second, brood_direction_t direction,
                               apr_pool_t *mem)
{
    brood__stream_t ends[2];
    brood_connection_t *made[2];
    apr_status_t rc;

    if (direction != BROOD_DUPLEX && direction != BROOD_ONE_WAY)
        return brood_fail(APR_EINVAL, "direction %d: BROOD_DUPLEX or BROOD_ONE_WAY is meant", (int) direction);
    if (brood__me == 0)
        return brood_fail_text(BROOD_EGUARD, "a pipe needs brood_main or brood_init to have run in this program");
    rc = brood__stream_pair(ends);
    if (rc != APR_SUCCESS)
        return brood_fail(rc, "the system gives no pipe%s",
                          APR_STATUS_IS_EMFILE(rc) ? ": too many files are open" : "");
    rc = brood__connection_create(&made[0], &ends[0], true, direction == BROOD_DUPLEX, mem);
    if (rc != APR_SUCCESS) {
        brood__stream_close(&ends[1]);
        return rc;
    }
    rc = brood__connection_create(&made[1], &ends[1], direction == BROOD_DUPLEX, true, mem);
    if (rc != APR_SUCCESS) {
        brood_connection_close(made[0]);
        return rc;
    }
    *first = made[0];
    *second = made[1];
    return APR_SUCCESS;
}

/* ---- questions ---- */

void brood_connection_limit(brood_connection_t *connection, apr_size_t limit)
{
    connection->limit = limit;
}

bool brood_connection_readable(const brood_connection_t *connection)
{
    return connection->can_recv && !atomic_load(&connection->closed);
}

bool brood_connection_writable(const brood_connection_t *connection)
{
    return connection->can_send && !atomic_load(&connection->closed);
}

apr_status_t brood_connection_fileno(apr_os_file_t *file, brood_connection_t *connection)
{
    if (atomic_load(&connection->closed))
        return brood__connection_closed();
    *file = (apr_os_file_t) connection->stream.handle;
    return APR_SUCCESS;
}
