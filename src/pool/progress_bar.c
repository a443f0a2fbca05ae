/* progress_bar.c - how far a job is, on one line of a terminal. */
#include "pool/progress_bar.h"

#include "base/mutex.h"
#include "platform/clock.h"
#include "platform/terminal.h"
#include <apr_strings.h>
#include <brood/pool.h>
#include <stdio.h>
#include <string.h>

#define FIGURES 20 /* characters of rate and time; they seldom take more, and so the bar does not move */

/* ---- the line ---- */

static void put_rate(char *text, size_t size, double rate)
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    size_t unit = 0;

    while (rate >= 999.5 && unit < sizeof units / sizeof *units - 1) {
        rate /= 1000;
        unit++;
    }
    (void) snprintf(text, size, rate < 9.95 && (unit != 0 || rate < 1) ? "%.1f%s/s" : "%.0f%s/s", rate, units[unit]);
}

static void put_time(char *text, size_t size, double seconds)
{
    const unsigned long whole = seconds < 3.5e8 ? (unsigned long) (seconds + 0.5) : 0;

    if (seconds >= 3.5e8)
        (void) snprintf(text, size, "-:--");
    else if (whole >= 3600)
        (void) snprintf(text, size, "%lu:%02lu:%02lu", whole / 3600, whole / 60 % 60, whole % 60);
    else
        (void) snprintf(text, size, "%lu:%02lu", whole / 60, whole % 60);
}

/* Rate, and the time that is left; at the end that it has taken. */
static void put_figures(char *text, size_t size, const brood__progress_t *progress)
{
    const double seconds = (double) progress->elapsed / APR_USEC_PER_SEC;
    const double rate = progress->since_done != 0 && seconds > 0 ? (double) progress->since_done / seconds : 0;
    const bool over = progress->done >= progress->total;
    char speed[32] = "-/s", time[32] = "-:--";

    if (rate > 0)
        put_rate(speed, sizeof speed, rate);
    if (over)
        put_time(time, sizeof time, seconds);
    else if (rate > 0)
        put_time(time, sizeof time, (double) (progress->total - progress->done) / rate);
    (void) snprintf(text, size, "%s  %s%s", speed, time, over ? "" : " left");
}

void brood__progress_line(char line[BROOD__BAR_WIDEST], int width, const brood__progress_t *progress)
{
    const double part = progress->total != 0 ? (double) progress->done / (double) progress->total : 1;
    const int room = (width < BROOD__BAR_WIDEST ? width : BROOD__BAR_WIDEST) - 1;
    char bar[BROOD__BAR_WIDEST], figures[80], whole[2 * BROOD__BAR_WIDEST];
    int cells, full;

    put_figures(figures, sizeof figures, progress);
    cells = room - FIGURES - (int) strlen("100% []  ");
    cells = cells >= 4 ? cells : 0;
    full = (int) (part * cells);
    memset(bar, '=', (size_t) full);
    memset(bar + full, ' ', (size_t) (cells - full));
    if (full < cells && full > 0)
        bar[full - 1] = '>';
    bar[cells] = '\0';
    (void) snprintf(whole, sizeof whole, cells != 0 ? "%3d%% [%s]  %-*s" : "%3d%%%s  %-*s", (int) (part * 100), bar,
                    FIGURES, figures);
    apr_cpystrn(line, whole, (apr_size_t) (room > 0 ? room : 0) + 1);
}

/* ---- what is drawn ---- */

/* The job that has the line. */
static brood__mutex_t mutex;
static FILE *stream;
static size_t total, first, last;
static apr_time_t begun;

static void note(FILE *out, size_t done, size_t of, apr_time_t now)
{
    if (out != stream || of != total || done < last || last == total) { /* another one */
        stream = out;
        total = of;
        first = done;
        begun = now;
    }
    last = done;
}

void brood_progress_bar(void *user, apr_size_t done, apr_size_t of)
{
    FILE *out = user != NULL ? user : stderr;
    const int width = brood__terminal_width(out);
    const apr_time_t now = brood__clock_now();
    char line[BROOD__BAR_WIDEST];

    if (width == 0)
        return;
    brood__mutex_lock(&mutex);
    note(out, done, of, now);
    brood__progress_line(line, width, &(brood__progress_t){done, of, done - first, now - begun});
    (void) fprintf(out, "\r%s%s", line, done >= of ? "\n" : "");
    (void) fflush(out);
    brood__mutex_unlock(&mutex);
}
