/* Named shared memory. */
#include "harness_children.h"
#include "harness_tree.h"
#include "platform/named.h"
#include <apr_strings.h>
#include <string.h>

static apr_pool_t *mem;
static bool keeps_names; /* the system keeps a name until it is taken away, not only as long as it is in use */

/* ---- children ---- */

static apr_status_t double_first(brood_call_t *call)
{
    brood_shared_memory_t *memory;

    BROOD_TRY(BROOD_UNPACK(call->args, &memory));
    *(int *) brood_shared_memory_data(memory) *= 2;
    return APR_SUCCESS;
}

static apr_status_t open_by_name(brood_call_t *call)
{
    brood_shared_memory_t *memory;
    const char *name;

    BROOD_TRY(BROOD_UNPACK(call->args, &name));
    BROOD_TRY(brood_shared_memory_open(&memory, name, call->mem));
    *(int *) brood_shared_memory_data(memory) += 1;
    return brood_allow(brood_shared_memory_keep(memory), BROOD_EMISUSE);
}

/* Makes one and says so; then ends as it is told, or is killed. */
static apr_status_t own(brood_call_t *call)
{
    brood_shared_memory_t *memory;
    brood_queue_t *said, *told;
    brood_value_t go;
    const char *name;
    bool keep;

    BROOD_TRY(BROOD_UNPACK(call->args, &name, &keep, &said, &told));
    BROOD_TRY(brood_shared_memory_create(&memory, name, 4096, call->mem));
    if (keep)
        BROOD_TRY(brood_shared_memory_keep(memory));
    BROOD_TRY(brood_queue_put(said, BROOD_NIL, BROOD_FOREVER));
    return brood_queue_get(&go, told, BROOD_FOREVER, call->mem);
}

/* Has one that it is to inherit. */
static apr_status_t inherit(brood_call_t *call)
{
    brood_shared_memory_t *memory;
    brood_queue_t *said, *told;
    brood_value_t go;

    BROOD_TRY(BROOD_UNPACK(call->args, &memory, &said, &told));
    BROOD_TRY(brood_queue_put(said, BROOD_NIL, BROOD_FOREVER));
    return brood_queue_get(&go, told, BROOD_FOREVER, call->mem);
}

/* ---- help ---- */

static brood_shared_memory_t *create(const char *name, apr_size_t size)
{
    brood_shared_memory_t *memory = NULL;

    EXPECT_OK(brood_shared_memory_create(&memory, name, size, mem));
    return memory;
}

/* A name that no other run of this test has. */
static const char *new_name(void)
{
    static int count;

    return apr_psprintf(mem, "brood-test-%d-%d", brood_current_pid(), count++);
}

static bool is_there(const char *name)
{
    brood__named_t named;
    const apr_status_t rc = brood__named_open(&named, name);

    brood__named_close(&named);
    return !APR_STATUS_IS_ENOENT(rc);
}

/* ---- claims ---- */

static void it_is_zeroed_and_found_by_its_name__SHM_01_SHM_03_SHM_04_SHM_06(void)
{
    const char *name = new_name();
    brood_shared_memory_t *memory = create(name, 5000), *opened;
    const char *bytes = brood_shared_memory_data(memory);

    for (int i = 0; i < 5000; i++)
        EXPECT(bytes[i] == 0);
    EXPECT(brood_shared_memory_size(memory) == 5000);
    EXPECT_TEXT(name, brood_shared_memory_name(memory));
    EXPECT_TEXT(apr_psprintf(mem, "<SharedMemory name=%s size=5000>", name),
                brood_value_string(BROOD_VALUE(memory), mem));
    EXPECT_OK(brood_shared_memory_open(&opened, name, mem));
    EXPECT(brood_shared_memory_size(opened) >= 5000);
    memset(brood_shared_memory_data(memory), 'x', 5000);
    EXPECT(((char *) brood_shared_memory_data(opened))[4999] == 'x');
    brood_shared_memory_close(opened);
    EXPECT(is_there(name));
    brood_shared_memory_close(memory);
    EXPECT(!is_there(name));
}

