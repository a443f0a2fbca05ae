/* A process may be given a name, for people to know it by.  It has an id of its own, and knows its parent. */
#include <brood.h>
#include <stdio.h>

static apr_status_t introduce(brood_call_t *call)
{
    brood_process_t *parent = brood_parent_process();

    (void) call;
    printf("I am %s (%d), and my parent is %s (%d)\n", brood_current_name(), brood_current_pid(),
           brood_process_name(parent), brood_process_pid(parent));
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    const char *const names[] = {"Ada", "Grace", NULL}; /* NULL: it is numbered instead */

    printf("I am %s (%d), and started by hand\n", brood_current_name(), brood_current_pid());
    fflush(stdout);
    for (int i = 0; i < 3; i++) {
        const brood_process_options_t options = {.name = names[i]};
        brood_process_t *child;

        BROOD_TRY(brood_process_start(&child, introduce, BROOD_NO_ARGS, &options, call->mem));
        BROOD_TRY(brood_process_join(child, BROOD_FOREVER)); /* one after the other */
    }
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(introduce))
