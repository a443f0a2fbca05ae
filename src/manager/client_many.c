/* client_many.c - many calls by one connection, written ahead of their answers. */
#include "base/deadline.h"
#include "base/status.h"
#include "manager/client_table.h"
#include "manager/rpc.h"
#include <apr_strings.h>
#include <inttypes.h>
#include <stdlib.h>

#define AHEAD_MOST 256u                    /* requests whose answers have not come */
#define BUFFER ((size_t) 64 << 10)         /* bytes of requests that are written at once, unless one alone is larger */
#define PATIENCE apr_time_from_msec(5)     /* how long it waits to write before it looks whether it can read */
#define HEAD 4u                            /* bytes of a frame's head */
#define FRAME_MOST ((uint64_t) 0x7fffffff) /* bytes of a frame with such a head */

typedef struct many_t {
    const brood__origin_t *origin;
    brood__client_batch_t *calls;
    size_t count;
    size_t next;     /* to be encoded */
    size_t ahead;    /* encoded and not answered */
    uint32_t number; /* of the first request */
    apr_pool_t *mem;
    brood__link_t *link;
    unsigned char *buffer; /* by malloc: frames */
    size_t room, begin, end;
    bool wrote; /* any byte of them */
} many_t;

/* The failure of one call, or of all that have no answer. */
static void set_failure(brood__client_batch_t *call, apr_status_t status, apr_pool_t *mem)
{
    call->status = status;
    call->result = brood_text(apr_pstrdup(mem, brood_last_error()->message));
}

/* ---- requests ---- */

static apr_status_t make_room(many_t *many, size_t more)
{
    unsigned char *buffer;

    if (many->room - many->end >= more)
        return APR_SUCCESS;
    buffer = realloc(many->buffer, many->end + more);
    if (buffer == NULL)
        return brood_fail(APR_ENOMEM, "no memory for a request of %" PRIu64 " bytes", (uint64_t) more);
    many->buffer = buffer;
    many->room = many->end + more;
    return APR_SUCCESS;
}

static apr_status_t encode_into(size_t *size, const many_t *many, size_t index, size_t head)
{
    const brood__client_batch_t *call = &many->calls[index];
    const uint32_t number = many->number + (uint32_t) index;
    const size_t begin = many->end + head;
    brood__output_t output = {many->buffer + begin, 0, many->room > begin ? many->room - begin : 0, NULL};

    BROOD_TRY(brood__client_write(&output, &number, many->origin, call->object, call->method, call->args, call->count));
    if (output.size > many->link->limit || output.size > FRAME_MOST)
        return brood_fail(BROOD_ETOOBIG, "a request of %" PRIu64 " bytes is more than the manager at %s takes",
                          (uint64_t) output.size, many->origin->address);
    *size = output.size;
    return APR_SUCCESS;
}

/* A frame more in the buffer. */
static apr_status_t add_frame(many_t *many, size_t index)
{
    const size_t head = many->link->stream.whole ? 0 : HEAD;
    size_t size = 0;

    BROOD_TRY(make_room(many, BUFFER / 16));
    BROOD_TRY(encode_into(&size, many, index, head));
    if (size + head > many->room - many->end) {
        BROOD_TRY(make_room(many, size + head));
        BROOD_TRY(encode_into(&size, many, index, head));
    }
    for (size_t i = 0; i < head; i++)
        many->buffer[many->end + i] = (unsigned char) (size >> 8 * (head - 1 - i));
    many->end += head + size;
    return APR_SUCCESS;
}

/* What the buffer takes, or of a stream that keeps messages apart one.  A call that cannot be encoded has failed
 * alone. */
static void fill(many_t *many)
{
    const size_t most = many->link->stream.whole ? 1 : BUFFER;

    if (many->begin == many->end)
        many->begin = many->end = 0;
    while (many->next < many->count && many->ahead < AHEAD_MOST && many->end < most) {
        const size_t index = many->next++;
        const apr_status_t rc = add_frame(many, index);

        if (rc == APR_SUCCESS)
            many->ahead++;
        else
            set_failure(&many->calls[index], rc, many->mem);
    }
}

/* ---- answers ---- */

static apr_status_t take_answer(many_t *many, brood_bytes_t bytes)
{
    uint32_t number = 0;
    brood__client_batch_t *call;
    apr_status_t rc = brood__rpc_read_answer(&number, &bytes, bytes.data, bytes.size);
    const size_t index = number - many->number;

    if (rc != APR_SUCCESS)
        return rc;
    if (index >= many->next || many->calls[index].status != BROOD_ELOST)
        return brood_fail(BROOD_EPROTOCOL, "the manager at %s answers what it was not asked", many->origin->address);
    call = &many->calls[index];
    rc = brood__client_read_result(&call->result, many->origin, bytes, many->mem);
    call->status = rc;
    if (rc != APR_SUCCESS)
        set_failure(call, rc, many->mem);
    many->ahead--;
    return APR_SUCCESS;
}

