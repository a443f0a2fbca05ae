/* pool_client.c - the thread that has the connection to a manager's pool, and what waits to be written. */
#include "manager/pool_client.h"

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

void brood__pool_client_tell(brood__pool_client_t *client)
{
    atomic_fetch_add(client->news, 1);
    brood__wake(client->news, INT_MAX);
}

void brood__pool_client_lose(brood__pool_client_t *client)
{
    const brood_error_t *error = brood_last_error();
    brood__outcome_t outcome = {.plain = true, .data = client->reason};

    if (client->lost != APR_SUCCESS)
        return;
    client->lost = error->status;
    apr_cpystrn(client->reason, error->message, sizeof client->reason);
    outcome.status = client->lost;
    outcome.size = strlen(client->reason);
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        if (client->task[i].state == BROOD__CLIENT_TASK_SENT)
            brood__pool_client_settle(client, i, &outcome);
    client->asked = 0;
    client->answer = false;
    apr_thread_cond_broadcast(client->answered);
    brood__pool_client_tell(client);
}

/* ---- going out ---- */

static bool make_room(brood__pool_client_t *client, size_t more)
{
    const size_t waits = client->out_end - client->out_begin;
    size_t room = client->out_room > OUT_LEAST ? client->out_room : OUT_LEAST;
    unsigned char *out;

    if (client->out_room - client->out_end >= more)
        return true;
    if (client->out_begin != 0)
        memmove(client->out, client->out + client->out_begin, waits);
    client->out_begin = 0;
    client->out_end = waits;
    if (client->out_room - waits >= more)
        return true;
    while (room - waits < more)
        room *= 2;
    out = realloc(client->out, room);
    if (out == NULL)
        return false;
    client->out = out;
    client->out_room = room;
    return true;
}

static apr_status_t append(brood__pool_client_t *client, const uint32_t *number, const char *method,
                           const brood_value_t *args, size_t count, size_t room)
{
    brood__output_t output = {NULL, 0, room, NULL};
    unsigned char *head;

    if (!make_room(client, HEAD + room))
        return brood_fail_text(APR_ENOMEM, "no memory for a task of a manager's pool");
    head = client->out + client->out_end;
    output.data = head + HEAD;
    BROOD_TRY(brood__rpc_write(&output, number, method, client->object, args, count));
    if (output.size > room)
        return brood_fail_text(BROOD_ETOOBIG, "a request to a manager's pool is larger than it was thought to be");
    for (unsigned i = 0; i < HEAD; i++)
        head[i] = (unsigned char) (output.size >> (8 * (HEAD - 1 - i)));
    client->out_end += HEAD + output.size;
    return APR_SUCCESS;
}

void brood__pool_client_put(brood__pool_client_t *client, const uint32_t *number, const char *method,
                            const brood_value_t *args, size_t count, size_t room)
{
    if (client->lost == APR_SUCCESS && append(client, number, method, args, count, room) != APR_SUCCESS)
        brood__pool_client_lose(client);
}

/* As much as is to be written at once: everything, or of a stream that keeps messages apart the next one. */
static size_t next_piece(const unsigned char **data, const brood__pool_client_t *client)
{
    const unsigned char *head = client->out + client->out_begin;
    size_t size = 0;

    *data = head;
    if (!client->link->stream.whole)
        return client->out_end - client->out_begin;
    for (unsigned i = 0; i < HEAD; i++)
        size = size << 8 | head[i];
    *data += HEAD;
    return size;
}

/* Under the lock: as far as the system takes it. */
static apr_status_t write_some(brood__pool_client_t *client)
{
    brood__stream_t *stream = &client->link->stream;

    while (client->out_begin != client->out_end) {
        const unsigned char *data;
        const size_t size = next_piece(&data, client);
        size_t sent = 0;

        BROOD_TRY(brood__stream_post(stream, data, size, &sent));
        client->out_begin += sent == size && stream->whole ? size + HEAD : sent;
        if (sent < size)
            return APR_SUCCESS;
    }
    client->out_begin = client->out_end = 0;
    if (client->out_room > OUT_KEPT) {
        free(client->out);
        client->out = NULL;
        client->out_room = 0;
    }
    return APR_SUCCESS;
}

/* ---- the thread ---- */

/* All that is there.  APR_TIMEUP: nothing more is. */
static apr_status_t read_all(brood__pool_client_t *client)
{
    brood__link_t *link = client->link;
    brood_bytes_t bytes = {NULL, 0};

    for (;;) {
        apr_status_t rc = brood__link_hear(&bytes, link, BROOD__AT_ONCE);

        if (rc != APR_SUCCESS)
            return rc;
        rc = brood__pool_client_answer(client, bytes);
        brood__message_end(&link->message, &link->stream);
        if (rc != APR_SUCCESS)
            return rc;
    }
}

/* One look at both directions.  APR_TIMEUP: all is as it should be, and *waits says whether something waits to be written. */
static apr_status_t exchange(brood__pool_client_t *client, bool *waits)
{
    apr_status_t rc;

    apr_thread_mutex_lock(client->lock);
    rc = write_some(client);
    *waits = client->out_begin != client->out_end;
    apr_thread_mutex_unlock(client->lock);
    return rc == APR_SUCCESS ? read_all(client) : rc;
}

static apr_status_t wait_on(brood__pool_client_t *client, bool writes, apr_time_t deadline)
{
    brood__poll_t **ready = NULL;
    size_t count = 0;

    if (writes != client->poll.writes)
        BROOD_TRY(brood__pollset_change(client->set, &client->poll, true, writes));
    return brood__pollset_wait(&ready, &count, client->set, deadline);
}

