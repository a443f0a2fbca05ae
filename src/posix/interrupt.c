/* interrupt.c - SIGINT. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "platform/interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define NOT_FIRST (-1)

static volatile pid_t first; /* who can be interrupted; its forked copies have this handler, too; 0: nobody asked */
static pthread_t thread;     /* of the first process: which is told */
static volatile sig_atomic_t came;
static volatile sig_atomic_t pending;
static volatile sig_atomic_t passed_on; /* from another thread to that one */

/* Once the handler has returned. */
static void end_by_it(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};

    sigemptyset(&standard.sa_mask);
    sigaction(SIGINT, &standard, NULL);
    (void) kill(getpid(), SIGINT);
}

static void on_interrupt(int number, siginfo_t *info, void *context)
{
    const int error = errno;

    (void) number;
    (void) context;
    if (getpid() != first) {
        if (info->si_pid != 0) /* not the terminal's */
            end_by_it();
    } else if (passed_on) {
        passed_on = 0; /* this was to have the system call of the thread return */
    } else if (came) {
        end_by_it();
    } else {
        came = pending = 1;
        if (!pthread_equal(pthread_self(), thread)) {
            passed_on = 1;
            (void) pthread_kill(thread, SIGINT);
        }
    }
    errno = error;
}

/* Unless it is ignored, or the program has a handler. */
static bool handle(void)
{
    struct sigaction before;
    struct sigaction ours = {.sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO | SA_RESTART};

    if (sigaction(SIGINT, NULL, &before) != 0 || (before.sa_flags & SA_SIGINFO) || before.sa_handler != SIG_DFL)
        return false;
    sigemptyset(&ours.sa_mask);
    return sigaction(SIGINT, &ours, NULL) == 0;
}

void brood__interrupt_begin(void (*end)(void))
{
    (void) end; /* it is for this thread to end */
    thread = pthread_self();
    came = pending = passed_on = 0;
    first = getpid();
    if (!handle())
        first = 0;
}

void brood__interrupt_leave(void)
{
    if (first != 0) /* the handler has come along, unless the program has put another in its place */
        return;
    first = NOT_FIRST;
    (void) handle();
}

void brood__interrupt_ignore(void)
{
    struct sigaction ignored = {.sa_handler = SIG_IGN};

    sigemptyset(&ignored.sa_mask);
    sigaction(SIGINT, &ignored, NULL);
}

/* In a forked copy, too; what the handler writes is for no other thread to read. */
static bool is_the_thread(void)
{
    return first > 0 && pthread_equal(pthread_self(), thread);
}

bool brood__interrupt_possible(void)
{
    return is_the_thread() && first == getpid();
}

bool brood__interrupt_pending(void)
{
    return is_the_thread() && pending && first == getpid();
}

void brood__interrupt_take(void)
{
    pending = 0;
}

bool brood__interrupted(void)
{
    return came && first == getpid();
}

void brood__interrupt_end(bool now)
{
    const bool ends = now && brood__interrupted();

    if (first != getpid())
        return;
    first = 0;
    if (ends)
        end_by_it();
    else
        (void) signal(SIGINT, SIG_DFL);
}
