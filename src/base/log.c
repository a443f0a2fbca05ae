/* log.c - levels, lines, and who is given a record. */
#include "base/log.h"

#include "base/mutex.h"
#include "base/status.h"
#include "base/utf8.h"
#include "platform/self.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static _Atomic int wanted = BROOD_LOG_OFF; /* the least of those below */
static _Atomic int stderr_level = BROOD_LOG_OFF;
static _Atomic uint32_t program_pid; /* where `program` was set; 0: nowhere */
static _Atomic int way_level = BROOD_LOG_OFF;
static brood__log_way_fn *_Atomic way;

/* Under the lock. */
static struct {
    brood_log_fn log;
    void *user;
    brood_log_level_t level;
} program = {.level = BROOD_LOG_OFF};

/* ---- the lock ---- */

static brood__mutex_t mutex;
static _Atomic uint32_t mutex_pid; /* the process that uses it */
static bool calling;               /* its owner is inside the program's function */

/* A copy of this process that the program has forked by itself has no other thread, so no other owner.  The first to
 * come in a new process sees to that; the owner is read first, so that it cannot be one of this process. */
static void free_of_copy(void)
{
    const uintptr_t stale = brood__mutex_owner(&mutex);
    const uint32_t self = brood__self_pid();
    uint32_t pid = atomic_load(&mutex_pid);

    if (pid != self && atomic_compare_exchange_strong(&mutex_pid, &pid, self) && brood__mutex_abandoned(&mutex, stale))
        calling = false;
}

void brood__log_lock(void)
{
    free_of_copy();
    brood__mutex_lock(&mutex);
}

void brood__log_unlock(void)
{
    brood__mutex_unlock(&mutex);
}

bool brood__log_calling(void)
{
    return brood__mutex_is_mine(&mutex) && calling;
}

unsigned brood__log_let_go(void)
{
    return brood__mutex_let_go(&mutex);
}

void brood__log_take_back(unsigned depth)
{
    brood__mutex_take_back(&mutex, depth);
}

/* ---- settings ---- */

static int within_limits(brood_log_level_t level)
{
    return (int) level < 0 ? 0 : (int) level > BROOD_LOG_OFF ? BROOD_LOG_OFF : (int) level;
}

/* Under the lock. */
static void reckon(void)
{
    const int other = program.log != NULL ? (int) program.level : atomic_load(&way_level);
    const int errors = atomic_load(&stderr_level);

    atomic_store(&wanted, other < errors ? other : errors);
}

void brood_log_to_stderr(brood_log_level_t level)
{
    brood__log_lock();
    atomic_store(&stderr_level, within_limits(level));
    reckon();
    brood__log_unlock();
}

void brood__log_program(brood_log_fn log, void *user, brood_log_level_t level)
{
    const bool none = log == NULL || within_limits(level) == BROOD_LOG_OFF;

    brood__log_lock();
    program.log = none ? NULL : log;
    program.user = none ? NULL : user;
    program.level = none ? BROOD_LOG_OFF : (brood_log_level_t) within_limits(level);
    atomic_store(&program_pid, none ? 0 : brood__self_pid());
    reckon();
    brood__log_unlock();
}

brood_log_level_t brood__log_program_level(void)
{
    brood_log_level_t level;

    brood__log_lock();
    level = atomic_load(&program_pid) == brood__self_pid() ? program.level : BROOD_LOG_OFF;
    brood__log_unlock();
    return level;
}

void brood__log_way(brood__log_way_fn *new_way, brood_log_level_t level)
{
    brood__log_lock();
    atomic_store(&way, new_way);
    atomic_store(&way_level, new_way == NULL ? BROOD_LOG_OFF : within_limits(level));
    reckon();
    brood__log_unlock();
}

void brood__log_forked(void)
{
    brood__mutex_forked(&mutex);
    calling = false;
    atomic_store(&mutex_pid, brood__self_pid());
    brood__log_program(NULL, NULL, BROOD_LOG_OFF);
}

brood_log_level_t brood__log_stderr_level(void)
{
    return (brood_log_level_t) atomic_load(&stderr_level);
}

brood_log_level_t brood_log_level(void)
{
    return (brood_log_level_t) atomic_load_explicit(&wanted, memory_order_relaxed);
}

