/* newborn.c - what a new process does: find out who it is, run its entry, end. */
#include "process/newborn.h"

#include "base/deadline.h"
#include "base/log.h"
#include "base/own.h"
#include "base/report.h"
#include "base/status.h"
#include "connection/connection.h"
#include "connection/mac.h"
#include "memory/table.h"
#include "platform/channel.h"
#include "platform/interrupt.h"
#include "process/authkey.h"
#include "process/call.h"
#include "process/entry.h"
#include "process/exit.h"
#include "process/family.h"
#include "process/forkserver.h"
#include "process/keeper.h"
#include "process/log_channel.h"
#include "process/method.h"
#include "process/startup.h"
#include "sync/kinds.h"
#include <apr_file_info.h>
#include <stdlib.h>
#include <string.h>

/* Where a process comes from decides how it leaves, and what it has to set up. */
typedef enum origin_t {
    ORIGIN_FORKED, /* by its parent */
    ORIGIN_SERVED, /* by the fork server */
    ORIGIN_SPAWNED
} origin_t;

/* The one life of this process, for its end, which begins wherever exit is called. */
static struct {
    origin_t origin;
    brood__stream_t channel; /* start data and what goes along with them have come by it */
    apr_pool_t *mem;         /* the call's */
    bool returned;           /* from its entry */
    int exitcode;            /* then */
    bool over;
} life;

static void leave(origin_t origin, int exitcode)
{
    if (origin == ORIGIN_SPAWNED)
        exit(exitcode);
    brood__child_exit(exitcode); /* without the exit handlers of the process it is a copy of */
}

static void give_up(apr_status_t rc, origin_t origin)
{
    char text[200];

    brood__report("brood: a new process cannot start: %s", brood__failure_text(rc, text, sizeof text));
    leave(origin, 1);
}

static const char *keep(const char *text)
{
    return brood__own_copy(text, strlen(text) + 1);
}

static apr_status_t be_somebody(const brood__startup_t *startup, origin_t origin)
{
    brood__birth_t birth = {
        .name = startup->name,
        .path = startup->path,
        .daemon = startup->daemon,
        .parent_pid = startup->parent_pid,
        .parent_born = startup->parent_born,
        .parent_name = startup->parent_name,
        .exit_grace = startup->exit_grace,
        .strict = startup->strict,
    };

    if (startup->name == NULL || startup->path == NULL || startup->parent_name == NULL || startup->entry == NULL)
        return brood_fail(BROOD_EDECODE, "start data without a name");
    if (origin == ORIGIN_FORKED) {
        BROOD_TRY(brood__family_begin(&birth, true)); /* the texts are the parent's, and stay */
    } else {
        birth.name = keep(birth.name);
        birth.path = keep(birth.path);
        birth.parent_name = keep(birth.parent_name);
        BROOD_TRY(brood__family_begin(&birth, false));
        BROOD_TRY(brood__authkey_born(startup->authkey));
    }
    brood__method_born((brood_start_method_t) startup->method);
    return APR_SUCCESS;
}

/* The fork server is where it was started, not where its child's parent is. */
static apr_status_t go_to(brood_bytes_t directory, apr_pool_t *mem)
{
    char *path;
    apr_status_t rc;

    if (directory.size == 0)
        return APR_SUCCESS;
    path = apr_palloc(mem, directory.size + 1);
    memcpy(path, directory.data, directory.size);
    path[directory.size] = '\0';
    rc = apr_filepath_set(path, mem);
    return rc == APR_SUCCESS ? APR_SUCCESS : brood_fail(rc, "cannot go to the directory %s", path);
}

static apr_status_t find_entry(brood_entry_fn *entry, const brood__startup_t *startup)
{
    if (startup->fingerprint != brood__entry_fingerprint())
        return brood_fail(BROOD_ETABLES, "the entry tables are not the parent's: the same modules must be registered "
                                         "in every process, before brood_init");
    *entry = brood__entry_by_name(startup->entry, strlen(startup->entry));
    return *entry != NULL ? APR_SUCCESS : brood_fail(BROOD_EENTRY, "there is no entry %s", startup->entry);
}

