/* Named shared memory that Python's multiprocessing.shared_memory has made, and the reverse. */
#include "harness_tree.h"
#include "platform/named.h"
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

/* What each script begins with: a block of this name, which Python's tracker, a process that takes away what was opened
 * once its user has ended, is to leave alone. */
#define BLOCK                                                                    \
    "import sys\n"                                                               \
    "from multiprocessing import shared_memory, resource_tracker\n"              \
    "block = shared_memory.SharedMemory(name=sys.argv[1], create=%s, size=%d)\n" \
    "resource_tracker.unregister(block._name, 'shared_memory')\n"

#define LIST                                                        \
    "import sys\n"                                                  \
    "from multiprocessing import shared_memory, resource_tracker\n" \
    "items = shared_memory.ShareableList(name=sys.argv[1])\n"       \
    "resource_tracker.unregister(items.shm._name, 'shared_memory')\n"

/* Run Python with this script; its exit code, or -1. */
static int python(const char *name, const char *script)
{
    const char *argv[] = {"python3", "-c", script, name, NULL};
    apr_procattr_t *attributes;
    apr_exit_why_e why;
    apr_proc_t process;
    int code = -1;

    if (!EXPECT_OK(apr_procattr_create(&attributes, mem))
        || !EXPECT_OK(apr_procattr_cmdtype_set(attributes, APR_PROGRAM_PATH))
        || !EXPECT_OK(apr_proc_create(&process, argv[0], argv, NULL, attributes, mem)))
        return -1;
    EXPECT(apr_proc_wait(&process, &code, &why, APR_WAIT) == APR_CHILD_DONE);
    return why == APR_PROC_EXIT ? code : -1;
}

static const char *new_name(void)
{
    static int count;

    return apr_psprintf(mem, "brood-python-%d-%d", brood_current_pid(), count++);
}

static void python_opens_what_brood_has_made__SHM_03_SHM_04(void)
{
    const char *name = new_name();
    brood_shared_memory_t *memory;

    EXPECT_OK(brood_shared_memory_create(&memory, name, 5000, mem));
    memcpy(brood_shared_memory_data(memory), "from brood", 11);
    EXPECT(python(name, apr_psprintf(mem,
                                     BLOCK "assert block.size >= 5000, block.size\n"
                                           "assert bytes(block.buf[:11]) == b'from brood\\0'\n"
                                           "block.buf[4990:5000] = b'from there'\n"
                                           "block.close()\n",
                                     "False", 0))
           == 0);
    EXPECT(memcmp((char *) brood_shared_memory_data(memory) + 4990, "from there", 10) == 0);
    brood_shared_memory_close(memory);
    EXPECT(python(name, "import sys\n"
                        "from multiprocessing import shared_memory\n"
                        "try: shared_memory.SharedMemory(name=sys.argv[1])\n"
                        "except FileNotFoundError: sys.exit(7)\n")
           == 7);
}

static void brood_opens_what_python_has_made__SHM_03_SHM_04_SHM_12(void)
{
    const char *name = new_name();
    brood_shared_memory_t *memory;

    EXPECT(python(name, apr_psprintf(mem, BLOCK "block.buf[:4] = b'snek'\n", "True", 12345)) == 0);
    EXPECT_OK(brood_shared_memory_open(&memory, name, mem));
    EXPECT(brood_shared_memory_size(memory) >= 12345);
    EXPECT(memcmp(brood_shared_memory_data(memory), "snek", 4) == 0);
    brood_shared_memory_close(memory);
    EXPECT_OK(brood_shared_memory_open(&memory, name, mem)); /* who has only opened it takes no name away */
    EXPECT_OK(brood_shared_memory_unlink(memory));
    brood_shared_memory_close(memory);
    EXPECT_STATUS(APR_ENOENT, brood_shared_memory_open(&memory, name, mem));
}

