/* pipe_fixture.h - the ends of pipes, and what goes through them. */
#ifndef BROOD_TESTS_PIPE_FIXTURE_H
#define BROOD_TESTS_PIPE_FIXTURE_H

#include "harness_tree.h"

#include <stdlib.h>

static apr_pool_t *mem;

static inline void pair(brood_connection_t *ends[2], brood_direction_t direction)
{
    ends[0] = ends[1] = NULL;
    EXPECT_OK(brood_pipe_create(&ends[0], &ends[1], direction, mem));
}

static inline void close_pair(brood_connection_t *ends[2])
{
    brood_connection_close(ends[0]);
    brood_connection_close(ends[1]);
}

static inline brood_value_t receive(brood_connection_t *connection)
{
    brood_value_t value = BROOD_NIL;

    EXPECT_OK(brood_connection_recv(&value, connection, BROOD_FOREVER, mem));
    return value;
}

static inline char *pattern(apr_size_t size)
{
    char *data = malloc(size + 1);

    for (apr_size_t i = 0; i < size; i++)
        data[i] = (char) (i * 31 + (i >> 8));
    return data;
}

#endif
