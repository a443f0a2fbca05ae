/* exit.c - the end of a process. */
#include "process/exit.h"

#include "base/log.h"
#include "memory/table.h"
#include "process/family.h"
#include "process/guard.h"
#include "process/forkserver.h"
#include "process/log_channel.h"

#define LEAST (BROOD_NOT_AT_EXIT + 1)

void brood__exit(void)
{
    if (!brood__family_exit())
        return;
    brood_log(BROOD_LOG_INFO, "is shutting down");
    brood_log(BROOD_LOG_DEBUG, "runs the finalizers of priority 0 and more");
    brood__finalizers_run(0);
    brood__family_end();
    brood_log(BROOD_LOG_DEBUG, "runs the remaining finalizers");
    brood__finalizers_run(LEAST);
    brood__temp_dir_remove();
    brood__log_close();
}

void brood__exit_finish(void)
{
    brood__log_leave();
    brood__forkserver_end(brood__family_leave());
    brood__table_leave();
    brood__client_end(); /* servers are told of what went with that */
}

bool brood_is_exiting(void)
{
    return brood__family_exiting();
}
