/* family.h - this process, its parent, its children, and how it ends.
 *
 * One lock guards all of it.  Who starts a child holds it meanwhile, so a forked child sees a family in order (and
 * begins a new one), and inherits no half-made channel of another start. */
#ifndef BROOD_PROCESS_FAMILY_H
#define BROOD_PROCESS_FAMILY_H

#include "memory/table.h"
#include "platform/child.h"
#include "platform/parcel.h"
#include <brood/process.h>
#include <stdint.h>

typedef enum brood__relation_t { BROOD__SELF, BROOD__PARENT, BROOD__CHILD } brood__relation_t;

/* Lives in a pool of its own, which belongs to no other: the last who refers to it (the list of children until it has
 * ended, the user's handle, whoever waits) ends it, in whatever thread that is. */
struct brood_process_t {
    brood__relation_t relation;
    const char *name;
    const char *path; /* "1:2" */
    bool daemon;
    bool outlives_parent;
    bool own_group;
    uint32_t pid;
    uint64_t born; /* parent: brood__self_start_time */

    apr_pool_t *pool;
    uint32_t creator;         /* pid of the process whose child it is */
    brood__id_t id;           /* slot; 0: of an arena that is gone */
    const char *entry;        /* full name of what it runs */
    brood__child_t *child;    /* NULL: released */
    brood__handle_t sentinel; /* handed out; BROOD__NO_HANDLE: nobody has asked */
    bool keeps_child;         /* it is the child's own: `child` is kept as long */
    int exitcode;
    uint64_t peak; /* bytes of memory that it has used, once it has ended */
    bool asked;    /* to end, by this process: then its end is no news */
    _Atomic bool ended;
    _Atomic bool closed;
    unsigned waiting; /* threads that use `child` */
    unsigned references;
    brood__parcel_t *parcel; /* what went along with its start data; NULL: nothing */
    brood_process_t *next;   /* among the live children */
};

/* Who a new process is. */
typedef struct brood__birth_t {
    const char *name;
    const char *path; /* "" in the first of the tree */
    bool daemon;
    uint32_t parent_pid; /* 0: none */
    uint64_t parent_born;
    const char *parent_name;
    apr_interval_time_t exit_grace; /* 0: the default */
    bool strict;                    /* no fork while other threads live */
} brood__birth_t;

/* Be that process, with no children.  The texts must last as long as it.  `forked`: what is known of a family is the
 * parent's, and the lock is this thread's, to be given back. */
apr_status_t brood__family_begin(const brood__birth_t *birth, bool forked);

/* BROOD_EGUARD: it has not begun, or has ended.  BROOD_EMISUSE: this process was forked without brood. */
apr_status_t brood__family_member(void);
/* Can it have children?  As above; BROOD_EMISUSE also when it is ending. */
apr_status_t brood__family_check(void);
bool brood__family_active(void);

/* False in a copy of this process that the program has forked by itself: the children are not its own. */
bool brood__family_is_ours(void);

/* Whether the program refuses to fork while other threads live. */
bool brood__family_strict(void);

/* The end of this process begins, from now on it is exiting.  False: it has begun before, or this is a copy that the
 * program has forked by itself. */
bool brood__family_exit(void);
bool brood__family_exiting(void);
/* Daemonic children are terminated, the others joined within exit_grace, then terminated, then killed; no child can be
 * started any more. */
void brood__family_end(void);
/* No member any more.  True: no child is left; false: some outlive this process. */
bool brood__family_leave(void);

void brood__family_lock(void);
void brood__family_unlock(void);

/* Fill in what a child must know of this process. */
void brood__family_birth(brood__birth_t *birth);

/* A record with one reference, the caller's, its number taken; `name` NULL: after the number.  APR_ENOMEM. */
apr_status_t brood__record_create(brood_process_t **record, const char *name);
/* A running child is in the family; under the lock. */
void brood__record_link(brood_process_t *record);
void brood__record_release(brood_process_t *record);
/* For apr_pool_cleanup_register. */
apr_status_t brood__record_cleanup(void *data);

/* Wait for a child of this process and note its end, which is reported if it is one that nobody here has asked for.
 * APR_TIMEUP, or the status of a failed wait. */
apr_status_t brood__record_wait(brood_process_t *record, apr_time_t deadline);
/* How a child has ended, in words.  Returns `text`. */
const char *brood__record_end_text(const brood_process_t *record, char *text, apr_size_t size);
/* Interrupt, terminate or kill it or its group, whichever is given. */
apr_status_t brood__record_end(brood_process_t *record, apr_status_t (*end)(brood__child_t *child));

/* BROOD_EMISUSE: no child of this process, which therefore cannot do `what` to it.  BROOD_ECLOSED. */
apr_status_t brood__record_check(const brood_process_t *record, const char *what);
bool brood__record_is_ours(const brood_process_t *record);

/* A handle that is ready once the child has ended, and in use until brood__record_unwatch.  Else statuses and `certain`
 * of brood__child_sentinel. */
apr_status_t brood__record_watch(brood_process_t *record, brood__handle_t *handle, bool *certain);
void brood__record_unwatch(brood_process_t *record);

/* The same for the user, of a child or the parent: until brood__record_close, or the last reference ends.  Ready if the
 * process has ended already.  APR_ENOTIMPL: there is none for a parent. */
apr_status_t brood__record_sentinel(brood_process_t *record, brood__handle_t *sentinel);
/* Of a child that has ended: it goes, like all that the system keeps of it. */
void brood__record_close(brood_process_t *record);

/* Live children, each with a reference for the caller, in `mem`; the list ends with NULL.  NULL: no memory. */
brood_process_t **brood__family_children(apr_pool_t *mem);

/* Note the ends of those that have ended. */
void brood__family_reap(void);

brood_process_t *brood__family_self(void);
brood_process_t *brood__family_parent(void); /* NULL: none */

#endif
