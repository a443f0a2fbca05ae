/* start.c - from a call to a running process, by one of three ways. */
#include <brood/process.h>

#include "base/deadline.h"
#include "base/log.h"
#include "base/own.h"
#include "base/report.h"
#include "base/status.h"
#include "base/utf8.h"
#include "connection/mac.h"
#include "connection/open.h"
#include "platform/channel.h"
#include "platform/self.h"
#include "process/call.h"
#include "process/entry.h"
#include "process/family.h"
#include "process/forkserver.h"
#include "process/guard.h"
#include "process/log_channel.h"
#include "process/method.h"
#include "process/newborn.h"
#include "process/startup.h"
#include <apr_file_info.h>
#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

#define KILL_WAIT apr_time_from_sec(5)
#define LOOKS 10
#define LOOK_AGAIN apr_time_from_msec(1)

/* One start, from its plan to its success or its undoing. */
typedef struct launch_t {
    brood_start_method_t method;
    const brood_process_options_t *options;
    brood_entry_fn function;
    const char *entry; /* its full name */
    brood_process_t *record;
    brood__startup_t startup; /* start data: as they are for fork */
    brood__output_t data;     /* encoded, for the others */
    brood__parcel_t parcel;   /* what goes along with them */
    brood__handle_t channel;  /* where they go, but for fork */
    apr_pool_t *scratch;      /* ends with the start, or is a forked child's */
} launch_t;

static bool is_daemon(brood_choice_t choice)
{
    return choice == BROOD_INHERIT ? brood__family_self()->daemon : choice == BROOD_YES;
}

/* Of the program.  One that has been joined may be among the system's threads for a moment yet. */
static int other_threads(void)
{
    int others = 0;

    for (int look = 0; look < LOOKS; look++) {
        if (look > 0)
            apr_sleep(LOOK_AGAIN);
        others = brood__self_threads() - 1 - (int) brood__own_threads();
        if (others <= 0)
            break;
    }
    return others;
}

/* A forked child has this thread alone, and what others have locked stays so in it for ever. */
static apr_status_t check_threads(const launch_t *launch)
{
    static atomic_flag warned = ATOMIC_FLAG_INIT;
    static _Atomic bool silent;
    int others;

    if (launch->method != BROOD_START_FORK || (silent && !brood__family_strict()))
        return APR_SUCCESS;
    others = other_threads();
    if (others <= 0)
        return APR_SUCCESS;
    if (brood__family_strict())
        return brood_fail(BROOD_EFORK, "cannot start %s by fork: %d other threads are alive; use spawn or forkserver",
                          launch->entry, others);
    silent = true;
    if (!atomic_flag_test_and_set(&warned))
        brood__report("%s: forks while %d other threads are alive: what they have locked, a child finds locked for "
                      "ever; spawn and forkserver are safe",
                      brood_current_name(), others);
    return APR_SUCCESS;
}

static apr_status_t check_name(const char *name)
{
    const size_t size = name != NULL ? strlen(name) : 0;

    if (brood__utf8_valid(name, size) == size)
        return APR_SUCCESS;
    return brood_fail(BROOD_EENCODE, "the name of a process must be UTF-8");
}

/* The record, its slot in the table, and the start data, whose objects are lent to the slot: brood__table_bury takes
 * all of that back. */
