/* park.c - one kernel semaphore per cell: WaitOnAddress does not reach into other processes.
 *
 * A cell's semaphore is found by name, made by whoever comes first, and ends with its last handle.  It holds one token
 * at most: one is enough to wake, and a stale one wakes for no reason once. */
#include "win32/os.h"

#include "platform/park.h"
#include <stdlib.h>

#define KEY_SIZE 16
#define PREFIX L"Local\\brood-" /* of this session: processes of one tree do not leave it */
#define PREFIX_LENGTH (sizeof PREFIX / sizeof(WCHAR) - 1)
#define NAME_SIZE (PREFIX_LENGTH + 2 * KEY_SIZE + 1 + 10 + 1)

static brood__cells_t cells;
static _Atomic(HANDLE) *semaphores; /* this process's handles, one per cell; NULL: not needed so far */
static WCHAR key_digits[2 * KEY_SIZE];
static _Atomic uint32_t turn;

apr_status_t brood__park_attach(const brood__cells_t *given, bool first)
{
    (void) first;
    semaphores = calloc(given->count, sizeof *semaphores);
    if (semaphores == NULL)
        return APR_ENOMEM;
    cells = *given;
    for (size_t i = 0; i < KEY_SIZE; i++) {
        key_digits[2 * i] = L"0123456789abcdef"[cells.key[i] >> 4];
        key_digits[2 * i + 1] = L"0123456789abcdef"[cells.key[i] & 15];
    }
    return APR_SUCCESS;
}

void brood__park_detach(void)
{
    for (uint32_t i = 0; semaphores != NULL && i < cells.count; i++) {
        HANDLE semaphore = atomic_load(&semaphores[i]);

        if (semaphore != NULL)
            CloseHandle(semaphore);
    }
    free((void *) semaphores);
    semaphores = NULL;
    cells = (brood__cells_t){0};
}

/* "Local\brood-<key>-<number>", the number's digits backwards: it is only ever compared. */
static void name_semaphore(WCHAR name[NAME_SIZE], uint32_t number)
{
    size_t length = PREFIX_LENGTH;

    for (size_t i = 0; i < PREFIX_LENGTH; i++)
        name[i] = PREFIX[i];
    for (size_t i = 0; i < 2 * KEY_SIZE; i++)
        name[length++] = key_digits[i];
    name[length++] = L'-';
    do {
        name[length++] = (WCHAR) (L'0' + number % 10);
        number /= 10;
    } while (number != 0);
    name[length] = L'\0';
}

/* The cell's semaphore, kept open until detach; NULL: the system is out of handles. */
static HANDLE semaphore_of(const brood__cell_t *cell)
{
    uint32_t number = (uint32_t) (cell - cells.cell);
    HANDLE semaphore = atomic_load(&semaphores[number]), none = NULL;
    WCHAR name[NAME_SIZE];

    if (semaphore != NULL)
        return semaphore;
    name_semaphore(name, number);
    semaphore = CreateSemaphoreW(NULL, 0, 1, name); /* opens it if it exists */
    if (semaphore == NULL || atomic_compare_exchange_strong(&semaphores[number], &none, semaphore))
        return semaphore;
    CloseHandle(semaphore); /* another thread was faster */
    return none;
}

/* No place in the wait queue: look again in a moment. */
static bool doze(apr_time_t deadline)
{
    if (brood__clock_now() >= deadline)
        return true;
    Sleep(1);
    return brood__clock_now() >= deadline;
}

bool brood__park(brood__cell_t *cell, _Atomic uint32_t *word, uint32_t expected, apr_time_t deadline)
{
    HANDLE semaphore = cell != NULL ? semaphore_of(cell) : NULL;
    DWORD result;

    if (semaphore == NULL)
        return doze(deadline);
    /* The note was written before, *word is read after: against a waker's change of *word and look at the note, one
     * of the two sees the other.  The semaphore is open by now.  A waker that claimed the note before that may have
     * been the only one to have it open, and be gone with its token: hence the look at the note. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(word) != expected || atomic_load(&cell->note) == BROOD__NOTE_CLAIMED)
        return false;
    result = brood__os_wait(semaphore, deadline);
    if (result == WAIT_OBJECT_0)
        return false;
    if (result != WAIT_TIMEOUT)
        return doze(deadline);
    if (atomic_load(&cell->note) != BROOD__NOTE_CLAIMED)
        return true;
    /* Chosen at the last moment: that was a wake.  Its token, if it has come, is not left for the next sleep. */
    WaitForSingleObject(semaphore, 0);
    return false;
}

void brood__unpark(_Atomic uint32_t *word, uint64_t offset, uint32_t count)
{
    uint32_t used, start;

    (void) word;
    atomic_thread_fence(memory_order_seq_cst); /* the other half of brood__park's */
    used = atomic_load(cells.used);
    if (used > cells.count)
        used = cells.count;
    start = atomic_fetch_add_explicit(&turn, 1, memory_order_relaxed); /* nobody is always the last to be found */
    for (uint32_t i = 0; i < used && count > 0; i++) {
        brood__cell_t *cell = &cells.cell[(start + i) % used];
        uint64_t note = atomic_load(&cell->note);
        HANDLE semaphore;

        if (note != offset)
            continue;
        semaphore = semaphore_of(cell); /* first: who is claimed must be woken */
        if (semaphore == NULL || !atomic_compare_exchange_strong(&cell->note, &note, BROOD__NOTE_CLAIMED))
            continue;
        ReleaseSemaphore(semaphore, 1, NULL); /* fails if there is a token already, which will do */
        count--;
    }
}
