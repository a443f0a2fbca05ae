#include "manager/managed.h"

#include "base/thread_local.h"

static BROOD__THREAD_LOCAL brood__exchange_t *now;

brood__exchange_t *brood__exchange_enter(brood__exchange_t *exchange)
{
    brood__exchange_t *before = now;

    now = exchange;
    return before;
}

brood__exchange_t *brood__exchange_now(void)
{
    return now;
}

bool brood__managed_travels(void *object)
{
    (void) object;
    return now != NULL;
}

apr_status_t brood__managed_pack(uint64_t *word, void *ref, uint32_t to)
{
    if (now != NULL && to == 0)
        return now->number(word, now, ref);
    return brood__object_pack(word, ref, to);
}

bool brood__managed_same(const void *a, const void *b)
{
    if (((const brood__ref_t *) a)->object == NULL)
        return a == b;
    return brood__object_same(a, b);
}

apr_status_t brood__managed_unpack(void **ref, size_t ref_size, const brood__kind_t *kind, uint64_t word,
                                   apr_pool_t *mem)
{
    if (now != NULL)
        return now->object(ref, now, kind, word, mem);
    return brood__object_unpack(ref, ref_size, kind, word, mem);
}
