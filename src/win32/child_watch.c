/* child_watch.c - a child that runs: its end, its exit code, and how it is ended. */
#include "win32/os.h"

#include "platform/child.h"
#include "win32/child_parts.h"
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>

/* The exit code of a terminated child, Python's too, and what brood__child_wait makes of it.  More than a program
 * gives by chance, and there are no signals. */
#define TERMINATED 0x10000
#define BY_TERMINATION (-15)

uint32_t brood__child_pid(const brood__child_t *child)
{
    return child->pid;
}

apr_status_t brood__child_wait(brood__child_t *child, int *exitcode, apr_time_t deadline)
{
    DWORD result = brood__os_wait(child->process, deadline), code;

    if (result == WAIT_TIMEOUT)
        return APR_TIMEUP;
    if (result != WAIT_OBJECT_0 || !GetExitCodeProcess(child->process, &code))
        return brood__os_status(GetLastError());
    *exitcode = code == TERMINATED ? BY_TERMINATION : (int) code;
    return APR_SUCCESS;
}

apr_status_t brood__child_sentinel(brood__child_t *child, brood__handle_t *sentinel, bool *certain)
{
    *sentinel = (brood__handle_t) child->process;
    *certain = true;
    return APR_SUCCESS;
}

static bool has_ended(const brood__child_t *child)
{
    return WaitForSingleObject(child->process, 0) == WAIT_OBJECT_0;
}

/* Ctrl-C goes to everybody at the console; Ctrl-Break to one group, and only one with a name of its own. */
apr_status_t brood__child_interrupt(brood__child_t *child)
{
    if (has_ended(child))
        return APR_SUCCESS;
    if (!child->is_group)
        return APR_ENOTIMPL;
    return GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, child->pid) ? APR_SUCCESS : brood__os_status(GetLastError());
}

apr_status_t brood__child_terminate(brood__child_t *child)
{
    DWORD error, code;

    if (TerminateProcess(child->process, TERMINATED))
        return APR_SUCCESS;
    error = GetLastError();
    /* The handle allows everything: access is denied to who has ended, or is ending and has its exit code already. */
    if (error == ERROR_ACCESS_DENIED && GetExitCodeProcess(child->process, &code)
        && (code != STILL_ACTIVE || has_ended(child)))
        return APR_SUCCESS;
    return brood__os_status(error);
}

apr_status_t brood__child_kill(brood__child_t *child)
{
    return brood__child_terminate(child); /* there is no polite way that a program would have to listen to */
}

apr_status_t brood__child_terminate_tree(brood__child_t *child)
{
    return TerminateJobObject(child->job, TERMINATED) ? APR_SUCCESS : brood__os_status(GetLastError());
}

apr_status_t brood__child_kill_tree(brood__child_t *child)
{
    return brood__child_terminate_tree(child);
}

uint64_t brood__child_peak_memory(const brood__child_t *child)
{
    PROCESS_MEMORY_COUNTERS use = {0};

    return K32GetProcessMemoryInfo(child->process, &use, sizeof use) ? use.PeakWorkingSetSize : 0;
}

void brood__child_close(brood__child_t *child)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION none = {0};

    if (child->job != NULL) {
        /* As on Unix, what it has left behind goes on unless somebody ends the group. */
        if (has_ended(child))
            SetInformationJobObject(child->job, JobObjectExtendedLimitInformation, &none, sizeof none);
        CloseHandle(child->job);
    }
    CloseHandle(child->process);
}

void brood__child_forget(brood__child_t *child)
{
    (void) child; /* nothing is forked here */
}

void brood__child_exit(int exitcode)
{
    fflush(NULL);
    exit(exitcode);
}

const char *brood__child_end_name(int exitcode)
{
    static const struct {
        DWORD code;
        const char *name;
    } names[] = {
        {(DWORD) BY_TERMINATION, "TerminateProcess"},   {0x80000003u, "EXCEPTION_BREAKPOINT"},
        {0xC0000005u, "EXCEPTION_ACCESS_VIOLATION"},    {0xC0000006u, "EXCEPTION_IN_PAGE_ERROR"},
        {0xC000001Du, "EXCEPTION_ILLEGAL_INSTRUCTION"}, {0xC0000094u, "EXCEPTION_INT_DIVIDE_BY_ZERO"},
        {0xC00000FDu, "EXCEPTION_STACK_OVERFLOW"},      {0xC000013Au, "STATUS_CONTROL_C_EXIT"},
        {0xC0000374u, "STATUS_HEAP_CORRUPTION"},        {0xC0000409u, "STATUS_STACK_BUFFER_OVERRUN"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if ((int) names[i].code == exitcode)
            return names[i].name;
    return NULL;
}

unsigned brood__child_methods(void)
{
    return 0;
}
