/* authkey.c - the key by which the members of a family know each other. */
#include "process/authkey.h"

#include "base/own.h"
#include "base/status.h"
#include "platform/self.h"
#include <stdatomic.h>

#define SIZE 32

static const brood_bytes_t *_Atomic key; /* a copy for ever, since readers may have it still */

static apr_status_t keep(const void *data, size_t size)
{
    const brood_bytes_t bytes = {brood__own_copy(data, size), size};
    const brood_bytes_t *kept = bytes.data != NULL ? brood__own_copy(&bytes, sizeof bytes) : NULL;

    if (kept == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the family's key");
    atomic_store(&key, kept);
    return APR_SUCCESS;
}

apr_status_t brood__authkey_begin(void)
{
    unsigned char bytes[SIZE];
    apr_status_t rc;

    if (atomic_load(&key) != NULL) /* the program has set one, or this is not the first tree */
        return APR_SUCCESS;
    rc = brood__self_random(bytes, sizeof bytes);
    if (rc != APR_SUCCESS)
        return brood_fail(rc, "the system gives no random bytes for the family's key");
    return keep(bytes, sizeof bytes);
}

brood_bytes_t brood_authkey(void)
{
    const brood_bytes_t *now = atomic_load(&key);

    return now != NULL ? *now : (brood_bytes_t){NULL, 0};
}

apr_status_t brood_set_authkey(const void *data, apr_size_t size)
{
    if (data == NULL && size != 0)
        return brood_fail(APR_EINVAL, "a key of %llu bytes at NULL", (unsigned long long) size);
    return keep(data, size);
}

apr_status_t brood__authkey_born(brood_bytes_t bytes)
{
    return keep(bytes.data, bytes.size);
}