static apr_status_t hear(many_t *many, apr_time_t deadline)
{
    brood__link_t *link = many->link;
    brood_bytes_t bytes = {NULL, 0};
    apr_status_t rc;

    BROOD_TRY(brood__link_hear(&bytes, link, deadline));
    rc = take_answer(many, bytes);
    brood__message_end(&link->message, &link->stream);
    return rc;
}

/* ---- both ---- */

/* Write what there is; but while the server has answers that it cannot get rid of, it may take nothing more: so now and
 * then what has come is read. */
static apr_status_t write_some(many_t *many, apr_time_t deadline)
{
    const size_t size = many->end - many->begin;
    apr_time_t limit = brood__deadline(PATIENCE);
    size_t sent = 0;
    apr_status_t rc;

    if (limit > deadline)
        limit = deadline;
    rc = brood__stream_write(&many->link->stream, NULL, 0, many->buffer + many->begin, size, NULL, &sent, limit);
    many->begin += sent;
    many->wrote = many->wrote || sent != 0;
    if (rc != APR_TIMEUP)
        return rc;
    while (many->ahead > 0) {
        rc = hear(many, BROOD__AT_ONCE);
        if (rc != APR_SUCCESS)
            break;
    }
    return rc == APR_TIMEUP && limit < deadline ? APR_SUCCESS : rc;
}

/* Each answer, and each piece that goes out, has as long as a call's. */
static apr_status_t run(many_t *many)
{
    apr_time_t deadline = brood__client_deadline(many->origin, BROOD_NOWAIT);

    while (many->next < many->count || many->ahead > 0) {
        const size_t ahead = many->ahead, begin = many->begin;

        if (many->begin == many->end)
            fill(many);
        if (many->begin < many->end)
            BROOD_TRY(write_some(many, deadline));
        else if (many->ahead > 0)
            BROOD_TRY(hear(many, deadline));
        if (many->ahead != ahead || many->begin != begin)
            deadline = brood__client_deadline(many->origin, BROOD_NOWAIT);
    }
    return APR_SUCCESS;
}

/* By this connection; *again: nothing has gone out, since it was closed. */
static apr_status_t run_by(many_t *many, brood__remote_t *remote, bool *again)
{
    bool whole = true;
    apr_status_t rc =
        brood__remote_flush(remote, many->link, brood__client_deadline(many->origin, BROOD_NOWAIT), &whole);

    if (rc == APR_SUCCESS)
        rc = run(many);
    *again = rc != APR_SUCCESS && rc != APR_TIMEUP && rc != APR_EINTR && !many->wrote;
    if (rc == APR_SUCCESS)
        brood__remote_keep(remote, many->link);
    else
        brood__link_close(many->link);
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "the manager at %s has not answered in time", many->origin->address);
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    return rc == APR_SUCCESS || rc == BROOD_EPROTOCOL || rc == BROOD_EDECODE || rc == APR_ENOMEM
               ? rc
               : brood__link_lost(many->origin, rc);
}

static apr_status_t run_all(many_t *many, brood__remote_t *remote)
{
    bool again = true;
    apr_status_t rc = APR_SUCCESS;

    while (again) {
        bool kept = true;

        many->link = brood__remote_take(remote);
        if (many->link == NULL) {
            BROOD_TRY(brood__link_reopen(&many->link, many->origin));
            kept = false;
        }
        many->next = many->ahead = many->begin = many->end = 0;
        rc = run_by(many, remote, &again);
        again = again && kept;
    }
    return rc;
}

apr_status_t brood__client_call_many(brood__client_batch_t *calls, size_t count, const brood__origin_t *origin,
                                     apr_pool_t *mem)
{
    many_t many = {.origin = origin, .calls = calls, .count = count, .mem = mem};
    brood__remote_t *remote = NULL;
    apr_status_t rc;

    for (size_t i = 0; i < count; i++) {
        calls[i].status = BROOD_ELOST; /* until there is an answer */
        calls[i].result = brood_nil();
    }
    many.number = brood__client_numbers(count);
    BROOD_TRY(brood__remote_enter(&remote, origin));
    rc = run_all(&many, remote);
    brood__remote_leave(remote);
    free(many.buffer);
    for (size_t i = 0; rc != APR_SUCCESS && i < count; i++)
        if (calls[i].status == BROOD_ELOST)
            set_failure(&calls[i], rc, mem);
    return rc;
}
