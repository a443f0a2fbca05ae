#include "sync/kinds.h"
#include "memory/table.h"
#include "sync/barrier.h"
#include "sync/lock.h"

void brood__sync_fail(void)
{
    if (!brood__table_is_me())
        return;
    brood__locks_release_all();
    brood__barriers_break_all();
}
