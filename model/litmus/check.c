/* check.c - all executions of small programs that C11's memory model allows, in the form of RC11 (Lahav, Vafeiadis, Kang,
 * Hur, Dreyer: Repairing Sequential Consistency in C/C++11, 2017), with the release sequences of C++20.
 *
 *   check FILE.litmus ...
 *
 * The files are herd7's for C, as far as they go here: accesses with their orders, one in a line, fences, and a last line
 * "exists (...)" or "~exists (...)" over registers, joined by "/\".  "~exists": no execution may end so, and if any one
 * order is weakened to relaxed, some must: no order is there for nothing.  "exists": some execution must end so.
 * The last line is "N passed, N failed". */
#include "program.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define EVENTS 40

/* ---- an execution ---- */

typedef uint64_t relation_t[EVENTS]; /* row: from; bit: to */
#define BIT(i) (UINT64_C(1) << (i))

typedef struct event_t {
    int thread, place, order, value;
    bool reads, writes, fence;
    int from; /* of a read: the write */
    int rank; /* of a write: its place among those of its place */
} event_t;

static const program_t *program;
static event_t event[EVENTS];
static int events, next[THREADS], value_of[THREADS][PLACES], writes[PLACES];
static bool found;

static void close_over(relation_t r)
{
    for (int k = 0; k < events; k++)
        for (int i = 0; i < events; i++)
            if (r[i] >> k & 1)
                r[i] |= r[k];
}

/* to = a;b */
static void join(relation_t to, relation_t a, relation_t b)
{
    for (int i = 0; i < events; i++) {
        to[i] = 0;
        for (int k = 0; k < events; k++)
            if (a[i] >> k & 1)
                to[i] |= b[k];
    }
}

static bool has_cycle(relation_t r)
{
    close_over(r);
    for (int i = 0; i < events; i++)
        if (r[i] >> i & 1)
            return true;
    return false;
}

static bool releases(const event_t *e)
{
    return e->order >= RELEASE;
}
static bool acquires(const event_t *e)
{
    return e->order == ACQUIRE || e->order >= ACQ_REL;
}

/* The write that this one reads, or, if that is an update, what it has updated, so many steps back; -1: none. */
static int source_of(int read, int back)
{
    int write = event[read].from;

    while (back-- > 0 && write >= 0)
        write = event[write].from >= 0 ? event[event[write].from].from : -1;
    return write;
}

static bool is_same_place(int i, int j)
{
    return event[i].place == event[j].place && !event[i].fence && !event[j].fence;
}

/* sb: sequenced before; eco: read from, written before, read before what is written after, and all of these in a row. */
static relation_t sb, hb, eco;

static void relate(void)
{
    memset(sb, 0, sizeof sb);
    memset(eco, 0, sizeof eco);
    for (int i = 0; i < events; i++)
        for (int j = 0; j < events; j++) {
            const event_t *a = &event[i], *b = &event[j];

            if (a->thread < 0 ? b->thread >= 0 : a->thread == b->thread && i < j)
                sb[i] |= BIT(j);
            if (!is_same_place(i, j))
                continue;
            if (a->writes && (b->writes ? a->rank < b->rank : b->from == i))
                eco[i] |= BIT(j);
            if (a->reads && b->writes && event[a->from].rank < b->rank)
                eco[i] |= BIT(j);
        }
}

/* From a release, or a fence of one before it, to an acquire, or a fence of one after it. */
static void synchronise(int read, int write)
{
    for (int i = 0; i < events; i++)
        for (int j = 0; j < events; j++)
            if (releases(&event[i]) && acquires(&event[j]) && (i == write || (event[i].fence && sb[i] >> write & 1))
                && (j == read || (event[j].fence && sb[read] >> j & 1)))
                hb[i] |= BIT(j);
}

/* What the one order of all that is seq_cst has to respect, between any two: sb; sb to another place, hb, and sb to
 * another place; hb at one place; eco's parts but for who reads from whom. */
static void relate_in_one_order(relation_t scb)
{
    static relation_t away, t, u;

    memcpy(scb, eco, sizeof eco);
    for (int i = 0; i < events; i++) {
        if (event[i].reads)
            scb[event[i].from] &= ~BIT(i);
        away[i] = 0;
        for (int j = 0; j < events; j++)
            if (!is_same_place(i, j))
                away[i] |= sb[i] & BIT(j);
    }
    join(t, away, hb);
    join(u, t, away);
    for (int i = 0; i < events; i++) {
        scb[i] |= sb[i] | u[i];
        for (int j = 0; j < events; j++)
            if (is_same_place(i, j))
                scb[i] |= hb[i] & BIT(j);
    }
}

/* Is there such an order?  A fence stands in it for what comes before and after it, too.  `between`: hb, eco and hb. */
static bool has_one_order(relation_t scb, relation_t between)
{
    static relation_t from, to, fences, t, u, psc;

    memset(from, 0, sizeof from);
    memset(to, 0, sizeof to);
    memset(fences, 0, sizeof fences);
    for (int i = 0; i < events; i++) {
        if (event[i].order != SEQ_CST)
            continue;
        from[i] = BIT(i) | (event[i].fence ? hb[i] : 0);
        fences[i] = event[i].fence ? BIT(i) : 0;
        for (int j = 0; j < events; j++)
            if (i == j || (event[i].fence && hb[j] >> i & 1))
                to[j] |= BIT(i);
    }
    join(t, from, scb);
    join(psc, t, to);
    join(t, fences, between);
    join(u, t, fences);
    for (int i = 0; i < events; i++)
        psc[i] |= u[i];
    return !has_cycle(psc);
}

