#include "support.h"

#include "raw/raw.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS_MOST 1000

bench_options_t bench_options = {.rounds = 7, .seconds = 0.1, .pin = true};

/* The samples of one case. */
typedef struct row_t {
    double *sample;
    int count;
} row_t;

static const char usage[] =
    "arguments: [--quick] [--rounds N] [--seconds S] [--no-pin] [--own] [--csv FILE] [PART OF A GROUP'S NAME]";

static apr_status_t read_options(const char **only, brood_value_t args)
{
    *only = "";
    for (apr_size_t i = 0; i < brood_value_count(args); i++) {
        const char *word, *number = "";

        BROOD_TRY(brood_value_text(&word, brood_value_at(args, i)));
        BROOD_IGNORE(brood_value_text(&number, brood_value_at(args, i + 1)));
        if (strcmp(word, "--quick") == 0) {
            bench_options.rounds = 1;
            bench_options.seconds = 0.01;
            bench_options.quick = true;
        } else if (strcmp(word, "--no-pin") == 0) {
            bench_options.pin = false;
        } else if (strcmp(word, "--own") == 0) {
            bench_options.own = true;
        } else if (strcmp(word, "--rounds") == 0 && atoi(number) > 0 && atoi(number) <= ROUNDS_MOST) {
            bench_options.rounds = atoi(number);
            i++;
        } else if (strcmp(word, "--seconds") == 0 && atof(number) > 0) {
            bench_options.seconds = atof(number);
            i++;
        } else if (strcmp(word, "--csv") == 0 && *number != '\0') {
            bench_options.csv = number;
            i++;
        } else if (*word == '-') {
            return brood_fail_text(APR_EINVAL, usage);
        } else {
            *only = word;
        }
    }
    return APR_SUCCESS;
}

/* ---- rounds ---- */

static void shuffle(int *order, int count)
{
    static uint64_t state;

    if (state == 0)
        state = raw_now() | 1;
    for (int i = count - 1; i > 0; i--) {
        const int kept = order[i];
        int other;

        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        other = (int) (state >> 33) % (i + 1);
        order[i] = order[other];
        order[other] = kept;
    }
}

static apr_status_t take_sample(row_t *row, const bench_case_t *one, apr_pool_t *mem)
{
    apr_pool_t *own;
    double figure;
    apr_status_t rc;

    BROOD_TRY(apr_pool_create(&own, mem));
    rc = one->run(&figure, one, own);
    apr_pool_destroy(own);
    if (rc == APR_SUCCESS)
        row->sample[row->count++] = figure;
    else if (rc != APR_ENOTIMPL)
        return brood_fail(rc, "%s, %s: %s", one->group, one->name, brood_last_error()->message);
    return APR_SUCCESS;
}

static apr_status_t run_rounds(row_t *rows, const bench_case_t *cases, int *order, int count, apr_pool_t *mem)
{
    for (int round = 0; round < bench_options.rounds; round++) {
        shuffle(order, count);
        for (int i = 0; i < count; i++)
            BROOD_TRY(take_sample(&rows[order[i]], &cases[order[i]], mem));
    }
    return APR_SUCCESS;
}

/* ---- the table ---- */

static int compare(const void *a, const void *b)
{
    const double left = *(const double *) a, right = *(const double *) b;

    return (left > right) - (left < right);
}

static double median(const row_t *row)
{
    return (row->sample[(row->count - 1) / 2] + row->sample[row->count / 2]) / 2;
}

static void print_number(double number)
{
    printf(" %9.*f", number >= 100 ? 0 : number >= 10 ? 1 : 2, number);
}

/* How many times a row of the same group. */
static void print_ratio(const row_t *rows, const bench_case_t *cases, int count, int at, const char *peer)
{
    for (int i = 0; i < count && peer != NULL; i++)
        if (rows[i].count != 0 && strcmp(cases[i].group, cases[at].group) == 0 && strcmp(cases[i].name, peer) == 0)
            printf("  %.2f %s", median(&rows[at]) / median(&rows[i]), peer);
}

