/* pool_client_answer.c - answers of a manager's pool: outcomes of tasks. */
#include "base/codec.h"
#include "base/status.h"
#include "manager/pool_client.h"
#include "manager/rpc.h"
#include <limits.h>
#include <stdlib.h>

#define NIL 0xC0u /* as MessagePack has it */
#define PARTS 5u  /* of an outcome */

/* By malloc: *block is what is to be freed.  NULL: no memory, or nothing. */
static const void *keep(uint64_t *block, const void *data, size_t size)
{
    void *copy = size != 0 ? malloc(size) : NULL;

    if (copy != NULL)
        memcpy(copy, data, size);
    *block = (uint64_t) (uintptr_t) copy;
    return copy;
}

static void keep_data(brood__outcome_t *outcome, const void *data, size_t size)
{
    outcome->data = keep(&outcome->block, data, size);
    outcome->size = outcome->data != NULL ? size : 0;
    if (outcome->data == NULL && outcome->status == APR_SUCCESS)
        outcome->status = APR_ENOMEM;
}

/* This thread's last failure is that of the task. */
static void take_failure(brood__outcome_t *outcome)
{
    const brood_error_t *error = brood_last_error();

    *outcome = (brood__outcome_t){.status = error->status, .plain = true};
    keep_data(outcome, error->message, strlen(error->message));
}

void brood__pool_client_settle(brood__pool_client_t *client, uint32_t ticket, const brood__outcome_t *outcome)
{
    client->task[ticket].state = BROOD__CLIENT_TASK_DONE;
    client->task[ticket].outcome = *outcome;
    client->arrived[(client->arrived_first + client->arrived_count++) % BROOD__PLACES] = ticket;
}

/* ---- reading ---- */

static apr_status_t next_value(brood_value_t *value, brood_bytes_t *bytes, apr_pool_t *mem)
{
    size_t used = 0;

    BROOD_TRY(brood__decode_next(value, &used, bytes->data, bytes->size, false, mem));
    *bytes = (brood_bytes_t){(const unsigned char *) bytes->data + used, bytes->size - used};
    return APR_SUCCESS;
}

static apr_status_t next_int(apr_int64_t *number, brood_bytes_t *bytes, apr_pool_t *mem)
{
    brood_value_t value = brood_nil();

    BROOD_TRY(next_value(&value, bytes, mem));
    BROOD_TRY(brood_value_int(number, value));
    return *number >= INT_MIN && *number <= UINT32_MAX ? APR_SUCCESS
                                                       : brood_fail_text(BROOD_ERANGE, "a number is too large");
}

static apr_status_t read_head(brood__outcome_t *outcome, brood_bytes_t *bytes, apr_pool_t *mem)
{
    apr_int64_t status = 0, first = 0, exitcode = 0;
    brood_value_t plain = brood_nil();
    size_t count = 0, used = 0;

    BROOD_TRY(brood__decode_list(&count, &used, bytes->data, bytes->size));
    if (count != PARTS)
        return brood_fail_text(BROOD_EPROTOCOL, "an outcome of a manager's pool has other parts");
    *bytes = (brood_bytes_t){(const unsigned char *) bytes->data + used, bytes->size - used};
    BROOD_TRY(next_int(&status, bytes, mem));
    BROOD_TRY(next_int(&first, bytes, mem));
    BROOD_TRY(next_value(&plain, bytes, mem));
    BROOD_TRY(next_int(&exitcode, bytes, mem));
    *outcome = (brood__outcome_t){.status = (apr_status_t) status,
                                  .first = (uint32_t) first,
                                  .plain = plain.kind == BROOD_KIND_BOOL && plain.as.boolean,
                                  .exitcode = (int) exitcode};
    return bytes->size != 0 ? APR_SUCCESS : brood_fail_text(BROOD_EPROTOCOL, "an outcome has no data");
}

static apr_status_t read_outcome(brood__outcome_t *outcome, brood_bytes_t bytes, apr_pool_t *mem)
{
    brood_value_t text = brood_nil();
    const unsigned char *data;

    BROOD_TRY(read_head(outcome, &bytes, mem));
    data = bytes.data;
    if (outcome->plain) {
        BROOD_TRY(next_value(&text, &bytes, mem));
        if (text.kind == BROOD_KIND_BYTES)
            keep_data(outcome, text.as.bytes.data, text.as.bytes.size);
    } else if (outcome->status == APR_SUCCESS || bytes.size != 1 || *data != NIL) { /* a failure may have no record */
        keep_data(outcome, data, bytes.size);
    }
    return APR_SUCCESS;
}

/* An answer is nil and the outcome, or why the task could not be given to anybody. */
static apr_status_t take_outcome(brood__pool_client_t *client, uint32_t ticket, brood_bytes_t bytes)
{
    const unsigned char *data = bytes.data;
    brood__outcome_t outcome = {.status = APR_EGENERAL};

    if (bytes.size < 2)
        return brood_fail_text(BROOD_EPROTOCOL, "an answer of a manager's pool has no result");
    if (*data == NIL)
        BROOD_TRY(read_outcome(&outcome, (brood_bytes_t){data + 1, bytes.size - 1}, client->scratch));
    else if (brood__client_read_result(NULL, &client->origin, bytes, NULL) != APR_SUCCESS)
        take_failure(&outcome);
    apr_thread_mutex_lock(client->lock);
    if (client->task[ticket].state == BROOD__CLIENT_TASK_SENT) {
        brood__pool_client_settle(client, ticket, &outcome);
        brood__pool_client_tell(client);
    } else {
        free((void *) (uintptr_t) outcome.block);
    }
    apr_thread_mutex_unlock(client->lock);
    return APR_SUCCESS;
}

static apr_status_t take_answer(brood__pool_client_t *client, uint32_t number, brood_bytes_t bytes)
{
    brood_value_t value = brood_nil();
    const apr_status_t rc = brood__client_read_result(&value, &client->origin, bytes, client->scratch);

    apr_thread_mutex_lock(client->lock);
    if (client->asked == number) {
        client->asked = 0;
        client->answer = rc == APR_SUCCESS && value.kind == BROOD_KIND_BOOL && value.as.boolean;
        apr_thread_cond_broadcast(client->answered);
    }
    apr_thread_mutex_unlock(client->lock);
    return APR_SUCCESS;
}

apr_status_t brood__pool_client_answer(brood__pool_client_t *client, brood_bytes_t message)
{
    brood_bytes_t bytes = {NULL, 0};
    uint32_t number = 0;
    apr_status_t rc = brood__rpc_read_answer(&number, &bytes, message.data, message.size);

    if (rc == APR_SUCCESS)
        rc = number < BROOD__PLACES ? take_outcome(client, number, bytes) : take_answer(client, number, bytes);
    apr_pool_clear(client->scratch);
    return rc;
}