/* Everything up to the entry's first instruction. */
static apr_status_t prepare(brood__work_t *work, brood_entry_fn *entry, const brood__startup_t *startup,
                            origin_t origin, apr_pool_t *mem)
{
    brood_value_t args = brood_nil();

    if (origin == ORIGIN_FORKED)
        *entry = startup->function;
    else
        BROOD_TRY(find_entry(entry, startup));
    if (origin == ORIGIN_SERVED)
        BROOD_TRY(go_to(startup->directory, mem));
    if (startup->args.size != 0) {
        apr_status_t rc;

        brood__connection_arrived(startup->parcel);
        rc = brood__decode(&args, startup->args.data, startup->args.size, true, mem);
        brood__connection_arrived(NULL);
        if (rc != APR_SUCCESS)
            return rc;
    }
    if (origin == ORIGIN_FORKED)
        brood__parcel_end(startup->parcel);
    else
        brood__stream_close(&life.channel);
    return brood__work_init(work, brood_entry_name(*entry), args, mem);
}

/* Run the entry; returns the exit code. */
static int run(const brood__startup_t *startup, origin_t origin, apr_pool_t *mem)
{
    brood__work_t work;
    brood_entry_fn entry = NULL;
    char text[200];
    apr_status_t rc = prepare(&work, &entry, startup, origin, mem);

    if (rc != APR_SUCCESS) {
        brood__report("%s: cannot start %s: %s", startup->name, startup->entry,
                      brood__failure_text(rc, text, sizeof text));
        return 1;
    }
    brood_log(BROOD_LOG_INFO, "runs %s", startup->entry);
    rc = entry(&work.call);
    brood_log(BROOD_LOG_DEBUG, "%s has returned", startup->entry);
    if (rc == APR_SUCCESS)
        return 0;
    brood__sync_fail(); /* what its locks guard is not in doubt because a function returned */
    brood__report("%s: %s failed: %s", startup->name, work.call.name, brood__failure_text(rc, text, sizeof text));
    return 1;
}

/* Not in a copy that the entry has forked by itself: neither children nor slot are its own. */
static void end_life(int exitcode)
{
    if (life.over || !brood__table_is_me())
        return;
    life.over = true;
    brood__exit();
    if (life.returned)            /* else whoever called exit stands on it */
        apr_pool_clear(life.mem); /* what it holds is let go while this process still counts as alive */
    if (exitcode != BROOD__CODE_UNKNOWN)
        brood_log(BROOD_LOG_INFO, "ends with exit code %d", exitcode);
    brood__exit_finish();
}

static void at_exit(int exitcode)
{
    if (exitcode == BROOD__CODE_UNKNOWN && life.returned)
        exitcode = life.exitcode;
    end_life(exitcode);
    if (life.origin != ORIGIN_SPAWNED && exitcode != BROOD__CODE_UNKNOWN)
        brood__child_exit(exitcode); /* before the handlers of the process it is a copy of */
}

/* From here on the arena is there, and this process knows nothing of itself. */
static void live(const brood__startup_t *startup, origin_t origin, apr_pool_t *mem)
{
    const apr_status_t rc = be_somebody(startup, origin);
    bool told;

    if (rc != APR_SUCCESS)
        give_up(rc, origin);
    if (brood__table_adopt(startup->id) != APR_SUCCESS)
        leave(origin, 1); /* given up by its parent: nobody waits for a word from it */
    brood__log_born(startup);
    life.origin = origin;
    life.mem = mem;
    life.returned = life.over = false; /* a forked child's are its parent's */
    brood__interrupt_leave();
    told = brood__child_at_exit(at_exit);
    if (origin == ORIGIN_FORKED)
        brood__after_fork_run();
    life.exitcode = run(startup, origin, mem);
    life.returned = true;
    if (told && brood__table_is_me())
        exit(life.exitcode);
    end_life(life.exitcode);
    leave(origin, life.exitcode);
}

