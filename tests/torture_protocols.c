/* Processes that die at any instant and at every labelled step, and the accounts of what became of everything.
 *
 *   torture_protocols [MODE|all] [SECONDS] [SEED]
 *
 * The modes: lock, queue, heap, object, loan, condition, semaphore, barrier.  Without arguments: all,
 * BROOD_TORTURE_SECONDS (3) each, BROOD_TORTURE_SEED (1); the start method is BROOD_START_METHOD's.  One line of accounts
 * a mode; exit code 1 if one of them says FAIL. */
#include "torture/torture.h"

static apr_status_t protocols(brood_call_t *call)
{
    return torture_runs(call, 0, TORTURE_MODES, 1);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(torture_supervisor_entry), BROOD_ENTRY(torture_worker_entry),
                                            BROOD_ENTRY(torture_child_entry), BROOD_ENTRIES_END};

    torture_steps_begin(); /* births come before any entry */
    return brood_main(argc, argv, protocols, entries);
}
