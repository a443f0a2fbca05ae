/* manager_fixture.h - a manager for a test, and questions to it. */
#ifndef BROOD_TESTS_MANAGER_FIXTURE_H
#define BROOD_TESTS_MANAGER_FIXTURE_H

#include "harness_tree.h"

static inline brood_manager_t *started(apr_pool_t *mem)
{
    brood_manager_t *manager = NULL;

    EXPECT_OK(brood_manager_start(&manager, NULL, mem));
    return manager;
}

static inline brood_managed_dict_t *new_dict(brood_manager_t *manager, const char *name, apr_pool_t *mem)
{
    brood_managed_dict_t *dict = NULL;

    EXPECT_OK(brood_manager_dict(&dict, manager, name, mem));
    return dict;
}

static inline brood_managed_list_t *new_list(brood_manager_t *manager, const char *name, apr_pool_t *mem)
{
    brood_managed_list_t *list = NULL;

    EXPECT_OK(brood_manager_list(&list, manager, name, mem));
    return list;
}

/* How many objects the server keeps. */
static inline apr_size_t objects(brood_manager_t *manager)
{
    apr_size_t count = 0;

    EXPECT_OK(brood_manager_count(&count, manager));
    return count;
}

/* Until it keeps so many: what has been let go of is told with the next calls, and by others when they like. */
static inline void await_objects(brood_manager_t *manager, apr_size_t count)
{
    while (objects(manager) != count)
        apr_sleep(1000);
}

static inline void expect_value(brood_value_t expected, brood_value_t value, apr_pool_t *mem)
{
    if (!brood_value_equal(expected, value))
        EXPECT_TEXT(brood_value_string(expected, mem), brood_value_string(value, mem));
}

#endif
