/* message.c - the arguments of a task: as plain bytes if they are short, else in a block that bears the objects in them. */
#include "pool/local.h"

#include "base/codec.h"
#include "base/status.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include <stdlib.h>

static apr_status_t encode_in_block(brood__args_t *message, brood_value_t args, brood__loans_t *loans, uint64_t size)
{
    const uint64_t begin = loans->count == 0 ? 0 : brood__loans_size(loans);
    brood__output_t output;
    apr_status_t rc;

    BROOD_TRY(brood__heap_alloc(&message->block, begin + size));
    output = (brood__output_t){(unsigned char *) brood__at(message->block) + begin, 0, (size_t) size, NULL};
    message->size = begin + size;
    rc = brood__loans_encode(&output, args, loans);
    if (rc == APR_SUCCESS && loans->count != 0)
        rc = brood__loan_begin(message->block, loans);
    if (rc == APR_SUCCESS)
        return rc;
    brood__heap_free(message->block);
    message->block = 0;
    return rc == APR_ENOMEM ? brood_fail_text(rc, "no memory for the arguments of a task") : rc;
}

apr_status_t brood__bytes_reserve(brood__bytes_t *bytes, size_t more)
{
    const size_t least = bytes->size + more, room = bytes->room * 2 > least ? bytes->room * 2 : least;
    unsigned char *data;

    if (bytes->room >= least)
        return APR_SUCCESS;
    data = realloc(bytes->data, room);
    if (data == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the arguments of a task");
    bytes->data = data;
    bytes->room = room;
    return APR_SUCCESS;
}

apr_status_t brood__message_prepare(brood__args_t *message, brood__bytes_t *bytes, brood_value_t args)
{
    brood__output_t output;
    brood__loans_t loans;

    BROOD_TRY(brood__bytes_reserve(bytes, BROOD__PLACE_ROOM));
    output = (brood__output_t){bytes->data + bytes->size, 0, BROOD__PLACE_ROOM, NULL};
    *message = (brood__args_t){.at = bytes->size};
    BROOD_TRY(brood__loans_measure(&output, args, &loans));
    if (output.size > BROOD__PLACE_ROOM || loans.count != 0)
        return encode_in_block(message, args, &loans, output.size);
    message->size = output.size;
    bytes->size += output.size;
    return APR_SUCCESS;
}

void brood__message_discard(uint64_t block)
{
    if (block == 0)
        return;
    brood__loan_revoke(block);
    brood__loan_end(block);
    brood__heap_free(block);
}