static void what_cannot_be_is_refused__SHM_01_SHM_03_SHM_05(void)
{
    const char *const names[] = {"", "a/b", "/a"};
    char longest[400];
    brood_shared_memory_t *memory = NULL, *other = create(new_name(), 1);

    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    EXPECT_STATUS(APR_EINVAL, brood_shared_memory_create(&memory, new_name(), 0, mem));
    EXPECT_STATUS(APR_EINVAL, brood_shared_memory_create(&memory, longest, 1, mem));
    EXPECT_STATUS(APR_EINVAL, brood_shared_memory_open(&memory, longest, mem));
    for (int i = 0; i < 3; i++) {
        EXPECT_STATUS(APR_EINVAL, brood_shared_memory_create(&memory, names[i], 1, mem));
        EXPECT_STATUS(APR_EINVAL, brood_shared_memory_open(&memory, names[i], mem));
        EXPECT_MESSAGE("cannot be a name");
    }
    EXPECT_STATUS(APR_EEXIST, brood_shared_memory_create(&memory, brood_shared_memory_name(other), 1, mem));
    EXPECT_MESSAGE("already");
    EXPECT(is_there(brood_shared_memory_name(other))); /* the failure has not taken it away */
    EXPECT_STATUS(APR_ENOENT, brood_shared_memory_open(&memory, new_name(), mem));
    EXPECT_MESSAGE("no shared memory named");
    EXPECT(memory == NULL);
    brood_shared_memory_close(other);
}

static void without_a_name_it_gets_a_free_one__SHM_02(void)
{
    brood_shared_memory_t *memory[50];

    for (int i = 0; i < 50; i++) {
        memory[i] = create(NULL, 100);
        const char *name = brood_shared_memory_name(memory[i]);

        EXPECT(strncmp(name, brood__named_prefix, strlen(brood__named_prefix)) == 0 && strlen(name) <= 13);
        EXPECT(i == 0 || strcmp(name, brood_shared_memory_name(memory[i - 1])) != 0);
    }
    for (int i = 0; i < 50; i++)
        brood_shared_memory_close(memory[i]);
}

static void children_get_it_as_an_argument_or_by_name__SHM_10_SHM_12(void)
{
    const char *name = new_name();
    brood_shared_memory_t *memory = create(name, 4096);
    int *first = brood_shared_memory_data(memory);

    *first = 5;
    EXPECT_EXIT(0, harness_start(double_first, BROOD_ARGS(memory), mem));
    EXPECT(*first == 10);
    EXPECT_EXIT(0, harness_start(open_by_name, BROOD_ARGS(name), mem));
    EXPECT(*first == 11);
    EXPECT(is_there(name)); /* their ends have taken nothing away */
    if (keeps_names) {
        EXPECT_OK(brood_shared_memory_unlink(memory));
        EXPECT_EXIT(1, harness_start(double_first, BROOD_ARGS(memory), mem)); /* it cannot be opened by name */
        EXPECT(*first == 11);
    }
    brood_shared_memory_close(memory);
}

static void the_name_goes_with_its_owner_however_that_ends__SHM_12_SHM_13(void)
{
    for (int kill = 0; kill < 2; kill++) {
        const char *name = new_name();
        brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
        brood_process_t *owner = harness_start(own, BROOD_ARGS(name, brood_bool(false), said, told), mem);
        brood_shared_memory_t *memory;

        EXPECT(brood_value_equal(BROOD_NIL, harness_get(said, mem)));
        EXPECT_OK(brood_shared_memory_open(&memory, name, mem));
        if (kill)
            EXPECT_OK(brood_process_kill(owner));
        else
            EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
        EXPECT_EXIT(kill ? harness_killed() : 0, owner);
        EXPECT(!keeps_names || !is_there(name));
        *(int *) brood_shared_memory_data(memory) = 1; /* who has it open goes on */
        brood_shared_memory_close(memory);
        EXPECT(!is_there(name));
    }
}

