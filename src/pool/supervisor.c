/* supervisor.c - the thread that has the workers: it starts them, hears of their ends, and ends them. */
#include "pool/local.h"

#include "base/codec.h"
#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "pool/run_queue.h"
#include "process/call.h"
#include <apr_strings.h>

#define GRACE apr_time_from_sec(1) /* from the request to end to the end */
#define PAUSE apr_time_from_msec(10)

/* ---- ends ---- */

void brood__supervisor_stop(brood__local_t *local, brood__id_t id)
{
    for (unsigned i = 0; i < local->members; i++)
        if (local->member[i].process != NULL && local->member[i].id == id)
            brood__member_end(&local->member[i], brood__clock_now() + GRACE);
    brood__supervisor_poke(local);
}

static void kill_late(brood__local_t *local)
{
    const apr_time_t now = brood__clock_now();

    for (unsigned i = 0; i < local->members; i++) {
        brood__member_t *member = &local->member[i];

        if (local->terminated && !local->killed && member->kill_at == 0)
            brood__member_end(member, now + GRACE);
        if (local->killed || (member->kill_at != 0 && member->kill_at <= now))
            brood__member_kill(member);
    }
}

/* A thread ends of itself and leaves nothing behind.  Perhaps nobody has heard what this one has said first. */
static void bury(brood__local_t *local, unsigned index)
{
    brood__member_t *member = &local->member[index];
    char epitaph[BROOD__EPITAPH] = "a thread has ended";
    bool in_vain;

    brood__local_take_hello(local, BROOD__PLACES + index);
    if (member->process != NULL) {
        const int exitcode = brood__member_exitcode(member, epitaph, sizeof epitaph);

        brood__tails_quote(&local->tails, index, epitaph, sizeof epitaph);
        brood__tails_leave(&local->tails, index);
        if (index < local->engine.workers)
            brood__local_bury(local, index, exitcode, epitaph);
    }
    in_vain = !member->here && member->kill_at == 0 && !local->finishing && !local->terminated;
    brood__member_release(member);
    if (in_vain)
        brood__workers_despair(local, index, BROOD_EWORKER, epitaph);
}

static void bury_ended(brood__local_t *local)
{
    for (unsigned i = 0; i < local->members; i++)
        if (local->member[i].mem != NULL && local->member[i].over)
            bury(local, i);
}

/* Without the lock, since the end of a process may be reported to the program's function. */
static void look_who_has_ended(brood__local_t *local)
{
    for (unsigned i = 0; i < local->members; i++)
        if (local->member[i].process != NULL && !brood_process_is_alive(local->member[i].process)) {
            local->member[i].over = true;
            brood__tails_pass_on_last(&local->tails, i);
        }
}

/* ---- hellos ---- */

/* What its record says, and no more than that: whoever reads it has not failed. */
static const char *message_of(const brood__outcome_t *hello, apr_pool_t *mem)
{
    brood_value_t record = brood_nil(), message;

    BROOD_IGNORE(brood__decode(&record, hello->data, (size_t) hello->size, false, mem));
    message = brood_value_at(record, 1);
    if (message.kind == BROOD_KIND_TEXT)
        return apr_pstrmemdup(mem, message.as.text.data, message.as.text.size);
    return brood_strerror(hello->status, apr_palloc(mem, BROOD__EPITAPH), BROOD__EPITAPH);
}

void brood__supervisor_hello(brood__local_t *local, unsigned index, const brood__outcome_t *hello)
{
    char reason[BROOD__EPITAPH];
    apr_pool_t *mem;

    local->member[index].here = true;
    local->failures = 0;
    if (hello->status == APR_SUCCESS || brood__own_pool(&mem) != APR_SUCCESS)
        return;
    (void) apr_snprintf(reason, sizeof reason, "the initializer failed: %s", message_of(hello, mem));
    brood__local_break(local, hello->status, reason);
    apr_pool_destroy(mem);
}

/* ---- the thread ---- */

void brood__supervisor_poke(brood__local_t *local)
{
    if (local->supervisor != NULL && !local->poke_on_its_way)
        local->poke_on_its_way = brood_connection_send_bytes(local->poker, "", 1, BROOD_NOWAIT) == APR_SUCCESS;
}

static void take_poke(brood__local_t *local)
{
    char poke;
    apr_size_t size = sizeof poke;

    if (local->poke_on_its_way && brood_connection_poll(local->poked, BROOD_NOWAIT) == APR_SUCCESS)
        local->poke_on_its_way = brood_connection_recv_into(&poke, &size, local->poked, BROOD_NOWAIT) != APR_SUCCESS;
}

static void earlier(apr_time_t *deadline, apr_time_t time)
{
    if (time != 0 && time < *deadline)
        *deadline = time;
}

static apr_time_t next_look(const brood__local_t *local)
{
    apr_time_t deadline = BROOD__NEVER;

    earlier(&deadline, local->look_at_limits);
    for (unsigned i = 0; i < local->members; i++)
        earlier(&deadline, local->member[i].kill_at);
    if (local->tails.stuck)
        earlier(&deadline, brood__clock_now() + PAUSE);
    earlier(&deadline, brood__workers_look_again(local));
    return deadline;
}

