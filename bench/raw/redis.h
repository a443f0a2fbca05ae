/* redis.h - a Redis server of our own on a private socket, and just enough of a client for it. */
#ifndef BENCH_RAW_REDIS_H
#define BENCH_RAW_REDIS_H

#include <apr_network_io.h>
#include <apr_thread_proc.h>

/* A server, and where it listens.  APR_ENOTIMPL: there is none on this system. */
apr_status_t raw_redis_start(apr_proc_t *server, const char **path, apr_pool_t *mem);
void raw_redis_stop(apr_proc_t *server);

typedef struct raw_redis_t {
    apr_socket_t *socket;
    char in[1 << 16];
    apr_size_t begin, end;
} raw_redis_t;

apr_status_t raw_redis_connect(raw_redis_t *client, const char *path, apr_pool_t *mem);

/* `count` times SET key value, or GET key, written at once; then as many answers are read. */
apr_status_t raw_redis_call(raw_redis_t *client, int set, int count, apr_pool_t *mem);

#endif
