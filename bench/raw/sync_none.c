#include "raw/raw.h"

apr_status_t raw_sync_create(void *place, raw_sync_kind_t kind, unsigned count)
{
    (void) place;
    (void) kind;
    (void) count;
    return APR_ENOTIMPL;
}

void raw_sync_take(void *place, raw_sync_kind_t kind)
{
    (void) place;
    (void) kind;
}

void raw_sync_give(void *place, raw_sync_kind_t kind)
{
    (void) place;
    (void) kind;
}

void raw_sync_wait(void *place, raw_sync_kind_t kind)
{
    (void) place;
    (void) kind;
}

void raw_sync_wake(void *place)
{
    (void) place;
}