static apr_status_t plan(launch_t *launch, brood_value_t args)
{
    brood__birth_t birth;
    brood__startup_t *startup = &launch->startup;
    brood__output_t encoded = {NULL, 0, 0, launch->scratch};
    brood_process_t *record;
    brood__id_t id;
    char *directory;

    BROOD_TRY(check_name(launch->options->name));
    BROOD_TRY(brood__record_create(&launch->record, launch->options->name));
    record = launch->record;
    record->daemon = is_daemon(launch->options->daemon);
    record->entry = launch->entry;
    record->outlives_parent = launch->options->outlives_parent;
    record->own_group = launch->options->own_group;
    BROOD_TRY(brood__table_reserve(&id, record->name));
    record->id = id; /* not before it is ours: what has an id is buried when the start fails */
    brood__parcel_begin(&launch->parcel);
    if (brood_value_count(args) != 0)
        BROOD_TRY(brood__encode(&encoded, args, record->id));
    if (launch->parcel.count > 0)
        record->parcel = apr_pmemdup(record->pool, &launch->parcel, sizeof launch->parcel);
    if (launch->method == BROOD_START_FORKSERVER) { /* the others are there by nature */
        BROOD_TRY(apr_filepath_get(&directory, APR_FILEPATH_NATIVE, launch->scratch));
        startup->directory = (brood_bytes_t){directory, strlen(directory)};
    }
    brood__family_birth(&birth);
    startup->role = BROOD__ROLE_PROCESS;
    startup->id = record->id;
    startup->method = (uint32_t) launch->method;
    startup->fingerprint = brood__entry_fingerprint();
    startup->arena_base = (uintptr_t) brood__arena_segment()->base;
    startup->arena_size = brood__arena_segment()->size;
    startup->exit_grace = birth.exit_grace;
    startup->strict = birth.strict;
    startup->name = record->name;
    startup->path = record->path;
    startup->daemon = record->daemon;
    startup->parent_pid = birth.parent_pid;
    startup->parent_born = birth.parent_born;
    startup->parent_name = birth.parent_name;
    startup->entry = launch->entry;
    startup->function = launch->function;
    startup->authkey = brood_authkey();
    startup->args = (brood_bytes_t){encoded.data, encoded.size};
    startup->parcel = &launch->parcel;
    brood__log_lend(startup, launch->scratch);
    if (launch->method != BROOD_START_FORK)
        BROOD_TRY(brood__startup_encode(&launch->data, startup));
    if (encoded.size + launch->data.size > BROOD__FRAME_MOST)
        return brood_fail(BROOD_ETOOBIG, "arguments of %llu bytes are too large", (unsigned long long) encoded.size);
    return APR_SUCCESS;
}

/* Let the system make the process.  Under the family's lock.  A forked child does not come back. */
static apr_status_t make(launch_t *launch)
{
    brood_process_t *record = launch->record;
    brood__child_t *child = NULL;
    brood__start_t start = {
        .argv = brood__guard_argv(),
        .executable = brood__guard_executable(),
        .environment = launch->options->environment,
        .segment = brood__arena_segment()->handle,
        .server = brood__forkserver_handle(),
        .data = launch->data.data,
        .size = launch->data.size,
        .by_channel = launch->parcel.count > 0,
        .before_fork = brood__own_lock,
        .after_fork = brood__own_unlock,
        .outlives_parent = launch->options->outlives_parent,
        .own_group = launch->options->own_group,
        .keep_stdin = launch->options->keep_stdin,
    };
    apr_status_t rc;

    switch (launch->method) {
    case BROOD_START_FORK:
        brood__open_lock();
        brood__mac_lock();
        rc = brood__child_fork(&child, &start, record->pool);
        if (rc == APR_SUCCESS && child == NULL)
            brood__newborn_forked(&launch->startup, launch->scratch);
        brood__mac_unlock();
        brood__open_unlock();
        record->child = child;
        return rc;
    case BROOD_START_FORKSERVER:
        return brood__forkserver_request(&record->child, &launch->channel, &start, record->pool);
    default:
        return brood__child_spawn(&record->child, &launch->channel, &start, record->pool);
    }
}

/* What has been refused, and what can be done about it: all that a backend says is a status. */
static apr_status_t refused(const launch_t *launch, apr_status_t rc)
{
    const char *name = launch->record->name, *method = brood_start_method_name(launch->method);
    const char *why = "the system refuses it", *advice = "";
    char text[200];

    if (APR_STATUS_IS_EINTR(rc))
        return brood__fail_interrupted();
    if (rc == APR_TIMEUP)
        return brood_fail(rc, "cannot start %s by %s: the fork server has not answered for %d s; perhaps it is stopped",
                          name, method, (int) apr_time_sec(BROOD__STARTUP_PATIENCE));
    if (rc == APR_EOF)
        return brood_fail(APR_EGENERAL, "cannot start %s by %s: the fork server ends as soon as it is asked", name,
                          method);
    if (APR_STATUS_IS_EAGAIN(rc)) {
        why = "the system allows no more processes";
        advice = "; see ulimit -u";
    } else if (APR_STATUS_IS_EMFILE(rc)) {
        why = "too many files are open";
        advice = "; see ulimit -n";
    } else if (APR_STATUS_IS_ENOMEM(rc)) {
        why = "there is not enough memory";
    }
    return brood_fail(rc, "cannot start %s by %s: %s (%s)%s", name, method, why, brood_strerror(rc, text, sizeof text),
                      advice);
}

