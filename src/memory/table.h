/* table.h - every process of the tree has a slot; death is what the table says.
 *
 * An id is generation << 10 | slot and never comes twice.  "Dead" is one load and no system call; only the kernel's
 * word (probe) makes the table say it.  Marking somebody dead takes everything he held away from him at once; the
 * sweep that follows gives back what he owned and sends every sleeper to look again. */
#ifndef BROOD_MEMORY_TABLE_H
#define BROOD_MEMORY_TABLE_H

#include "memory/arena.h"

typedef uint32_t brood__id_t;

#define BROOD__SLOTS 1000u
#define BROOD__NAME_SIZE 64u
#define BROOD__ID_MASK UINT32_C(0x3fffffff)
#define BROOD__ID_SLOT(id) (1023u & (id))

/* This process; 0 while it is in no table. */
extern brood__id_t brood__me;

/* A slot for a child that is about to be started, named `name` (cut to BROOD__NAME_SIZE - 1 bytes).
 * APR_EAGAIN: BROOD__SLOTS processes live. */
apr_status_t brood__table_reserve(brood__id_t *id, const char *name);

/* The child runs as `pid`. */
void brood__table_started(brood__id_t id, uint32_t pid);

/* The child's side: this process is `id`, and forgets all that was its parent's.  BROOD_EMISUSE: it has been declared
 * dead meanwhile and must end. */
apr_status_t brood__table_adopt(brood__id_t id);

/* Is this process brood__me?  Else it is in no table, or a copy that the program forked by itself, whose pools end, too. */
bool brood__table_is_me(void);

/* `id` has ended or was never started: take back what it held.  Any number of times. */
void brood__table_bury(brood__id_t id);

/* An orderly end of this process's part in the tree.  Locks it still holds go to their next acquirer with
 * BROOD_EOWNERDEAD: a child's when it has ended for good. */
void brood__table_leave(void);

/* What the table says. */
bool brood__table_alive(brood__id_t id);
/* Declared dead, and its slot not yet free for the next. */
bool brood__table_dead(brood__id_t id);
/* Ask the kernel; true if dead, which the table says from then on. */
bool brood__table_probe(brood__id_t id);
/* The same for those who do not wait long enough to ask: every now and then, one of them does. */
bool brood__table_glance(brood__id_t id);
/* For those who wait for nobody in particular: probe everybody and sweep, at most ten times a second in all of the tree. */
void brood__table_look(void);
/* Finish what deaths have left, here and in sweeps that died; probe everybody first if `everybody`. */
void brood__table_sweep(bool everybody);
/* A slot for the keeper, a process that sweeps when nobody else is left.  APR_EEXIST: there is one. */
apr_status_t brood__table_reserve_keeper(brood__id_t *id);
/* The keeper; 0: there has been none. */
brood__id_t brood__table_keeper(void);
/* In the keeper: sweep until nobody else is left, after every leave of a first process and twice a second. */
void brood__table_keep(void);
/* How many slots are in use, this process's included. */
unsigned brood__table_count(void);

/* Name and pid while `id` is known, else NULL and 0.  The name is copied into `name`. */
const char *brood__table_name(brood__id_t id, char name[BROOD__NAME_SIZE]);
uint32_t brood__table_pid(brood__id_t id);

/* Between these a sweep would wait for what this thread holds itself: only mark the dead. */
void brood__critical_enter(void);
void brood__critical_leave(void);
/* Is this thread outside of them, and interrupted?  For those who wait: see platform/interrupt.h. */
bool brood__critical_interrupted(void);

#endif