static void what_is_kept_outlives_its_owner__SHM_09(void)
{
    const char *name = new_name();
    brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
    brood_process_t *owner = harness_start(own, BROOD_ARGS(name, brood_bool(true), said, told), mem);
    brood_shared_memory_t *memory;

    EXPECT(brood_value_equal(BROOD_NIL, harness_get(said, mem)));
    EXPECT_OK(brood_shared_memory_open(&memory, name, mem));
    EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
    EXPECT_EXIT(0, owner);
    EXPECT(is_there(name));
    EXPECT_STATUS(BROOD_EMISUSE, brood_shared_memory_keep(memory)); /* it is not ours */
    brood_shared_memory_close(memory);
    EXPECT(is_there(name) == keeps_names);
    if (keeps_names)
        EXPECT_OK(brood__named_unlink(name, 0));
}

static void what_is_given_goes_with_the_heir__SHM_12(void)
{
    for (int kill = 0; kill < 2; kill++) {
        const char *name = new_name();
        brood_queue_t *said = harness_queue(mem), *told = harness_queue(mem);
        brood_shared_memory_t *memory = create(name, 10);
        brood_process_t *heir = harness_start(inherit, BROOD_ARGS(memory, said, told), mem);

        EXPECT(brood_value_equal(BROOD_NIL, harness_get(said, mem)));
        EXPECT_OK(brood_shared_memory_give(memory, heir));
        EXPECT_STATUS(BROOD_EMISUSE, brood_shared_memory_give(memory, heir));
        EXPECT_STATUS(BROOD_EMISUSE, brood_shared_memory_keep(memory));
        brood_shared_memory_close(memory);
        EXPECT(is_there(name));
        if (kill)
            EXPECT_OK(brood_process_kill(heir));
        else
            EXPECT_OK(brood_queue_put(told, BROOD_NIL, BROOD_FOREVER));
        EXPECT_EXIT(kill ? harness_killed() : 0, heir);
        EXPECT(!is_there(name));
    }
}

static apr_status_t give_to_parent(brood_call_t *call)
{
    brood_shared_memory_t *memory;

    BROOD_TRY(brood_shared_memory_create(&memory, NULL, 10, call->mem));
    CHECK(brood_shared_memory_give(memory, brood_parent_process()) == BROOD_EMISUSE);
    CHECK(strstr(brood_last_error()->message, "no child") != NULL);
    brood_shared_memory_close(memory);
    return APR_SUCCESS;
}

static void a_parent_does_not_inherit__SHM_12(void)
{
    EXPECT_EXIT(0, harness_start(give_to_parent, BROOD_NO_ARGS, mem));
}

static void nobody_inherits_who_has_ended(void)
{
    brood_shared_memory_t *memory = create(new_name(), 10);
    brood_process_t *child = harness_start(nothing, BROOD_NO_ARGS, mem);

    EXPECT_EXIT(0, child);
    EXPECT_STATUS(BROOD_EMISUSE, brood_shared_memory_give(memory, child));
    EXPECT_MESSAGE("has ended");
    EXPECT_OK(brood_shared_memory_keep(memory)); /* it is ours still */
    BROOD_IGNORE(brood_shared_memory_unlink(memory));
    brood_shared_memory_close(memory);
}

static void unlink_takes_the_name_at_once__SHM_08_SHM_09(void)
{
    const char *name = new_name();
    brood_shared_memory_t *memory = create(name, 10), *second;

    if (!keeps_names) {
        EXPECT_STATUS(APR_ENOTIMPL, brood_shared_memory_unlink(memory));
        brood_shared_memory_close(memory);
        return;
    }
    EXPECT_OK(brood_shared_memory_unlink(memory));
    EXPECT(!is_there(name));
    EXPECT_STATUS(APR_ENOENT, brood_shared_memory_unlink(memory));
    *(char *) brood_shared_memory_data(memory) = 1;
    second = create(name, 20); /* the name is free */
    brood_shared_memory_close(memory);
    EXPECT(is_there(name)); /* and the first one's end leaves the second's alone */
    brood_shared_memory_close(second);
    EXPECT(!is_there(name));
}

