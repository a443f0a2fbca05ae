/* A program that uses an installed brood, as others do. */
#include <brood.h>
#include <stdio.h>
#include <string.h>

static apr_status_t app(brood_call_t *call)
{
    brood_version_t version = brood_version();

    (void) call;
    if (strcmp(version.text, BROOD_VERSION_TEXT) != 0)
        return brood_fail(APR_EGENERAL, "built with %s, runs with %s", BROOD_VERSION_TEXT, version.text);
    printf("brood %s\n", version.text);
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRIES_END)
