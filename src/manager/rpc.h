/* rpc.h - what a manager's clients and its server say to each other: MessagePack-RPC, one message a frame.
 *
 *   request       [0, number, method, [object, argument ...]]    answered, in whatever order the answers are ready
 *   notification  [2, method, [object, argument ...]]            not answered
 *   answer        [1, number, failure or nil, result]            failure: as brood__status_to_value has it
 *
 * Objects have numbers; 0 is the server itself.  Managed objects within arguments and results are extensions of type
 * BROOD__EXT_OBJECT: the tag of the type, and the number.  docs/manager_protocol.md has it all for others to write a client by. */
#ifndef BROOD_MANAGER_RPC_H
#define BROOD_MANAGER_RPC_H

#include "base/codec.h"
#include "base/kind.h"

#define BROOD__RPC_VERSION 1

typedef enum brood__rpc_kind_t {
    BROOD__RPC_REQUEST = 0,
    BROOD__RPC_ANSWER = 1,
    BROOD__RPC_NOTIFICATION = 2
} brood__rpc_kind_t;

/* What has come, cut up as far as that needs no memory: the arguments are still encoded. */
typedef struct brood__rpc_t {
    brood__rpc_kind_t kind;
    uint32_t number; /* not of a notification */
    const char *method;
    size_t method_size;
    uint64_t object;
    uint32_t count; /* of the arguments behind the object, which are all the rest: */
    const unsigned char *data;
    size_t size;
} brood__rpc_t;

/* Cut up a request or notification.  BROOD_EDECODE. */
apr_status_t brood__rpc_read(brood__rpc_t *rpc, const void *data, size_t size);

/* Cut up an answer: the number, and where the failure and the result begin.  BROOD_EDECODE. */
apr_status_t brood__rpc_read_answer(uint32_t *number, brood_bytes_t *failure_and_result, const void *data, size_t size);

/* Append a whole request, or with `number` NULL a notification; its objects must be known to the exchange (managed.h).
 * Statuses of brood__encode: nothing has been appended then. */
apr_status_t brood__rpc_write(brood__output_t *output, const uint32_t *number, const char *method, uint64_t object,
                              const brood_value_t *args, size_t count);

/* Append the head of an answer; then come the failure, or nil, and the result. */
apr_status_t brood__rpc_write_answer(brood__output_t *output, uint32_t number);

/* The head of a MessagePack list of `count` values, or of a map of `count` pairs. */
apr_status_t brood__rpc_write_list(brood__output_t *output, size_t count);
apr_status_t brood__rpc_write_map(brood__output_t *output, size_t pairs);

#endif
