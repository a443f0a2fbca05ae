/* channel.c - a named pipe whose name nobody can guess; anonymous pipes have one direction and no deadlines. */
#include "win32/os.h"

#include "platform/channel.h"
#include "platform/self.h"

#define BUFFER_SIZE 65536
#define PREFIX L"\\\\.\\pipe\\brood-"
#define PREFIX_LENGTH (sizeof PREFIX / sizeof(WCHAR) - 1)
#define SECRET_SIZE 16
#define NAME_SIZE (PREFIX_LENGTH + 2 * SECRET_SIZE + 1)

static apr_status_t choose_name(WCHAR name[NAME_SIZE])
{
    unsigned char secret[SECRET_SIZE];
    apr_status_t rc = brood__self_random(secret, sizeof secret);

    if (rc != APR_SUCCESS)
        return rc;
    for (size_t i = 0; i < PREFIX_LENGTH; i++)
        name[i] = PREFIX[i];
    for (size_t i = 0; i < SECRET_SIZE; i++) {
        name[PREFIX_LENGTH + 2 * i] = L"0123456789abcdef"[secret[i] >> 4];
        name[PREFIX_LENGTH + 2 * i + 1] = L"0123456789abcdef"[secret[i] & 15];
    }
    name[NAME_SIZE - 1] = L'\0';
    return APR_SUCCESS;
}

/* The client has opened its end already: settles it. */
static apr_status_t accept_client(HANDLE server)
{
    OVERLAPPED io = {0};
    DWORD error = ERROR_SUCCESS, none;

    io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (io.hEvent == NULL)
        return brood__os_status(GetLastError());
    if (!ConnectNamedPipe(server, &io))
        error = GetLastError();
    if (error == ERROR_IO_PENDING)
        error = GetOverlappedResult(server, &io, &none, TRUE) ? ERROR_SUCCESS : GetLastError();
    CloseHandle(io.hEvent);
    return error == ERROR_PIPE_CONNECTED ? APR_SUCCESS : brood__os_status(error);
}

/* What the two ends may do, and how the second one does it; the first one is overlapped. */
static apr_status_t create(brood__handle_t ends[2], DWORD access, DWORD client_access, DWORD client_flags)
{
    WCHAR name[NAME_SIZE];
    HANDLE server, client;
    apr_status_t rc = choose_name(name);

    if (rc != APR_SUCCESS)
        return rc;
    server = CreateNamedPipeW(name, access | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                              PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, 1,
                              BUFFER_SIZE, BUFFER_SIZE, 0, NULL);
    if (server == INVALID_HANDLE_VALUE)
        return brood__os_status(GetLastError());
    /* One instance: once this end is open nobody else can come in. */
    client = CreateFileW(name, client_access, 0, NULL, OPEN_EXISTING,
                         client_flags | SECURITY_SQOS_PRESENT | SECURITY_ANONYMOUS, NULL);
    rc = client == INVALID_HANDLE_VALUE ? brood__os_status(GetLastError()) : accept_client(server);
    if (rc != APR_SUCCESS) {
        brood__channel_close((brood__handle_t) client);
        CloseHandle(server);
        return rc;
    }
    ends[0] = (brood__handle_t) server;
    ends[1] = (brood__handle_t) client;
    return APR_SUCCESS;
}

apr_status_t brood__channel_pair(brood__handle_t ends[2])
{
    return create(ends, PIPE_ACCESS_DUPLEX, GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED);
}

/* Who writes to standard error knows nothing of overlapped operations. */
apr_status_t brood__channel_pipe(brood__handle_t ends[2])
{
    return create(ends, PIPE_ACCESS_INBOUND, GENERIC_WRITE | FILE_READ_ATTRIBUTES, 0);
}

static apr_status_t status_of(DWORD error)
{
    switch (error) {
    case ERROR_BROKEN_PIPE: /* reading after the last of its data */
    case ERROR_NO_DATA:     /* writing */
    case ERROR_PIPE_NOT_CONNECTED:
    case ERROR_HANDLE_EOF:
        return APR_EOF;
    case ERROR_OPERATION_ABORTED: /* by us */
        return APR_TIMEUP;
    default:
        return brood__os_status(error);
    }
}

/* Take one operation, `begun` or refused at once, to its end. */
static apr_status_t finish(HANDLE pipe, OVERLAPPED *io, BOOL begun, DWORD *moved, apr_time_t deadline)
{
    DWORD error = begun ? ERROR_SUCCESS : GetLastError();

    if (error != ERROR_SUCCESS && error != ERROR_IO_PENDING)
        return status_of(error);
    if (error == ERROR_IO_PENDING && brood__os_wait(io->hEvent, deadline) != WAIT_OBJECT_0)
        CancelIoEx(pipe, io);
    /* Waits for the cancelled operation too: until its end the buffer is the kernel's.  It may have succeeded. */
    return GetOverlappedResult(pipe, io, moved, TRUE) ? APR_SUCCESS : status_of(GetLastError());
}

apr_status_t brood__channel_write(brood__handle_t channel, const void *data, size_t size, apr_time_t deadline)
{
    HANDLE pipe = brood__os_handle(channel);
    const char *next = data;
    OVERLAPPED io = {0};
    apr_status_t rc = APR_SUCCESS;

    io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (io.hEvent == NULL)
        return brood__os_status(GetLastError());
    while (size > 0 && rc == APR_SUCCESS) {
        DWORD moved = 0;
        BOOL begun = WriteFile(pipe, next, size < BUFFER_SIZE ? (DWORD) size : BUFFER_SIZE, NULL, &io);

        rc = finish(pipe, &io, begun, &moved, deadline);
        next += moved;
        size -= moved;
    }
    CloseHandle(io.hEvent);
    return rc;
}

apr_status_t brood__channel_read(brood__handle_t channel, void *buffer, size_t size, apr_time_t deadline)
{
    HANDLE pipe = brood__os_handle(channel);
    char *next = buffer;
    OVERLAPPED io = {0};
    apr_status_t rc = APR_SUCCESS;

    io.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (io.hEvent == NULL)
        return brood__os_status(GetLastError());
    while (size > 0 && rc == APR_SUCCESS) {
        DWORD moved = 0;
        BOOL begun = ReadFile(pipe, next, size < BUFFER_SIZE ? (DWORD) size : BUFFER_SIZE, NULL, &io);

        rc = finish(pipe, &io, begun, &moved, deadline);
        next += moved;
        size -= moved;
    }
    CloseHandle(io.hEvent);
    return rc;
}

void brood__channel_close(brood__handle_t channel)
{
    if (channel != BROOD__NO_HANDLE)
        CloseHandle(brood__os_handle(channel));
}
