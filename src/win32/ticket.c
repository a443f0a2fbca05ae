/* ticket.c - a section whose name nobody can guess says which process has kept a copy of the handle.
 *
 * Whoever has the word takes the copy out of that process, and the section tells the two apart when both reach for it at
 * once, the one to take it and the other to give it up. */
#include "win32/os.h"

#include "base/mutex.h"
#include "platform/clock.h"
#include "platform/self.h"
#include "platform/ticket.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <winsock2.h>

#define WORD_BITS ((UINT64_C(1) << BROOD__TICKET_BITS) - 1)
#define NAME_SIZE 48

enum { LEFT = 1, TAKEN, EXPIRED };

/* In the section. */
typedef struct ticket_t {
    _Atomic uint32_t state;
    uint32_t pid;
    uint32_t kind;
    uint64_t handle;
} ticket_t;

/* One that this process has left. */
typedef struct left_t {
    ticket_t *ticket;
    HANDLE section;
    HANDLE handle;
    apr_time_t due;
    struct left_t *next;
} left_t;

static brood__mutex_t mutex;
static left_t *all; /* the oldest last */

static void name_of(WCHAR name[NAME_SIZE], uint64_t word)
{
    (void) _snwprintf(name, NAME_SIZE, L"Local\\brood-ticket-%08x%08x", (unsigned) (word >> 32), (unsigned) word);
    name[NAME_SIZE - 1] = L'\0';
}

static void forget(left_t *left)
{
    UnmapViewOfFile(left->ticket);
    CloseHandle(left->section);
    free(left);
}

/* Those that were taken, and those that nobody has taken in time. */
static void sweep(void)
{
    const apr_time_t now = brood__clock_now();
    left_t **place = &all;

    brood__mutex_lock(&mutex);
    while (*place != NULL) {
        left_t *left = *place;
        uint32_t state = LEFT;

        if (left->due <= now && atomic_compare_exchange_strong(&left->ticket->state, &state, EXPIRED))
            CloseHandle(left->handle);
        if (atomic_load(&left->ticket->state) == LEFT) {
            place = &left->next;
            continue;
        }
        *place = left->next;
        forget(left);
    }
    brood__mutex_unlock(&mutex);
}

static apr_status_t open_ticket(left_t *left, uint64_t word)
{
    WCHAR name[NAME_SIZE];

    name_of(name, word);
    left->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, sizeof(ticket_t), name);
    if (left->section == NULL)
        return brood__os_memory_status(GetLastError());
    left->ticket = MapViewOfFile(left->section, FILE_MAP_ALL_ACCESS, 0, 0, sizeof(ticket_t));
    if (left->ticket == NULL) {
        const apr_status_t rc = brood__os_memory_status(GetLastError());

        CloseHandle(left->section);
        return rc;
    }
    return APR_SUCCESS;
}

apr_status_t brood__ticket_leave(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind, apr_time_t due)
{
    const HANDLE self = GetCurrentProcess();
    left_t *left = calloc(1, sizeof *left);
    apr_status_t rc;

    sweep();
    if (left == NULL)
        return APR_ENOMEM;
    rc = brood__self_random(word, sizeof *word);
    *word &= WORD_BITS;
    if (rc == APR_SUCCESS)
        rc = open_ticket(left, *word);
    if (rc != APR_SUCCESS) {
        free(left);
        return rc;
    }
    if (!DuplicateHandle(self, brood__os_handle(handle), self, &left->handle, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        rc = brood__os_status(GetLastError());
        forget(left);
        return rc;
    }
    left->ticket->pid = brood__self_pid();
    left->ticket->kind = kind;
    left->ticket->handle = (uint64_t) (uintptr_t) left->handle;
    left->due = due;
    atomic_store(&left->ticket->state, LEFT);
    brood__mutex_lock(&mutex);
    left->next = all;
    all = left;
    brood__mutex_unlock(&mutex);
    return APR_SUCCESS;
}

/* Nobody on the other side is there to describe the socket for this process, as WSADuplicateSocket wants it.  So it has
 * come like any other handle, which those of the system itself are, and is described by this process to itself: from then
 * on its library knows it. */
static apr_status_t introduce(brood__handle_t *handle)
{
    const HANDLE taken = brood__os_handle(*handle);
    WSAPROTOCOL_INFOW description;
    SOCKET socket = INVALID_SOCKET;

    if (WSADuplicateSocketW((SOCKET) taken, GetCurrentProcessId(), &description) == 0)
        socket = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &description, 0,
                            WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
    CloseHandle(taken);
    *handle = (brood__handle_t) socket;
    return socket != INVALID_SOCKET ? APR_SUCCESS : APR_ENOENT;
}

/* Move it here. */
static apr_status_t move(brood__handle_t *handle, const ticket_t *ticket)
{
    HANDLE owner = OpenProcess(PROCESS_DUP_HANDLE, FALSE, ticket->pid), taken = NULL;

    if (owner == NULL)
        return APR_ENOENT; /* it has ended, and the handle with it */
    if (!DuplicateHandle(owner, (HANDLE) (uintptr_t) ticket->handle, GetCurrentProcess(), &taken, 0, FALSE,
                         DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE))
        taken = NULL;
    CloseHandle(owner);
    *handle = (brood__handle_t) taken;
    return taken != NULL ? APR_SUCCESS : APR_ENOENT;
}

/* Win it, and move the handle here. */
static apr_status_t redeem(brood__handle_t *handle, uint64_t word, uint32_t *kind)
{
    WCHAR name[NAME_SIZE];
    HANDLE section;
    ticket_t *ticket;
    uint32_t state = LEFT;
    apr_status_t rc = APR_ENOENT;

    name_of(name, word);
    section = OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, name);
    if (section == NULL)
        return APR_ENOENT;
    ticket = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, sizeof *ticket);
    if (ticket != NULL && atomic_compare_exchange_strong(&ticket->state, &state, TAKEN)) {
        *kind = ticket->kind;
        rc = move(handle, ticket);
    }
    if (ticket != NULL)
        UnmapViewOfFile(ticket);
    CloseHandle(section);
    return rc;
}

apr_status_t brood__ticket_fetch(brood__handle_t *handle, uint64_t word)
{
    uint32_t kind = BROOD__HANDLE_PIPE;
    apr_status_t rc;

    sweep();
    rc = redeem(handle, word, &kind);
    return rc == APR_SUCCESS && kind == BROOD__HANDLE_SOCKET ? introduce(handle) : rc;
}

void brood__ticket_revoke(uint64_t word)
{
    brood__handle_t handle;
    uint32_t kind;

    if (redeem(&handle, word, &kind) == APR_SUCCESS)
        CloseHandle(brood__os_handle(handle));
    sweep();
}
