#include "raw/raw.h"

#include <windows.h>
#include <wchar.h>

uint64_t raw_now(void)
{
    static LARGE_INTEGER frequency;
    LARGE_INTEGER now;

    if (frequency.QuadPart == 0)
        QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&now);
    return (uint64_t) (now.QuadPart / frequency.QuadPart) * 1000000000u
           + (uint64_t) (now.QuadPart % frequency.QuadPart) * 1000000000u / (uint64_t) frequency.QuadPart;
}

void raw_pin(int cpu)
{
    static DWORD_PTR usable; /* as it was before the first pin */
    DWORD_PTR all;
    int left = cpu, bit = 0;

    if (usable == 0 && (!GetProcessAffinityMask(GetCurrentProcess(), &usable, &all) || usable == 0))
        return;
    for (;; bit = (bit + 1) % (int) (8 * sizeof usable))
        if ((usable >> bit & 1u) != 0 && left-- == 0)
            break;
    (void) SetProcessAffinityMask(GetCurrentProcess(), (DWORD_PTR) 1 << bit);
}

apr_status_t raw_fork(void)
{
    return APR_ENOTIMPL;
}

apr_status_t raw_spawn(const char *argument)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION child;
    wchar_t path[MAX_PATH], command[MAX_PATH + 40];
    DWORD exitcode = 1;

    if (GetModuleFileNameW(NULL, path, MAX_PATH) == 0)
        return (apr_status_t) apr_get_os_error();
    (void) swprintf(command, sizeof command / sizeof command[0], L"\"%ls\" %hs", path, argument);
    if (!CreateProcessW(path, command, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &child))
        return (apr_status_t) apr_get_os_error();
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &exitcode);
    CloseHandle(child.hThread);
    CloseHandle(child.hProcess);
    return exitcode == 0 ? APR_SUCCESS : APR_EGENERAL;
}

/* WaitOnAddress does not cross processes. */
void raw_park(_Atomic uint32_t *word, uint32_t expected)
{
    (void) word;
    (void) expected;
    Sleep(0);
}

void raw_unpark(_Atomic uint32_t *word)
{
    (void) word;
}

void raw_pause(void)
{
    YieldProcessor();
}

void raw_yield(void)
{
    Sleep(0);
}

/* Children inherit nothing by nature. */
apr_status_t raw_pipe_open(raw_pipe_t *made)
{
    (void) made;
    return APR_ENOTIMPL;
}

apr_status_t raw_pipe_put(const raw_pipe_t *through, const void *data, size_t size)
{
    (void) through;
    (void) data;
    (void) size;
    return APR_ENOTIMPL;
}

apr_status_t raw_pipe_get(const raw_pipe_t *through, void *data, size_t size)
{
    (void) through;
    (void) data;
    (void) size;
    return APR_ENOTIMPL;
}

void raw_pipe_close(raw_pipe_t *ended)
{
    (void) ended;
}

apr_status_t raw_pair_open(raw_pair_t *made)
{
    (void) made;
    return APR_ENOTIMPL;
}

apr_status_t raw_pair_send(const raw_pair_t *pair, int end, const void *data, size_t size)
{
    (void) pair;
    (void) end;
    (void) data;
    (void) size;
    return APR_ENOTIMPL;
}

apr_status_t raw_pair_recv(const raw_pair_t *pair, int end, void *data, size_t size)
{
    (void) pair;
    (void) end;
    (void) data;
    (void) size;
    return APR_ENOTIMPL;
}

void raw_pair_close(raw_pair_t *ended)
{
    (void) ended;
}
