/* client.c - calls of a manager's server. */
#include "manager/client.h"

#include "base/codec.h"
#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "manager/client_table.h"
#include "manager/proxy.h"
#include "manager/rpc.h"
#include "platform/interrupt.h"
#include "sync/lock.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#define REQUEST_ROOM 1024u /* bytes of a request that need no memory of their own */
#define RELEASE_ROOM 64u   /* bytes of a release */
#define NIL 0xC0u          /* as MessagePack has it */
#define CALL_TIMEOUT apr_time_from_sec(30)
#define CANCEL_TIMEOUT apr_time_from_sec(5)

typedef struct call_t {
    const brood__origin_t *origin;
    uint64_t object;
    const char *method;
    const brood_value_t *args;
    size_t count;
    uint32_t number;
    bool hurried; /* it is not cancelled itself */
    apr_time_t deadline;
    brood_bytes_t request;
    apr_pool_t *mem;
} call_t;

static apr_status_t transact(brood_value_t *result, call_t *call, brood__remote_t *remote);

/* Overflow is no concern: brood__deadline bounds the sum, and no wait comes near its limit unless it is for ever. */
apr_time_t brood__client_deadline(const brood__origin_t *origin, apr_interval_time_t wait)
{
    const apr_interval_time_t limit = origin->call_timeout != 0 ? origin->call_timeout : CALL_TIMEOUT;

    if (wait < 0 || limit < 0 || wait > INT64_MAX - limit)
        return BROOD__NEVER;
    return brood__deadline(limit + wait);
}

uint32_t brood__client_numbers(size_t count)
{
    static _Atomic uint32_t last;

    return atomic_fetch_add_explicit(&last, (uint32_t) count, memory_order_relaxed);
}

uint64_t brood__client_thread(void)
{
    return brood__lock_thread();
}

/* ---- the request ---- */

apr_status_t brood__client_write(brood__output_t *output, const uint32_t *number, const brood__origin_t *origin,
                                 uint64_t object, const char *method, const brood_value_t *args, size_t count)
{
    brood__client_exchange_t exchange = brood__client_exchange(origin);
    brood__exchange_t *before = brood__exchange_enter(&exchange.exchange);
    const apr_status_t rc = brood__rpc_write(output, number, method, object, args, count);

    (void) brood__exchange_enter(before);
    return rc;
}

/* Into `room` if it fits, else into memory that *large is. */
static apr_status_t write_request(call_t *call, unsigned char *room, void **large)
{
    brood__output_t output = {room, 0, REQUEST_ROOM, NULL};

    BROOD_TRY(
        brood__client_write(&output, &call->number, call->origin, call->object, call->method, call->args, call->count));
    if (output.size > output.room) {
        output = (brood__output_t){malloc(output.size), 0, output.size, NULL};
        if (output.data == NULL)
            return brood_fail(APR_ENOMEM, "no memory for a request of %" PRIu64 " bytes", (uint64_t) output.room);
        *large = output.data;
        BROOD_TRY(brood__client_write(&output, &call->number, call->origin, call->object, call->method, call->args,
                                      call->count));
        if (output.size > output.room)
            return brood_fail_text(BROOD_EENCODE, "a value was changed while it was encoded");
    }
    call->request = (brood_bytes_t){output.data, output.size};
    return APR_SUCCESS;
}

/* ---- what is forgotten ---- */

static apr_status_t write_release(brood__link_t *link, const brood__forgotten_t *one, size_t *sent, apr_time_t deadline)
{
    const brood_value_t args[] = {brood_uint(one->object), brood_uint(one->count)};
    unsigned char room[RELEASE_ROOM];
    brood__output_t output = {room, 0, sizeof room, NULL};

    *sent = 0;
    BROOD_TRY(brood__rpc_write(&output, NULL, "release", 0, args, sizeof args / sizeof *args));
    return brood__message_write(&link->stream, room, output.size, NULL, sent, deadline);
}

apr_status_t brood__remote_flush(brood__remote_t *remote, brood__link_t *link, apr_time_t deadline, bool *whole)
{
    brood__forgotten_t one;
    size_t sent;

    *whole = true;
    while (brood__remote_forgotten(&one, remote)) {
        const apr_status_t rc = write_release(link, &one, &sent, deadline);

        if (rc == APR_SUCCESS)
            continue;
        *whole = sent == 0 && (rc == APR_TIMEUP || rc == APR_EINTR);
        brood__remote_forget(remote, one.object, one.count);
        return rc;
    }
    return APR_SUCCESS;
}

