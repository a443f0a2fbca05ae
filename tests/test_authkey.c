/* test_authkey.c - the key of the family: who makes it, who has it, who changes it for whom (PROC-34). */
#include "harness_output.h"
#include "harness_tree.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdio.h>
#include <string.h>

#define LARGE (1 << 20)
#define CHANGES 200

static const char *self;
static brood_bytes_t before_init; /* what there was before brood_init */

/* ---- entries, and the program that is run ---- */

static brood_value_t key_value(void)
{
    const brood_bytes_t key = brood_authkey();

    return brood_bytes(key.data, key.size);
}

/* Its key, and so on down. */
static apr_status_t tell_key(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_process_t *child;
    int depth;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &depth));
    BROOD_TRY(brood_queue_put(queue, key_value(), BROOD_FOREVER));
    if (depth == 1)
        return APR_SUCCESS;
    BROOD_TRY(brood_process_start(&child, tell_key, BROOD_ARGS(queue, depth - 1), NULL, call->mem));
    return brood_process_join(child, BROOD_FOREVER);
}

/* Choose another, and have a child tell what it has. */
static apr_status_t change_key(brood_call_t *call)
{
    brood_queue_t *queue;
    brood_process_t *child;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    BROOD_TRY(brood_set_authkey("a child's own", 13));
    BROOD_TRY(brood_process_start(&child, tell_key, BROOD_ARGS(queue, 1), NULL, call->mem));
    return brood_process_join(child, BROOD_FOREVER);
}

static apr_status_t print_key(brood_call_t *call)
{
    (void) call;
    printf("%s\n", brood_value_string(key_value(), call->mem));
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(tell_key), BROOD_ENTRY(change_key), BROOD_ENTRIES_END};

/* ---- helpers ---- */

static bool is_key(brood_value_t value, const void *data, apr_size_t size)
{
    return brood_value_equal(value, brood_bytes(data, size));
}

/* The family's own again. */
static void restore(brood_bytes_t key)
{
    EXPECT_OK(brood_set_authkey(key.data, key.size));
}

/* A child, and those below it, by every method, have the key that this process has now. */
static void expect_inherited(void)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);
    const brood_bytes_t key = brood_authkey();

    for (apr_size_t i = 0; i < count; i++) {
        const brood_process_options_t options = {.start_method = methods[i]};
        apr_pool_t *mem = harness_mem();
        brood_queue_t *queue = harness_queue(mem);
        brood_process_t *process = NULL;

        EXPECT_OK(brood_process_start(&process, tell_key, BROOD_ARGS(queue, 3), &options, mem));
        for (int depth = 0; depth < 3; depth++)
            EXPECT(is_key(harness_get(queue, mem), key.data, key.size));
        EXPECT_EXIT(0, process);
    }
}

/* ---- tests ---- */

static void the_first_process_makes_32_bytes_and_they_stay__PROC_34(void)
{
    const brood_bytes_t key = brood_authkey(), again = brood_authkey();

    EXPECT(before_init.size == 0);
    EXPECT(key.size == 32 && again.size == 32 && key.data == again.data);
}

static void each_tree_has_a_key_of_its_own__PROC_34(void)
{
    apr_pool_t *mem = harness_mem();
    const char *own = apr_pstrcat(mem, brood_value_string(key_value(), mem), "\n", NULL);
    int exitcode[2] = {-1, -1};
    const char *one = harness_output(&exitcode[0], self, "print", mem);
    const char *other = harness_output(&exitcode[1], self, "print", mem);

    EXPECT(exitcode[0] == 0 && exitcode[1] == 0);
    EXPECT(strlen(one) >= 32 && strlen(other) >= 32);
    EXPECT(strcmp(one, other) != 0 && strcmp(own, one) != 0 && strcmp(own, other) != 0);
}

static void descendants_have_it_by_every_method__PROC_34(void)
{
    expect_inherited();
}

static void a_chosen_key_is_that_of_children_started_from_then_on__PROC_34(void)
{
    const brood_bytes_t family = brood_authkey();
    char word[] = "chosen\0with a zero";

    expect_inherited(); /* the fork server is there, and has the old one */
    EXPECT_OK(brood_set_authkey(word, sizeof word));
    memset(word, 'x', sizeof word); /* it was copied */
    EXPECT(brood_authkey().size == sizeof word && memcmp(brood_authkey().data, "chosen\0with", 11) == 0);
    expect_inherited();
    EXPECT(family.size == 32); /* and whoever has the old bytes can read them still */
    restore(family);
    EXPECT(brood_authkey().size == 32 && memcmp(brood_authkey().data, family.data, 32) == 0);
    expect_inherited();
}

