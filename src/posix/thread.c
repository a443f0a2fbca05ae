/* thread.c - POSIX threads. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/thread.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#define STACK 65536

static _Atomic uint64_t begun; /* in which process, in the upper half, and how many */

static uint64_t ours(void)
{
    return (uint64_t) getpid() << 32;
}

static void count_one(void)
{
    uint64_t before = atomic_load(&begun);

    while (!atomic_compare_exchange_weak(&begun, &before, (before >> 32 << 32 == ours() ? before : ours()) + 1))
        continue;
}

bool brood__thread_begin(void *(*run)(void *data), void *data)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    size_t stack = STACK;
    int error;

#ifdef PTHREAD_STACK_MIN /* in some libraries a call, and larger where registers are */
    if ((size_t) PTHREAD_STACK_MIN > stack)
        stack = (size_t) PTHREAD_STACK_MIN;
#endif
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, stack);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all); /* the program's signals are its own threads' */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, &attributes, run, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error == 0)
        count_one();
    return error == 0;
}

int brood__thread_count(void)
{
    const uint64_t now = atomic_load(&begun);

    return now >> 32 << 32 == ours() ? (int) (now & UINT32_MAX) : 0;
}
