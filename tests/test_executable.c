/* test_executable.c - another program for spawned children than the running image (CTX-16). */
#include "harness_children.h"
#include "harness_tree.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

static const char *self;
static const brood_process_options_t spawned = {.start_method = BROOD_START_SPAWN};

/* ---- entries ---- */

static apr_status_t start_another(brood_call_t *call)
{
    brood_process_t *child;

    BROOD_TRY(brood_process_start(&child, nothing, BROOD_NO_ARGS, &spawned, call->mem));
    BROOD_TRY(brood_process_join(child, BROOD_FOREVER));
    CHECK(brood_process_exitcode(child) == 0);
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(start_another), BROOD_ENTRIES_END};

/* ---- helpers ---- */

/* A copy of this program beside it, where it finds the libraries that it needs. */
static const char *copy_program(apr_pool_t *mem)
{
    const char *copy = apr_psprintf(mem, "%s.%d.copy.exe", self, brood_current_pid());

    EXPECT(apr_file_copy(self, copy, APR_FPROT_FILE_SOURCE_PERMS, mem) == APR_SUCCESS);
    return copy;
}

static void spawn_ends_well(brood_entry_fn entry, apr_pool_t *mem)
{
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, entry, BROOD_NO_ARGS, &spawned, mem));
    EXPECT_EXIT(0, process);
}

/* ---- tests ---- */

/* It is this that is run: without it nothing can be. */
static void the_chosen_program_is_run_until_the_choice_is_taken_back__CTX_16(void)
{
    apr_pool_t *mem = harness_mem();
    const char *copy = copy_program(mem);
    brood_process_t *process = NULL;
    apr_status_t rc;

    EXPECT_OK(brood_set_executable(copy));
    spawn_ends_well(nothing, mem);
    spawn_ends_well(start_another, mem); /* the choice is not the child's: it runs the image that it is */
    EXPECT(apr_file_remove(copy, mem) == APR_SUCCESS);
    rc = brood_process_start(&process, nothing, BROOD_NO_ARGS, &spawned, mem);
    EXPECT(APR_STATUS_IS_ENOENT(rc) && process == NULL);
    EXPECT_MESSAGE("by spawn");
    EXPECT(harness_children(mem) == 0);
    EXPECT_OK(brood_set_executable(NULL));
    spawn_ends_well(nothing, mem);
}

static void its_name_is_copied__CTX_16(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    char *name;

    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    name = apr_pstrdup(brief, self);
    EXPECT_OK(brood_set_executable(name));
    *name = '\0';
    apr_pool_destroy(brief);
    spawn_ends_well(nothing, mem);
    EXPECT_OK(brood_set_executable(NULL));
}

static void a_fork_does_without_it__CTX_16(void)
{
    static const brood_process_options_t forked = {.start_method = BROOD_START_FORK};
    apr_pool_t *mem = harness_mem();
    brood_start_method_t methods[3];
    brood_process_t *process = NULL;

    EXPECT_OK(brood_set_executable("/no/such/program"));
    if (brood_start_methods(methods) > 1) {
        EXPECT_OK(brood_process_start(&process, nothing, BROOD_NO_ARGS, &forked, mem));
        EXPECT_EXIT(0, process);
    }
    EXPECT(brood_process_start(&process, nothing, BROOD_NO_ARGS, &spawned, mem) != APR_SUCCESS);
    EXPECT_OK(brood_set_executable(NULL));
}

/* Started anew it would be the chosen program: one that is not there. */
static void the_fork_server_that_runs_goes_on__CTX_16(void)
{
    static const brood_process_options_t served = {.start_method = BROOD_START_FORKSERVER};
    apr_pool_t *mem = harness_mem();
    brood_start_method_t methods[3];
    brood_process_t *process = NULL;

    if (brood_start_methods(methods) == 1)
        return;
    EXPECT_OK(brood_process_start(&process, nothing, BROOD_NO_ARGS, &served, mem));
    EXPECT_EXIT(0, process);
    EXPECT_OK(brood_set_executable("/no/such/program"));
    EXPECT_OK(brood_process_start(&process, nothing, BROOD_NO_ARGS, &served, mem));
    EXPECT_EXIT(0, process);
    EXPECT_OK(brood_set_executable(NULL));
}

static void the_fork_server_that_is_started_next_is_it__CTX_16(void)
{
    static const brood_process_options_t served = {.start_method = BROOD_START_FORKSERVER};
    apr_pool_t *mem = harness_mem();
    brood_start_method_t methods[3];
    brood_process_t *process = NULL;

    if (brood_start_methods(methods) == 1)
        return;
    EXPECT_OK(brood_set_executable("/no/such/program"));
    EXPECT(APR_STATUS_IS_ENOENT(brood_process_start(&process, nothing, BROOD_NO_ARGS, &served, mem)));
    EXPECT_MESSAGE("by forkserver");
    EXPECT(process == NULL && harness_children(mem) == 0);
    EXPECT_OK(brood_set_executable(NULL));
}

static const brood_test_t tests[] = {
    TEST(the_fork_server_that_is_started_next_is_it__CTX_16), /* first: there is none yet */
    TEST(the_fork_server_that_runs_goes_on__CTX_16),
    TEST(the_chosen_program_is_run_until_the_choice_is_taken_back__CTX_16),
    TEST(its_name_is_copied__CTX_16),
    TEST(a_fork_does_without_it__CTX_16),
};

int main(int argc, char **argv)
{
    self = argv[0];
    return harness_tree(argc, argv, entries, "executable", tests, sizeof tests / sizeof *tests);
}
