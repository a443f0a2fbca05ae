/* check.c - all executions of small programs that C11's memory model allows, in the form of RC11 (Lahav, Vafeiadis, Kang,
 * Hur, Dreyer: Repairing Sequential Consistency in C/C++11, 2017), with the release sequences of C++20.
 *
 *   check FILE.litmus ...
 *
 * The files are herd7's for C, as far as they go here: accesses with their orders, one in a line, fences, and a last line
 * "exists (...)" or "~exists (...)" over registers, joined by "/\".  "~exists": no execution may end so, and if any one
 * order is weakened to relaxed, some must: no order is there for nothing.  "exists": some execution must end so.
 * The last line is "N passed, N failed". */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS 4
#define OPS 8
#define PLACES 8 /* also: registers of a thread, terms of the condition */
#define EVENTS 40

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

static const char *const orders[] = {"relaxed", "acquire", "release", "acq_rel", "seq_cst"};

/* ---- reading ---- */

static void refuse(const char *text)
{
    fprintf(stderr, "not understood: %s\n", text);
    exit(2);
}

static int number_of(char names[PLACES][32], const char *name)
{
    for (int i = 0; i < PLACES; i++) {
        if (names[i][0] == '\0')
            strcpy(names[i], name);
        if (strcmp(names[i], name) == 0)
            return i;
    }
    refuse(name);
    return 0;
}

static int order_of(const char *text)
{
    for (int i = RELAXED; i <= SEQ_CST; i++)
        if (strcmp(text, orders[i]) == 0)
            return i;
    refuse(text);
    return 0;
}

static void read_op(program_t *p, const char *line)
{
    static const char *const calls[] = {"load", "store", "exchange", "fetch_add", "fetch_or", "fetch_and", "thread_fence"};
    const int thread = p->threads - 1;
    op_t *op = &p->op[thread][p->ops[thread]++];
    const char *call = strstr(line, "atomic_") + strlen("atomic_"), *order = strstr(line, "memory_order_");
    char name[32];

    if (thread < 0 || p->ops[thread] == OPS || order == NULL || sscanf(order, "memory_order_%31[a-z_]", name) != 1)
        refuse(line);
    *op = (op_t){.order = order_of(name), .place = -1, .target = -1};
    while (strncmp(call, calls[op->kind], strlen(calls[op->kind])) != 0)
        if (++op->kind > FENCE)
            refuse(line);
    if (op->kind == FENCE)
        return;
    if (sscanf(strchr(call, '('), "(%31[a-z], %d", name, &op->value) != (op->kind == LOAD ? 1 : 2))
        refuse(line);
    op->place = number_of(p->place, name);
    if (sscanf(line, " int %31[a-z0-9] =", name) == 1)
        op->target = number_of(p->name[thread], name);
}

static void read_condition(program_t *p, const char *at)
{
    char name[32];

    p->must_not = *at == '~';
    for (at = strchr(at, '('); at != NULL; at = strstr(at + 2, "/\\")) {
        int *thread = &p->term[p->terms].thread;

        at += *at == '/' ? 2 : 1;
        if (sscanf(at, " %d:%31[a-z0-9]=%d", thread, name, &p->term[p->terms].value) != 3 || *thread >= p->threads)
            refuse(at);
        p->term[p->terms++].target = number_of(p->name[*thread], name);
    }
}

static void read_program(program_t *p, const char *file)
{
    char line[200];
    FILE *in = fopen(file, "r");

    if (in == NULL)
        refuse(file);
    while (fgets(line, sizeof line, in) != NULL)
        if (line[0] == 'P' && p->threads < THREADS)
            p->threads++;
        else if (strstr(line, "atomic_") != NULL && line[0] == ' ')
            read_op(p, line);
        else if (strncmp(line, "exists", 6) == 0 || strncmp(line, "~exists", 7) == 0)
            read_condition(p, line);
    fclose(in);
    if (p->terms == 0)
        refuse(file);
}

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

