/* fuzz_request.c - messages from anybody who knows the key, to a manager's server (MGR-20): whatever they are, each request
 * has one answer, or waits; and when whoever sent them is gone, so are the objects that nobody has named.
 *
 * An input is a row of messages, each behind two bytes that say how long it is.  Its client has said hello. */
#include "base/own.h"
#include "manager/manager.h"
#include "manager/rpc.h"
#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static brood__server_t *begin(void)
{
    static const brood__kind_t *const kinds[] = {&brood__managed_dict_kind,
                                                 &brood__managed_list_kind,
                                                 &brood__managed_set_kind,
                                                 &brood__namespace_kind,
                                                 &brood__proxy_kind,
                                                 &brood__managed_queue_kind,
                                                 &brood__managed_lock_kind,
                                                 &brood__managed_semaphore_kind,
                                                 &brood__managed_condition_kind,
                                                 &brood__managed_event_kind,
                                                 &brood__managed_barrier_kind};
    static const brood__limits_t limits = {1 << 16, 1000, 10, 1000000};
    brood__server_t *server;

    must(apr_initialize() == APR_SUCCESS && brood__own_begin() == APR_SUCCESS);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        brood__kind_register(kinds[i]);
    must(brood__server_create(&server, NULL, (brood_bytes_t){"k", 1}, &limits) == APR_SUCCESS);
    return server;
}

/* What waits to be written is answers, each of them whole. */
static void check_answers(brood__peer_t *peer, apr_pool_t *mem)
{
    while (peer->out_begin != peer->out_end) {
        const unsigned char *head = (unsigned char *) peer->out + peer->out_begin;
        const size_t size = (size_t) head[0] << 24 | (size_t) head[1] << 16 | (size_t) head[2] << 8 | head[3];
        brood_bytes_t parts;
        brood_value_t value;
        uint32_t number;
        size_t used = 0;

        must(size <= peer->out_end - peer->out_begin - 4);
        must(brood__rpc_read_answer(&number, &parts, head + 4, size) == APR_SUCCESS);
        must(brood__decode_next(&value, &used, parts.data, parts.size, false, mem) == APR_SUCCESS);
        must(value.kind == BROOD_KIND_NIL || value.kind == BROOD_KIND_LIST);
        must(brood__decode(&value, (const char *) parts.data + used, parts.size - used, false, mem) == APR_SUCCESS);
        peer->out_begin += 4 + size;
    }
    peer->out_begin = peer->out_end = 0;
}

static void say_all(brood__server_t *server, brood__peer_t *peer, const uint8_t *data, size_t size, apr_pool_t *mem)
{
    apr_time_t next = 0;

    while (size >= 2) {
        const size_t length = (size_t) data[0] << 8 | data[1];
        const size_t taken = length < size - 2 ? length : size - 2;

        if (brood__answer(server, peer, (brood_bytes_t){data + 2, taken}) != APR_SUCCESS)
            return;
        check_answers(peer, mem);
        data += 2 + taken;
        size -= 2 + taken;
    }
    brood__waiters_look(server, &next);
    check_answers(peer, mem);
}

static void count_nameless(brood__referent_t *referent, void *count)
{
    if (referent->name == NULL && referent->inside == 0)
        ++*(size_t *) count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const unsigned char token[BROOD__TOKEN] = {1};
    static brood__server_t *server;
    brood__peer_t *peer = calloc(1, sizeof *peer);
    size_t left = 0;
    apr_pool_t *mem = NULL;

    if (server == NULL)
        server = begin();
    must(peer != NULL && apr_pool_create(&mem, NULL) == APR_SUCCESS);
    must(brood__server_enter(server) == APR_SUCCESS);
    must(brood__session_join(server, peer, token, token) == APR_SUCCESS);
    server->current = peer;
    say_all(server, peer, data, size, mem);
    server->current = NULL;
    server->busy = NULL;
    brood__waiters_gone(peer);
    brood__undo_forget(peer);
    brood__session_leave(server, peer);
    brood__sessions_end(server);
    brood__referents_tidy();
    brood__referents_each(count_nameless, &left);
    must(left == 0);
    brood__server_leave(server);
    free(peer->out);
    free(peer);
    apr_pool_destroy(mem);
    return 0;
}
