#include "harness_tree.h"
#include <windows.h>

#define HIGHEST 0x8000 /* handles are given out from below, four apart */

/* By trying each: GetProcessHandleCount is not everywhere. */
int harness_handles(void)
{
    int count = 0;

    for (ULONG_PTR value = 4; value < HIGHEST; value += 4) {
        DWORD flags;

        count += GetHandleInformation((HANDLE) value, &flags) != 0;
    }
    return count;
}

/* A handle to an ended process is one of those above. */
int harness_ended_unheard(void)
{
    return 0;
}

/* Wine's server (8.0) holds a socket for an operation to send that its process was killed in, and so without end. */
bool harness_closes_sockets(void)
{
    return GetProcAddress(GetModuleHandleA("ntdll.dll"), "wine_get_version") == NULL;
}
