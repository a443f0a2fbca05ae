/* distant.c - the thread that has the connection to a manager's pool, and what waits to be written. */
#include "manager/distant.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "manager/rpc.h"
#include "memory/heap.h"
#include "memory/sleep.h"
#include <apr_strings.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

#define HEAD 4u                       /* bytes of a frame's head */
#define OUT_LEAST 4096u               /* bytes of room */
#define OUT_KEPT ((size_t) 1 << 20)   /* more is given back when all is written */
#define FAREWELL apr_time_from_sec(1) /* for the last words */

void brood__distant_tell(brood__distant_t *distant)
{
    atomic_fetch_add(distant->news, 1);
    brood__wake(distant->news, INT_MAX);
}

void brood__distant_lose(brood__distant_t *distant)
{
    const brood_error_t *error = brood_last_error();
    brood__outcome_t outcome = {.plain = true, .data = distant->reason};

    if (distant->lost != APR_SUCCESS)
        return;
    distant->lost = error->status;
    apr_cpystrn(distant->reason, error->message, sizeof distant->reason);
    outcome.status = distant->lost;
    outcome.size = strlen(distant->reason);
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        if (distant->seat[i].state == BROOD__SEAT_OUT)
            brood__distant_settle(distant, i, &outcome);
    distant->asked = 0;
    distant->answer = false;
    apr_thread_cond_broadcast(distant->answered);
    brood__distant_tell(distant);
}

/* ---- going out ---- */

static bool make_room(brood__distant_t *distant, size_t more)
{
    const size_t waits = distant->out_end - distant->out_begin;
    size_t room = distant->out_room > OUT_LEAST ? distant->out_room : OUT_LEAST;
    unsigned char *out;

    if (distant->out_room - distant->out_end >= more)
        return true;
    if (distant->out_begin != 0)
        memmove(distant->out, distant->out + distant->out_begin, waits);
    distant->out_begin = 0;
    distant->out_end = waits;
    if (distant->out_room - waits >= more)
        return true;
    while (room - waits < more)
        room *= 2;
    out = realloc(distant->out, room);
    if (out == NULL)
        return false;
    distant->out = out;
    distant->out_room = room;
    return true;
}

static apr_status_t append(brood__distant_t *distant, const uint32_t *number, const char *method,
                           const brood_value_t *args, size_t count, size_t room)
{
    brood__output_t output = {NULL, 0, room, NULL};
    unsigned char *head;

    if (!make_room(distant, HEAD + room))
        return brood_fail_text(APR_ENOMEM, "no memory for a task of a manager's pool");
    head = distant->out + distant->out_end;
    output.data = head + HEAD;
    BROOD_TRY(brood__rpc_write(&output, number, method, distant->object, args, count));
    if (output.size > room)
        return brood_fail_text(BROOD_ETOOBIG, "a request to a manager's pool is larger than it was thought to be");
    for (unsigned i = 0; i < HEAD; i++)
        head[i] = (unsigned char) (output.size >> (8 * (HEAD - 1 - i)));
    distant->out_end += HEAD + output.size;
    return APR_SUCCESS;
}

void brood__distant_put(brood__distant_t *distant, const uint32_t *number, const char *method,
                        const brood_value_t *args, size_t count, size_t room)
{
    if (distant->lost == APR_SUCCESS && append(distant, number, method, args, count, room) != APR_SUCCESS)
        brood__distant_lose(distant);
}

/* As much as is to be written at once: everything, or of a stream that keeps messages apart the next one. */
static size_t next_piece(const unsigned char **data, const brood__distant_t *distant)
{
    const unsigned char *head = distant->out + distant->out_begin;
    size_t size = 0;

    *data = head;
    if (!distant->link->stream.whole)
        return distant->out_end - distant->out_begin;
    for (unsigned i = 0; i < HEAD; i++)
        size = size << 8 | head[i];
    *data += HEAD;
    return size;
}

