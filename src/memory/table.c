#include "memory/table.h"
#include "base/deadline.h"
#include "base/own.h"
#include "base/step.h"
#include "base/thread_local.h"
#include "memory/heap.h"
#include "memory/layout.h"
#include "memory/sleep.h"
#include "platform/clock.h"
#include "platform/interrupt.h"
#include "platform/self.h"
#include <brood/status.h>
#include <string.h>

#define GLANCES 10000 /* microseconds between two of this process at one other */
#define KEEPER_SLEEP apr_time_from_msec(500)
#define LOOKS 100000 /* between two of anybody at everybody */

brood__id_t brood__me;
static uint32_t my_pid;
static BROOD__THREAD_LOCAL int critical; /* > 0: this thread holds what a sweep would wait for */

void brood__critical_enter(void)
{
    critical++;
}

void brood__critical_leave(void)
{
    critical--;
}

bool brood__critical_interrupted(void)
{
    return critical == 0 && brood__interrupt_pending();
}

static brood__record_t *record_of(brood__id_t id)
{
    return &brood__head()->record[BROOD__ID_SLOT(id)];
}

static _Atomic uint32_t *slot_of(brood__id_t id)
{
    return &brood__head()->life[BROOD__ID_SLOT(id)];
}

/* What `id`'s slot says, or 0 if it is another's by now, or no process's. */
static uint32_t life_of(brood__id_t id)
{
    uint32_t life;

    if (id == 0 || BROOD__ID_SLOT(id) >= BROOD__SLOTS)
        return 0;
    life = atomic_load(slot_of(id));
    return BROOD__LIFE_GENERATION(life) == BROOD__ID_GENERATION(id) ? life : 0;
}

bool brood__table_alive(brood__id_t id)
{
    const uint32_t state = BROOD__LIFE_STATE(life_of(id));

    return state == BROOD__ALIVE || state == BROOD__STARTING;
}

bool brood__table_dead(brood__id_t id)
{
    return BROOD__LIFE_STATE(life_of(id)) == BROOD__DEAD;
}

/* ---- a slot's beginning ---- */

/* Under the lock, since what the slot says of its process comes before the slot is taken: whoever dies in between
 * leaves it free, and whoever dies later leaves one that is as dead as its parent. */
static bool take_slot(uint32_t slot, brood__id_t *id)
{
    uint32_t life = atomic_load(slot_of(slot)), generation = BROOD__LIFE_GENERATION(life);
    bool taken;

    if (BROOD__LIFE_STATE(life) != BROOD__FREE)
        return false;
    if (generation == 0)
        generation = 1; /* so that no id is 0 */
    *id = BROOD__ID(generation, slot);
    brood__object_lock();
    taken = atomic_load(slot_of(slot)) == life;
    if (taken) {
        atomic_store(&record_of(*id)->parent, brood__me);
        atomic_store(&record_of(*id)->pid, 0);
        atomic_store(&record_of(*id)->start, 0);
        atomic_store(slot_of(slot), BROOD__LIFE(generation, BROOD__STARTING));
    }
    brood__object_unlock();
    return taken;
}

apr_status_t brood__table_reserve(brood__id_t *id, const char *name)
{
    const uint32_t start = atomic_load_explicit(&brood__head()->rover, memory_order_relaxed);

    for (uint32_t i = 0; i < 2 * BROOD__SLOTS; i++) {
        const uint32_t slot = (start + i) % BROOD__SLOTS;
        brood__record_t *record = &brood__head()->record[slot];

        if (i == BROOD__SLOTS)
            brood__table_sweep(true); /* full: look for the dead nobody asked about */
        if (!take_slot(slot, id))
            continue;
        strncpy(record->name, name, BROOD__NAME_SIZE - 1);
        record->name[BROOD__NAME_SIZE - 1] = '\0';
        atomic_store_explicit(&brood__head()->rover, slot + 1, memory_order_relaxed);
        return APR_SUCCESS;
    }
    return brood_fail(APR_EAGAIN, "%u processes of this tree are alive; there is room for no more", BROOD__SLOTS);
}

void brood__table_started(brood__id_t id, uint32_t pid)
{
    if (life_of(id) != 0)
        atomic_store(&record_of(id)->pid, pid);
}

