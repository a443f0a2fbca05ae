#include "redis.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <signal.h>
#include <string.h>

#define PATIENCE 500 /* times 10 ms, until the server listens */

#if APR_HAVE_SOCKADDR_UN
static apr_status_t connect_to(apr_socket_t **made, const char *path, apr_pool_t *mem)
{
    apr_sockaddr_t *address;
    apr_status_t rc = apr_sockaddr_info_get(&address, path, APR_UNIX, 0, 0, mem);

    if (rc == APR_SUCCESS)
        rc = apr_socket_create(made, APR_UNIX, SOCK_STREAM, 0, mem);
    return rc == APR_SUCCESS ? apr_socket_connect(*made, address) : rc;
}
#else
static apr_status_t connect_to(apr_socket_t **made, const char *path, apr_pool_t *mem)
{
    (void) made;
    (void) path;
    (void) mem;
    return APR_ENOTIMPL;
}
#endif

static apr_status_t launch(apr_proc_t *process, const char *path, apr_pool_t *mem)
{
    const char *const argv[] = {"redis-server", "--unixsocket", path,         "--port",  "0", "--save", "",
                                "--appendonly", "no",           "--loglevel", "warning", NULL};
    apr_procattr_t *attributes;
    apr_status_t rc = apr_procattr_create(&attributes, mem);

    if (rc == APR_SUCCESS)
        rc = apr_procattr_cmdtype_set(attributes, APR_PROGRAM_PATH);
    if (rc == APR_SUCCESS)
        rc = apr_procattr_io_set(attributes, APR_NO_PIPE, APR_FULL_BLOCK, APR_NO_PIPE);
    if (rc == APR_SUCCESS)
        rc = apr_procattr_error_check_set(attributes, 1);
    return rc == APR_SUCCESS ? apr_proc_create(process, argv[0], argv, NULL, attributes, mem) : rc;
}

apr_status_t raw_redis_start(apr_proc_t *server, const char **path, apr_pool_t *mem)
{
    apr_socket_t *socket = NULL;
    const char *folder;

    if (apr_temp_dir_get(&folder, mem) != APR_SUCCESS)
        return APR_ENOTIMPL;
    *path = apr_psprintf(mem, "%s/bench-redis-%lx", folder, (unsigned long) apr_time_now());
    if (launch(server, *path, mem) != APR_SUCCESS)
        return APR_ENOTIMPL;
    for (int i = 0; i < PATIENCE; i++) {
        if (connect_to(&socket, *path, mem) == APR_SUCCESS)
            return apr_socket_close(socket);
        apr_sleep(apr_time_from_msec(10));
    }
    raw_redis_stop(server);
    return APR_ENOTIMPL;
}

void raw_redis_stop(apr_proc_t *server)
{
    apr_exit_why_e why;
    int code;

    (void) apr_proc_kill(server, SIGTERM);
    (void) apr_proc_wait(server, &code, &why, APR_WAIT);
}

apr_status_t raw_redis_connect(raw_redis_t *client, const char *path, apr_pool_t *mem)
{
    client->begin = client->end = 0;
    return connect_to(&client->socket, path, mem);
}

static apr_status_t read_line(raw_redis_t *client)
{
    for (;;) {
        const char *end = memchr(client->in + client->begin, '\n', client->end - client->begin);
        apr_size_t room;
        apr_status_t rc;

        if (end != NULL) {
            client->begin = (apr_size_t) (end - client->in) + 1;
            return APR_SUCCESS;
        }
        memmove(client->in, client->in + client->begin, client->end - client->begin);
        client->end -= client->begin;
        client->begin = 0;
        room = sizeof client->in - client->end;
        rc = apr_socket_recv(client->socket, client->in + client->end, &room);
        if (rc != APR_SUCCESS)
            return rc;
        client->end += room;
    }
}

apr_status_t raw_redis_call(raw_redis_t *client, int set, int count, apr_pool_t *mem)
{
    static const char set_text[] = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n",
                      get_text[] = "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
    const char *text = set ? set_text : get_text;
    const apr_size_t size = set ? sizeof set_text - 1 : sizeof get_text - 1;
    char *out = apr_palloc(mem, size * (apr_size_t) count);
    apr_size_t left = size * (apr_size_t) count;

    for (int i = 0; i < count; i++)
        memcpy(out + size * (apr_size_t) i, text, size);
    for (const char *at = out; left > 0;) {
        apr_size_t sent = left;
        const apr_status_t rc = apr_socket_send(client->socket, at, &sent);

        if (rc != APR_SUCCESS)
            return rc;
        at += sent;
        left -= sent;
    }
    for (int i = 0; i < (set ? 1 : 2) * count; i++) { /* +OK; or $5 and the value */
        const apr_status_t rc = read_line(client);

        if (rc != APR_SUCCESS)
            return rc;
    }
    return APR_SUCCESS;
}