static bool is_ending(brood__pool_client_t *client)
{
    bool ending;

    apr_thread_mutex_lock(client->lock);
    ending = client->ending;
    apr_thread_mutex_unlock(client->lock);
    return ending;
}

/* Until it is to end, and all has been written, but for what nobody takes in time. */
static apr_status_t serve(brood__pool_client_t *client)
{
    apr_time_t deadline = BROOD__NEVER;
    bool waits = true;

    for (;;) {
        apr_status_t rc = exchange(client, &waits);

        if (rc != APR_TIMEUP && rc != APR_EINTR)
            return rc;
        if (is_ending(client) && deadline == BROOD__NEVER)
            deadline = brood__deadline(FAREWELL);
        if (deadline != BROOD__NEVER && (!waits || brood__clock_now() >= deadline))
            return APR_SUCCESS;
        rc = wait_on(client, waits, deadline);
        if (rc != APR_SUCCESS && rc != APR_TIMEUP && rc != APR_EINTR)
            return rc;
    }
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    brood__pool_client_t *client = data;
    const apr_status_t rc = serve(client);

    (void) thread;
    apr_thread_mutex_lock(client->lock);
    if (rc != APR_SUCCESS) {
        BROOD_IGNORE(brood__link_lost(&client->origin, rc));
        brood__pool_client_lose(client);
    }
    apr_thread_mutex_unlock(client->lock);
    brood__status_clear();
    return NULL;
}

/* ---- beginning and end ---- */

static void forked(brood__open_t *open)
{
    brood__pool_client_t *client = (brood__pool_client_t *) ((char *) open - offsetof(brood__pool_client_t, open));

    brood__pollset_close(client->set);
}

static apr_status_t begin_thread(brood__pool_client_t *client, apr_pool_t *mem)
{
    apr_status_t rc;

    brood__own_thread_begins();
    rc = apr_thread_create(&client->thread, NULL, run, client, mem);
    if (rc == APR_SUCCESS)
        return rc;
    brood__own_thread_ended();
    client->thread = NULL;
    return brood_fail_text(rc, "no thread for a manager's pool");
}

static apr_status_t open_set(brood__pool_client_t *client, apr_pool_t *mem)
{
    apr_status_t rc = brood__pollset_create(&client->set, 1, mem);

    if (rc != APR_SUCCESS)
        return brood_fail_text(rc, "the system has nothing to wait for a manager's pool by");
    rc = brood__pollset_add_stream(client->set, &client->poll, &client->link->stream, true, false);
    if (rc == APR_SUCCESS) {
        brood__open_add(&client->open, forked);
        return rc;
    }
    brood__pollset_close(client->set);
    return brood_fail_text(rc, "the connection to a manager's pool cannot be waited for");
}

static void close_set(brood__pool_client_t *client)
{
    brood__open_remove(&client->open);
    brood__pollset_remove(client->set, &client->poll);
    brood__pollset_close(client->set);
}

static apr_status_t begin_with_link(brood__pool_client_t *client, apr_pool_t *mem)
{
    apr_status_t rc;

    BROOD_TRY(open_set(client, mem));
    rc = begin_thread(client, mem);
    if (rc != APR_SUCCESS)
        close_set(client);
    return rc;
}

/* Some may look at it until nothing refers to the pool any more. */
static apr_status_t free_news(void *data)
{
    const brood__pool_client_t *client = data;

    if (client->epoch == brood__arena_epoch && brood__arena_base != NULL)
        brood__heap_free(client->news_block);
    return APR_SUCCESS;
}

static apr_status_t make_parts(brood__pool_client_t *client, apr_pool_t *mem)
{
    apr_status_t rc = apr_thread_mutex_create(&client->lock, APR_THREAD_MUTEX_UNNESTED, mem);

    if (rc == APR_SUCCESS)
        rc = apr_thread_cond_create(&client->answered, mem);
    if (rc == APR_SUCCESS)
        rc = brood__heap_calloc(&client->news_block, sizeof *client->news);
    if (rc != APR_SUCCESS)
        return brood_fail_text(rc, "no memory for a manager's pool");
    client->epoch = brood__arena_epoch;
    client->news = brood__at(client->news_block);
    apr_pool_cleanup_register(mem, client, free_news, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

apr_status_t brood__pool_client_begin(brood__pool_client_t *client, apr_pool_t *mem)
{
    apr_status_t rc;

    BROOD_TRY(make_parts(client, mem));
    BROOD_TRY(brood__own_pool(&client->scratch));
    rc = brood__link_reopen(&client->link, &client->origin);
    if (rc == APR_SUCCESS && (rc = begin_with_link(client, mem)) != APR_SUCCESS)
        brood__link_close(client->link);
    if (rc != APR_SUCCESS)
        apr_pool_destroy(client->scratch);
    return rc;
}

void brood__pool_client_end(brood__pool_client_t *client)
{
    apr_status_t rc;

    if (client->thread == NULL)
        return;
    apr_thread_mutex_lock(client->lock);
    client->ending = true;
    apr_thread_mutex_unlock(client->lock);
    brood__pollset_wake(client->set);
    apr_thread_join(&rc, client->thread);
    client->thread = NULL;
    brood__own_thread_ended();
    close_set(client);
    brood__link_close(client->link);
    apr_pool_destroy(client->scratch);
    free(client->out);
    client->out = NULL;
    client->out_begin = client->out_end = client->out_room = 0;
}
