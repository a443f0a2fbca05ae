/* parcel.c - nothing goes along with a message here, so the word says where to fetch it: a ticket.
 *
 * A section whose name nobody can guess says which process has kept a copy of the handle.  Whoever has the word takes the
 * copy out of that process, and the section tells the two apart when both reach for it at once, the one to take it and the
 * other to give it up. */
#include "win32/os.h"

#include "base/mutex.h"
#include "base/thread_local.h"
#include "platform/parcel.h"
#include "platform/self.h"
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define UNTAKEN apr_time_from_sec(60)
#define WORD_BITS UINT64_C(0x0fffffffffffffff)
#define NAME_SIZE 48

enum { LEFT = 1, TAKEN, EXPIRED };

/* In the section. */
typedef struct ticket_t {
    _Atomic uint32_t state;
    uint32_t pid;
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

static BROOD__THREAD_LOCAL brood__parcel_t *current;
static brood__mutex_t mutex;
static left_t *all; /* the oldest last */

static void name_of(WCHAR name[NAME_SIZE], uint64_t word)
{
    (void) _snwprintf(name, NAME_SIZE, L"Local\\brood-parcel-%08x%08x", (unsigned) (word >> 32), (unsigned) word);
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

void brood__parcel_begin(brood__parcel_t *parcel)
{
    current = parcel;
    if (parcel != NULL)
        parcel->count = 0;
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

/* Nobody on this side will be there to describe a socket for another process, as WSADuplicateSocket wants it, so sockets
 * are copied like other handles, which those of the system itself are. */
apr_status_t brood__parcel_pack(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind)
{
    const HANDLE self = GetCurrentProcess();
    left_t *left;
    apr_status_t rc;

    (void) kind;
    if (current == NULL)
        return APR_ENOTIMPL;
    if (current->count == BROOD__PARCEL_MOST)
        return APR_ENOSPC;
    sweep();
    left = calloc(1, sizeof *left);
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
    left->ticket->handle = (uint64_t) (uintptr_t) left->handle;
    left->due = brood__clock_now() + UNTAKEN;
    atomic_store(&left->ticket->state, LEFT);
    brood__mutex_lock(&mutex);
    left->next = all;
    all = left;
    brood__mutex_unlock(&mutex);
    current->handle[current->count++] = BROOD__NO_HANDLE; /* it is counted, and kept elsewhere */
    return APR_SUCCESS;
}

void brood__parcel_end(brood__parcel_t *parcel)
{
    parcel->count = 0;
    if (current == parcel)
        current = NULL;
}

/* Move it here. */
static apr_status_t fetch(brood__handle_t *handle, const ticket_t *ticket)
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

apr_status_t brood__parcel_take(brood__handle_t *handle, brood__parcel_t *parcel, uint64_t word)
{
    WCHAR name[NAME_SIZE];
    HANDLE section;
    ticket_t *ticket;
    uint32_t state = LEFT;
    apr_status_t rc = APR_ENOENT;

    (void) parcel;
    sweep();
    name_of(name, word);
    section = OpenFileMappingW(FILE_MAP_ALL_ACCESS, FALSE, name);
    if (section == NULL)
        return APR_ENOENT;
    ticket = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, sizeof *ticket);
    if (ticket != NULL && atomic_compare_exchange_strong(&ticket->state, &state, TAKEN))
        rc = fetch(handle, ticket);
    if (ticket != NULL)
        UnmapViewOfFile(ticket);
    CloseHandle(section);
    return rc;
}

void brood__parcel_expire(brood__parcel_t *parcel)
{
    (void) parcel;
    sweep();
}
