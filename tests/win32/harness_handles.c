#include "harness_tree.h"
#include <windows.h>

int harness_handles(void)
{
    DWORD count = 0;

    return GetProcessHandleCount(GetCurrentProcess(), &count) ? (int) count : 0;
}