apr_status_t brood__table_adopt(brood__id_t id)
{
    brood__record_t *record = record_of(id);
    uint32_t life = BROOD__LIFE(BROOD__ID_GENERATION(id), BROOD__STARTING);

    brood__me = 0;
    if (critical != 0) /* a page is copied by whoever writes to it first */
        critical = 0;
    brood__heap_forget();
    brood__object_forget();
    if (atomic_load(slot_of(id)) == life) { /* else what the slot says is another's */
        atomic_store(&record->start, brood__self_start_time(brood__self_pid()));
        atomic_store(&record->pid, brood__self_pid());
    }
    BROOD__STEP(ADOPT_PID);
    if (!atomic_compare_exchange_strong(slot_of(id), &life, BROOD__LIFE(BROOD__ID_GENERATION(id), BROOD__ALIVE)))
        return brood_fail(BROOD_EMISUSE, "this process was given up before it began");
    brood__me = id;
    my_pid = brood__self_pid();
    BROOD__STEP(ADOPTED);
    return APR_SUCCESS;
}

bool brood__table_is_me(void)
{
    return brood__me != 0 && my_pid == brood__self_pid();
}

/* ---- its end ---- */

/* From here on everything it holds can be taken.  Allowed anywhere, also inside a critical section. */
static void mark(brood__id_t id, uint32_t state)
{
    uint32_t life = BROOD__LIFE(BROOD__ID_GENERATION(id), state);

    (void) atomic_compare_exchange_strong(slot_of(id), &life, BROOD__LIFE(BROOD__ID_GENERATION(id), BROOD__DEAD));
    BROOD__STEP(SWEEP_MARKED);
}

/* The slot is the next process's, if `id` is in this state still. */
static void free_slot(brood__id_t id, uint32_t state)
{
    const uint32_t next = (BROOD__ID_GENERATION(id) + 1) & BROOD__GENERATIONS;
    uint32_t life = BROOD__LIFE(BROOD__ID_GENERATION(id), state);

    (void) atomic_compare_exchange_strong(slot_of(id), &life, BROOD__LIFE(next, BROOD__FREE));
}

/* Every step may be cut short and done again, also by several at once. */
static void sweep(brood__id_t dead)
{
    brood__waiters_sweep(dead);
    brood__sleep_wake_all();
    if (!brood__heap_sweep(dead))
        return; /* somebody, stopped perhaps, sits in a queue's end: the slot stays dead, and is tried again */
    brood__sleep_wake_all(); /* again: for those who were just about to sleep */
    BROOD__STEP(SWEEP_HEAP_DONE);
    brood__object_lock(); /* not while a holder set is being changed for this id: the next process has the same bit */
    free_slot(dead, BROOD__DEAD);
    brood__object_unlock();
    BROOD__STEP(SWEEP_FREED);
}

/* Ask the kernel, and only mark. */
static bool probe(brood__id_t id)
{
    const uint32_t life = life_of(id);
    brood__record_t *record = record_of(id);
    uint32_t pid;

    if (BROOD__LIFE_STATE(life) == BROOD__FREE || BROOD__LIFE_STATE(life) == BROOD__DEAD)
        return true;
    pid = atomic_load(&record->pid);
    if (pid == 0) {
        /* Reserved, not yet started: it is what its parent is. */
        const brood__id_t parent = atomic_load(&record->parent);

        if (parent == 0 || brood__table_alive(parent) || atomic_load(&record->pid) != 0)
            return false;
    } else if (!brood__self_gone(pid, atomic_load(&record->start)))
        return false;
    mark(id, BROOD__LIFE_STATE(life));
    return true;
}

bool brood__table_probe(brood__id_t id)
{
    const bool dead = id != 0 && (BROOD__ID_SLOT(id) >= BROOD__SLOTS || probe(id));

    if (dead && critical == 0)
        brood__table_sweep(false); /* also what a sweeper that died has left undone */
    return dead;
}

/* When the next is due, for each slot, so that one who lives does not hide one who does not.  NULL: no memory. */
static _Atomic int64_t *glance_at(brood__id_t id)
{
    static _Atomic int64_t *_Atomic all; /* made when there is a first: those that wait for nobody have no use for it */
    _Atomic int64_t *now = atomic_load(&all), *none = NULL;

    if (now == NULL && (now = brood__own_alloc(BROOD__SLOTS * sizeof *now)) != NULL
        && !atomic_compare_exchange_strong(&all, &none, now))
        now = none;
    return now == NULL ? NULL : &now[BROOD__ID_SLOT(id) % BROOD__SLOTS];
}

