/* self.c - what the system knows of processes and of the machine. */
#include "win32/os.h"

#include "platform/self.h"
#include <bcrypt.h>
#include <fcntl.h>
#include <io.h>
#include <limits.h>
#include <stdio.h>
#include <psapi.h>

/* JOB_OBJECT_CPU_RATE_CONTROL_MIN_MAX_RATE: MaxRate is the upper half of CpuRate.  MinGW's headers lack both. */
#define MIN_MAX_RATE 0x10u

uint32_t brood__self_pid(void)
{
    return GetCurrentProcessId();
}

static uint64_t start_time_of(HANDLE process)
{
    FILETIME created, exited, kernel, user;

    if (!GetProcessTimes(process, &created, &exited, &kernel, &user))
        return 0;
    return (uint64_t) created.dwHighDateTime << 32 | created.dwLowDateTime;
}

uint64_t brood__self_start_time(uint32_t pid)
{
    HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    uint64_t started;

    if (process == NULL)
        return 0;
    started = start_time_of(process);
    CloseHandle(process);
    return started;
}

bool brood__self_gone(uint32_t pid, uint64_t start_time)
{
    HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    uint64_t started = 0;
    bool gone;

    if (process == NULL)
        return GetLastError() == ERROR_INVALID_PARAMETER; /* no such process; when access is denied there is one */
    if (start_time != 0)
        started = start_time_of(process);
    /* TerminateProcess returns before the end: only the handle says that no thread runs any more.  While somebody
     * keeps a handle to an ended process its pid is not used again. */
    gone = (started != 0 && started != start_time) || WaitForSingleObject(process, 0) == WAIT_OBJECT_0;
    CloseHandle(process);
    return gone;
}

apr_status_t brood__self_watch(uint32_t pid, uint64_t start_time, brood__handle_t *handle)
{
    HANDLE process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION, FALSE, pid);
    uint64_t started;

    if (process == NULL)
        return GetLastError() == ERROR_INVALID_PARAMETER ? APR_EOF : brood__os_status(GetLastError());
    started = start_time_of(process);
    if (start_time != 0 && started != 0 && started != start_time) {
        CloseHandle(process);
        return APR_EOF;
    }
    *handle = (brood__handle_t) process;
    return APR_SUCCESS;
}

apr_status_t brood__self_random(void *bytes, size_t size)
{
    unsigned char *next = bytes;

    while (size > 0) {
        ULONG part = size < 0x10000 ? (ULONG) size : 0x10000;
        NTSTATUS status = BCryptGenRandom(NULL, next, part, BCRYPT_USE_SYSTEM_PREFERRED_RNG);

        if (status < 0)
            return APR_EGENERAL; /* an NTSTATUS is no Windows error code */
        next += part;
        size -= part;
    }
    return APR_SUCCESS;
}

uint64_t brood__self_memory(void)
{
    MEMORYSTATUSEX memory = {0};

    memory.dwLength = sizeof memory;
    return GlobalMemoryStatusEx(&memory) ? memory.ullTotalPhys : 0;
}

uint64_t brood__self_resident(void)
{
    PROCESS_MEMORY_COUNTERS use = {0};

    return K32GetProcessMemoryInfo(GetCurrentProcess(), &use, sizeof use) ? use.WorkingSetSize : 0;
}

int brood__self_cpus(void)
{
    DWORD count = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);

    return count > 0 ? (int) count : 1;
}

/* What the affinity leaves of `cpus`. */
static int cpus_of_affinity(int cpus)
{
    DWORD_PTR ours = 0, all = 0;
    int count = 0;

    /* The masks are those of one group of at most 64.  Zero: this process is in several groups, hence free.  All of its
     * group: nobody has restricted it, and the system deals its children out to the other groups. */
    if (!GetProcessAffinityMask(GetCurrentProcess(), &ours, &all) || ours == all || ours == 0)
        return cpus;
    for (; ours != 0; ours &= ours - 1)
        count++;
    return count < cpus ? count : cpus;
}

/* What the hard cap of the job that this process is in (a container's, for one) leaves of `cpus`.  Of nested jobs the
 * system tells the innermost only. */
static int cpus_of_job(int cpus)
{
    JOBOBJECT_CPU_RATE_CONTROL_INFORMATION rate = {0};
    DWORD share = 10000; /* in 1/10000 of the whole machine */
    int64_t count;

    if (!QueryInformationJobObject(NULL, JobObjectCpuRateControlInformation, &rate, sizeof rate, NULL)
        || !(rate.ControlFlags & JOB_OBJECT_CPU_RATE_CONTROL_ENABLE))
        return cpus;
    if (rate.ControlFlags & MIN_MAX_RATE)
        share = rate.CpuRate >> 16;
    else if (rate.ControlFlags & JOB_OBJECT_CPU_RATE_CONTROL_HARD_CAP)
        share = rate.CpuRate;
    count = ((int64_t) cpus * share + 9999) / 10000;
    return count < 1 ? 1 : count < cpus ? (int) count : cpus;
}