/* The fork server is started by the way; the lock of its family is no place to say so. */
static void tell_of_server(unsigned before, unsigned after)
{
    if (after != before)
        brood_log(BROOD_LOG_INFO, before == 0 ? "the fork server was started" : "the fork server was started again");
}

static apr_status_t enter_family(launch_t *launch)
{
    brood_process_t *record = launch->record;
    const bool forks = launch->method == BROOD_START_FORK;
    unsigned before, after;
    apr_status_t rc;

    if (forks) /* nobody is inside the program's function then; before the other locks: it may start processes itself */
        brood__log_lock();
    brood__family_lock();
    before = brood__forkserver_starts();
    rc = brood__family_check(); /* again: this process may have begun to end */
    if (rc == APR_SUCCESS && (rc = make(launch)) != APR_SUCCESS)
        rc = refused(launch, rc);
    if (rc == APR_SUCCESS) {
        record->pid = brood__child_pid(record->child);
        brood__table_started(record->id, record->pid);
        brood__record_link(record);
    }
    after = brood__forkserver_starts();
    brood__family_unlock();
    if (forks)
        brood__log_unlock();
    tell_of_server(before, after);
    return rc;
}

/* Tell the child who it is.  One that has ended already has nothing to hear, and that is no failure of the start: its
 * exit code will tell. */
static apr_status_t instruct(launch_t *launch)
{
    apr_status_t rc;

    if (launch->channel == BROOD__NO_HANDLE)
        return APR_SUCCESS;
    rc = brood__frame_send(launch->channel, launch->data.data, launch->data.size, &launch->parcel,
                           brood__deadline(BROOD__STARTUP_PATIENCE));
    brood__channel_close(launch->channel);
    launch->channel = BROOD__NO_HANDLE;
    if (rc == APR_SUCCESS || APR_STATUS_IS_EPIPE(rc))
        return APR_SUCCESS;
    BROOD_IGNORE(brood__record_end(launch->record, brood__child_kill));
    BROOD_IGNORE(brood__record_wait(launch->record, brood__deadline(KILL_WAIT)));
    if (APR_STATUS_IS_EINTR(rc))
        return brood__fail_interrupted();
    return brood_fail(rc, "%s does not take its start data, and was killed", launch->record->name);
}

static apr_status_t perform(launch_t *launch, brood_value_t args)
{
    apr_status_t rc = plan(launch, args);

    if (rc == APR_SUCCESS)
        rc = enter_family(launch);
    if (rc == APR_SUCCESS)
        rc = instruct(launch);
    else if (launch->record != NULL && launch->record->id != 0)
        brood__table_bury(launch->record->id); /* never started */
    if (rc == APR_SUCCESS)
        brood_log(BROOD_LOG_INFO, "started %s (pid %lu) by %s to run %s", launch->record->name,
                  (unsigned long) launch->record->pid, brood_start_method_name(launch->method), launch->entry);
    return rc;
}

apr_status_t brood_process_start(brood_process_t **process, brood_entry_fn entry, brood_value_t args,
                                 const brood_process_options_t *options, apr_pool_t *mem)
{
    static const brood_process_options_t none;
    launch_t launch = {.options = options != NULL ? options : &none, .function = entry, .channel = BROOD__NO_HANDLE};
    apr_status_t rc;

    BROOD_TRY(brood__family_check());
    BROOD_TRY(brood__entry_require(&launch.entry, entry));
    BROOD_TRY(brood__check_args(args));
    BROOD_TRY(brood__method_for(&launch.method, launch.options->start_method));
    BROOD_TRY(check_threads(&launch));
    brood__family_reap();
    BROOD_TRY(brood__own_pool(&launch.scratch));
    launch.data.mem = launch.scratch;
    rc = perform(&launch, args);
    brood__parcel_end(&launch.parcel);
    apr_pool_destroy(launch.scratch);
    if (launch.record == NULL)
        return rc;
    if (rc == APR_SUCCESS && process != NULL) {
        *process = launch.record;
        apr_pool_cleanup_register(mem, launch.record, brood__record_cleanup, apr_pool_cleanup_null);
    } else {
        brood__record_release(launch.record);
    }
    return rc;
}
