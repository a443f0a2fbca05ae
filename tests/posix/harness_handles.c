#include "harness_tree.h"
#include <dirent.h>
#include <sys/wait.h>

int harness_handles(void)
{
    DIR *directory = opendir("/dev/fd");
    int count = 0;

    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

int harness_ended_unheard(void)
{
    siginfo_t ended = {0};

    return waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0;
}

bool harness_closes_sockets(void)
{
    return true;
}