int brood__self_usable_cpus(void)
{
    int cpus = brood__self_cpus();
    int free_ones = cpus_of_affinity(cpus);
    int paid_ones = cpus_of_job(cpus);

    return free_ones < paid_ones ? free_ones : paid_ones;
}

int brood__self_threads(void)
{
    return 0; /* asked before a fork */
}

bool brood__self_alone(void)
{
    return false;
}

/* Within the process's group of CPUs. */
apr_status_t brood__self_pin(unsigned index)
{
    DWORD_PTR mine, machine, one;
    unsigned count = 0;

    if (!GetProcessAffinityMask(GetCurrentProcess(), &mine, &machine))
        return brood__os_status(GetLastError());
    for (one = mine; one != 0; one &= one - 1)
        count++;
    if (count == 0) /* in several groups */
        return APR_ENOTIMPL;
    for (index %= count; index > 0; index--)
        mine &= mine - 1;
    return SetProcessAffinityMask(GetCurrentProcess(), mine & (~mine + 1)) ? APR_SUCCESS
                                                                           : brood__os_status(GetLastError());
}

apr_status_t brood__self_nice(unsigned steps)
{
    const DWORD priority = steps == 0   ? NORMAL_PRIORITY_CLASS
                           : steps < 10 ? BELOW_NORMAL_PRIORITY_CLASS
                                        : IDLE_PRIORITY_CLASS;

    return steps == 0 || SetPriorityClass(GetCurrentProcess(), priority) ? APR_SUCCESS
                                                                         : brood__os_status(GetLastError());
}

int brood__self_handles(void)
{
    return INT_MAX;
}

uint64_t brood__self_memory_kills(void)
{
    return 0; /* nobody is killed for that here: whoever asks for memory is told that there is none */
}

/* A DLL's handlers run when it is let go of, and by then the system has ended all threads but this one: who waits for
 * a lock that one of them had would wait for ever. */
bool brood__self_at_exit(void (*end)(void))
{
    (void) end;
    return false;
}

void brood__self_report(const char *line, size_t size)
{
    HANDLE out = GetStdHandle(STD_ERROR_HANDLE);
    DWORD written;

    if (out != NULL && out != INVALID_HANDLE_VALUE)
        WriteFile(out, line, size < MAXDWORD ? (DWORD) size : MAXDWORD, &written, NULL);
}

/* The C library's descriptor of standard error, also if this process was started without one. */
static int error_file(void)
{
    if (_fileno(stderr) < 0)
        (void) freopen("NUL", "w", stderr);
    return _fileno(stderr) < 0 ? 2 : _fileno(stderr);
}

/* The C library's own standard error goes along, with lines ended as before. */
apr_status_t brood__self_redirect(brood__handle_t handle)
{
    HANDLE self = GetCurrentProcess(), copy;
    const int standard = error_file();
    int file, rc;

    if (!DuplicateHandle(self, brood__os_handle(handle), self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
        return brood__os_status(GetLastError());
    file = _open_osfhandle((intptr_t) copy, _O_TEXT);
    if (file < 0) {
        CloseHandle(copy);
        return APR_EMFILE;
    }
    if (file != standard) { /* it may have been free */
        rc = _dup2(file, standard);
        _close(file);
        if (rc != 0)
            return APR_EBADF;
    }
    (void) setvbuf(stderr, NULL, _IONBF, 0); /* a pipe's would be kept back, and be lost when the process dies */
    return SetStdHandle(STD_ERROR_HANDLE, (HANDLE) _get_osfhandle(standard)) ? APR_SUCCESS
                                                                             : brood__os_status(GetLastError());
}

/* Whether it would wait is not to be found out. */
size_t brood__self_pass_on(const char *bytes, size_t size)
{
    HANDLE out = GetStdHandle(STD_ERROR_HANDLE);
    DWORD written;

    if (out == NULL || out == INVALID_HANDLE_VALUE
        || !WriteFile(out, bytes, size < MAXDWORD ? (DWORD) size : MAXDWORD, &written, NULL))
        return size;
    return written;
}

void brood__self_kill(void)
{
    for (;;)
        TerminateProcess(GetCurrentProcess(), 0x10000);
}
