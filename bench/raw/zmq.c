/* zmq.c - ZeroMQ, where it was found. */
#include "raw/raw.h"

#ifdef BENCH_ZMQ
#include <zmq.h>

apr_status_t raw_zmq_open(raw_zmq_t *made, const char *address, int end)
{
    made->context = zmq_ctx_new();
    made->socket = zmq_socket(made->context, ZMQ_PAIR);
    if (made->socket == NULL)
        return APR_EGENERAL;
    return (end == 0 ? zmq_bind(made->socket, address) : zmq_connect(made->socket, address)) == 0 ? APR_SUCCESS
                                                                                                  : APR_EGENERAL;
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
    (void) zmq_close(ended->socket);
    (void) zmq_ctx_term(ended->context);
}
#else
apr_status_t raw_zmq_open(raw_zmq_t *made, const char *address, int end)
{
    (void) made;
    (void) address;
    (void) end;
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
