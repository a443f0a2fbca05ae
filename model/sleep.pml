/* sleep.pml - how processes die, sleep and are woken.  Included by ends.pml, tasks.pml and chunks.pml.
 *
 * What is modelled: sleep_at() of src/queue/end.c, brood__sleeper_sleep() of src/memory/sleep.c, and the waker's side.
 * A sequence that is slept on is here the set of those who have read it and for whom it is the same still.  An event of
 * shared memory is one STEP, or death before it.  Spinning is left out: it only looks more often.
 * The time of a look (10 to 500 ms) comes for those only who need it by what sleep.c says: who was about to sleep while
 * a sweep passed.  Whoever sleeps wrongly otherwise does so for ever, and judge() finds him.
 *
 * The model defines N, WORDS, DEATHS, TIMEUPS, LOCALS, FORGET, MAY_DIE and look(). */
#define NOBODY 255
#define NOTHING 255
#define BIT(id) (1 << (id))

bool attention[WORDS];
byte ticketed[WORDS];              /* processes, as bits */
byte asleep[WORDS];
byte note[N];
byte going;                        /* who is between the ticket and the sleep's end */
byte missed;                       /* and whom a sweep has not found asleep then: he looks when his time has come */

#define ALIVE 0
#define DEAD 1                     /* nobody knows yet */
#define MARKED 2
#define SWEPT 3
byte life[N], deaths, timeups;
bool finished[N];
#define IS_DEAD(id) ((id) < N && life[(id) % N] >= MARKED)

#define CAN_DIE (deaths < DEATHS && MAY_DIE)
#define STEP(...) if :: atomic { __VA_ARGS__ } :: atomic { CAN_DIE -> goto died } fi

/* The last lines of each process. */
#define END \
    finished[me] = true; \
    goto over; \
    atomic { skip; died: die() }; \
over: \
    skip

inline die() {
    d_step {
        deaths++; life[me] = DEAD;
        i = 0;
        do :: i < WORDS -> ticketed[i] = ticketed[i] & ~BIT(me); asleep[i] = asleep[i] & ~BIT(me); i++ :: else -> break od;
        going = going & ~BIT(me); missed = missed & ~BIT(me);
        i = 0; FORGET
    }
}

#define BUMP(w) ticketed[w] = 0
#define WAKE_ALL(w) asleep[w] = 0
#define WAKE_ONE(w) if \
    :: asleep[w] & 1 -> asleep[w] = asleep[w] & ~1 :: asleep[w] & 2 -> asleep[w] = asleep[w] & ~2 \
    :: asleep[w] & 4 -> asleep[w] = asleep[w] & ~4 :: asleep[w] & 8 -> asleep[w] = asleep[w] & ~8 \
    :: asleep[w] & 16 -> asleep[w] = asleep[w] & ~16 :: asleep[w] == 0 fi

/* ring_for: claimed by whoever rings. */
inline ring(word) {
    STEP(if :: attention[word] -> attention[word] = false; yes = true :: else fi);
    if :: yes -> yes = false;
#ifndef BREAK_RING_BUMP
        STEP(BUMP(word));
#endif
        STEP(WAKE_ONE(word))
       :: else fi
}

#define TICKET STEP(ticketed[w] = ticketed[w] | BIT(me); going = going | BIT(me))
#define AWAKE ticketed[w] = ticketed[w] & ~BIT(me); asleep[w] = asleep[w] & ~BIT(me); \
    note[me] = NOTHING; going = going & ~BIT(me); missed = missed & ~BIT(me)
#define DECLARE STEP(attention[w] = true)

/* On the word w, if look() says yes: blocked.  Afterwards yes says whether it came to sleeping. */
inline declare() {
#ifndef BREAK_TICKET_LATE
    TICKET;
#endif
#ifndef BREAK_LOOK_EARLY
    DECLARE;
#endif
#if DEATHS > 0
    STEP(note[me] = w)
#endif
}

inline park() {
#ifdef BREAK_LOOK_EARLY
    DECLARE;
#endif
#ifdef BREAK_TICKET_LATE
    TICKET;
#endif
    if :: yes ->
            STEP(if :: ticketed[w] & BIT(me) -> asleep[w] = asleep[w] | BIT(me) :: else fi);
end_asleep:
            if
            :: atomic { !(asleep[w] & BIT(me)) -> AWAKE }
#ifndef BREAK_TIMED_LOOK
            :: atomic { (asleep[w] & BIT(me)) && (missed & BIT(me)) -> AWAKE }
#endif
            :: atomic { (asleep[w] & BIT(me)) && timeups < TIMEUPS && !FOREVER -> AWAKE; timeups++; up = true } /* its deadline */
            :: atomic { CAN_DIE -> goto died }
            fi
       :: else -> STEP(AWAKE)
    fi
}