static void python_finds_the_name_taken__SHM_03(void)
{
    const char *name = new_name();
    brood_shared_memory_t *memory;

    EXPECT_OK(brood_shared_memory_create(&memory, name, 10, mem));
    EXPECT(python(name, "import sys\n"
                        "from multiprocessing import shared_memory\n"
                        "try: shared_memory.SharedMemory(name=sys.argv[1], create=True, size=10)\n"
                        "except FileExistsError: sys.exit(7)\n")
           == 7);
    brood_shared_memory_close(memory);
}

static void python_reads_and_changes_a_list_of_broods__SLIST_02_SLIST_09(void)
{
    const char *name = new_name();
    brood_shareable_list_t *list;
    brood_value_t items;

    EXPECT_OK(brood_shareable_list_create(&list, name,
                                          BROOD_LIST(-5, 2.5, brood_bool(true), BROOD_NIL, "h\xc3\xa9llo",
                                                     brood_bytes("ab\0c", 4), ""),
                                          mem));
    EXPECT(python(name, LIST "assert list(items) == [-5, 2.5, True, None, 'h\\u00e9llo', b'ab\\0c', ''], list(items)\n"
                             "items[0] = 'text'\n"
                             "items[4] = 'as long'\n"
                             "items[5] = 7\n"
                             "items[6] = None\n")
           == 0);
    EXPECT_OK(brood_shareable_list_items(&items, list, mem));
    EXPECT_TEXT("['text', 2.5, True, None, 'as long', 7, None]", brood_value_string(items, mem));
    brood_shareable_list_close(list);
}

static void brood_reads_and_changes_a_list_of_pythons__SLIST_02(void)
{
    const char *name = new_name();
    brood_shareable_list_t *list;
    brood_value_t items;

    EXPECT(python(name, "import sys\n"
                        "from multiprocessing import shared_memory, resource_tracker\n"
                        "items = shared_memory.ShareableList([1, 'two', b'three', 4.5, None, False, 'x' * 8], "
                        "name=sys.argv[1])\n"
                        "resource_tracker.unregister(items.shm._name, 'shared_memory')\n")
           == 0);
    EXPECT_OK(brood_shareable_list_open(&list, name, mem));
    EXPECT_OK(brood_shareable_list_items(&items, list, mem));
    EXPECT_TEXT("[1, 'two', b'three', 4.5, None, False, 'xxxxxxxx']", brood_value_string(items, mem));
    EXPECT_OK(brood_shareable_list_set(list, 0, brood_text("one")));
    EXPECT_OK(brood_shareable_list_set(list, 1, brood_int(2)));
    EXPECT_OK(brood_shareable_list_set(list, 6, brood_text("sixteen letters!")));
    EXPECT(python(name, LIST "assert list(items) == ['one', 2, b'three', 4.5, None, False, 'sixteen letters!'], "
                             "list(items)\n"
                             "items[0] = '12345678'\n") /* longer than ours was */
           == 0);
    EXPECT_OK(brood_shareable_list_items(&items, list, mem));
    EXPECT_TEXT("['12345678', 2, b'three', 4.5, None, False, 'sixteen letters!']", brood_value_string(items, mem));
    EXPECT_OK(brood_shared_memory_unlink(brood_shareable_list_memory(list)));
    brood_shareable_list_close(list);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(python_opens_what_brood_has_made__SHM_03_SHM_04),
        TEST(brood_opens_what_python_has_made__SHM_03_SHM_04_SHM_12),
        TEST(python_finds_the_name_taken__SHM_03),
        TEST(python_reads_and_changes_a_list_of_broods__SLIST_02_SLIST_09),
        TEST(brood_reads_and_changes_a_list_of_pythons__SLIST_02),
    };

    mem = call->mem;
    if (system("python3 -c 'import multiprocessing.shared_memory' 2>/dev/null") != 0) {
        printf("SKIPPED: there is no python3 with multiprocessing.shared_memory\n");
        return APR_SUCCESS;
    }
    return harness_run("shared_memory_python", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRIES_END)
