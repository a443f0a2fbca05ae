/* How many CPUs the machine has, and how many of them this program may use: a container, taskset or the like can allow
 * fewer.  To have one worker for each, ask for those that it may use. */
#include <brood.h>
#include <stdio.h>

static apr_status_t app(brood_call_t *call)
{
    (void) call;
    printf("%d CPUs in the machine\n", brood_cpu_count());
    printf("%d usable\n", brood_usable_cpu_count());
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRIES_END)
