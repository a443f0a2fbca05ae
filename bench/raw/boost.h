/* boost.h - Boost.Interprocess's message_queue in C: boost.cpp, or boost_none.c where Boost was not found. */
#ifndef BENCH_RAW_BOOST_H
#define BENCH_RAW_BOOST_H

#include <apr_errno.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A process's hold of a queue.  Items of a known size, which all processes give alike. */
typedef struct raw_boost_t {
    void *queue;
} raw_boost_t;

/* Make a queue that others open by its name; take the name away. */
apr_status_t raw_boost_create(raw_boost_t *made, const char *name, size_t room, size_t size);
void raw_boost_remove(const char *name);

apr_status_t raw_boost_open(raw_boost_t *opened, const char *name);
apr_status_t raw_boost_put(const raw_boost_t *through, const void *data, size_t size);
apr_status_t raw_boost_get(const raw_boost_t *through, void *data, size_t size);
void raw_boost_close(raw_boost_t *ended);

#ifdef __cplusplus
}
#endif
#endif