bool brood__table_glance(brood__id_t id)
{
    _Atomic int64_t *glance = glance_at(id);
    const int64_t now = brood__clock_now();
    int64_t due;

    if (glance == NULL)
        return brood__table_probe(id);
    due = atomic_load_explicit(glance, memory_order_relaxed);
    return now >= due && atomic_compare_exchange_strong(glance, &due, now + GLANCES) && brood__table_probe(id);
}

void brood__table_bury(brood__id_t id)
{
    const uint32_t state = BROOD__LIFE_STATE(life_of(id));

    if (state == BROOD__STARTING || state == BROOD__ALIVE)
        mark(id, state);
    brood__table_sweep(false);
}

void brood__table_sweep(bool everybody)
{
    if (critical != 0 || brood__me == 0)
        return;
    for (uint32_t slot = 0; slot < BROOD__SLOTS; slot++) {
        const uint32_t life = atomic_load(slot_of(slot));
        const brood__id_t id = BROOD__ID(BROOD__LIFE_GENERATION(life), slot);

        if (BROOD__LIFE_STATE(life) == BROOD__DEAD
            || (everybody && BROOD__LIFE_STATE(life) != BROOD__FREE && probe(id)))
            sweep(id);
    }
}

void brood__table_look(void)
{
    _Atomic int64_t *looked = &brood__head()->looked;
    const int64_t now = brood__clock_now();
    int64_t then = atomic_load_explicit(looked, memory_order_relaxed);

    if (now - then >= LOOKS && atomic_compare_exchange_strong(looked, &then, now))
        brood__table_sweep(true);
}

/* A child's other threads may still be at work, in an end or in a block, and must not lose what they hold before the
 * system has ended them: its end in the table is its parent's to note, or of whoever finds it gone.  Only the first
 * process lives on without the arena.
 *
 * Blocks and objects go while it still counts as alive: what it locks for that must not be taken from it, so from its
 * end in the table on it locks nothing. */
void brood__table_leave(void)
{
    const brood__id_t me = brood__me;
    bool clean;

    if (me == 0)
        return;
    if (atomic_load(&record_of(me)->parent) != 0) {
        brood__heap_flush();
        return;
    }
    brood__waiters_sweep(me);
    brood__heap_retire();
    clean = brood__heap_sweep(me);
    if (clean)
        free_slot(me, BROOD__ALIVE);
    else
        mark(me, BROOD__ALIVE);
    atomic_fetch_add(&brood__head()->left, 1);
    brood__sleep_wake_all(); /* who waits for a lock that we leave behind, and the keeper */
    brood__object_end();
    brood__me = 0;
}

/* ---- the keeper ---- */

apr_status_t brood__table_reserve_keeper(brood__id_t *id)
{
    uint32_t keeper = brood__table_keeper();

    if (keeper != 0 && !brood__table_probe(keeper))
        return APR_EEXIST;
    BROOD_TRY(brood__table_reserve(id, "keeper"));
    if (atomic_compare_exchange_strong(&brood__head()->keeper, &keeper, *id))
        return APR_SUCCESS;
    brood__table_bury(*id);
    return APR_EEXIST;
}

brood__id_t brood__table_keeper(void)
{
    return atomic_load(&brood__head()->keeper);
}

void brood__table_keep(void)
{
    _Atomic uint32_t *left = &brood__head()->left;

    for (;;) {
        const uint32_t seen = atomic_load(left);
        brood__sleep_t sleep;

        brood__table_sweep(true);
        if (brood__table_count() == 1)
            return;
        brood__sleep_declare(&sleep, left);
        (void) brood__sleep_park(&sleep, seen, brood__deadline(KEEPER_SLEEP));
        brood__sleep_end(&sleep);
    }
}

/* ---- questions ---- */

unsigned brood__table_count(void)
{
    unsigned count = 0;

    for (uint32_t slot = 0; slot < BROOD__SLOTS; slot++)
        count += BROOD__LIFE_STATE(atomic_load(slot_of(slot))) != BROOD__FREE;
    return count;
}

const char *brood__table_name(brood__id_t id, char name[BROOD__NAME_SIZE])
{
    if (life_of(id) == 0)
        return NULL;
    memcpy(name, record_of(id)->name, BROOD__NAME_SIZE);
    name[BROOD__NAME_SIZE - 1] = '\0';
    return life_of(id) == 0 ? NULL : name; /* not when it was overwritten meanwhile */
}

uint32_t brood__table_pid(brood__id_t id)
{
    const uint32_t pid = life_of(id) == 0 ? 0 : atomic_load(&record_of(id)->pid);

    return life_of(id) == 0 ? 0 : pid;
}
