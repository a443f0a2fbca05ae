/* manager.c - a manager that any program can be a client of: see manager_client.py.  Serves until a client shuts it down. */
#include <brood.h>
#include <stdio.h>

static apr_status_t app(brood_call_t *call)
{
    brood_manager_t *manager;

    BROOD_TRY(brood_manager_create(&manager,
                                   &(brood_manager_options_t){.address = "127.0.0.1:0", .authkey = "python_peer"},
                                   call->mem));
    puts(brood_manager_address(manager));
    fflush(stdout);
    return brood_manager_serve(manager);
}

BROOD_MAIN(app, BROOD_ENTRIES_END)
