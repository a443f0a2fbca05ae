/* step.h - labelled places where a process may be killed, for the torture tests; nothing in any other build.
 *
 * One list: every place where a death leaves something half done that another process must put right. */
#ifndef BROOD_BASE_STEP_H
#define BROOD_BASE_STEP_H

/* clang-format off */
#define BROOD__STEP_MAP(X)                                                                                            \
    X(LOCK_FAST) X(LOCK_SPUN) X(LOCK_STOLEN) X(LOCK_MARKED) X(LOCK_NOTED) X(LOCK_WOKEN) X(LOCK_TAKEN) X(LOCK_TIMEUP)  \
    X(LOCK_RELEASED) X(LOCK_RELEASED_WAITED) X(LOCK_RANG)                                                             \
    X(PUT_LOCKED) X(PUT_HALF) X(PUT_FILLED) X(PUT_COMMITTED) X(PUT_UNLOCKED) X(PUT_DONE)                              \
    X(GET_LOCKED) X(GET_COPIED) X(GET_OWNED) X(GET_COMMITTED) X(GET_DONE)                                             \
    X(WAIT_ARMED) X(WAIT_NOTED) X(WAIT_WOKEN) X(WAIT_REARMED) X(RING_CLAIMED) X(RING_BUMPED) X(RING_RANG)             \
    X(END_TAKEN) X(END_UNLOCKED_DEAD) X(RING_SHUT)                                                                    \
    X(CHUNK_READY) X(CHUNK_LINKED) X(CHUNK_SPARE_TAKEN) X(CHUNK_TAKEN) X(CHUNK_LEFT)                                  \
    X(LEASE_OWNED) X(LEASE_GOT) X(LEASE_ENDED) X(LEASE_LINKED) X(LEASE_RETURNED)                                     \
    X(TASK_BEGUN) X(TASK_COMMITTED) X(TASK_REVOKED) X(TASK_FINISHED) X(TASK_LOST) X(JOIN_CLAIMED) X(JOIN_ARMED)       \
    X(HEAP_CLAIMED) X(HEAP_REFILLED) X(HEAP_FREED) X(HEAP_GROW_LOCKED) X(HEAP_GROW_LISTED) X(HEAP_GROW_COMMITTED)     \
    X(HEAP_GROW_COUNTED) X(HEAP_LARGE_COMMITTED) X(HEAP_LARGE_FREED)                                                  \
    X(SWEEP_MARKED) X(SWEEP_BUMPED) X(SWEEP_WOKE) X(SWEEP_ENDS_LOCKED) X(SWEEP_BLOCK) X(SWEEP_TAKEN)                  \
    X(SWEEP_HEAP_DONE) X(SWEEP_FREED) X(ADOPT_PID) X(ADOPTED)                                                         \
    X(SLEEP_DECLARED) X(SLEEP_ENDED)                                                                                  \
    X(WAITER_CLAIMED) X(WAITER_ENTERED) X(WAITER_TOLD) X(WAITER_ROUSED) X(WAITER_LEAVING) X(WAITER_PASSED_ON)         \
    X(EVENT_CHANGED) X(EVENT_RANG) X(SEMAPHORE_TAKEN) X(SEMAPHORE_GIVEN) X(SEMAPHORE_RANG)                            \
    X(CONDITION_RELEASED) X(CONDITION_RETAKEN)                                                                        \
    X(BARRIER_LOCKED) X(BARRIER_COUNTED) X(BARRIER_FULL) X(BARRIER_PASSED) X(BARRIER_BROKEN)                          \
    X(OBJECT_LOCKED) X(OBJECT_HELD) X(OBJECT_DROPPED) X(OBJECT_DESTROYED) X(OBJECT_TAKEN)                             \
    X(RUN_IDLE) X(RUN_TAKEN) X(RUN_CLAIMED) X(RUN_DONE) X(COMPLETION_PUT) X(COMPLETION_MARKED)                        \
    X(LOAN_COUNTED) X(LOAN_BEGUN) X(LOAN_UNMARKED) X(LOAN_RETURNED) X(LOAN_ENDED) X(LOANS_FORGOTTEN) X(LOANS_RECOUNTED)
/* clang-format on */

#define BROOD__STEP_ENUM(name) BROOD__STEP_##name,
enum { BROOD__STEP_NONE, BROOD__STEP_MAP(BROOD__STEP_ENUM) BROOD__STEPS };

#ifdef BROOD_TORTURE
/* Set by a torture test; NULL: nothing happens. */
extern void (*brood__step)(int step);
#define BROOD__STEP(name)                    \
    do {                                     \
        if (brood__step != NULL)             \
            brood__step(BROOD__STEP_##name); \
    } while (0)
#else
#define BROOD__STEP(name) ((void) 0)
#endif

#endif