static void a_closed_one_is_of_no_use__SHM_07(void)
{
    brood_shared_memory_t *memory = create(NULL, 10), *other;

    EXPECT_OK(brood_shared_memory_from_value(&other, brood_value_copy(BROOD_VALUE(memory), mem)));
    EXPECT(brood_value_equal(BROOD_VALUE(memory), BROOD_VALUE(other)));
    brood_shared_memory_close(memory);
    brood_shared_memory_close(memory);
    EXPECT(brood_shared_memory_data(memory) == NULL);
    EXPECT(brood_shared_memory_size(memory) == 0);
    EXPECT_STATUS(BROOD_ECLOSED, brood_shared_memory_keep(memory));
    EXPECT_STATUS(BROOD_ECLOSED, brood_shared_memory_unlink(memory));
    EXPECT_TEXT("<SharedMemory closed>", brood_value_string(BROOD_VALUE(memory), mem));
    EXPECT(is_there(brood_shared_memory_name(other))); /* this process has it still */
    brood_shared_memory_close(other);
    EXPECT(!is_there(brood_shared_memory_name(other)));
    EXPECT_STATUS(BROOD_EKIND, brood_shared_memory_from_value(&memory, brood_nil()));
}

static void what_there_is_no_room_for_leaves_nothing__SHM_14_SHM_15(void)
{
    const uint64_t much = sizeof(apr_size_t) > 4 ? UINT64_C(1) << 46 : UINT32_MAX;
    const char *name = new_name();
    brood_shared_memory_t *memory;
    const apr_status_t rc = brood_shared_memory_create(&memory, name, (apr_size_t) much, mem);

    EXPECT(rc == APR_ENOSPC || rc == APR_ENOMEM);
    EXPECT_MESSAGE("no room for");
    EXPECT(!is_there(name));
}

static void many_leave_no_descriptor(void)
{
    int before = harness_handles();

    for (int i = 0; i < 500; i++)
        brood_shared_memory_close(create(NULL, 100));
    EXPECT(harness_handles() == before);
}

static apr_status_t suite(brood_call_t *call)
{
    static const brood_test_t tests[] = {
        TEST(it_is_zeroed_and_found_by_its_name__SHM_01_SHM_03_SHM_04_SHM_06),
        TEST(what_cannot_be_is_refused__SHM_01_SHM_03_SHM_05),
        TEST(without_a_name_it_gets_a_free_one__SHM_02),
        TEST(children_get_it_as_an_argument_or_by_name__SHM_10_SHM_12),
        TEST(the_name_goes_with_its_owner_however_that_ends__SHM_12_SHM_13),
        TEST(what_is_kept_outlives_its_owner__SHM_09),
        TEST(what_is_given_goes_with_the_heir__SHM_12),
        TEST(a_parent_does_not_inherit__SHM_12),
        TEST(nobody_inherits_who_has_ended),
        TEST(unlink_takes_the_name_at_once__SHM_08_SHM_09),
        TEST(a_closed_one_is_of_no_use__SHM_07),
        TEST(what_there_is_no_room_for_leaves_nothing__SHM_14_SHM_15),
        TEST(many_leave_no_descriptor),
    };

    mem = call->mem;
    keeps_names = brood__named_unlink("brood-test-none", 0) != APR_ENOTIMPL;
    return harness_run("shared_memory", tests, sizeof tests / sizeof tests[0]) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

BROOD_MAIN(suite, BROOD_ENTRY(double_first), BROOD_ENTRY(open_by_name), BROOD_ENTRY(own), BROOD_ENTRY(inherit),
           BROOD_ENTRY(nothing), BROOD_ENTRY(give_to_parent))
