/* open.h - what this process has open that a forked child must not have: each end and each listener is one process's. */
#ifndef BROOD_CONNECTION_OPEN_H
#define BROOD_CONNECTION_OPEN_H

typedef struct brood__open_t {
    struct brood__open_t *next;
    struct brood__open_t **before;              /* NULL: it is not among them */
    void (*forked)(struct brood__open_t *self); /* close it in a forked child, where one thread runs, and little else */
} brood__open_t;

void brood__open_add(brood__open_t *one, void (*forked)(brood__open_t *self));
/* Twice is fine. */
void brood__open_remove(brood__open_t *one);

/* Around a fork, in the thread that forks; in the child brood__open_forked instead of the latter. */
void brood__open_lock(void);
void brood__open_unlock(void);
void brood__open_forked(void);

#endif
