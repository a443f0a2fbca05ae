/* sweep.pml - whoever sweeps after the dead, at any later moment, and the end of each run.  Included last.
 *
 * What is modelled: mark, then brood__sleep_wake_all, then what the model's bury() does.  The cells are read in any
 * order, since who has which is chance.  The words slept on are not changed, as in rouse() of src/memory/sleep.c.
 * Left out: the death of a sweeper.  The next sweep does all again, and what it does twice is a wake. */
#define IS_ASLEEP(id) (ASLEEP & BIT(id))
#if WORDS == 1
#define ASLEEP asleep[0]
#else
#define ASLEEP (asleep[0] | asleep[1] | asleep[2] | asleep[3])
#endif
#define RESTS(id) ((id) >= N || life[(id) % N] == SWEPT || (life[(id) % N] == ALIVE && (finished[(id) % N] || IS_ASLEEP(id))))
#define ALL_REST (RESTS(0) && RESTS(1) && RESTS(2) && RESTS(3) && RESTS(4))

inline visit(id) {
    atomic {
        id < N && !(seen & BIT(id)) -> seen = seen | BIT(id); w = note[(id) % N];
        if :: (going & BIT(id)) && !IS_ASLEEP(id) -> missed = missed | BIT(id) :: else fi
    };
    if :: w != NOTHING ->
#ifndef BREAK_SWEEP_WAKE
            WAKE_ALL(w)
#endif
       :: else fi;
    w = 0
}

#define SWEEP(id) atomic { (id) < N && life[(id) % N] == DEAD -> v = (id); life[v] = MARKED }; goto sweep

proctype sweeper() {
    byte v, i, w, n, k, seen;

    do
    :: SWEEP(0)
    :: SWEEP(1)
    :: SWEEP(2)
    :: SWEEP(3)
    :: SWEEP(4)
    :: atomic { deaths < DEATHS && ALL_REST -> deaths = DEATHS } /* nobody else dies */
    :: timeout -> judge(); break
sweep:
#ifndef NO_NOTES
        do
        :: seen == BIT(N) - 1 -> break
        :: visit(0)
        :: visit(1)
        :: visit(2)
        :: visit(3)
        :: visit(4)
        od;
        seen = 0;
#endif
        bury();
        life[v] = SWEPT; v = 0
    od
}
