/* method.c - which start method is meant. */
#include "process/method.h"

#include "platform/child.h"
#include <apr_env.h>
#include <stdatomic.h>
#include <string.h>

#define VARIABLE "BROOD_START_METHOD"

static const char *const names[] = {"default", "fork", "spawn", "forkserver"};

static _Atomic int choice; /* BROOD_START_DEFAULT: none yet */

const char *brood_start_method_name(brood_start_method_t method)
{
    return (unsigned) method <= BROOD_START_FORKSERVER ? names[method] : "unknown";
}

apr_size_t brood_start_methods(brood_start_method_t methods[3])
{
    const unsigned here = brood__child_methods();
    apr_size_t count = 0;

    if ((here & BROOD__CHILD_FORKS_SAFELY) != 0)
        methods[count++] = BROOD_START_FORK;
    methods[count++] = BROOD_START_SPAWN;
    if ((here & BROOD__CHILD_FORKS) == 0)
        return count;
    if (count == 1)
        methods[count++] = BROOD_START_FORK;
    methods[count++] = BROOD_START_FORKSERVER;
    return count;
}

static bool available(brood_start_method_t method)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);

    for (apr_size_t i = 0; i < count; i++)
        if (methods[i] == method)
            return true;
    return false;
}

static apr_status_t check(brood_start_method_t method)
{
    if ((unsigned) method > BROOD_START_FORKSERVER)
        return brood_fail(APR_EINVAL, "there is no start method %d", (int) method);
    if (method != BROOD_START_DEFAULT && !available(method))
        return brood_fail(APR_ENOTIMPL, "this platform has no start method %s", names[method]);
    return APR_SUCCESS;
}

static apr_status_t refuse_name(const char *name)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);

    return brood_fail(APR_EINVAL, VARIABLE " is '%s'; this platform has %s%s%s%s%s", name, names[methods[0]],
                      count > 1 ? ", " : "", count > 1 ? names[methods[1]] : "", count > 2 ? ", " : "",
                      count > 2 ? names[methods[2]] : "");
}

/* What holds as long as the program has not chosen: the environment's word, else the platform's. */
static apr_status_t find_default(brood_start_method_t *method)
{
    brood_start_method_t methods[3];
    apr_status_t rc = APR_SUCCESS;
    apr_pool_t *scratch;
    char *name;

    BROOD_TRY(apr_pool_create_unmanaged(&scratch));
    (void) brood_start_methods(methods);
    *method = methods[0];
    if (apr_env_get(&name, VARIABLE, scratch) == APR_SUCCESS && *name != '\0') {
        *method = BROOD_START_DEFAULT;
        for (int i = BROOD_START_FORK; i <= BROOD_START_FORKSERVER; i++)
            if (strcmp(name, names[i]) == 0 && available((brood_start_method_t) i))
                *method = (brood_start_method_t) i;
        if (*method == BROOD_START_DEFAULT)
            rc = refuse_name(name);
    }
    apr_pool_destroy(scratch);
    return rc;
}

/* Make the default the choice, unless another thread has chosen meanwhile. */
static apr_status_t choose_default(brood_start_method_t *method)
{
    int none = BROOD_START_DEFAULT;

    BROOD_TRY(find_default(method));
    if (!atomic_compare_exchange_strong(&choice, &none, (int) *method))
        *method = (brood_start_method_t) none;
    return APR_SUCCESS;
}

apr_status_t brood__method_for(brood_start_method_t *method, brood_start_method_t asked)
{
    BROOD_TRY(check(asked));
    if (asked == BROOD_START_DEFAULT)
        asked = (brood_start_method_t) atomic_load(&choice);
    if (asked == BROOD_START_DEFAULT)
        return choose_default(method);
    *method = asked;
    return APR_SUCCESS;
}

void brood__method_born(brood_start_method_t method)
{
    atomic_store(&choice, (int) method);
}

brood_start_method_t brood_get_start_method(bool fix)
{
    brood_start_method_t method = (brood_start_method_t) atomic_load(&choice);

    if (method == BROOD_START_DEFAULT && fix && choose_default(&method) != APR_SUCCESS)
        return BROOD_START_DEFAULT;
    return method;
}

apr_status_t brood_set_start_method(brood_start_method_t method, bool force)
{
    int none = BROOD_START_DEFAULT;

    BROOD_TRY(check(method));
    if (force)
        atomic_store(&choice, (int) method);
    else if (!atomic_compare_exchange_strong(&choice, &none, (int) method))
        return brood_fail(BROOD_EMISUSE, "the start method is %s already", names[none]);
    return APR_SUCCESS;
}
