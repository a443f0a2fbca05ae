/* child.c - CreateProcess of the running image, with an exact list of handles, and in a job that ends with the parent. */
#include "win32/os.h"

#include "platform/channel.h"
#include "platform/child.h"
#include "win32/child_parts.h"
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define MARK "BROOD_CHILD"
#define WIDE_MARK L"BROOD_CHILD"
#define PATH_LIMIT 32768 /* characters: what the system's own counted strings can hold */

/* What the new process inherits: inheritable duplicates, which live as long as the start takes.  No two are equal, and
 * there is no hole: CreateProcess refuses both. */
typedef struct inherited_t {
    HANDLE list[5];
    size_t count;
} inherited_t;

apr_status_t brood__child_fork(brood__child_t **child, const brood__start_t *start, apr_pool_t *mem)
{
    (void) child;
    (void) start;
    (void) mem;
    return APR_ENOTIMPL;
}

static apr_status_t make_job(HANDLE *job, DWORD flags)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {0};
    DWORD error;

    *job = CreateJobObjectW(NULL, NULL);
    if (*job == NULL)
        return brood__os_status(GetLastError());
    limits.BasicLimitInformation.LimitFlags = flags;
    if (SetInformationJobObject(*job, JobObjectExtendedLimitInformation, &limits, sizeof limits))
        return APR_SUCCESS;
    error = GetLastError();
    CloseHandle(*job);
    *job = NULL;
    return brood__os_status(error);
}

/* The job of this process's children.  Its only handle is this process's and closes with it, however that ends: the
 * children are terminated then.  What they start in turn is not in it (brood's children of theirs are in their own
 * jobs): as on Unix, strangers do not die with their grandparents. */
static apr_status_t job_of_children(HANDLE *job)
{
    static PVOID volatile shared;
    HANDLE made;
    apr_status_t rc;

    *job = InterlockedCompareExchangePointer(&shared, NULL, NULL);
    if (*job != NULL)
        return APR_SUCCESS;
    rc = make_job(&made, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK);
    if (rc != APR_SUCCESS)
        return rc;
    *job = InterlockedCompareExchangePointer(&shared, made, NULL);
    if (*job == NULL)
        *job = made;
    else
        CloseHandle(made); /* another thread was faster */
    return APR_SUCCESS;
}

/* The job that the child is to be in, NULL for none: the children's, or one of its own, in which all that it starts stays
 * and which ends as that would. */
static apr_status_t job_for(HANDLE *job, brood__child_t *child, const brood__start_t *start)
{
    apr_status_t rc;

    *job = NULL;
    if (!start->own_group)
        return start->outlives_parent ? APR_SUCCESS : job_of_children(job);
    rc = make_job(&child->job, start->outlives_parent ? 0 : JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE);
    *job = child->job;
    return rc;
}

/* Add a duplicate of `handle`; the result is NULL when there is nothing to duplicate (a program without a window on
 * the world has no standard streams). */
static HANDLE bequeath(inherited_t *inherited, HANDLE handle)
{
    HANDLE self = GetCurrentProcess(), copy = NULL;

    if (handle == NULL || handle == INVALID_HANDLE_VALUE
        || !DuplicateHandle(self, handle, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS))
        return NULL;
    inherited->list[inherited->count++] = copy;
    return copy;
}

