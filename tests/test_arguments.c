/* test_arguments.c - what is handed to a child, and what is not: arguments, objects, globals (CTX-12, GUID-03). */
#include "harness_children.h"
#include "harness_tree.h"

#include "memory/heap.h"
#include <apr_strings.h>
#include <string.h>

#define HUNDREDS 300

static int global = 1;

/* ---- entries ---- */

static apr_status_t tell_global(brood_call_t *call)
{
    brood_queue_t *queue;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue));
    return brood_queue_put(queue, brood_int(global), BROOD_FOREVER);
}

/* Say back what it was given, once there is a word. */
static apr_status_t repeat(brood_call_t *call)
{
    brood_queue_t *queue, *go;
    brood_value_t word, given;

    BROOD_TRY(BROOD_UNPACK(call->args, &queue, &go, &given));
    BROOD_TRY(brood_queue_get(&word, go, BROOD_FOREVER, call->mem));
    return brood_queue_put(queue, given, BROOD_FOREVER);
}

/* Use each of three kinds of objects, all of which others have, too. */
static apr_status_t use_all(brood_call_t *call)
{
    brood_lock_t *lock;
    brood_array_t *array;
    brood_queue_t *queue;
    int number, rounds;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &array, &queue, &number, &rounds));
    for (int i = 0; i < rounds; i++) {
        BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
        ++*(int *) brood_array_data(array);
        BROOD_TRY(brood_lock_release(lock));
    }
    return brood_queue_put(queue, brood_int(number), BROOD_FOREVER);
}

/* Put its number into each queue of a list. */
static apr_status_t put_into_all(brood_call_t *call)
{
    brood_value_t list;

    BROOD_TRY(BROOD_UNPACK(call->args, &list));
    for (apr_size_t i = 0; i < brood_value_count(list); i++) {
        brood_queue_t *queue;

        BROOD_TRY(brood_queue_from_value(&queue, brood_value_at(list, i)));
        BROOD_TRY(brood_queue_put(queue, brood_uint(i), BROOD_FOREVER));
    }
    return APR_SUCCESS;
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nothing), BROOD_ENTRY(tell_global),  BROOD_ENTRY(repeat),
                                        BROOD_ENTRY(use_all), BROOD_ENTRY(put_into_all), BROOD_ENTRIES_END};

/* ---- tests ---- */

static void globals_are_the_parents_in_a_copy_and_new_in_a_new_program__GUID_03_CTX_20(void)
{
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);

    for (apr_size_t i = 0; i < count; i++) {
        const brood_process_options_t options = {.start_method = methods[i]};
        apr_pool_t *mem = harness_mem();
        brood_queue_t *queue = harness_queue(mem);
        brood_process_t *process = NULL;

        global = 5;
        EXPECT_OK(brood_process_start(&process, tell_global, BROOD_ARGS(queue), &options, mem));
        global = 9;
        EXPECT(harness_get(queue, mem).as.integer == (methods[i] == BROOD_START_FORK ? 5 : 1));
        EXPECT_EXIT(0, process);
    }
}

static void a_parent_may_spoil_what_it_has_handed_over__PROC_44_GUID_04(void)
{
    apr_pool_t *mem = harness_mem(), *brief;
    brood_queue_t *queue = harness_queue(mem), *go = harness_queue(mem);
    brood_process_t *process;
    char *text;

    EXPECT(apr_pool_create(&brief, mem) == APR_SUCCESS);
    text = apr_pstrdup(brief, "as it was");
    process = harness_start(repeat, BROOD_ARGS(queue, go, BROOD_LIST(text, 1)), mem);
    memset(text, 'x', strlen(text));
    apr_pool_destroy(brief);
    EXPECT_OK(brood_queue_put(go, brood_nil(), BROOD_FOREVER));
    EXPECT_TEXT("['as it was', 1]", brood_value_string(harness_get(queue, mem), mem));
    EXPECT_EXIT(0, process);
}

