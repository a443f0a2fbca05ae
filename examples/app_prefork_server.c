/* A pre-forking web server: the parent accepts, workers answer, and one that dies is replaced.
 *
 *   app_prefork_server [PORT]      until Ctrl-C; 8080 if not said
 *   app_prefork_server try N       have N questions answered, and end */
#include <brood.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS 4
#define PATIENCE apr_time_from_sec(5)

/* ---- a worker ---- */

static apr_status_t answer(apr_socket_t *socket)
{
    static const char text[] = "HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
    char request[4096];
    apr_size_t size = sizeof request;

    BROOD_TRY(apr_socket_timeout_set(socket, PATIENCE));
    BROOD_TRY(apr_socket_recv(socket, request, &size));
    size = sizeof text - 1;
    return apr_socket_send(socket, text, &size);
}

static apr_status_t worker(brood_call_t *call)
{
    brood_connection_t *work;
    apr_socket_t *socket;
    brood_value_t item;
    apr_pool_t *turn;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &work));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    while ((rc = brood_connection_recv(&item, work, BROOD_FOREVER, turn)) == APR_SUCCESS) {
        BROOD_TRY(BROOD_READ(&socket, item));
        if (answer(socket) != APR_SUCCESS)
            brood_log(BROOD_LOG_WARNING, "a client went away");
        apr_pool_clear(turn); /* closes the socket */
    }
    return brood_allow(rc, APR_EOF);
}

/* ---- the parent ---- */

typedef struct slot_t {
    apr_pool_t *mem;
    brood_connection_t *work;
} slot_t;

static apr_status_t start_worker(slot_t *slot)
{
    brood_connection_t *theirs;

    apr_pool_clear(slot->mem); /* closes what the last one had */
    BROOD_TRY(brood_pipe_create(&theirs, &slot->work, BROOD_ONE_WAY, slot->mem));
    BROOD_TRY(brood_process_start(NULL, worker, BROOD_ARGS(theirs), NULL, slot->mem));
    brood_connection_close(theirs);
    return APR_SUCCESS;
}

/* Accept, and hand the socket to the next worker; `count` times, or for ever if it is below 0. */
static apr_status_t serve(apr_socket_t *server, int count, apr_pool_t *mem)
{
    slot_t slots[WORKERS];
    brood_wait_t call = brood_wait_socket(server); /* apr_socket_accept itself would not hear Ctrl-C */
    apr_socket_t *client;
    apr_pool_t *turn;

    for (int i = 0; i < WORKERS; i++) {
        BROOD_TRY(apr_pool_create(&slots[i].mem, mem));
        BROOD_TRY(start_worker(&slots[i]));
    }
    BROOD_TRY(apr_pool_create(&turn, mem));
    for (int i = 0; i != count; i = (i + 1) & 0xffffff) {
        slot_t *slot = &slots[i % WORKERS];

        BROOD_TRY(brood_wait(&call, 1, BROOD_FOREVER));
        BROOD_TRY(apr_socket_accept(&client, server, turn));
        while (brood_connection_send(slot->work, BROOD_VALUE(client), PATIENCE) != APR_SUCCESS)
            BROOD_TRY(start_worker(slot));
        apr_pool_clear(turn); /* our copy of the client's socket */
    }
    for (int i = 0; i < WORKERS; i++)
        brood_connection_close(slots[i].work); /* the end of the work */
    return APR_SUCCESS;
}

static apr_status_t listen_at(apr_socket_t **server, apr_port_t *port, apr_pool_t *mem)
{
    apr_sockaddr_t *address;

    BROOD_TRY(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, *port, 0, mem));
    BROOD_TRY(apr_socket_create(server, APR_INET, SOCK_STREAM, APR_PROTO_TCP, mem));
    BROOD_TRY(apr_socket_opt_set(*server, APR_SO_REUSEADDR, 1));
    BROOD_TRY(apr_socket_bind(*server, address));
    BROOD_TRY(apr_socket_listen(*server, 128));
    BROOD_TRY(apr_socket_addr_get(&address, APR_LOCAL, *server));
    *port = address->port;
    return APR_SUCCESS;
}

/* ---- a client, to try it ---- */

static apr_status_t ask(int port, apr_pool_t *mem)
{
    static const char question[] = "GET / HTTP/1.0\r\n\r\n";
    apr_sockaddr_t *address;
    apr_socket_t *socket;
    char text[200];
    apr_size_t size = sizeof question - 1;

    BROOD_TRY(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, (apr_port_t) port, 0, mem));
    BROOD_TRY(apr_socket_create(&socket, APR_INET, SOCK_STREAM, APR_PROTO_TCP, mem));
    BROOD_TRY(apr_socket_timeout_set(socket, PATIENCE));
    BROOD_TRY(apr_socket_connect(socket, address));
    BROOD_TRY(apr_socket_send(socket, question, &size));
    size = sizeof text;
    BROOD_TRY(apr_socket_recv(socket, text, &size));
    return size >= 15 && memcmp(text, "HTTP/1.0 200 OK", 15) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

static apr_status_t client(brood_call_t *call)
{
    apr_pool_t *turn;
    int port, count;

    BROOD_TRY(BROOD_UNPACK(call->args, &port, &count));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    for (int i = 0; i < count; i++) {
        BROOD_TRY(ask(port, turn));
        apr_pool_clear(turn);
    }
    printf("%d answers\n", count);
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    const int count = call->argc > 2 ? atoi(call->argv[2]) : -1;
    apr_port_t port = count >= 0 ? 0 : (apr_port_t) (call->argc > 1 ? atoi(call->argv[1]) : 8080);
    apr_socket_t *server;

    BROOD_TRY(listen_at(&server, &port, call->mem));
    if (count >= 0)
        BROOD_TRY(brood_process_start(NULL, client, BROOD_ARGS((int) port, count), NULL, call->mem));
    else
        printf("http://127.0.0.1:%d/\n", (int) port);
    return serve(server, count, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(worker), BROOD_ENTRY(client))
