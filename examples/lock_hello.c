/* Ten processes print under one lock; nobody joins them, the end of the program does. */
#include <brood.h>
#include <stdio.h>

static apr_status_t f(brood_call_t *call)
{
    brood_lock_t *lock;
    int i;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &i));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    printf("hello world %d\n", i);
    fflush(stdout);
    return brood_lock_release(lock);
}

static apr_status_t app(brood_call_t *call)
{
    brood_lock_t *lock;

    BROOD_TRY(brood_lock_create(&lock, call->mem));
    for (int num = 0; num < 10; num++)
        BROOD_TRY(brood_process_start(NULL, f, BROOD_ARGS(lock, num), NULL, call->mem));
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(f))
