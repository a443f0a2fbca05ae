/* kinds.c - connections and sockets as values: their handles go along with the message, or wait for whoever gets the item. */
#include "connection/connection.h"

#include "base/status.h"
#include "base/thread_local.h"
#include "memory/loan.h"
#include "platform/ticket.h"
#include <apr_network_io.h>
#include <apr_portable.h>
#include <apr_strings.h>

/* At the top of a word. */
#define RECVS (UINT64_C(1) << 63)
#define SENDS (UINT64_C(1) << 62)
#define IS_PIPE (UINT64_C(1) << 61)
#define FAMILY_SHIFT 62 /* of a socket */
#define IS_DATAGRAM (UINT64_C(1) << 61)
#define WORD ((UINT64_C(1) << BROOD__TICKET_BITS) - 1)

static BROOD__THREAD_LOCAL brood__parcel_t *arrived;

void brood__connection_arrived(brood__parcel_t *parcel)
{
    arrived = parcel;
}

static apr_status_t pack_handle(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind, uint32_t to,
                                const char *name)
{
    const apr_status_t rc =
        to == BROOD__TO_ITEM ? brood__loans_leave(word, handle, kind) : brood__parcel_pack(word, handle, kind);

    if (rc == APR_ENOTIMPL)
        return brood_fail(BROOD_EENCODE,
                          "a %s can be in a child's arguments, a connection's messages and a queue's items alone",
                          name);
    if (rc == APR_ENOSPC)
        return brood_fail(BROOD_EENCODE, "more than %d connections and sockets in one value", BROOD__PARCEL_MOST);
    return rc == APR_SUCCESS || rc == BROOD_EENCODE ? rc : brood_fail(rc, "a %s cannot be copied", name);
}

/* Of an item, or in what has come along with a message. */
static apr_status_t take_handle(brood__handle_t *handle, uint64_t word, const char *name)
{
    apr_status_t rc = brood__loans_fetch(handle, word & WORD);

    if (rc == APR_SUCCESS)
        return rc;
    if (rc != APR_ENOTIMPL)
        return brood_fail(BROOD_EDECODE, "a %s of the item is gone, perhaps with the process that has put it", name);
    if (brood__parcel_take(handle, arrived, word & WORD) != APR_SUCCESS)
        return brood_fail(BROOD_EDECODE, "a %s of the message has not come along, or was not taken in time", name);
    return APR_SUCCESS;
}

static bool same(const void *a, const void *b)
{
    return a == b;
}

/* ---- connections ---- */

/* What was read ahead would be lost to whoever reads on. */
static apr_status_t check_ahead(brood_connection_t *connection)
{
    bool ahead;

    if (!connection->can_recv)
        return APR_SUCCESS;
    BROOD_TRY(brood__connection_enter(connection, false));
    brood__stream_settle(&connection->stream);
    ahead = brood__connection_has_come(connection);
    brood__connection_leave(connection, false);
    return ahead ? brood_fail_text(BROOD_EENCODE,
                                   "messages were read ahead on the connection: receive them before it is sent")
                 : APR_SUCCESS;
}

static apr_status_t pack_connection(uint64_t *word, void *object, uint32_t to)
{
    brood_connection_t *connection = object;

    if (atomic_load(&connection->closed))
        return brood__connection_closed();
    if (connection->stream.over != NULL)
        return brood_fail_text(BROOD_EENCODE, "a connection that is encrypted cannot be sent to another process");
    BROOD_TRY(check_ahead(connection));
    BROOD_TRY(pack_handle(word, connection->stream.handle, connection->stream.kind, to, "connection"));
    *word |= (connection->can_recv ? RECVS : 0) | (connection->can_send ? SENDS : 0)
             | (connection->stream.kind == BROOD__HANDLE_PIPE ? IS_PIPE : 0);
    return APR_SUCCESS;
}

static apr_status_t unpack_connection(void **object, uint64_t word, apr_pool_t *mem)
{
    brood_connection_t *connection;
    brood__stream_t stream;
    brood__handle_t handle;

    BROOD_TRY(take_handle(&handle, word, "connection"));
    brood__stream_init(&stream, handle, word & IS_PIPE ? BROOD__HANDLE_PIPE : BROOD__HANDLE_SOCKET);
    BROOD_TRY(brood__connection_create(&connection, &stream, (word & RECVS) != 0, (word & SENDS) != 0, mem));
    *object = connection;
    return APR_SUCCESS;
}