/* Nothing here waits, or connects. */
void brood__client_forget(const brood__origin_t *origin, uint64_t object, uint64_t count)
{
    brood__remote_t *remote = NULL;
    brood__link_t *link;
    bool whole = true;

    if (brood__remote_enter(&remote, origin) != APR_SUCCESS)
        return;
    brood__remote_forget(remote, object, count);
    link = brood__remote_take(remote);
    if (link != NULL)
        BROOD_IGNORE(brood__remote_flush(remote, link, BROOD__AT_ONCE, &whole));
    if (link != NULL && whole)
        brood__remote_keep(remote, link);
    else if (link != NULL)
        brood__link_close(link);
    brood__remote_leave(remote);
}

/* ---- the answer ---- */

/* Of a value that has no memory? */
static bool is_scalar(unsigned char first)
{
    return first < 0x80 || first >= 0xE0 || first == 0xC0 || first == 0xC2 || first == 0xC3
           || (first >= 0xCA && first <= 0xD3);
}

static apr_status_t decode(brood_value_t *value, const brood__origin_t *origin, brood_bytes_t bytes, apr_pool_t *mem)
{
    brood__client_exchange_t exchange = brood__client_exchange(origin);
    brood__exchange_t *before = brood__exchange_enter(&exchange.exchange);
    const apr_status_t rc = brood__decode(value, bytes.data, bytes.size, false, mem);

    (void) brood__exchange_enter(before);
    return rc;
}

/* What is not wanted is decoded, too: the objects in it have been counted for this tree. */
static apr_status_t decode_unwanted(const brood__origin_t *origin, brood_bytes_t bytes)
{
    brood_value_t value = brood_nil();
    apr_pool_t *scratch = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&scratch));
    rc = decode(&value, origin, bytes, scratch);
    apr_pool_destroy(scratch);
    return rc;
}

/* The failure becomes this thread's. */
static apr_status_t read_failure(brood_bytes_t bytes)
{
    brood_value_t record = brood_nil();
    apr_pool_t *scratch = NULL;
    size_t used = 0;
    apr_status_t rc;

    BROOD_TRY(brood__own_pool(&scratch));
    rc = brood__decode_next(&record, &used, bytes.data, bytes.size, false, scratch);
    if (rc == APR_SUCCESS)
        rc = brood__status_from_value(record);
    apr_pool_destroy(scratch);
    return rc;
}

apr_status_t brood__client_read_result(brood_value_t *result, const brood__origin_t *origin, brood_bytes_t bytes,
                                       apr_pool_t *mem)
{
    const unsigned char *data = bytes.data;
    const brood_bytes_t rest = {data + 1, bytes.size - 1};
    brood_value_t value = brood_nil();

    if (bytes.size < 2)
        return brood_fail_text(BROOD_EPROTOCOL, "the manager's answer has no result");
    if (*data != NIL)
        return read_failure(bytes);
    if (is_scalar(data[1]) || (result != NULL && mem != NULL))
        BROOD_TRY(decode(&value, origin, rest, mem));
    else
        BROOD_TRY(decode_unwanted(origin, rest));
    if (result != NULL)
        *result = value;
    return APR_SUCCESS;
}

/* ---- given up ---- */

/* So that the server drops it, or takes back what it has given; by another connection, since this one's answer is not
 * there.  The server has done so when it answers. */
static void cancel(const call_t *call, brood__remote_t *remote, uint64_t connection)
{
    const brood_value_t args[] = {brood_uint(connection), brood_uint(call->number)};
    brood__origin_t origin = *call->origin;
    unsigned char room[REQUEST_ROOM];
    void *large = NULL;
    call_t inner = {&origin, 0, "cancel", args, 2, 0, true, 0, {NULL, 0}, NULL};

    if (origin.call_timeout <= 0 || origin.call_timeout > CANCEL_TIMEOUT)
        origin.call_timeout = CANCEL_TIMEOUT;
    inner.number = brood__client_numbers(1);
    inner.deadline = brood__client_deadline(&origin, BROOD_NOWAIT);
    if (write_request(&inner, room, &large) == APR_SUCCESS)
        BROOD_IGNORE(transact(NULL, &inner, remote));
    free(large);
}

/* The connection is not good any more: its answer may come later. */
static apr_status_t give_up(const call_t *call, brood__remote_t *remote, brood__link_t *link, apr_status_t rc)
{
    if (rc == APR_EINTR)
        brood__interrupt_take(); /* else it would cut short what follows */
    if (!call->hurried)
        cancel(call, remote, link->number);
    brood__link_close(link);
    if (rc == APR_EINTR)
        return brood__fail_interrupted();
    return brood_fail(APR_TIMEUP, "the manager at %s has not answered %s in time", call->origin->address, call->method);
}

