/* test_inherited.c - handles that the program lets others inherit are not its children's (SPWN-05). */
#include "harness_children.h"
#include "harness_tree.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <windows.h>

static const brood_entry_t entries[] = {BROOD_ENTRY(waiting), BROOD_ENTRIES_END};

/* ---- helpers ---- */

/* Nobody else may have the file open; it goes with its last handle. */
static HANDLE open_alone(const char *path)
{
    SECURITY_ATTRIBUTES inheritable = {sizeof inheritable, NULL, TRUE};

    return CreateFileA(path, GENERIC_READ | GENERIC_WRITE, 0, &inheritable, OPEN_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE,
                       NULL);
}

/* ---- tests ---- */

/* It would be open in the child still when it is closed here, and could not be opened again. */
static void what_is_inheritable_is_not_the_childs__SPWN_05(void)
{
    apr_pool_t *mem = harness_mem();
    brood_queue_t *ready = harness_queue(mem), *go = harness_queue(mem);
    const char *folder;
    const char *path;
    brood_process_t *process;
    HANDLE file;

    EXPECT(apr_temp_dir_get(&folder, mem) == APR_SUCCESS);
    path = apr_psprintf(mem, "%s/brood_inherited.%d", folder, brood_current_pid());
    file = open_alone(path);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT(open_alone(path) == INVALID_HANDLE_VALUE); /* that is how it would show */
    process = harness_start(waiting, BROOD_ARGS(ready, go), mem);
    (void) harness_get(ready, mem);
    EXPECT(CloseHandle(file) != 0);
    file = open_alone(path);
    EXPECT(file != INVALID_HANDLE_VALUE);
    EXPECT(CloseHandle(file) != 0);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_EXIT(0, process);
}

static const brood_test_t tests[] = {
    TEST(what_is_inheritable_is_not_the_childs__SPWN_05),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "inherited", tests, sizeof tests / sizeof *tests);
}