/* Under the lock: as far as the system takes it. */
static apr_status_t write_some(brood__distant_t *distant)
{
    brood__stream_t *stream = &distant->link->stream;

    while (distant->out_begin != distant->out_end) {
        const unsigned char *data;
        const size_t size = next_piece(&data, distant);
        size_t sent = 0;

        BROOD_TRY(brood__stream_post(stream, data, size, &sent));
        distant->out_begin += sent == size && stream->whole ? size + HEAD : sent;
        if (sent < size)
            return APR_SUCCESS;
    }
    distant->out_begin = distant->out_end = 0;
    if (distant->out_room > OUT_KEPT) {
        free(distant->out);
        distant->out = NULL;
        distant->out_room = 0;
    }
    return APR_SUCCESS;
}

/* ---- the thread ---- */

/* All that is there.  APR_TIMEUP: nothing more is. */
static apr_status_t read_all(brood__distant_t *distant)
{
    brood__link_t *link = distant->link;
    brood_bytes_t bytes = {NULL, 0};

    for (;;) {
        apr_status_t rc = brood__link_hear(&bytes, link, BROOD__AT_ONCE);

        if (rc != APR_SUCCESS)
            return rc;
        rc = brood__distant_answer(distant, bytes);
        brood__message_end(&link->message, &link->stream);
        if (rc != APR_SUCCESS)
            return rc;
    }
}

/* One look at both directions.  APR_TIMEUP: all is as it should be, and *waits says whether something waits to be written. */
static apr_status_t exchange(brood__distant_t *distant, bool *waits)
{
    apr_status_t rc;

    apr_thread_mutex_lock(distant->lock);
    rc = write_some(distant);
    *waits = distant->out_begin != distant->out_end;
    apr_thread_mutex_unlock(distant->lock);
    return rc == APR_SUCCESS ? read_all(distant) : rc;
}

static apr_status_t wait_on(brood__distant_t *distant, bool writes, apr_time_t deadline)
{
    brood__poll_t **ready = NULL;
    size_t count = 0;

    if (writes != distant->poll.writes)
        BROOD_TRY(brood__pollset_change(distant->set, &distant->poll, true, writes));
    return brood__pollset_wait(&ready, &count, distant->set, deadline);
}

static bool is_ending(brood__distant_t *distant)
{
    bool ending;

    apr_thread_mutex_lock(distant->lock);
    ending = distant->ending;
    apr_thread_mutex_unlock(distant->lock);
    return ending;
}

