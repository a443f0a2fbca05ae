#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "raw/raw.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

typedef struct raw_condition_t {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
} raw_condition_t;

static int create_mutex(pthread_mutex_t *mutex, bool robust)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);

    if (error == 0)
        error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (error == 0 && robust)
        error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    return error != 0 ? error : pthread_mutex_init(mutex, &attributes);
}

static int create_condition(raw_condition_t *made)
{
    pthread_condattr_t attributes;
    int error = create_mutex(&made->mutex, false);

    if (error == 0)
        error = pthread_condattr_init(&attributes);
    if (error == 0)
        error = pthread_condattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    return error != 0 ? error : pthread_cond_init(&made->condition, &attributes);
}

static int create_barrier(pthread_barrier_t *made, unsigned count)
{
    pthread_barrierattr_t attributes;
    int error = pthread_barrierattr_init(&attributes);

    if (error == 0)
        error = pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    return error != 0 ? error : pthread_barrier_init(made, &attributes, count);
}

apr_status_t raw_sync_create(void *place, raw_sync_kind_t kind, unsigned count)
{
    _Static_assert(sizeof(raw_condition_t) <= RAW_SYNC_SIZE && sizeof(pthread_barrier_t) <= RAW_SYNC_SIZE
                       && sizeof(sem_t) <= RAW_SYNC_SIZE,
                   "there is room");
    switch (kind) {
    case RAW_SEMAPHORE:
        return sem_init(place, 1, count) == 0 ? APR_SUCCESS : errno;
    case RAW_ROBUST:
        return create_mutex(place, true);
    case RAW_CONDITION:
        return create_condition(place);
    default:
        return create_barrier(place, count);
    }
}

void raw_sync_take(void *place, raw_sync_kind_t kind)
{
    if (kind == RAW_SEMAPHORE)
        while (sem_wait(place) != 0)
            ;
    else
        (void) pthread_mutex_lock(place);
}

void raw_sync_give(void *place, raw_sync_kind_t kind)
{
    if (kind == RAW_SEMAPHORE)
        (void) sem_post(place);
    else
        (void) pthread_mutex_unlock(place);
}

void raw_sync_wait(void *place, raw_sync_kind_t kind)
{
    raw_condition_t *both = place;

    if (kind == RAW_CONDITION)
        (void) pthread_cond_wait(&both->condition, &both->mutex);
    else
        (void) pthread_barrier_wait(place);
}

void raw_sync_wake(void *place)
{
    (void) pthread_cond_broadcast(&((raw_condition_t *) place)->condition);
}