static bool is_consistent(void)
{
    static relation_t scb, t, between;

    relate();
    memcpy(hb, sb, sizeof hb);
    for (int r = 0; r < events; r++)
        for (int back = 0, w; event[r].reads && (w = source_of(r, back)) >= 0; back++)
            synchronise(r, w);
    close_over(hb);
    relate_in_one_order(scb);
    close_over(eco);
    join(t, hb, eco);
    for (int i = 0; i < events; i++)
        if ((hb[i] | t[i]) >> i & 1)
            return false;
    join(between, t, hb);
    for (int i = 0; i < events; i++)
        between[i] |= hb[i];
    return has_one_order(scb, between);
}

static void end(void)
{
    for (int i = 0; i < program->terms; i++)
        if (value_of[program->term[i].thread][program->term[i].target] != program->term[i].value)
            return;
    found = found || is_consistent();
}

/* ---- all of them: step by step, each read from any write so far, each write at any place among those so far ---- */

static void go_on(void);

static void move_ranks(int place, int rank, int by)
{
    for (int i = 0; i < events; i++)
        if (event[i].writes && event[i].place == place && event[i].rank >= rank)
            event[i].rank += by;
}

/* Never between an update and what it has updated. */
static bool may_write_at(int place, int rank)
{
    for (int i = 0; i < events; i++)
        if (event[i].writes && event[i].place == place && event[i].rank == rank && event[i].from >= 0)
            return false;
    return true;
}

static void write_at(int thread, const op_t *op, int rank, int from, int value)
{
    move_ranks(op->place, rank, 1);
    event[events++] = (event_t){thread, op->place, op->order, value, false, true, false, from, rank};
    writes[op->place]++;
    go_on();
    writes[op->place]--;
    events--;
    move_ranks(op->place, rank + 1, -1);
}

static int changed(const op_t *op, int value)
{
    switch (op->kind) {
    case ADD:
        return value + op->value;
    case OR:
        return value | op->value;
    case AND:
        return value & op->value;
    default:
        return op->value;
    }
}

static void read_from(int thread, const op_t *op, int write)
{
    const int value = event[write].value, read = events, before = op->target < 0 ? 0 : value_of[thread][op->target];

    event[events++] = (event_t){thread, op->place, op->order, value, true, false, false, write, 0};
    if (op->target >= 0)
        value_of[thread][op->target] = value;
    if (op->kind == LOAD)
        go_on();
    else if (may_write_at(op->place, event[write].rank + 1))
        write_at(thread, op, event[write].rank + 1, read, changed(op, value));
    if (op->target >= 0)
        value_of[thread][op->target] = before;
    events--;
}

static void step(int thread, const op_t *op)
{
    if (op->kind == FENCE) {
        event[events++] = (event_t){thread, -1, op->order, 0, false, false, true, -1, 0};
        go_on();
        events--;
    } else if (op->kind == STORE) {
        for (int rank = 1; rank <= writes[op->place]; rank++)
            if (may_write_at(op->place, rank))
                write_at(thread, op, rank, -1, op->value);
    } else
        for (int i = 0, count = events; i < count; i++)
            if (event[i].writes && event[i].place == op->place)
                read_from(thread, op, i);
}

static void go_on(void)
{
    bool all = true;

    for (int t = 0; t < program->threads && !found; t++)
        if (next[t] < program->ops[t]) {
            all = false;
            step(t, &program->op[t][next[t]++]);
            next[t]--;
        }
    if (all)
        end();
}

static bool may_end_so(const program_t *p)
{
    program = p;
    events = 0;
    found = false;
    for (int i = 0; i < PLACES && p->place[i][0] != '\0'; i++) {
        event[events++] = (event_t){-1, i, RELAXED, 0, false, true, false, -1, 0};
        writes[i] = 1;
    }
    go_on();
    return found;
}

/* ---- judging ---- */

static int passed, failed;

static void judge(bool good, const char *file, const char *what)
{
    printf("%s: %s: %s\n", good ? "ok" : "FAILED", file, what);
    passed += good;
    failed += !good;
}

static void check(const char *file)
{
    static program_t p;
    char what[80];

    p = (program_t){.threads = 0};
    read_program(&p, file);
    judge(may_end_so(&p) != p.must_not, file, p.must_not ? "cannot end so" : "can end so");
    for (int t = 0; t < p.threads && p.must_not; t++)
        for (int i = 0; i < p.ops[t]; i++) {
            const int order = p.op[t][i].order;

            if (order == RELAXED)
                continue;
            p.op[t][i].order = RELAXED;
            snprintf(what, sizeof what, "can if the %s of P%d's access %d is relaxed", orders[order], t, i + 1);
            judge(may_end_so(&p), file, what);
            p.op[t][i].order = order;
        }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        check(argv[i]);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 && passed > 0 ? 0 : 1;
}