static apr_pool_t *own_pool(origin_t origin)
{
    apr_pool_t *pool;

    if (brood__own_pool(&pool) != APR_SUCCESS)
        leave(origin, 1);
    return pool;
}

void brood__newborn_forked(const brood__startup_t *startup, apr_pool_t *mem)
{
    brood__open_forked();
    brood__mac_forked();
    brood__log_forked();
    brood__forkserver_inherit(brood__forkserver_handle()); /* the way there; the server is the parent's child */
    live(startup, ORIGIN_FORKED, mem);
}

/* Start data, from the channel if there is one.  None come if the parent gave up or ended: then nobody waits for a word
 * from us. */
static void hear(brood__startup_t *startup, const brood__bequest_t *bequest, origin_t origin, apr_pool_t *mem)
{
    brood_bytes_t data = {bequest->data, bequest->size};
    apr_status_t rc;

    brood__stream_init(&life.channel, bequest->channel, BROOD__HANDLE_PIPE);
    if (bequest->channel != BROOD__NO_HANDLE
        && brood__frame_receive(&data, &life.channel, brood__deadline(BROOD__STARTUP_PATIENCE), mem) != APR_SUCCESS)
        leave(origin, 1);
    rc = brood__startup_decode(startup, data.data, data.size, mem);
    if (rc != APR_SUCCESS)
        give_up(rc, origin);
    startup->parcel = life.channel.parcel;
}

/* Once, for all children of the fork server to come.  It is a hint: what fails is told, and done without. */
static void preload(const char *name, apr_pool_t *mem)
{
    brood_entry_fn entry = name != NULL ? brood__entry_by_name(name, strlen(name)) : NULL;
    char text[200];
    apr_status_t rc;

    if (entry == NULL)
        return;
    rc = brood_call(NULL, entry, brood_nil(), mem);
    if (rc != APR_SUCCESS)
        brood__report("fork server: %s failed: %s", name, brood__failure_text(rc, text, sizeof text));
}

/* Comes back from brood__child_serve in every child, and at last in the server. */
static void serve(brood__handle_t requests, const char *entry, apr_pool_t *mem)
{
    apr_pool_t *childs = own_pool(ORIGIN_SPAWNED); /* made once, for each in its copy */
    brood__bequest_t bequest;
    brood__startup_t startup;

    preload(entry, mem);
    if (brood__child_serve(requests, brood__arena_key(), &bequest, mem) != APR_SUCCESS)
        brood__child_exit(0); /* nobody is left who could ask, nor to run the program's exit handlers for */
    brood__forkserver_inherit(bequest.server);
    hear(&startup, &bequest, ORIGIN_SERVED, childs);
    live(&startup, ORIGIN_SERVED, childs);
}

void brood__newborn_spawned(const brood__bequest_t *bequest)
{
    apr_pool_t *mem = own_pool(ORIGIN_SPAWNED);
    brood__startup_t startup;
    apr_status_t rc;

    brood_log_to(NULL, NULL, BROOD_LOG_OFF); /* what main has set is for the first process */
    hear(&startup, bequest, ORIGIN_SPAWNED, mem);
    rc = brood__arena_attach(bequest->segment, startup.arena_size, startup.arena_base);
    if (rc != APR_SUCCESS)
        give_up(rc, ORIGIN_SPAWNED);
    if (startup.role == BROOD__ROLE_KEEPER)
        brood__keeper_live(&startup, bequest->channel);
    if (startup.role == BROOD__ROLE_SERVER) {
        brood__stream_close(&life.channel);
        serve(bequest->server, startup.entry, mem);
    }
    brood__forkserver_inherit(bequest->server);
    live(&startup, ORIGIN_SPAWNED, mem);
}