static apr_status_t copy_connection(void **copied, void *object, apr_pool_t *mem)
{
    const brood_connection_t *connection = object;
    brood_connection_t *made;
    brood__stream_t stream;
    brood__handle_t handle;
    apr_status_t rc;

    if (atomic_load(&connection->closed))
        return brood__connection_closed();
    rc = brood__stream_copy(&handle, &connection->stream);
    if (rc != APR_SUCCESS)
        return brood_fail(rc, "the connection cannot be copied");
    brood__stream_init(&stream, handle, connection->stream.kind);
    BROOD_TRY(brood__connection_create(&made, &stream, connection->can_recv, connection->can_send, mem));
    *copied = made;
    return APR_SUCCESS;
}

/* <Connection 5, receives and sends>. */
static const char *connection_string(void *object, apr_pool_t *mem)
{
    const brood_connection_t *connection = object;

    if (atomic_load(&connection->closed))
        return "<Connection closed>";
    return apr_psprintf(mem, "<Connection %ld, %s>", (long) connection->stream.handle,
                        !connection->can_send   ? "receives"
                        : !connection->can_recv ? "sends"
                                                : "receives and sends");
}

const brood__kind_t brood__connection_kind = {
    .tag = BROOD__TAG_CONNECTION,
    .name = "Connection",
    .travels = brood__kind_travels,
    .pack = pack_connection,
    .unpack = unpack_connection,
    .copy = copy_connection,
    .same = same,
    .string = connection_string,
};

BROOD__KIND_FUNCTIONS(connection, BROOD__TAG_CONNECTION)

/* ---- APR's sockets ---- */

typedef apr_socket_t brood_socket_t; /* as the functions below are named */

static const int families[] = {APR_INET, APR_INET,
#if APR_HAVE_IPV6
                               APR_INET6,
#else
                               APR_INET,
#endif
                               APR_UNIX};

static apr_status_t pack_socket(uint64_t *word, void *object, uint32_t to)
{
    apr_sockaddr_t *own;
    apr_os_sock_t handle;
    uint64_t family = 1;
    int type = SOCK_STREAM;

    if (apr_os_sock_get(&handle, object) != APR_SUCCESS || (brood__handle_t) handle == BROOD__NO_HANDLE)
        return brood_fail_text(BROOD_ECLOSED, "the socket is closed");
    BROOD_TRY(pack_handle(word, (brood__handle_t) handle, BROOD__HANDLE_SOCKET, to, "socket"));
    if (apr_socket_addr_get(&own, APR_LOCAL, object) == APR_SUCCESS)
        for (uint64_t i = 1; i < sizeof families / sizeof *families; i++)
            if (families[i] == own->family)
                family = i;
    BROOD_IGNORE(apr_socket_type_get(object, &type));
    *word |= family << FAMILY_SHIFT | (type == SOCK_DGRAM ? IS_DATAGRAM : 0);
    return APR_SUCCESS;
}

static apr_status_t unpack_socket(void **object, uint64_t word, apr_pool_t *mem)
{
    apr_os_sock_info_t info = {.family = families[word >> FAMILY_SHIFT],
                               .type = word & IS_DATAGRAM ? SOCK_DGRAM : SOCK_STREAM};
    apr_socket_t *socket;
    apr_os_sock_t handle;
    brood__handle_t taken;
    apr_status_t rc;

    BROOD_TRY(take_handle(&taken, word, "socket"));
    handle = (apr_os_sock_t) taken;
    info.os_sock = &handle;
    rc = apr_os_sock_make(&socket, &info, mem);
    if (rc != APR_SUCCESS)
        return brood_fail(rc, "a socket of the message is of no use to APR");
    BROOD_IGNORE(apr_socket_opt_set(socket, APR_SO_NONBLOCK, 1)); /* so that APR knows what it is, */
    BROOD_IGNORE(apr_socket_opt_set(socket, APR_SO_NONBLOCK, 0)); /* and that it is not any more */
    *object = socket;
    return APR_SUCCESS;
}

static apr_status_t copy_socket(void **copied, void *object, apr_pool_t *mem)
{
    (void) copied;
    (void) object;
    (void) mem;
    return brood_fail_text(APR_ENOTIMPL, "a socket cannot be copied within a process");
}

static const char *socket_string(void *object, apr_pool_t *mem)
{
    apr_os_sock_t handle;

    if (apr_os_sock_get(&handle, object) != APR_SUCCESS)
        return "<Socket closed>";
    return apr_psprintf(mem, "<Socket %ld>", (long) handle);
}

const brood__kind_t brood__socket_kind = {
    .tag = BROOD__TAG_SOCKET,
    .name = "Socket",
    .travels = brood__kind_travels,
    .pack = pack_socket,
    .unpack = unpack_socket,
    .copy = copy_socket,
    .same = same,
    .string = socket_string,
};

BROOD__KIND_FUNCTIONS(socket, BROOD__TAG_SOCKET)
