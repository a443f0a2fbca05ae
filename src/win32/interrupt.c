/* interrupt.c - the console's control events, for each of which the system makes a thread. */
#include "platform/interrupt.h"

#include "win32/os.h"
#include <stdatomic.h>

static void (*_Atomic the_end)(void);
static _Atomic bool came;

static BOOL WINAPI on_control(DWORD event)
{
    void (*end)(void) = atomic_load(&the_end);

    if (event != CTRL_C_EVENT || end == NULL)
        return FALSE;
    if (!atomic_exchange(&came, true))
        end();
    return FALSE; /* then the system ends the process */
}

void brood__interrupt_begin(void (*end)(void))
{
    atomic_store(&came, false);
    atomic_store(&the_end, end);
    (void) SetConsoleCtrlHandler(on_control, TRUE);
}

void brood__interrupt_leave(void)
{
    (void) SetConsoleCtrlHandler(NULL, TRUE);
}

void brood__interrupt_ignore(void)
{
    (void) SetConsoleCtrlHandler(NULL, TRUE);
}

bool brood__interrupt_possible(void)
{
    return false;
}

bool brood__interrupt_pending(void)
{
    return false; /* the other thread sees to it */
}

void brood__interrupt_take(void)
{
}

bool brood__interrupted(void)
{
    return atomic_load(&came);
}

void brood__interrupt_end(bool now)
{
    (void) now;
    atomic_store(&the_end, NULL);
    (void) SetConsoleCtrlHandler(on_control, FALSE);
    if (atomic_load(&came)) /* that thread is at it, and the process ends with it */
        (void) WaitForSingleObject(GetCurrentProcess(), INFINITE);
}
