/* message.c - the arguments of a task: in the message if they are short, else in a block that bears the objects in them. */
#include "pool/local.h"

#include "base/codec.h"
#include "base/status.h"
#include "memory/heap.h"
#include "memory/loan.h"

static apr_status_t encode_in_block(brood__message_t *message, brood_value_t args, brood__loans_t *loans, uint64_t size)
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

apr_status_t brood__message_prepare(brood__message_t *message, brood_value_t args)
{
    brood__output_t output = {message->here, 0, sizeof message->here, NULL};
    brood__loans_t loans;

    message->block = 0;
    BROOD_TRY(brood__loans_measure(&output, args, &loans));
    message->size = output.size;
    if (output.size <= sizeof message->here && loans.count == 0)
        return APR_SUCCESS;
    return encode_in_block(message, args, &loans, output.size);
}

void brood__message_free(uint64_t block)
{
    if (block == 0)
        return;
    brood__loan_revoke(block);
    brood__loan_end(block);
    brood__heap_free(block);
}

void brood__message_discard(brood__message_t *message)
{
    brood__message_free(message->block);
    message->block = 0;
}
