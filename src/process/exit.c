/* exit.c - the end of a process. */
#include "process/exit.h"

#include "memory/table.h"
#include "process/family.h"
#include "process/forkserver.h"

#define LEAST (BROOD_NOT_AT_EXIT + 1)

void brood__exit(void)
{
    if (!brood__family_exit())
        return;
    brood__finalizers_run(0);
    brood__family_end();
    brood__finalizers_run(LEAST);
    brood__temp_dir_remove();
}

void brood__exit_finish(void)
{
    brood__forkserver_end(brood__family_leave());
    brood__table_leave();
}

bool brood_is_exiting(void)
{
    return brood__family_exiting();
}
