/* guard.c - the door of every process: is it the first of a tree, or somebody's child? */
#include "process/guard.h"

#include "base/codec.h"
#include "base/own.h"
#include "base/report.h"
#include "connection/connection.h"
#include "memory/shareable_list.h"
#include "memory/shared_memory.h"
#include "memory/table.h"
#include "platform/child.h"
#include "platform/interrupt.h"
#include "platform/self.h"
#include "process/authkey.h"
#include "process/call.h"
#include "process/entry.h"
#include "process/exit.h"
#include "process/family.h"
#include "process/keeper.h"
#include "process/newborn.h"
#include "queue/queue.h"
#include "sync/kinds.h"
#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const *command_line;
static uint32_t first_pid; /* of the process that brood_init returned in */
static bool called_at_exit;

const char *const *brood__guard_argv(void)
{
    return command_line;
}

static const char *_Atomic executable; /* NULL: the running image */

apr_status_t brood_set_executable(const char *path)
{
    const char *kept = path != NULL ? brood__own_copy(path, strlen(path) + 1) : NULL;

    if (path != NULL && kept == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for the name of an executable");
    atomic_store(&executable, kept);
    return APR_SUCCESS;
}

const char *brood__guard_executable(void)
{
    return atomic_load(&executable);
}

static void register_kinds(void)
{
    static const brood__entry_table_t table = {brood__entry_full_name, brood__entry_by_name, brood_call};
    static const brood__kind_t *const kinds[] = {&brood__lock_kind,
                                                 &brood__semaphore_kind,
                                                 &brood__condition_kind,
                                                 &brood__event_kind,
                                                 &brood__barrier_kind,
                                                 &brood__array_kind,
                                                 &brood__shared_memory_kind,
                                                 &brood__shareable_list_kind,
                                                 &brood__connection_kind,
                                                 &brood__socket_kind,
                                                 &brood__queue_kind,
                                                 &brood__board_kind,
                                                 &brood__array_job_kind,
                                                 &brood__managed_dict_kind,
                                                 &brood__managed_list_kind,
                                                 &brood__managed_set_kind,
                                                 &brood__namespace_kind,
                                                 &brood__proxy_kind,
                                                 &brood__managed_queue_kind,
                                                 &brood__managed_lock_kind,
                                                 &brood__managed_semaphore_kind,
                                                 &brood__managed_condition_kind,
                                                 &brood__managed_event_kind,
                                                 &brood__managed_barrier_kind,
                                                 &brood__managed_pool_kind,
                                                 &brood__condition_lock_kind};

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        brood__kind_register(kinds[i]);
    brood__codec_entries(&table);
    brood__shared_memory_before(brood__keeper_begin);
}

/* Once: a second life has the tables of the first. */
static apr_status_t register_own(void)
{
    return brood__entry_full_name(brood__own_entries[0].entry) != NULL ? APR_SUCCESS
                                                                       : brood_register("brood", brood__own_entries);
}

/* A copy of the pointers, since argv need not end with NULL when it is not main's. */
static void keep_command_line(int argc, char **argv, const char **copy)
{
    for (int i = 0; i < argc; i++)
        copy[i] = argv[i];
    copy[argc] = NULL;
    command_line = copy;
    brood__call_program(argc, copy);
}

/* What brood_init keeps is its caller's, and goes with `mem`. */
static void forget_command_line(void)
{
    brood__entry_freeze(false);
    brood__call_program(0, NULL);
    command_line = NULL;
}

/* Ask first, since in a forked copy of the first process nothing is its own. */
static void exit_first(void)
{
    if (first_pid == brood__self_pid())
        brood__exit();
}

/* Before the pools in `mem` end. */
static apr_status_t begin_end(void *nothing)
{
    (void) nothing;
    exit_first();
    return APR_SUCCESS;
}

/* After the pools in `mem`, and all that was made in it since, have ended. */
static apr_status_t end(void *nothing)
{
    (void) nothing;
    if (first_pid != brood__self_pid())
        return APR_SUCCESS;
    first_pid = 0;
    brood__exit_finish();
    brood__arena_detach();
    forget_command_line();
    return APR_SUCCESS;
}

static apr_status_t begin(const brood_init_options_t *options, apr_pool_t *mem)
{
    const brood__birth_t birth = {.name = "MainProcess",
                                  .path = "",
                                  .exit_grace = options->exit_grace,
                                  .strict = options->strict};
    apr_status_t rc;

    BROOD_TRY(brood__authkey_begin());
    BROOD_TRY(brood__arena_create(options->arena_limit));
    rc = brood__family_begin(&birth, false);
    if (rc != APR_SUCCESS) {
        brood__table_leave();
        brood__arena_detach();
        return rc;
    }
    first_pid = brood__self_pid();
    apr_pool_pre_cleanup_register(mem, NULL, begin_end);
    apr_pool_cleanup_register(mem, NULL, end, apr_pool_cleanup_null);
    if (!called_at_exit) /* a second life comes after the first has ended; to call twice does nothing */
        called_at_exit = brood__self_at_exit(exit_first);
    return APR_SUCCESS;
}

/* Through the door: a re-executed child does not come back. */
static apr_status_t enter(int argc, char **argv)
{
    const apr_size_t words = (apr_size_t) argc + 1;
    brood__bequest_t bequest;

    if (argc < 0 || (argc > 0 && argv == NULL))
        return brood_fail(APR_EINVAL, "argc is %d and argv is %s", argc, argv == NULL ? "NULL" : "not");
    if (brood__family_active())
        return brood_fail(BROOD_EMISUSE, "brood_init has run already");
    BROOD_TRY(brood__own_begin());
    register_kinds();
    BROOD_TRY(register_own());
    if (brood__child_inherit(&bequest)) {
        brood__entry_freeze(true);
        keep_command_line(argc, argv, brood__own_alloc(words * sizeof(const char *)));
        brood__newborn_spawned(&bequest);
    }
    return APR_SUCCESS;
}

apr_status_t brood_init(int argc, char **argv, const brood_init_options_t *options, apr_pool_t *mem)
{
    static const brood_init_options_t none;
    apr_status_t rc;

    BROOD_TRY(enter(argc, argv));
    brood__entry_freeze(true);
    keep_command_line(argc, argv, apr_palloc(mem, ((apr_size_t) argc + 1) * sizeof(const char *)));
    rc = begin(options != NULL ? options : &none, mem);
    if (rc != APR_SUCCESS)
        forget_command_line();
    return rc;
}

static apr_status_t run(int argc, char **argv, brood_entry_fn app, const brood_entry_t *entries, apr_pool_t **pool)
{
    brood__work_t work;
    brood_value_t *args;
    apr_pool_t *mem;
    apr_status_t rc;

    BROOD_TRY(brood_register("main", entries));
    BROOD_TRY(enter(argc, argv)); /* here, as a child needs no pool for it */
    BROOD_TRY(apr_pool_create(pool, NULL));
    BROOD_TRY(brood_init(argc, argv, NULL, *pool));
    brood__interrupt_begin(exit_first);
    BROOD_TRY(apr_pool_create(&mem, *pool));
    args = apr_palloc(mem, ((apr_size_t) argc + 1) * sizeof *args);
    for (int i = 1; i < argc; i++)
        args[i - 1] = brood_text(argv[i]);
    BROOD_TRY(brood__work_init(&work, "app", brood_list(args, argc > 0 ? (apr_size_t) argc - 1 : 0), mem));
    rc = app(&work.call);
    if (rc != APR_SUCCESS)
        brood__sync_fail();
    return rc;
}

int brood_main(int argc, char **argv, brood_entry_fn app, const brood_entry_t *entries)
{
    const char *const *args = (const char *const *) argv;
    const char *program = "brood";
    char text[200];
    bool interrupted;
    apr_pool_t *pool = NULL;
    apr_status_t rc;

    rc = apr_app_initialize(&argc, &args, NULL); /* on Windows: argv in UTF-8 */
    if (rc != APR_SUCCESS) {
        brood__report("%s: APR cannot be initialized: %s", program, brood_strerror(rc, text, sizeof text));
        return EXIT_FAILURE;
    }
    argv = (char **) args;
    if (argc > 0)
        program = apr_filepath_name_get(argv[0]);
    rc = run(argc, argv, app, entries, &pool);
    interrupted = brood__interrupted() && (rc == BROOD_ECANCELLED || brood__interrupt_pending());
    if (rc != APR_SUCCESS && !interrupted)
        brood__report("%s failed: %s", program, brood__failure_text(rc, text, sizeof text));
    if (pool != NULL)
        apr_pool_destroy(pool);
    apr_terminate();
    (void) fflush(NULL);
    brood__interrupt_end(interrupted); /* for whoever started this program to see */
    return rc == APR_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
