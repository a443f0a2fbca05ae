/* program.h - a small program of several threads, as a .litmus file has it. */
#ifndef BROOD_MODEL_PROGRAM_H
#define BROOD_MODEL_PROGRAM_H

#include <stdbool.h>

#define THREADS 4
#define OPS 8
#define PLACES 8 /* also: registers of a thread, terms of the condition */

enum { RELAXED, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };
enum { LOAD, STORE, EXCHANGE, ADD, OR, AND, FENCE };

typedef struct op_t {
    int kind, order, place, value, target; /* target: register, or -1 */
} op_t;

typedef struct program_t {
    op_t op[THREADS][OPS];
    int ops[THREADS], threads, terms;
    char place[PLACES][32], name[THREADS][PLACES][32];
    struct {
        int thread, target, value;
    } term[PLACES];
    bool must_not;
} program_t;

extern const char *const orders[];

/* What is not understood ends the checker. */
void read_program(program_t *program, const char *file);

#endif
