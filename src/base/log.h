/* log.h - who is given a record.
 *
 * Three may want it: stderr, the program's function, and in a child the way to an ancestor's function, which counts
 * only while the program has set none here.  One lock, which needs no memory and no APR, guards the settings; it is
 * held around every call of the function and by whoever forks meanwhile.  It comes before every other lock of brood's,
 * so nothing is logged while one is held. */
#ifndef BROOD_BASE_LOG_H
#define BROOD_BASE_LOG_H

#include <brood/log.h>
#include <stdbool.h>

#define BROOD__LOG_MESSAGE 1001 /* room for a message and its NUL */
#define BROOD__LOG_NAME 128     /* for the name of a process */

/* Nested. */
void brood__log_lock(void);
void brood__log_unlock(void);

/* In a forked child, instead of unlocking: the program's function is the parent's. */
void brood__log_forked(void);

/* The program's function; NULL, or OFF: none.  It is not called any more when this returns, but by a caller within. */
void brood__log_program(brood_log_fn log, void *user, brood_log_level_t level);
/* The level of the one that is set in this process; OFF: none. */
brood_log_level_t brood__log_program_level(void);
/* Is this thread inside it? */
bool brood__log_calling(void);

/* From within it, let others have the lock: what they have for it is dropped meanwhile.  And back. */
unsigned brood__log_let_go(void);
void brood__log_take_back(unsigned depth);

/* The way to an ancestor's function; false: the record did not go.  NULL: there is none. */
typedef bool brood__log_way_fn(brood_log_level_t level, const char *process, const char *message);
void brood__log_way(brood__log_way_fn *way, brood_log_level_t level);

brood_log_level_t brood__log_stderr_level(void);

/* A descendant's record, for the program's function alone. */
void brood__log_heard(brood_log_level_t level, const char *process, const char *message);

/* A failure that has nobody to be returned to.  False: neither the program nor an ancestor has taken it. */
bool brood__log_failure(const char *message);

/* Make a message of a text of any bytes: UTF-8, cut between characters. */
void brood__log_message(char message[BROOD__LOG_MESSAGE], const char *text);

#endif
