/* interrupt.h - Ctrl-C, which the terminal sends to everybody, as one orderly end of the family. */
#ifndef BROOD_PLATFORM_INTERRUPT_H
#define BROOD_PLATFORM_INTERRUPT_H

#include "platform/handle.h"

/* In the first process, by its main thread: Ctrl-C ends this process no more, but the second one does, and at once.
 * Instead brood__interrupt_pending says so to this thread, whose waits it cuts short; or, where the system gives it a
 * thread of its own, `end` is called there, and then the process ends.  Nothing changes if the program has done with it
 * as it likes, or it is ignored. */
void brood__interrupt_begin(void (*end)(void));

/* In a child: the terminal's Ctrl-C is not for this process but for the first, which ends the others as it likes.
 * Whoever interrupts this process alone still ends it, unless the program has its own mind. */
void brood__interrupt_leave(void);

/* This process is not interrupted, by whomever. */
void brood__interrupt_ignore(void);

/* Is this that thread?  It sleeps for less than a second at a time, since it may be interrupted just before. */
bool brood__interrupt_possible(void);

/* And has it been interrupted? */
bool brood__interrupt_pending(void);

/* Whoever waited has been told: it is no longer pending. */
void brood__interrupt_take(void);

/* Has it been interrupted, told or not? */
bool brood__interrupted(void);

/* Ctrl-C is as it was before brood__interrupt_begin; `now`: and if there was one, this process ends by it. */
void brood__interrupt_end(bool now);

#endif