/* Until a worker ends, somebody pokes, or the time has come. */
static void wait_for_ends(brood__local_t *local)
{
    brood_wait_t *items = local->watched;
    const apr_time_t deadline = next_look(local);
    apr_interval_time_t left = BROOD_FOREVER;
    apr_size_t number = 0;
    apr_status_t rc;

    if (deadline != BROOD__NEVER)
        left = deadline > brood__clock_now() ? deadline - brood__clock_now() : BROOD_NOWAIT;
    items[number++] = brood_wait_connection(local->poked);
    for (unsigned i = 0; i < local->members; i++)
        if (local->member[i].process != NULL)
            items[number++] = brood_wait_process(local->member[i].process);
    number += brood__tails_watch(&local->tails, &items[number]);
    brood__local_unlock(local);
    rc = brood_wait(items, number, left < 0 ? left : left + 1);
    if (rc != APR_SUCCESS && rc != APR_TIMEUP)
        apr_sleep(PAUSE);
    brood__tails_pass_on(&local->tails);
    look_who_has_ended(local);
    brood__local_lock(local);
}

static bool is_over(const brood__local_t *local)
{
    return (local->finishing || local->terminated) && brood__workers_count(local, local->members) == 0;
}

/* Whoever reads the program's stderr may be slow; a pool that was terminated does not wait for him for long. */
static void pass_on_rest(brood__local_t *local)
{
    const apr_time_t enough = brood__clock_now() + GRACE;

    while (local->tails.stuck && (!local->terminated || brood__clock_now() < enough)) {
        brood__local_unlock(local);
        apr_sleep(PAUSE);
        brood__tails_pass_on(&local->tails);
        brood__local_lock(local);
    }
    brood__tails_close(&local->tails);
}

static void supervise(brood__local_t *local)
{
    brood__local_lock(local);
    while (!is_over(local)) {
        take_poke(local);
        bury_ended(local);
        brood__workers_start(local);
        brood__local_look_at_limits(local);
        kill_late(local);
        if (!is_over(local))
            wait_for_ends(local);
    }
    pass_on_rest(local);
    BROOD_IGNORE(brood_event_set(local->ended));
    brood__local_unlock(local);
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    brood__local_t *local = data;

    (void) thread;
    supervise(local);
    brood__status_clear();
    return NULL;
}

/* ---- from outside ---- */

static apr_status_t start_all(brood__local_t *local)
{
    for (unsigned i = 0; i < local->started; i++) {
        BROOD_TRY(brood__member_start(&local->member[i], local, i, ++local->born));
        brood__run_queue_admit(local->engine.board, i, local->born, i);
    }
    return APR_SUCCESS;
}

/* Nobody has been given anything yet. */
static void kill_all(brood__local_t *local)
{
    atomic_store(&local->engine.board->ended, 1);
    brood__run_queue_close(local->engine.board);
    for (unsigned i = 0; i < local->members; i++)
        if (local->member[i].mem != NULL) {
            brood__member_kill(&local->member[i]);
            brood__member_release(&local->member[i]);
        }
    brood__tails_close(&local->tails);
}

static apr_status_t begin_thread(brood__local_t *local)
{
    apr_status_t rc;

    brood__own_thread_begins();
    rc = apr_thread_create(&local->supervisor, NULL, run, local, local->mem);
    if (rc == APR_SUCCESS)
        return rc;
    brood__own_thread_ended();
    local->supervisor = NULL;
    return brood_fail(rc, "no thread for the supervisor of a pool");
}

/* Under the lock. */
static bool all_here(const brood__local_t *local)
{
    bool all = true;

    for (unsigned i = 0; i < local->started; i++)
        all = all && local->member[i].mem != NULL && local->member[i].here;
    return all || local->engine.broken;
}

/* Until every initializer has run, or one has failed. */
static apr_status_t await_hellos(brood__local_t *local)
{
    brood__arrivals_t hellos;
    apr_status_t rc = APR_SUCCESS;

    brood__local_lock(local);
    while (!all_here(local) && rc == APR_SUCCESS) {
        brood__local_unlock(local);
        rc = local->engine.ops->receive(&hellos, &local->engine, BROOD_FOREVER);
        brood__local_lock(local);
        for (uint32_t i = 0; i < hellos.count; i++)
            brood__local_take_hello(local, hellos.ticket[i]);
    }
    if (local->engine.broken)
        rc = brood_fail(local->engine.failure, "%s", local->engine.reason);
    brood__local_unlock(local);
    return rc;
}

apr_status_t brood__supervisor_begin(brood__local_t *local)
{
    apr_status_t rc;

    local->started = local->options.lazy ? 0 : local->engine.workers;
    rc = start_all(local);
    if (rc == APR_SUCCESS)
        rc = begin_thread(local);
    if (rc != APR_SUCCESS) {
        kill_all(local);
        return rc;
    }
    if (local->options.initializer != NULL)
        rc = await_hellos(local);
    if (rc != APR_SUCCESS)
        brood__supervisor_end(local);
    return rc;
}

apr_status_t brood__supervisor_join(brood__local_t *local, apr_time_t deadline)
{
    apr_interval_time_t left = BROOD_FOREVER;

    if (deadline != BROOD__NEVER)
        left = deadline > brood__clock_now() ? deadline - brood__clock_now() : BROOD_NOWAIT;
    return brood_event_wait(local->ended, left);
}

void brood__supervisor_end(brood__local_t *local)
{
    apr_status_t rc;

    if (local->supervisor == NULL)
        return;
    brood__local_lock(local);
    local->engine.ops->terminate(&local->engine, false);
    brood__local_unlock(local);
    apr_thread_join(&rc, local->supervisor);
    brood__local_lock(local);
    local->supervisor = NULL;
    brood_connection_close(local->poked); /* futures may keep the rest for as long as the process lives */
    brood_connection_close(local->poker);
    brood__local_unlock(local);
    brood__own_thread_ended();
}