/* Neither does the process's object, which is there still. */
static void nothing_is_kept_of_arguments__PROC_44(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process[10];
    brood__heap_use_t before, now;

    EXPECT_EXIT(0, harness_start(nothing, BROOD_NO_ARGS, mem));
    brood__heap_flush();
    brood__heap_count(&before);
    for (int i = 0; i < 10; i++) {
        brood_queue_t *queue = harness_queue(mem);
        brood_lock_t *lock = NULL;

        EXPECT_OK(brood_lock_create(&lock, mem));
        process[i] = harness_start(nothing, BROOD_ARGS(queue, lock, "text"), mem);
        brood_queue_close(queue);
        brood_lock_close(lock);
    }
    for (int i = 0; i < 10; i++)
        EXPECT_EXIT(0, process[i]);
    brood__heap_flush();
    brood__heap_count(&now);
    EXPECT(now.objects == before.objects && now.mine == before.mine && now.queued == before.queued);
}

/* Objects belong to no method: those of every one use the same at once. */
static void one_object_serves_children_of_every_method__CTX_12_CTX_13(void)
{
    apr_pool_t *mem = harness_mem();
    brood_start_method_t methods[3];
    const apr_size_t count = brood_start_methods(methods);
    brood_queue_t *queue = harness_queue(mem);
    brood_lock_t *lock = NULL;
    brood_array_t *array = NULL;
    brood_process_t *process[6] = {NULL};
    int heard[6] = {0};

    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_OK(brood_array_create(&array, 1, sizeof(int), NULL, mem));
    for (int i = 0; i < 6; i++) {
        const brood_process_options_t options = {.start_method = methods[(apr_size_t) i % count]};

        EXPECT_OK(brood_process_start(&process[i], use_all, BROOD_ARGS(lock, array, queue, i, 2000), &options, mem));
    }
    for (int i = 0; i < 6; i++)
        heard[harness_get(queue, mem).as.integer]++;
    for (int i = 0; i < 6; i++) {
        EXPECT_EXIT(0, process[i]);
        EXPECT(heard[i] == 1);
    }
    EXPECT(*(int *) brood_array_data(array) == 6 * 2000);
}

static void hundreds_of_objects_are_handed_over_at_once__FSRV_02(void)
{
    apr_pool_t *mem = harness_mem();
    brood_value_t *values = apr_palloc(mem, HUNDREDS * sizeof *values);
    brood_queue_t *queue[HUNDREDS];

    for (int i = 0; i < HUNDREDS; i++) {
        queue[i] = harness_queue(mem);
        values[i] = BROOD_VALUE(queue[i]);
    }
    EXPECT_EXIT(0, harness_start(put_into_all, BROOD_ARGS(brood_list(values, HUNDREDS)), mem));
    for (int i = 0; i < HUNDREDS; i++)
        EXPECT(harness_get(queue[i], mem).as.integer == i);
}

static void no_function_is_no_entry__PROC_07(void)
{
    apr_pool_t *mem = harness_mem();
    brood_process_t *process = NULL;

    EXPECT_STATUS(BROOD_EENTRY, brood_process_start(&process, NULL, BROOD_NO_ARGS, NULL, mem));
    EXPECT(process == NULL && harness_children(mem) == 0);
}

static const brood_test_t tests[] = {
    TEST(globals_are_the_parents_in_a_copy_and_new_in_a_new_program__GUID_03_CTX_20),
    TEST(a_parent_may_spoil_what_it_has_handed_over__PROC_44_GUID_04),
    TEST(nothing_is_kept_of_arguments__PROC_44),
    TEST(one_object_serves_children_of_every_method__CTX_12_CTX_13),
    TEST(hundreds_of_objects_are_handed_over_at_once__FSRV_02),
    TEST(no_function_is_no_entry__PROC_07),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "arguments", tests, sizeof tests / sizeof *tests);
}
