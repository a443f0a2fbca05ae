/* sleep.pml - how processes die, and how they sleep and are woken; for the models of this folder.
 *
 * A sequence that is slept on is here the set of those who have read it and for whom it is the same still.  The model
 * defines N, LOCALS, FORGET, MAY_DIE, look() and the words that are slept on. */
#define NOBODY 255
#define NOTHING 255
#ifndef WORDS
#define WORDS 4
#endif

bool attention[WORDS];
byte ticketed[WORDS];              /* processes, as bits */
byte asleep[WORDS];
byte note[N];

#define ALIVE 0
#define DEAD 1                     /* nobody knows yet */
#define MARKED 2
#define SWEPT 3
byte life[N], deaths, timeups;
bool finished[N];
#define IS_DEAD(id) ((id) < N && life[(id) % N] >= MARKED)

/* One access of shared memory, or death before it. */
#define STEP(...) if :: atomic { __VA_ARGS__ } :: atomic { deaths < DEATHS && MAY_DIE -> die(); goto died } fi

inline die() {
    d_step {
        deaths++; life[me] = DEAD;
        i = 0;
        do :: i < WORDS -> ticketed[i] = ticketed[i] & ~(1 << me); asleep[i] = asleep[i] & ~(1 << me); i++ :: else -> break od;
        i = 0; FORGET
    }
}

#define BUMP(w) ticketed[w] = 0
#define WAKE_ALL(w) asleep[w] = 0
#define WAKE_ONE(w) if \
    :: asleep[w] & 1 -> asleep[w] = asleep[w] & ~1 :: asleep[w] & 2 -> asleep[w] = asleep[w] & ~2 \
    :: asleep[w] & 4 -> asleep[w] = asleep[w] & ~4 :: asleep[w] & 8 -> asleep[w] = asleep[w] & ~8 \
    :: asleep[w] & 16 -> asleep[w] = asleep[w] & ~16 :: asleep[w] == 0 fi

/* Claimed by whoever rings: one wake for one declaration. */
inline ring(word) {
    STEP(if :: attention[word] -> attention[word] = false; yes = true :: else fi);
    if :: yes -> yes = false;
#ifndef BREAK_RING_BUMP
        STEP(BUMP(word));
#endif
        STEP(WAKE_ONE(word))
       :: else fi
}

/* On the word w, if look() says yes: blocked.  Afterwards yes says whether it came to sleeping. */
inline sleep() {
#ifndef BREAK_TICKET_LATE
    STEP(ticketed[w] = ticketed[w] | (1 << me));
#endif
#if !defined(BREAK_NOTE_LATE) && !defined(BREAK_LOOK_BEFORE_NOTE)
    STEP(note[me] = w);
#endif
#ifdef BREAK_LOOK_BEFORE_ATTENTION
    look();
    STEP(attention[w] = true);
#else
    STEP(attention[w] = true);
#ifdef BREAK_NOTE_LATE
    STEP(note[me] = w);
#endif
    look();
#endif
#ifdef BREAK_LOOK_BEFORE_NOTE
    STEP(note[me] = w);
#endif
#ifdef BREAK_TICKET_LATE
    STEP(ticketed[w] = ticketed[w] | (1 << me));
#endif
    if :: yes ->
            STEP(if :: ticketed[w] & (1 << me) -> asleep[w] = asleep[w] | (1 << me); ticketed[w] = ticketed[w] & ~(1 << me) :: else fi);
            if
            :: atomic { (asleep[w] & (1 << me)) == 0 }
            :: atomic { timeups < TIMEUPS && (asleep[w] & (1 << me)) != 0 -> /* its time is up */
                    timeups++; asleep[w] = asleep[w] & ~(1 << me); up = true }
            :: atomic { deaths < DEATHS && MAY_DIE -> die(); goto died }
            fi
       :: else fi;
    STEP(note[me] = NOTHING; ticketed[w] = ticketed[w] & ~(1 << me))
}