/* ---- records ---- */

static const char *name_of(brood_log_level_t level, char *buffer, size_t size)
{
    switch ((int) level) {
    case BROOD_LOG_SUBDEBUG:
        return "SUBDEBUG";
    case BROOD_LOG_DEBUG:
        return "DEBUG";
    case BROOD_LOG_INFO:
        return "INFO";
    case BROOD_LOG_SUBWARNING:
        return "SUBWARNING";
    case BROOD_LOG_WARNING:
        return "WARNING";
    case BROOD_LOG_ERROR:
        return "ERROR";
    case BROOD_LOG_CRITICAL:
        return "CRITICAL";
    default:
        (void) snprintf(buffer, size, "Level %d", (int) level);
        return buffer;
    }
}

void brood__log_message(char message[BROOD__LOG_MESSAGE], const char *text)
{
    size_t size = strlen(text), done = 0;

    if (size >= BROOD__LOG_MESSAGE)
        size = brood__utf8_cut(text, BROOD__LOG_MESSAGE - 1);
    memcpy(message, text, size);
    message[size] = '\0';
    while ((done += brood__utf8_valid(message + done, size - done)) < size)
        message[done] = '?';
}

static void write_line(brood_log_level_t level, const char *process, const char *message)
{
    char line[BROOD__LOG_MESSAGE + BROOD__LOG_NAME + 40];
    char number[24];
    const size_t length = strlen(process);
    const size_t name = brood__utf8_cut(process, length < BROOD__LOG_NAME ? length : BROOD__LOG_NAME - 1);
    const int size = snprintf(line, sizeof line, "[%s/%.*s] %s\n", name_of(level, number, sizeof number), (int) name,
                              process, message);

    if (size > 0)
        brood__self_report(line, (size_t) size);
}

/* False: this thread is inside the function already. */
static bool tell_program(brood_log_level_t level, const char *process, const char *message)
{
    bool told;

    brood__log_lock();
    told = !calling;
    if (told && program.log != NULL && level >= program.level) {
        calling = true;
        program.log(program.user, level, process, message);
        calling = false;
    }
    brood__log_unlock();
    return told;
}

/* A copy that the program has forked by itself has the function in its memory, but it is not its own. */
static bool tell(brood_log_level_t level, const char *process, const char *message)
{
    const uint32_t pid = atomic_load(&program_pid);
    brood__log_way_fn *const upwards = atomic_load(&way);

    if (pid != 0)
        return pid == brood__self_pid() && tell_program(level, process, message);
    return upwards != NULL && (int) level >= atomic_load(&way_level) && upwards(level, process, message);
}

void brood__log_heard(brood_log_level_t level, const char *process, const char *message)
{
    if (level < BROOD_LOG_OFF && atomic_load(&program_pid) == brood__self_pid())
        (void) tell_program(level, process, message);
}

bool brood__log_failure(const char *message)
{
    const char *process = brood__status_name();
    const int other = atomic_load(&program_pid) != 0 ? (int) brood__log_program_level() : atomic_load(&way_level);

    if (other > BROOD_LOG_ERROR || !tell(BROOD_LOG_ERROR, process, message))
        return false;
    if (atomic_load(&stderr_level) <= BROOD_LOG_ERROR)
        write_line(BROOD_LOG_ERROR, process, message);
    return true;
}

static void record(brood_log_level_t level, const char *format, va_list arguments)
{
    char text[BROOD__LOG_MESSAGE + 4]; /* more than is kept, which is then cut between characters */
    char message[BROOD__LOG_MESSAGE];
    const char *process = brood__status_name();
    const int needed = vsnprintf(text, sizeof text, format, arguments);

    brood__log_message(message, needed < 0 ? format : text);
    if ((int) level >= atomic_load(&stderr_level))
        write_line(level, process, message);
    (void) tell(level, process, message);
}

void brood_log(brood_log_level_t level, const char *format, ...)
{
    va_list arguments;

    if ((int) level < atomic_load_explicit(&wanted, memory_order_relaxed) || (int) level >= BROOD_LOG_OFF)
        return;
    va_start(arguments, format);
    record(level, format, arguments);
    va_end(arguments);
}