static bool releases(const event_t *e) { return e->order >= RELEASE; }
static bool acquires(const event_t *e) { return e->order == ACQUIRE || e->order >= ACQ_REL; }

/* The write that this one reads, or, if that is an update, what it has updated, so many steps back; -1: none. */
static int source_of(int read, int back)
{
    int write = event[read].from;

    while (back-- > 0 && write >= 0)
        write = event[write].from >= 0 ? event[event[write].from].from : -1;
    return write;
}

static bool is_consistent(void)
{
    static relation_t sb, hb, eco, t, u, v, scb, psc, seq, fences;

    memset(sb, 0, sizeof sb);
    memset(eco, 0, sizeof eco);
    for (int i = 0; i < events; i++)
        for (int j = 0; j < events; j++) {
            const event_t *a = &event[i], *b = &event[j];
            const bool same = a->place == b->place && !a->fence && !b->fence;

            if (i != j && (a->thread < 0 ? b->thread >= 0 : a->thread == b->thread && i < j))
                sb[i] |= BIT(j);
            if (same && a->writes && ((b->writes && a->rank < b->rank) || (b->reads && b->from == i)))
                eco[i] |= BIT(j);
            if (same && a->reads && b->writes && event[a->from].rank < b->rank)
                eco[i] |= BIT(j);
        }
    memcpy(hb, sb, sizeof hb);
    memcpy(scb, eco, sizeof scb);
    for (int i = 0; i < events; i++)
        if (event[i].reads)
            scb[event[i].from] &= ~BIT(i); /* of rf alone the one order says nothing */
    /* Synchronises-with: from a release, or a fence of one before it, to an acquire, or a fence of one after it. */
    for (int r = 0; r < events; r++)
        for (int back = 0, w; event[r].reads && (w = source_of(r, back)) >= 0; back++)
            for (int i = 0; i < events; i++)
                for (int j = 0; j < events; j++)
                    if (releases(&event[i]) && acquires(&event[j]) && (i == w || (event[i].fence && sb[i] >> w & 1))
                        && (j == r || (event[j].fence && sb[r] >> j & 1)))
                        hb[i] |= BIT(j);
    close_over(hb);
    close_over(eco);
    join(t, hb, eco);
    for (int i = 0; i < events; i++)
        if ((hb[i] | t[i]) >> i & 1)
            return false;
    /* scb: sb, sb to another place; hb; sb to another place, hb of one place, mo, rb. */
    memset(u, 0, sizeof u);
    for (int i = 0; i < events; i++)
        for (int j = 0; j < events; j++) {
            const bool same = event[i].place == event[j].place && !event[i].fence && !event[j].fence;

            if (!same)
                u[i] |= sb[i] & BIT(j);
            else
                scb[i] |= hb[i] & BIT(j);
        }
    join(t, u, hb);
    join(v, t, u);
    for (int i = 0; i < events; i++)
        scb[i] |= sb[i] | v[i];
    /* The seq_cst events, and the fences before and after any. */
    memset(seq, 0, sizeof seq);
    memset(fences, 0, sizeof fences);
    for (int i = 0; i < events; i++)
        if (event[i].order == SEQ_CST) {
            seq[i] |= BIT(i);
            if (event[i].fence) {
                fences[i] = BIT(i);
                seq[i] |= hb[i];
            }
        }
    join(t, seq, scb);
    memset(u, 0, sizeof u);
    for (int i = 0; i < events; i++)
        for (int j = 0; j < events; j++)
            if (event[j].order == SEQ_CST && (i == j || (event[j].fence && hb[i] >> j & 1)))
                u[i] |= BIT(j);
    join(psc, t, u);
    join(t, hb, eco);
    join(u, t, hb);
    for (int i = 0; i < events; i++)
        u[i] |= hb[i];
    join(t, fences, u);
    join(v, t, fences);
    for (int i = 0; i < events; i++)
        psc[i] |= v[i];
    return !has_cycle(psc);
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
    case ADD: return value + op->value;
    case OR: return value | op->value;
    case AND: return value & op->value;
    default: return op->value;
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
