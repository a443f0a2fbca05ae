/* manager_objects_fixture.h - questions to a manager's objects, by any method, also those that no public call makes. */
#ifndef BROOD_TESTS_MANAGER_OBJECTS_FIXTURE_H
#define BROOD_TESTS_MANAGER_OBJECTS_FIXTURE_H

#include "manager/manager.h"
#include "manager/methods.h"
#include "manager_fixture.h"
#include <string.h>

static apr_pool_t *mem;
static brood_manager_t *manager;

static inline void begin(void)
{
    mem = harness_mem();
    manager = started(mem);
}

static inline apr_status_t try_call(brood_value_t *result, void *object, const char *method, brood_value_t args)
{
    *result = brood_nil();
    return brood__proxy_call(result, object, method, args.kind == BROOD_KIND_NIL ? NULL : args.as.list.items,
                             brood_value_count(args), mem);
}

static inline brood_value_t ask(void *object, const char *method, brood_value_t args)
{
    brood_value_t result;

    EXPECT_OK(try_call(&result, object, method, args));
    return result;
}

/* A call that has no result. */
static inline void tell_to(void *object, const char *method, brood_value_t args)
{
    expect_value(brood_nil(), ask(object, method, args), mem);
}

static inline void answers(brood_value_t expected, void *object, const char *method, brood_value_t args)
{
    expect_value(expected, ask(object, method, args), mem);
}

static inline bool fails(apr_status_t status, const char *message, void *object, const char *method, brood_value_t args)
{
    brood_value_t result;

    return EXPECT_STATUS(status, try_call(&result, object, method, args)) && EXPECT_MESSAGE(message);
}

static inline void reads(const char *text, void *object)
{
    const brood_value_t answer = ask(object, "string", brood_nil());

    EXPECT_TEXT(text, brood_value_string(answer, mem));
}

static inline void is_now(brood_value_t expected, void *object)
{
    answers(expected, object, "copy", brood_nil());
}

static inline void *made(const char *type, brood_value_t args)
{
    const brood__kind_t *kind = strcmp(type, "dict") == 0   ? &brood__managed_dict_kind
                                : strcmp(type, "list") == 0 ? &brood__managed_list_kind
                                : strcmp(type, "set") == 0  ? &brood__managed_set_kind
                                                            : &brood__namespace_kind;
    void *object = NULL;

    EXPECT_OK(brood__proxy_open(&object, kind, brood__manager_origin(manager), type, NULL,
                                args.kind == BROOD_KIND_NIL ? NULL : args.as.list.items, brood_value_count(args), mem));
    return object;
}

/* A list in a list ... of so many. */
static inline brood_value_t nested(int depth)
{
    brood_value_t *levels = apr_pcalloc(mem, ((size_t) depth + 1) * sizeof *levels);

    levels[0] = brood_list(NULL, 0);
    for (int i = 1; i < depth; i++)
        levels[i] = brood_list(&levels[i - 1], 1);
    return levels[depth - 1];
}

#define ARGS(...) BROOD_LIST(__VA_ARGS__)
#define NOTHING brood_nil()

#endif