static apr_status_t read_answer(brood_value_t *result, const call_t *call, brood_bytes_t bytes, bool *sound)
{
    uint32_t number = 0;
    apr_status_t rc = brood__rpc_read_answer(&number, &bytes, bytes.data, bytes.size);

    *sound = rc == APR_SUCCESS && number == call->number;
    if (!*sound)
        return brood_fail(BROOD_EPROTOCOL, "the manager at %s answers what it was not asked", call->origin->address);
    return brood__client_read_result(result, call->origin, bytes, call->mem);
}

static apr_status_t hear(brood_value_t *result, const call_t *call, brood__remote_t *remote, brood__link_t *link)
{
    brood_bytes_t bytes = {NULL, 0};
    bool sound = false;
    apr_status_t rc = brood__link_hear(&bytes, link, call->deadline);

    if (rc == APR_TIMEUP || rc == APR_EINTR)
        return give_up(call, remote, link, rc);
    if (rc != APR_SUCCESS) {
        brood__link_close(link);
        return rc == APR_ENOMEM ? brood_fail_text(rc, "no memory for a manager's answer")
                                : brood__link_lost(call->origin, rc);
    }
    rc = read_answer(result, call, bytes, &sound);
    brood__message_end(&link->message, &link->stream);
    if (sound)
        brood__remote_keep(remote, link);
    else
        brood__link_close(link);
    return rc;
}

/* ---- the call ---- */

static apr_status_t check_size(const call_t *call, const brood__link_t *link)
{
    if (call->request.size <= link->limit)
        return APR_SUCCESS;
    return brood_fail(BROOD_ETOOBIG, "a request of %" PRIu64 " bytes is more than the manager at %s takes",
                      (uint64_t) call->request.size, call->origin->address);
}

static apr_status_t send_request(const call_t *call, brood__remote_t *remote, brood__link_t *link)
{
    size_t sent;
    bool whole;

    BROOD_TRY(brood__remote_flush(remote, link, call->deadline, &whole));
    return brood__message_write(&link->stream, call->request.data, call->request.size, NULL, &sent, call->deadline);
}

static apr_status_t fail_sending(const call_t *call, apr_status_t rc)
{
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "the manager at %s has not taken the request in time", call->origin->address);
    return rc == APR_EINTR ? brood__fail_interrupted() : brood__link_lost(call->origin, rc);
}

/* A request that could not be written whole was not run: if the connection had been kept, its server may have closed it
 * long ago, and the call goes on by another. */
static apr_status_t transact(brood_value_t *result, call_t *call, brood__remote_t *remote)
{
    bool kept = true;

    while (true) {
        brood__link_t *link = brood__remote_take(remote);
        apr_status_t rc;

        if (link == NULL) {
            BROOD_TRY(brood__link_reopen(&link, call->origin));
            kept = false;
        }
        rc = check_size(call, link);
        if (rc != APR_SUCCESS) {
            brood__remote_keep(remote, link);
            return rc;
        }
        rc = send_request(call, remote, link);
        if (rc == APR_SUCCESS)
            return hear(result, call, remote, link);
        brood__link_close(link);
        if (!kept || rc == APR_TIMEUP || rc == APR_EINTR)
            return fail_sending(call, rc);
    }
}

apr_status_t brood__client_call(brood_value_t *result, const brood__origin_t *origin, uint64_t object,
                                const char *method, const brood_value_t *args, size_t count, apr_interval_time_t wait,
                                apr_pool_t *mem)
{
    call_t call = {origin, object, method, args, count, 0, false, 0, {NULL, 0}, mem};
    brood__remote_t *remote = NULL;
    unsigned char room[REQUEST_ROOM];
    void *large = NULL;
    apr_status_t rc;

    call.number = brood__client_numbers(1);
    rc = write_request(&call, room, &large);
    if (rc == APR_SUCCESS)
        rc = brood__remote_enter(&remote, origin);
    if (rc == APR_SUCCESS) {
        call.deadline = brood__client_deadline(origin, wait);
        rc = transact(result, &call, remote);
        brood__remote_leave(remote);
    }
    free(large);
    return rc;
}

apr_status_t brood__client_hello(brood__origin_t *origin)
{
    brood__remote_t *remote = NULL;
    brood__link_t *link = NULL;
    apr_status_t rc;

    BROOD_TRY(brood__remote_enter(&remote, origin));
    rc = brood__link_open(&link, origin->identity, origin);
    if (rc == APR_SUCCESS)
        brood__remote_keep(remote, link);
    brood__remote_leave(remote);
    return rc;
}
