/* Storms over a queue: producers, consumers or both are killed all the time, and others take their places; every item is
 * accounted for.
 *
 *   torture_queue [STORM|all] [SECONDS] [SEED]
 *
 * The storms: WHO.ENDS.SIZE.  Who dies: consumers, producers, both; how many there are of each: 1, 4; bytes of an item:
 * 16, 100K.  Without arguments: all, a quarter of BROOD_TORTURE_SECONDS (3) each, BROOD_TORTURE_SEED (1); the start method
 * is BROOD_START_METHOD's.  One line of accounts a storm; exit code 1 if one of them says FAIL.
 *
 * A consumer that is killed takes along the item in its hands at most, a producer the one that it was putting; what was put
 * comes after its producer's end, too. */
#include "torture/torture.h"

static apr_status_t storms(brood_call_t *call)
{
    return torture_runs(call, TORTURE_MODES, TORTURE_ALL_MODES, 0.25);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(torture_supervisor_entry), BROOD_ENTRY(torture_worker_entry),
                                            BROOD_ENTRIES_END};

    torture_steps_begin(); /* births come before any entry */
    return brood_main(argc, argv, storms, entries);
}
