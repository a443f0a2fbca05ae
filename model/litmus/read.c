/* read.c - a program from its file. */
#include "program.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const orders[] = {"relaxed", "acquire", "release", "acq_rel", "seq_cst"};

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
    static const char *const calls[] = {"load",     "store",     "exchange",    "fetch_add",
                                        "fetch_or", "fetch_and", "thread_fence"};
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

void read_program(program_t *p, const char *file)
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
