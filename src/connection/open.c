#include "connection/open.h"

#include "base/mutex.h"
#include <stddef.h>

static brood__mutex_t mutex;
static brood__open_t *all;

void brood__open_add(brood__open_t *one, void (*forked)(brood__open_t *self))
{
    brood__mutex_lock(&mutex);
    *one = (brood__open_t){all, &all, forked};
    if (all != NULL)
        all->before = &one->next;
    all = one;
    brood__mutex_unlock(&mutex);
}

void brood__open_remove(brood__open_t *one)
{
    brood__mutex_lock(&mutex);
    if (one->before != NULL) {
        *one->before = one->next;
        if (one->next != NULL)
            one->next->before = one->before;
    }
    one->before = NULL;
    brood__mutex_unlock(&mutex);
}

void brood__open_lock(void)
{
    brood__mutex_lock(&mutex);
}

void brood__open_unlock(void)
{
    brood__mutex_unlock(&mutex);
}

void brood__open_forked(void)
{
    while (all != NULL) {
        brood__open_t *one = all;

        all = one->next;
        one->before = NULL;
        one->forked(one);
    }
    brood__mutex_forked(&mutex);
}
