#include "raw/boost.h"

apr_status_t raw_boost_create(raw_boost_t *made, const char *name, size_t room, size_t size)
{
    (void) made;
    (void) name;
    (void) room;
    (void) size;
    return APR_ENOTIMPL;
}

void raw_boost_remove(const char *name)
{
    (void) name;
}

apr_status_t raw_boost_open(raw_boost_t *opened, const char *name)
{
    (void) opened;
    (void) name;
    return APR_ENOTIMPL;
}

apr_status_t raw_boost_put(const raw_boost_t *through, const void *data, size_t size)
{
    (void) through;
    (void) data;
    (void) size;
    return APR_ENOTIMPL;
}

apr_status_t raw_boost_get(const raw_boost_t *through, void *data, size_t size)
{
    (void) through;
    (void) data;
    (void) size;
    return APR_ENOTIMPL;
}

void raw_boost_close(raw_boost_t *ended)
{
    (void) ended;
}
