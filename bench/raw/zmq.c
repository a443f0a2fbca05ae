/* zmq.c - ZeroMQ, where it was found. */
#include "raw/raw.h"

#ifdef BENCH_ZMQ
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#define LOCAL "ipc://"

static void *context; /* of this process's sockets */
static int sockets;

apr_status_t raw_zmq_open(raw_zmq_t *made, const char *address, raw_zmq_kind_t kind, int room)
{
    static const int types[] = {ZMQ_PAIR, ZMQ_PAIR, ZMQ_PULL, ZMQ_PUSH};
    const bool has_address = kind == RAW_ZMQ_PAIR || kind == RAW_ZMQ_PULL;

    if (sockets == 0)
        context = zmq_ctx_new();
    made->socket = zmq_socket(context, types[kind]);
    if (made->socket == NULL)
        return APR_EGENERAL;
    sockets++;
    if (zmq_setsockopt(made->socket, ZMQ_SNDHWM, &room, sizeof room) != 0
        || zmq_setsockopt(made->socket, ZMQ_RCVHWM, &room, sizeof room) != 0)
        return APR_EGENERAL;
    return (has_address ? zmq_bind : zmq_connect)(made->socket, address) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t raw_zmq_send(const raw_zmq_t *through, const void *data, size_t size)
{
    return zmq_send(through->socket, data, size, 0) >= 0 ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t raw_zmq_recv(const raw_zmq_t *through, void *data, size_t size)
{
    return zmq_recv(through->socket, data, size, 0) == (int) size ? APR_SUCCESS : APR_EGENERAL;
}

void raw_zmq_close(raw_zmq_t *ended)
{
    char address[200] = "";
    size_t size = sizeof address;

    (void) zmq_getsockopt(ended->socket, ZMQ_LAST_ENDPOINT, address, &size);
    (void) zmq_close(ended->socket);
    if (--sockets == 0)
        (void) zmq_ctx_term(context);
    if (strncmp(address, LOCAL, sizeof LOCAL - 1) == 0)
        (void) remove(address + sizeof LOCAL - 1); /* the first to close; nobody comes later */
}
#else
apr_status_t raw_zmq_open(raw_zmq_t *made, const char *address, raw_zmq_kind_t kind, int room)
{
    (void) made;
    (void) address;
    (void) kind;
    (void) room;
    return APR_ENOTIMPL;
}

apr_status_t raw_zmq_send(const raw_zmq_t *through, const void *data, size_t size)
{
    (void) through;
    (void) data;
    (void) size;
    return APR_ENOTIMPL;
}

apr_status_t raw_zmq_recv(const raw_zmq_t *through, void *data, size_t size)
{
    (void) through;
    (void) data;
    (void) size;
    return APR_ENOTIMPL;
}

void raw_zmq_close(raw_zmq_t *ended)
{
    (void) ended;
}
#endif

int raw_zmq_is_there(void)
{
#ifdef BENCH_ZMQ
    return 1;
#else
    return 0;
#endif
}