static void print_row(const row_t *rows, const bench_case_t *cases, int count, int at)
{
    const row_t *row = &rows[at];

    printf("  %-12s", cases[at].name);
    print_number(median(row));
    print_number(row->sample[0]);
    print_number(row->sample[row->count - 1]);
    for (size_t i = 0; i < sizeof cases->peer / sizeof *cases->peer; i++)
        print_ratio(rows, cases, count, at, cases[at].peer[i]);
    printf("%s%s\n", cases[at].target != NULL ? "  target " : "", cases[at].target != NULL ? cases[at].target : "");
}

static void print_tables(const row_t *rows, const bench_case_t *cases, int count)
{
    const char *group = "";

    for (int i = 0; i < count; i++)
        if (rows[i].count != 0)
            qsort(rows[i].sample, (size_t) rows[i].count, sizeof(double), compare);
    for (int i = 0; i < count; i++) {
        if (rows[i].count == 0)
            continue;
        if (strcmp(group, cases[i].group) != 0)
            printf("\n%s: %s\n  %-12s %9s %9s %9s  ratios\n", cases[i].group, cases[i].unit, "", "median", "least",
                   "most");
        group = cases[i].group;
        print_row(rows, cases, count, i);
    }
}

/* ---- for programs that read ---- */

/* What is measured, in quotes; a line for each sample follows. */
static void write_samples(FILE *file, const row_t *row, const bench_case_t *one)
{
    for (int round = 0; round < row->count; round++) {
        fprintf(file, "\"%s\",\"%s\",\"%s\",\"%s\",\"", one->group, one->name, one->unit,
                one->target != NULL ? one->target : "");
        for (size_t i = 0; i < sizeof one->peer / sizeof *one->peer && one->peer[i] != NULL; i++)
            fprintf(file, "%s%s", i != 0 ? ";" : "", one->peer[i]);
        fprintf(file, "\",%d,%.9g\n", round, row->sample[round]);
    }
}

/* All samples, as they came. */
static apr_status_t write_csv(const row_t *rows, const bench_case_t *cases, int count)
{
    FILE *file = fopen(bench_options.csv, "w");

    if (file == NULL)
        return brood_fail(APR_EGENERAL, "cannot write %s", bench_options.csv);
    fputs("case,who,unit,target,peers,round,value\n", file);
    for (int i = 0; i < count; i++)
        write_samples(file, &rows[i], &cases[i]);
    return fclose(file) == 0 ? APR_SUCCESS : brood_fail(APR_EGENERAL, "cannot write %s", bench_options.csv);
}

/* Is the row there only for others to be compared with? */
static bool is_peer(const bench_case_t *cases, int count, const bench_case_t *one)
{
    for (int i = 0; i < count; i++)
        for (size_t p = 0; p < sizeof one->peer / sizeof *one->peer && cases[i].peer[p] != NULL; p++)
            if (one->peer[0] == NULL && strcmp(cases[i].group, one->group) == 0
                && strcmp(cases[i].peer[p], one->name) == 0)
                return true;
    return false;
}

apr_status_t bench_run(const bench_case_t *cases, int count, brood_value_t args, apr_pool_t *mem)
{
    bench_case_t *chosen = apr_palloc(mem, (apr_size_t) count * sizeof *chosen);
    row_t *rows = apr_pcalloc(mem, (apr_size_t) count * sizeof *rows);
    int *order = apr_pcalloc(mem, (apr_size_t) count * sizeof *order);
    const char *only;
    int chosen_count = 0;

    BROOD_TRY(read_options(&only, args));
    for (int i = 0; i < count; i++)
        if (strstr(cases[i].group, only) != NULL && !(bench_options.own && is_peer(cases, count, &cases[i]))) {
            order[chosen_count] = chosen_count;
            rows[chosen_count].sample = apr_pcalloc(mem, (apr_size_t) bench_options.rounds * sizeof(double));
            chosen[chosen_count++] = cases[i];
        }
    printf("%d samples of %.0f ms, in turns; %s; %d CPUs\n", bench_options.rounds, bench_options.seconds * 1000,
           bench_options.pin ? "pinned" : "not pinned", brood_usable_cpu_count());
    BROOD_TRY(run_rounds(rows, chosen, order, chosen_count, mem));
    if (bench_options.csv != NULL)
        BROOD_TRY(write_csv(rows, chosen, chosen_count));
    print_tables(rows, chosen, chosen_count);
    return APR_SUCCESS;
}
