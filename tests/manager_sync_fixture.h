/* manager_sync_fixture.h - a manager's locks and the like, children that use them, and how a test knows where they are. */
#ifndef BROOD_TESTS_MANAGER_SYNC_FIXTURE_H
#define BROOD_TESTS_MANAGER_SYNC_FIXTURE_H

#include "manager_fixture.h"
#include <string.h>

/* In an entry: be there until killed. */
static inline apr_status_t stay(void)
{
    while (apr_time_now() != 0)
        apr_sleep(apr_time_from_sec(1));
    return APR_SUCCESS;
}

static inline void expect_number(apr_int64_t expected, brood_queue_t *said, apr_pool_t *mem)
{
    expect_value(brood_int(expected), harness_get(said, mem), mem);
}

/* Until the text of an object has this part. */
static inline void await_text(const char *part, brood_value_t object, apr_pool_t *mem)
{
    while (strstr(brood_value_string(object, mem), part) == NULL)
        apr_sleep(1000);
}

/* ---- of the test that runs ---- */

static apr_pool_t *mem;
static brood_manager_t *manager;

static inline void fresh(void)
{
    mem = harness_mem();
    manager = started(mem);
}

#endif
