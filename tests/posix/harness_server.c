#include "posix/harness_server.h"

#include "platform/self.h"
#include "process/family.h"
#include "process/forkserver.h"
#include <signal.h>

const brood_process_options_t harness_served = {.start_method = BROOD_START_FORKSERVER};

brood_process_t *harness_start_served(brood_entry_fn entry, brood_value_t args, apr_pool_t *mem)
{
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, entry, args, &harness_served, mem));
    return process;
}

pid_t harness_server_pid(void)
{
    brood__child_t *child;
    pid_t pid;

    brood__family_lock();
    child = brood__forkserver_child();
    pid = child == NULL ? 0 : (pid_t) brood__child_pid(child);
    brood__family_unlock();
    return pid;
}

void harness_server_kill(void)
{
    const pid_t pid = harness_server_pid();

    if (!EXPECT(pid > 0 && kill(pid, SIGKILL) == 0))
        return;
    while (!brood__self_gone((uint32_t) pid, 0))
        apr_sleep(1000);
}