/* Until it is to end, and all has been written, but for what nobody takes in time. */
static apr_status_t serve(brood__distant_t *distant)
{
    apr_time_t deadline = BROOD__NEVER;
    bool waits = true;

    for (;;) {
        apr_status_t rc = exchange(distant, &waits);

        if (rc != APR_TIMEUP && rc != APR_EINTR)
            return rc;
        if (is_ending(distant) && deadline == BROOD__NEVER)
            deadline = brood__deadline(FAREWELL);
        if (deadline != BROOD__NEVER && (!waits || brood__clock_now() >= deadline))
            return APR_SUCCESS;
        rc = wait_on(distant, waits, deadline);
        if (rc != APR_SUCCESS && rc != APR_TIMEUP && rc != APR_EINTR)
            return rc;
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    brood__distant_t *distant = data;
    const apr_status_t rc = serve(distant);

    (void) thread;
    apr_thread_mutex_lock(distant->lock);
    if (rc != APR_SUCCESS) {
        BROOD_IGNORE(brood__link_lost(&distant->origin, rc));
        brood__distant_lose(distant);
    }
    apr_thread_mutex_unlock(distant->lock);
    brood__status_clear();
    return NULL;
}

/* ---- beginning and end ---- */

static void forked(brood__open_t *open)
{
    brood__distant_t *distant = (brood__distant_t *) ((char *) open - offsetof(brood__distant_t, open));

    brood__pollset_close(distant->set);
}

static apr_status_t begin_thread(brood__distant_t *distant, apr_pool_t *mem)
{
    apr_status_t rc;

    brood__own_thread_begins();
    rc = apr_thread_create(&distant->thread, NULL, run, distant, mem);
    if (rc == APR_SUCCESS)
        return rc;
    brood__own_thread_ended();
    distant->thread = NULL;
    return brood_fail_text(rc, "no thread for a manager's pool");
}

static apr_status_t open_set(brood__distant_t *distant, apr_pool_t *mem)
{
    apr_status_t rc = brood__pollset_create(&distant->set, 1, mem);

    if (rc != APR_SUCCESS)
        return brood_fail_text(rc, "the system has nothing to wait for a manager's pool by");
    rc = brood__pollset_add_stream(distant->set, &distant->poll, &distant->link->stream, true, false);
    if (rc == APR_SUCCESS) {
        brood__open_add(&distant->open, forked);
        return rc;
    }
    brood__pollset_close(distant->set);
    return brood_fail_text(rc, "the connection to a manager's pool cannot be waited for");
}

static void close_set(brood__distant_t *distant)
{
    brood__open_remove(&distant->open);
    brood__pollset_remove(distant->set, &distant->poll);
    brood__pollset_close(distant->set);
}

static apr_status_t begin_with_link(brood__distant_t *distant, apr_pool_t *mem)
{
    apr_status_t rc;

    BROOD_TRY(open_set(distant, mem));
    rc = begin_thread(distant, mem);
    if (rc != APR_SUCCESS)
        close_set(distant);
    return rc;
}

/* Some may look at it until nothing refers to the pool any more. */
static apr_status_t free_news(void *data)
{
    const brood__distant_t *distant = data;

    if (distant->epoch == brood__arena_epoch && brood__arena_base != NULL)
        brood__heap_free(distant->news_block);
    return APR_SUCCESS;
}

static apr_status_t make_parts(brood__distant_t *distant, apr_pool_t *mem)
{
    apr_status_t rc = apr_thread_mutex_create(&distant->lock, APR_THREAD_MUTEX_UNNESTED, mem);

    if (rc == APR_SUCCESS)
        rc = apr_thread_cond_create(&distant->answered, mem);
    if (rc == APR_SUCCESS)
        rc = brood__heap_calloc(&distant->news_block, sizeof *distant->news);
    if (rc != APR_SUCCESS)
        return brood_fail_text(rc, "no memory for a manager's pool");
    distant->epoch = brood__arena_epoch;
    distant->news = brood__at(distant->news_block);
    apr_pool_cleanup_register(mem, distant, free_news, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

apr_status_t brood__distant_begin(brood__distant_t *distant, apr_pool_t *mem)
{
    apr_status_t rc;

    BROOD_TRY(make_parts(distant, mem));
    BROOD_TRY(brood__own_pool(&distant->scratch));
    rc = brood__link_reopen(&distant->link, &distant->origin);
    if (rc == APR_SUCCESS && (rc = begin_with_link(distant, mem)) != APR_SUCCESS)
        brood__link_close(distant->link);
    if (rc != APR_SUCCESS)
        apr_pool_destroy(distant->scratch);
    return rc;
}

void brood__distant_end(brood__distant_t *distant)
{
    apr_status_t rc;

    if (distant->thread == NULL)
        return;
    apr_thread_mutex_lock(distant->lock);
    distant->ending = true;
    apr_thread_mutex_unlock(distant->lock);
    brood__pollset_wake(distant->set);
    apr_thread_join(&rc, distant->thread);
    distant->thread = NULL;
    brood__own_thread_ended();
    close_set(distant);
    brood__link_close(distant->link);
    apr_pool_destroy(distant->scratch);
    free(distant->out);
    distant->out = NULL;
    distant->out_begin = distant->out_end = distant->out_room = 0;
}
