/* waiter.pml - an entry for one who waits, used by one after another: told, roused late, left and entered again.
 *
 * What is modelled: src/memory/waiter.c, brood__sleeper_sleep of sleep.c, and a condition's use of them.  One entry;
 * WAITERS who wait there one after another, each until it is told; TELLERS who find whoever waits, under the object's
 * lock, and tell it: one exchange of the word, then one of `asleep`, then the wake, with any time between them.
 * What is left out: deaths; deadlines; looking after the dead, so that a wake that is lost is lost for ever.
 * What is claimed: when nothing moves any more, nobody sleeps who has been told.
 * BREAK_WORD is what once was: a waiter slept on the word that tells it, so a late rouse took away `asleep` from the
 * next user of the entry, whom nobody woke then.  The other BREAK_... take away one line: pan must find an error.
 * State space: see README.md. */
#ifndef WAITERS
#define WAITERS 3
#endif
#ifndef TELLERS
#define TELLERS 3
#endif
#define FREE 0
#define WAITS(id) (2 * (id) + 2)   /* the word: whose, and its state */
#define PASSED(id) (2 * (id) + 3)
#define IS_WAITING(word) ((word) != FREE && (word) % 2 == 0)
#define NOBODY 255

byte word, asleep;                 /* the entry */
byte in_kernel = NOBODY;           /* who sleeps on it */
byte entered, told;
bool lock, passed[WAITERS];

proctype waiter(byte me) {
    byte seen;

    entered == me;                 /* others had it before */
    atomic { word == FREE; asleep = 0; word = WAITS(me); entered++ }
    do
    :: word == PASSED(me) -> break
    :: else ->
            /* brood__waiter_wait: a last look comes after the exchange */
            atomic { seen = asleep; asleep = 1 };
#ifndef BREAK_LAST_LOOK
            if :: seen == 0 -> goto again :: else fi;
#endif
            /* the kernel looks at the word and sleeps in one step */
end_asleep:
#ifdef BREAK_WORD
            if :: atomic { word == WAITS(me) -> in_kernel = me } :: atomic { else -> goto again } fi;
#else
            if :: atomic { asleep == 1 -> in_kernel = me } :: atomic { else -> goto again } fi;
#endif
end_sleeping:
            in_kernel != me;
again:
            seen = 0
    od;
    passed[me] = true;
    word = FREE
}

proctype teller() {
    byte w;
    bool yes;

    /* A notify comes when somebody waits: here, until each has been told once. */
    do
    :: told == WAITERS -> break
    :: atomic { !lock && IS_WAITING(word) -> lock = true; w = word };
            atomic { if :: word == w -> word = w + 1; told++; yes = true :: else fi };
            lock = false;
            if :: yes ->
#ifndef BREAK_ROUSE
                    atomic { yes = asleep; asleep = 0 };
                    if :: yes -> in_kernel = NOBODY :: else fi
#endif
               :: else
            fi;
            yes = false; w = 0
    od
}

active proctype judge() {
    timeout;
    assert(told == WAITERS && in_kernel == NOBODY && word == FREE)
}

init {
    atomic {
        byte i;
        do :: i < WAITERS -> run waiter(i); i++ :: else -> break od;
        i = 0;
        do :: i < TELLERS -> run teller(); i++ :: else -> break od
    }
}