static void bequeath_streams(inherited_t *inherited, STARTUPINFOW *info, bool keep_stdin)
{
    HANDLE null = INVALID_HANDLE_VALUE, in = GetStdHandle(STD_INPUT_HANDLE);

    if (!keep_stdin)
        in = null = CreateFileW(L"NUL", GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    info->dwFlags = STARTF_USESTDHANDLES;
    info->hStdInput = bequeath(inherited, in);
    info->hStdOutput = bequeath(inherited, GetStdHandle(STD_OUTPUT_HANDLE));
    info->hStdError = bequeath(inherited, GetStdHandle(STD_ERROR_HANDLE));
    brood__channel_close((brood__handle_t) null);
}

/* Where the running image is; NULL: not to be found out. */
static WCHAR *image_path(apr_pool_t *mem)
{
    for (DWORD size = MAX_PATH; size <= PATH_LIMIT; size *= 2) {
        WCHAR *path = apr_palloc(mem, size * sizeof(WCHAR));
        DWORD length = GetModuleFileNameW(NULL, path, size);

        if (length == 0)
            return NULL;
        if (length < size) /* else it was cut */
            return path;
    }
    return NULL;
}

static WCHAR *widen(const char *text, apr_pool_t *mem)
{
    int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    WCHAR *wide = apr_palloc(mem, ((size_t) length + 1) * sizeof(WCHAR));

    wide[MultiByteToWideChar(CP_UTF8, 0, text, -1, wide, length)] = L'\0';
    return wide;
}

/* The name in "NAME=value"; names of drives' folders begin with '=' themselves. */
static int name_length(const WCHAR *variable)
{
    const WCHAR *end = *variable != L'\0' ? wcschr(variable + 1, L'=') : NULL;

    return (int) (end != NULL ? end - variable : (ptrdiff_t) wcslen(variable));
}

static int compare_names(const void *a, const void *b)
{
    const WCHAR *one = *(const WCHAR *const *) a, *other = *(const WCHAR *const *) b;

    return CompareStringOrdinal(one, name_length(one), other, name_length(other), TRUE) - CSTR_EQUAL;
}

/* Put a variable into its place among the sorted ones, or instead of the one with its name. */
static void put_variable(const WCHAR **variables, size_t *count, const WCHAR *variable)
{
    size_t at = *count;

    for (; at > 0; at--) {
        int order = compare_names(&variables[at - 1], &variable);

        if (order == 0) {
            variables[at - 1] = variable;
            return;
        }
        if (order < 0)
            break;
    }
    memmove(&variables[at + 1], &variables[at], (*count - at) * sizeof *variables);
    variables[at] = variable;
    *count += 1;
}

/* Join variables to the block that CreateProcess takes: each with its NUL, and one more. */
static WCHAR *join_variables(const WCHAR **variables, size_t count, apr_pool_t *mem)
{
    size_t size = 2;
    WCHAR *block, *end;

    for (size_t i = 0; i < count; i++)
        size += wcslen(variables[i]) + 1;
    end = block = apr_pcalloc(mem, size * sizeof(WCHAR));
    for (size_t i = 0; i < count; i++) {
        size_t length = wcslen(variables[i]);

        memcpy(end, variables[i], length * sizeof(WCHAR));
        end += length + 1;
    }
    return block;
}

/* This process's environment with `more` and `mark`; NULL: it is not to be had.  Sorted by name without regard to case,
 * as the documentation of CreateProcess wants it; what this process was given need not have been. */
static WCHAR *environment_with(const char *const *more, const char *mark, apr_pool_t *mem)
{
    WCHAR *own = GetEnvironmentStringsW(), *block;
    const WCHAR **variables;
    size_t count = 0, extra = 1;

    if (own == NULL)
        return NULL;
    for (const WCHAR *next = own; *next != L'\0'; next += wcslen(next) + 1)
        count++;
    for (size_t i = 0; more != NULL && more[i] != NULL; i++)
        extra++;
    variables = apr_palloc(mem, (count + extra) * sizeof *variables);
    count = 0;
    for (const WCHAR *next = own; *next != L'\0'; next += wcslen(next) + 1)
        variables[count++] = next;
    qsort((void *) variables, count, sizeof *variables, compare_names);
    for (size_t i = 0; more != NULL && more[i] != NULL; i++)
        put_variable(variables, &count, widen(more[i], mem));
    put_variable(variables, &count, widen(mark, mem));
    block = join_variables(variables, count, mem);
    FreeEnvironmentStringsW(own);
    return block;
}

/* CreateProcess with both attributes. */
static apr_status_t create_process(brood__child_t *child, const brood__start_t *start, STARTUPINFOEXW *info,
                                   inherited_t *inherited, HANDLE *job, WCHAR *environment, apr_pool_t *mem)
{
    /* The command line as it is: argv has lost how it was quoted, and what the code page cannot say.  A copy:
     * CreateProcess may write into it. */
    size_t size = (wcslen(GetCommandLineW()) + 1) * sizeof(WCHAR);
    WCHAR *path = start->executable != NULL ? widen(start->executable, mem) : image_path(mem);
    WCHAR *line = apr_pmemdup(mem, GetCommandLineW(), size);
    /* With no console here there shall be none there: else the system opens a window for each child. */
    DWORD console = GetConsoleCP() == 0 ? DETACHED_PROCESS : 0;
    DWORD group = start->own_group ? CREATE_NEW_PROCESS_GROUP : 0;
    PROCESS_INFORMATION made;
    SIZE_T needed = 0;

    if (path == NULL || environment == NULL)
        return APR_EGENERAL;
    InitializeProcThreadAttributeList(NULL, 2, 0, &needed);
    info->lpAttributeList = apr_palloc(mem, needed);
    if (!InitializeProcThreadAttributeList(info->lpAttributeList, 2, 0, &needed))
        return brood__os_status(GetLastError());
    if (!UpdateProcThreadAttribute(info->lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited->list,
                                   inherited->count * sizeof(HANDLE), NULL, NULL)
        || (*job != NULL
            && !UpdateProcThreadAttribute(info->lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_JOB_LIST, job, sizeof *job,
                                          NULL, NULL))
        || !CreateProcessW(path, line, NULL, NULL, TRUE,
                           EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT | console | group, environment,
                           NULL, &info->StartupInfo, &made)) {
        DWORD error = GetLastError();

        DeleteProcThreadAttributeList(info->lpAttributeList);
        return brood__os_status(error);
    }
    DeleteProcThreadAttributeList(info->lpAttributeList);
    CloseHandle(made.hThread);
    child->process = made.hProcess;
    child->pid = made.dwProcessId;
    child->is_group = start->own_group && console == 0;
    return APR_SUCCESS;
}

apr_status_t brood__child_spawn(brood__child_t **child, brood__handle_t *channel, const brood__start_t *start,
                                apr_pool_t *mem)
{
    brood__handle_t ends[2] = {BROOD__NO_HANDLE, BROOD__NO_HANDLE};
    STARTUPINFOEXW info = {0};
    inherited_t inherited = {{NULL}, 0};
    HANDLE job = NULL, end, segment;
    brood__child_t *made = apr_pcalloc(mem, sizeof *made);
    char mark[64];
    apr_status_t rc;

    rc = brood__channel_pair(ends);
    if (rc == APR_SUCCESS)
        rc = job_for(&job, made, start);
    if (rc != APR_SUCCESS)
        goto done;

    info.StartupInfo.cb = sizeof info;
    bequeath_streams(&inherited, &info.StartupInfo, start->keep_stdin);
    end = bequeath(&inherited, brood__os_handle(ends[1]));
    segment = bequeath(&inherited, brood__os_handle(start->segment));
    if (end == NULL || (segment == NULL && start->segment != BROOD__NO_HANDLE)) {
        rc = brood__os_status(GetLastError());
        goto done;
    }
    /* Handle numbers have 32 significant bits on every Windows, so that 32 and 64 bit programs can share them. */
    snprintf(mark, sizeof mark, MARK "=%08lx,%08lx", (unsigned long) (uintptr_t) end,
             (unsigned long) (segment != NULL ? (uintptr_t) segment : 0));
    rc = create_process(made, start, &info, &inherited, &job, environment_with(start->environment, mark, mem), mem);
    if (rc == APR_SUCCESS) {
        *child = made;
        *channel = ends[0];
        ends[0] = BROOD__NO_HANDLE;
    }
done:
    while (inherited.count > 0)
        CloseHandle(inherited.list[--inherited.count]);
    if (rc != APR_SUCCESS && made->job != NULL)
        CloseHandle(made->job);
    brood__channel_close(ends[0]);
    brood__channel_close(ends[1]);
    return rc;
}

apr_status_t brood__child_request(brood__child_t **child, brood__handle_t *channel, const brood__start_t *start,
                                  apr_time_t deadline, apr_pool_t *mem)
{
    (void) child;
    (void) channel;
    (void) start;
    (void) deadline;
    (void) mem;
    return APR_ENOTIMPL;
}

apr_status_t brood__child_server_pair(brood__handle_t ends[2])
{
    (void) ends;
    return APR_ENOTIMPL;
}

apr_status_t brood__child_serve(brood__handle_t requests, const unsigned char key[BROOD__SERVER_KEY],
                                brood__bequest_t *bequest, apr_pool_t *mem)
{
    (void) requests;
    (void) key;
    (void) bequest;
    (void) mem;
    return APR_ENOTIMPL;
}

apr_status_t brood__child_detach(void)
{
    return APR_ENOTIMPL;
}

/* Eight lower-case hexadecimal digits. */
static bool parse_handle(const WCHAR *digits, HANDLE *handle)
{
    uintptr_t value = 0;

    for (int i = 0; i < 8; i++) {
        if (digits[i] >= L'0' && digits[i] <= L'9')
            value = value << 4 | (uintptr_t) (digits[i] - L'0');
        else if (digits[i] >= L'a' && digits[i] <= L'f')
            value = value << 4 | (uintptr_t) (digits[i] - L'a' + 10);
        else
            return false;
    }
    *handle = (HANDLE) value;
    return true;
}

bool brood__child_inherit(brood__bequest_t *bequest)
{
    WCHAR mark[32];
    HANDLE channel, segment;
    DWORD length = GetEnvironmentVariableW(WIDE_MARK, mark, 32);

    *bequest = (brood__bequest_t){BROOD__NO_HANDLE, BROOD__NO_HANDLE, BROOD__NO_HANDLE, NULL, 0};
    if (length == 0)
        return false;
    /* What this process starts inherits from here.  The C library's own copy keeps the mark: APR has put memory of its
     * own in the place of _environ, which _putenv would hand to realloc, and getenv find gone. */
    SetEnvironmentVariableW(WIDE_MARK, NULL);
    /* Somebody may have set it by hand: only what can be true is taken for true. */
    if (length != 17 || mark[8] != L',' || !parse_handle(mark, &channel) || !parse_handle(mark + 9, &segment)
        || GetFileType(channel) != FILE_TYPE_PIPE || !SetHandleInformation(channel, HANDLE_FLAG_INHERIT, 0)
        || (segment != NULL && !SetHandleInformation(segment, HANDLE_FLAG_INHERIT, 0)))
        return false;
    bequest->channel = (brood__handle_t) channel;
    if (segment != NULL)
        bequest->segment = (brood__handle_t) segment;
    return true;
}
