#include "harness_tree.h"
#include <dirent.h>

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
