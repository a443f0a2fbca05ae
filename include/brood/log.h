/** @file log.h  What brood and its users have to say, silent until asked for: Python's log_to_stderr and get_logger.
 *
 *     brood_log_to_stderr(BROOD_LOG_INFO);
 *     brood_log(BROOD_LOG_INFO, "read %d rows", count);
 *
 * A record is a level, the name of the process it arose in, and a message.  Records go to stderr, to a function of the
 * program's, to both or, as at first, to nobody.  What brood itself has to tell is logged here too: the starts and ends
 * of processes and of the fork server at BROOD_LOG_INFO, an entry's return at BROOD_LOG_DEBUG (SPEC LOG-07).  Failures
 * that have nobody to be returned to are reported: to the program's function, if it takes BROOD_LOG_ERROR, else as a
 * line on stderr.
 *
 * Everything here may be called by any thread at any time, also before brood_init and in programs that never call it,
 * and leaves the thread's last failure as it is; not by a signal handler. */
#ifndef BROOD_LOG_H
#define BROOD_LOG_H

#include <brood/status.h>

BROOD_BEGIN

/** How much a record matters.  Numbers in between may be used, and are written "Level 15".  SPEC LOG-03. */
typedef enum brood_log_level_t {
    BROOD_LOG_SUBDEBUG = 5,    /**< each step, for who looks for a fault in brood */
    BROOD_LOG_DEBUG = 10,      /**< what happens inside */
    BROOD_LOG_INFO = 20,       /**< processes begin and end */
    BROOD_LOG_SUBWARNING = 25, /**< odd, and perhaps meant */
    BROOD_LOG_WARNING = 30,    /**< may lead to a failure */
    BROOD_LOG_ERROR = 40,      /**< a failure that has nobody to be returned to */
    BROOD_LOG_CRITICAL = 50,   /**< the program's own; brood has none */
    BROOD_LOG_OFF = 100        /**< as a limit: nothing; no record has it */
} brood_log_level_t;

/** Write records as lines "[LEVEL/ProcessName] message" to standard error, each in one write.
 *
 *  Children started from now on, and theirs, begin with the same setting, whatever their start method; those that run
 *  already are not reached.  In a re-executed child it takes the place of what `main` has set before brood_init.
 *
 *  @param level  the least that is written; BROOD_LOG_OFF: nothing, as at first.
 *  SPEC LOG-01, LOG-02, LOG-04, LOG-06, CTX-21. */
BROOD_API void brood_log_to_stderr(brood_log_level_t level);

/** A function of the program's that takes records.  It is called by the thread that logs, or by one of brood's own for
 *  records of other processes; never by two threads at once, and never while brood holds a lock of its own but the one
 *  for that.  It may call everything of brood's; what it logs itself is not given to it again.
 *
 *  @param user     as given to brood_log_to.
 *  @param level    of the record.
 *  @param process  the name of the process where it arose.  Borrowed for the call, like the message.
 *  @param message  UTF-8, at most 1000 bytes, without a line's end unless it was logged with one. */
typedef void (*brood_log_fn)(void *user, brood_log_level_t level, const char *process, const char *message);

/** Give records to the program's own logger: those of this process, and those of its descendants.
 *
 *  Records of children that are started from now on, by whatever method, and of theirs, come through shared memory, in
 *  each process's own order, and are taken by a thread of brood's that begins with the first such start.  Before
 *  brood_init it counts for the children started afterwards.  The end of brood_init's `mem`, or of a child, waits until
 *  what came before it has been given.
 *
 *  The function itself is called in this process alone: a forked child forgets it, and a re-executed one forgets what
 *  `main` has set before brood_init.  A child that calls this takes its own records, and those of the children that it
 *  starts from then on.
 *
 *  Children never wait long for a function that is slow: 1024 records are kept for it; when they are full, a child
 *  waits for 100 ms and then drops records at once, until half of them have been taken.  Its next record is preceded by
 *  one that says how many were lost.
 *
 *  Starting a process waits for a call of the function to return, so that no forked child is a copy of a process that
 *  was in the middle of one.  The function must therefore not wait for another thread that starts one.
 *
 *  @param log    takes the place of the one before, which is not called any more when this returns, unless that is the
 *                caller.  NULL: none; the one before is first given what has come from children.  Children that were
 *                started for it have nobody to tell then, and write their failures to stderr, as they do when this
 *                process has ended; those that are started afterwards tell an ancestor's function, as this process
 *                itself does, if there is one.
 *  @param user   for `log`; kept, not copied.
 *  @param level  the least that it is given, of children: as it was when they were started, or higher.
 *                BROOD_LOG_OFF: as NULL.
 *  SPEC LOG-04, LOG-06. */
BROOD_API void brood_log_to(brood_log_fn log, void *user, brood_log_level_t level);

/** The least level that is wanted of this process's records, by whomever: stderr, the program's function, that of an
 *  ancestor.  Costs one load.
 *
 *  @return BROOD_LOG_OFF: nothing is wanted.  SPEC LOG-01, LOG-04. */
BROOD_API brood_log_level_t brood_log_level(void);

/** Log a record.  What nobody wants costs one load, and is not formatted.
 *
 *  @param level   of the record; BROOD_LOG_OFF and above: there is none.
 *  @param format  as for printf, without a newline at the end.  Bytes that are not UTF-8 become '?', what is past 1000
 *                 bytes is cut between characters.
 *  SPEC LOG-01, LOG-02, LOG-03, LOG-06. */
BROOD_API void brood_log(brood_log_level_t level, const char *format, ...) BROOD_PRINTF(2, 3);

BROOD_END
#endif