static void a_key_has_any_number_of_bytes__PROC_34(void)
{
    const brood_bytes_t family = brood_authkey();
    char *large = apr_palloc(harness_mem(), LARGE);

    for (int i = 0; i < LARGE; i++)
        large[i] = (char) (i * 31 + (i >> 8));
    EXPECT_OK(brood_set_authkey(large, LARGE));
    EXPECT(brood_authkey().size == LARGE && memcmp(brood_authkey().data, large, LARGE) == 0);
    expect_inherited();
    EXPECT_OK(brood_set_authkey("", 1));
    EXPECT(brood_authkey().size == 1);
    expect_inherited();
    EXPECT_OK(brood_set_authkey(NULL, 0));
    EXPECT(brood_authkey().size == 0);
    expect_inherited();
    EXPECT_OK(brood_set_authkey("", 0));
    EXPECT(brood_authkey().size == 0);
    restore(family);
}

static void bytes_that_are_nowhere_are_refused__PROC_34(void)
{
    const brood_bytes_t family = brood_authkey();

    EXPECT_STATUS(APR_EINVAL, brood_set_authkey(NULL, 1));
    EXPECT_MESSAGE("key");
    EXPECT(brood_authkey().data == family.data && brood_authkey().size == family.size);
}

static void a_childs_choice_is_for_its_own_children__PROC_34(void)
{
    const brood_bytes_t family = brood_authkey();
    apr_pool_t *mem = harness_mem();
    brood_queue_t *queue = harness_queue(mem);

    EXPECT_EXIT(0, harness_start(change_key, BROOD_ARGS(queue), mem));
    EXPECT(is_key(harness_get(queue, mem), "a child's own", 13));
    EXPECT_EXIT(0, harness_start(tell_key, BROOD_ARGS(queue, 1), mem)); /* by the same fork server, perhaps */
    EXPECT(is_key(harness_get(queue, mem), family.data, family.size));
    EXPECT(brood_authkey().data == family.data);
}

/* All bytes of each are equal, so that one that is read half would show. */
static void *APR_THREAD_FUNC change_often(apr_thread_t *thread, void *letter)
{
    char key[64];

    memset(key, *(const char *) letter, sizeof key);
    for (size_t i = 1; i <= CHANGES; i++)
        EXPECT_OK(brood_set_authkey(key, i % sizeof key + 1));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static bool is_whole(brood_bytes_t key)
{
    const char *bytes = key.data;

    for (apr_size_t i = 1; i < key.size; i++)
        if (bytes[i] != bytes[0])
            return false;
    return key.size >= 1 && key.size <= 64;
}

static void threads_see_one_key_or_another__PROC_34(void)
{
    static char letters[] = "abcd";
    const brood_bytes_t family = brood_authkey();
    apr_pool_t *mem = harness_mem();
    apr_thread_t *thread[4];
    apr_status_t rc;

    EXPECT_OK(brood_set_authkey("z", 1));
    for (int i = 0; i < 4; i++)
        EXPECT(apr_thread_create(&thread[i], NULL, change_often, &letters[i], mem) == APR_SUCCESS);
    for (int i = 0; i < CHANGES; i++)
        EXPECT(is_whole(brood_authkey()));
    for (int i = 0; i < 4; i++)
        EXPECT(apr_thread_join(&rc, thread[i]) == APR_SUCCESS);
    EXPECT(is_whole(brood_authkey()));
    restore(family);
}

static const brood_test_t tests[] = {
    TEST(the_first_process_makes_32_bytes_and_they_stay__PROC_34),
    TEST(each_tree_has_a_key_of_its_own__PROC_34),
    TEST(descendants_have_it_by_every_method__PROC_34),
    TEST(a_chosen_key_is_that_of_children_started_from_then_on__PROC_34),
    TEST(a_key_has_any_number_of_bytes__PROC_34),
    TEST(bytes_that_are_nowhere_are_refused__PROC_34),
    TEST(a_childs_choice_is_for_its_own_children__PROC_34),
    TEST(threads_see_one_key_or_another__PROC_34),
};

int main(int argc, char **argv)
{
    if (argc > 1)
        return brood_main(argc, argv, print_key, entries);
    self = argv[0];
    before_init = brood_authkey();
    return harness_tree(argc, argv, entries, "authkey", tests, sizeof tests / sizeof *tests);
}
