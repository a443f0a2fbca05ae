/* test_cpus.c - CPUs of the machine, and those that the affinity leaves to this process (CTX-19). */
#include "harness_tree.h"

#include <stdio.h>
#include <windows.h>

/* ---- entries ---- */

static apr_status_t count(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    return brood_queue_put(queue, BROOD_LIST(brood_cpu_count(), brood_usable_cpu_count()), BROOD_FOREVER);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(count), BROOD_ENTRIES_END};

/* ---- tests ---- */

static void affinity_limits_what_is_usable_and_not_what_there_is__CTX_19(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);
    const int all = brood_cpu_count(), usable = brood_usable_cpu_count();
    int childs_all, childs_usable;
    DWORD_PTR ours = 0, there = 0;

    EXPECT(all >= usable && usable >= 1);
    if (!GetProcessAffinityMask(GetCurrentProcess(), &ours, &there) || (ours & (ours - 1)) == 0) {
        printf("skipped: there is one CPU, or several groups of them ");
        return;
    }
    EXPECT(SetProcessAffinityMask(GetCurrentProcess(), ours & (~ours + 1)) != 0); /* the lowest */
    EXPECT(brood_cpu_count() == all);
    EXPECT(brood_usable_cpu_count() == 1);
    EXPECT_EXIT(0, harness_start(count, BROOD_ARGS(queue), mem)); /* it is inherited */
    EXPECT_OK(BROOD_UNPACK(harness_get(queue, mem), &childs_all, &childs_usable));
    EXPECT(childs_all == all && childs_usable == 1);
    EXPECT(SetProcessAffinityMask(GetCurrentProcess(), ours) != 0);
    EXPECT(brood_usable_cpu_count() == usable);
}

static const brood_test_t tests[] = {
    TEST(affinity_limits_what_is_usable_and_not_what_there_is__CTX_19),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "cpus", tests, sizeof tests / sizeof *tests);
}
