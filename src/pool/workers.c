/* workers.c - who is missing: starts, one after the other, of those who are to be there, and of one to spare. */
#include "pool/local.h"

#include "base/deadline.h"
#include "base/status.h"
#include "pool/run_queue.h"
#include "process/call.h"

#define PAUSE_FIRST apr_time_from_msec(10)
#define PAUSE_LAST apr_time_from_sec(1)
#define PAUSE_SPARE apr_time_from_msec(200)
#define FAILURES_MOST 10 /* starts in a row of which nothing comes: then there is no use in it */

unsigned brood__workers_count(const brood__local_t *local, unsigned members)
{
    unsigned number = 0;

    for (unsigned i = 0; i < members; i++)
        number += local->member[i].mem != NULL;
    return number;
}

/* Also one whose first word nobody has heard yet. */
static bool is_anybody_here(brood__local_t *local)
{
    bool anybody = false;

    for (unsigned i = 0; i < local->engine.workers; i++) {
        brood__local_take_hello(local, BROOD__PLACES + i);
        anybody = anybody || (local->member[i].mem != NULL && local->member[i].here);
    }
    return anybody;
}

/* One to spare is no loss: those who work go on, and are replaced without it. */
void brood__workers_despair(brood__local_t *local, unsigned index, apr_status_t status, const char *why)
{
    apr_interval_time_t pause = PAUSE_FIRST;

    if (index == local->engine.workers) {
        local->next_spare = brood__clock_now() + PAUSE_SPARE;
        return;
    }
    for (unsigned i = 0; i < local->failures && pause < PAUSE_LAST; i++)
        pause *= 2;
    local->next_start = brood__clock_now() + (pause < PAUSE_LAST ? pause : PAUSE_LAST);
    if (++local->failures >= FAILURES_MOST && !is_anybody_here(local))
        brood__local_break(local, status, why);
}

static bool goes_on(const brood__local_t *local)
{
    return !local->finishing && !local->terminated && !local->engine.broken;
}

static bool may_start(const brood__local_t *local)
{
    return goes_on(local) && local->next_start <= brood__clock_now();
}

/* The lock is given up meanwhile: only this thread changes who there is. */
static bool start(brood__local_t *local, unsigned index)
{
    const unsigned number = ++local->born;
    char text[BROOD__EPITAPH];
    brood__member_t member;
    apr_status_t rc;

    brood__local_unlock(local);
    rc = brood__member_start(&member, local, index, number);
    brood__local_lock(local);
    local->member[index] = member;
    if (rc != APR_SUCCESS)
        brood__workers_despair(local, index, rc, brood__failure_text(rc, text, sizeof text));
    return rc == APR_SUCCESS;
}

/* The one to spare takes this seat. */
static void seat_spare(brood__local_t *local, unsigned index)
{
    brood__member_t *spare = &local->member[local->engine.workers];

    local->member[index] = *spare;
    *spare = (brood__member_t){.process = NULL};
    brood__tails_move(&local->tails, local->engine.workers, index);
    brood__run_queue_admit(local->engine.board, local->engine.workers, local->member[index].number, index);
}

static bool has_spare(const brood__local_t *local)
{
    return brood__workers_count(local, local->members) > brood__workers_count(local, local->engine.workers);
}

/* All have a worker, but none is to spare. */
static bool lacks_spare(const brood__local_t *local)
{
    return local->members > local->engine.workers && !has_spare(local) && local->started != 0
           && brood__workers_count(local, local->engine.workers) == local->started;
}

static apr_time_t later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

/* They have been initialized, and the last one to spare has gone to its seat.  Before that one more would be in their way. */
static bool have_all_entered(brood__local_t *local)
{
    bool all = true;

    for (unsigned i = 0; i < local->engine.workers; i++) {
        brood__member_t *member = &local->member[i];

        member->entered =
            member->entered
            || (member->mem != NULL && brood__run_queue_has_entered(local->engine.board, member->at, member->number));
        all = all && (member->entered || member->mem == NULL);
    }
    return all;
}

void brood__workers_start(brood__local_t *local)
{
    for (unsigned i = 0; i < local->started; i++) {
        if (local->member[i].mem != NULL || !may_start(local))
            continue;
        if (has_spare(local))
            seat_spare(local, i);
        else if (start(local, i))
            brood__run_queue_admit(local->engine.board, i, local->member[i].number, i);
    }
    if (lacks_spare(local) && may_start(local) && local->next_spare <= brood__clock_now() && have_all_entered(local))
        (void) start(local, local->engine.workers);
}

apr_time_t brood__workers_look_again(const brood__local_t *local)
{
    const apr_time_t now = brood__clock_now();

    if (!goes_on(local))
        return 0;
    if (brood__workers_count(local, local->engine.workers) < local->started)
        return later(local->next_start, now);
    if (lacks_spare(local))
        return later(later(local->next_start, local->next_spare), now + PAUSE_FIRST);
    return 0;
}
