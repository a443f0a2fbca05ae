#include "raw/boost.h"

#include <boost/interprocess/ipc/message_queue.hpp>

using namespace boost::interprocess;

/* What it throws, as a status. */
template <typename call_t> static apr_status_t tried(call_t call)
{
    try {
        return call() ? APR_SUCCESS : APR_EGENERAL;
    } catch (...) {
        return APR_EGENERAL;
    }
}

static message_queue *queue_of(const raw_boost_t *hold)
{
    return static_cast<message_queue *>(hold->queue);
}

apr_status_t raw_boost_create(raw_boost_t *made, const char *name, size_t room, size_t size)
{
    raw_boost_remove(name); /* of a program that was killed */
    return tried([=] { return (made->queue = new message_queue(create_only, name, room, size)) != NULL; });
}

void raw_boost_remove(const char *name)
{
    (void) message_queue::remove(name);
}

apr_status_t raw_boost_open(raw_boost_t *opened, const char *name)
{
    return tried([=] { return (opened->queue = new message_queue(open_only, name)) != NULL; });
}

apr_status_t raw_boost_put(const raw_boost_t *through, const void *data, size_t size)
{
    return tried([=] {
        queue_of(through)->send(data, size, 0);
        return true;
    });
}

apr_status_t raw_boost_get(const raw_boost_t *through, void *data, size_t size)
{
    return tried([=] {
        message_queue::size_type got;
        unsigned priority;

        queue_of(through)->receive(data, size, got, priority);
        return got == size;
    });
}

void raw_boost_close(raw_boost_t *ended)
{
    delete queue_of(ended);
}
