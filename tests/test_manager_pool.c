/* A pool whose workers are children of a manager's server: all that a pool does, done there. */
#include "manager_pool_fixture.h"

#include "manager/manager.h"
#include "manager/methods.h"
#include "pool/board.h"
#include <string.h>

/* ---- what workers run ---- */

static apr_status_t family(brood_call_t *call)
{
    return brood_return(call, BROOD_LIST(brood_current_pid(), brood_process_pid(brood_parent_process())));
}

static apr_status_t fail_with(brood_call_t *call)
{
    const char *text;

    BROOD_TRY(BROOD_UNPACK(call->args, &text));
    return brood_fail(BROOD_ERANGE, "no good: %s", text);
}

static apr_status_t length(brood_call_t *call)
{
    const char *text;

    BROOD_TRY(BROOD_UNPACK(call->args, &text));
    return brood_return(call, BROOD_LIST((apr_uint64_t) strlen(text), text));
}

static apr_status_t count_up(brood_call_t *call)
{
    brood_managed_dict_t *dict;
    int number;

    BROOD_TRY(BROOD_UNPACK(call->args, &dict, &number));
    return brood_managed_dict_set(dict, brood_int(number), brood_int(number * number));
}

static int told; /* by the initializer */

static apr_status_t initialize(brood_call_t *call)
{
    brood_managed_list_t *list;
    brood_value_t value;

    BROOD_TRY(BROOD_UNPACK(call->args, &told, &value));
    if (value.kind == BROOD_KIND_NIL)
        return APR_SUCCESS;
    BROOD_TRY(brood_managed_list_from_value(&list, value));
    return brood_managed_list_append(list, brood_int(brood_current_pid()));
}

static apr_status_t what_was_told(brood_call_t *call)
{
    return brood_return(call, brood_int(told));
}

static apr_status_t refuse(brood_call_t *call)
{
    (void) call;
    return brood_fail_text(BROOD_ERANGE, "there is nothing to begin with");
}

static apr_status_t twice(brood_chunk_t *chunk)
{
    (void) chunk;
    return APR_SUCCESS;
}

/* ---- another client ---- */

static apr_status_t use_pool(brood_call_t *call)
{
    brood_manager_options_t options = {.address = NULL};
    brood_manager_t *manager;
    brood_pool_t *pool;
    brood_value_t values, expected = brood_range(0, 300, call->mem), pid;
    apr_int64_t parent;

    BROOD_TRY(BROOD_UNPACK(call->args, &options.address, &parent));
    BROOD_TRY(brood_manager_connect(&manager, &options, call->mem));
    BROOD_TRY(brood_manager_pool(&pool, manager, "workers", 7, NULL, call->mem));
    BROOD_TRY(brood_pool_map(&values, pool, square, expected, call->mem));
    CHECK(brood_value_count(values) == 300 && brood_value_at(values, 299).as.integer == 299 * 299);
    BROOD_TRY(brood_pool_apply(&pid, pool, family, brood_nil(), call->mem));
    CHECK(brood_value_at(pid, 1).as.integer == parent);
    return APR_SUCCESS;
}

/* ---- claims ---- */

static void workers_are_children_of_the_server__STYP_10(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = new_pool_with(manager, 2, NULL);
    const brood_value_t pids = apply(pool, family, brood_nil());

    EXPECT(brood_value_at(pids, 1).as.integer == brood_process_pid(brood_manager_process(manager)));
    EXPECT(brood_value_at(pids, 0).as.integer != brood_current_pid());
    EXPECT(harness_children(mem) == 1);
    EXPECT(brood_pool_workers(pool, mem)[0] == NULL);
}

static void a_map_gives_all_results_in_order__POOL_09(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_value_t values = brood_nil();

    EXPECT_OK(brood_pool_map(&values, pool, square, brood_range(0, 1000, mem), mem));
    EXPECT(brood_value_count(values) == 1000);
    for (apr_size_t i = 0; i < brood_value_count(values); i++)
        EXPECT(brood_value_at(values, i).as.integer == (apr_int64_t) (i * i));
    EXPECT_OK(brood_pool_map(&values, pool, square, brood_list(NULL, 0), mem));
    EXPECT(brood_value_count(values) == 0);
}

static void more_tasks_than_there_are_places_all_run(void)
{
    enum { TASKS = 2500 };
    const brood_task_options_t options = {.chunk_size = 1};
    brood_pool_t *pool = new_pool(2);
    brood_future_t *future = NULL;
    brood_value_t values = brood_nil();

    EXPECT_OK(brood_pool_map_async(&future, pool, square, brood_range(0, TASKS, mem), &options, mem));
    EXPECT_OK(brood_future_get(&values, future, BROOD_FOREVER, mem));
    EXPECT(brood_value_count(values) == TASKS);
    EXPECT(brood_value_at(values, TASKS - 1).as.integer == (TASKS - 1) * (TASKS - 1));
}

static void an_iterator_gives_results_one_at_a_time__POOL_14_POOL_15(void)
{
    brood_pool_t *pool = new_pool(2);
    brood_iterator_t *iterator = NULL;
    brood_value_t value = brood_nil();
    apr_int64_t sum = 0;

    EXPECT_OK(brood_pool_imap(&iterator, pool, square, brood_source_list(brood_range(0, 50, mem)), NULL, mem));
    for (int i = 0; i < 50; i++) {
        EXPECT_OK(brood_iterator_next(&value, iterator, BROOD_FOREVER, mem));
        EXPECT(value.as.integer == i * i);
    }
    EXPECT_STATUS(APR_EOF, brood_iterator_next(&value, iterator, BROOD_FOREVER, mem));
    EXPECT_OK(brood_pool_imap_unordered(&iterator, pool, square, brood_source_list(brood_range(0, 5, mem)), NULL, mem));
    while (brood_iterator_next(&value, iterator, BROOD_FOREVER, mem) == APR_SUCCESS)
        sum += value.as.integer;
    EXPECT(sum == 0 + 1 + 4 + 9 + 16);
}

typedef struct note_t {
    apr_status_t status;
    apr_int64_t number;
} note_t;

static void note(void *user, apr_status_t status, brood_value_t value)
{
    note_t *noted = user;

    noted->status = status;
    noted->number = value.kind == BROOD_KIND_INT ? value.as.integer : -1;
}

static void callbacks_are_called__POOL_07(void)
{
    note_t good = {-1, 0}, bad = {-1, 0};
    const brood_task_options_t on_good = {.done = note, .user = &good}, on_bad = {.done = note, .user = &bad};
    brood_pool_t *pool = new_pool(1);
    brood_future_t *first = give_with(pool, square, BROOD_LIST(12), &on_good);
    brood_future_t *second = give_with(pool, fail_with, BROOD_LIST("x"), &on_bad);

    EXPECT_OK(status_of(first));
    EXPECT_STATUS(BROOD_ERANGE, status_of(second));
    EXPECT(good.status == APR_SUCCESS && good.number == 144);
    EXPECT(bad.status == BROOD_ERANGE);
}

static void a_failure_comes_back_with_its_status_and_message__POOL_22(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_value_t value;

    EXPECT_STATUS(BROOD_ERANGE, brood_pool_apply(&value, pool, fail_with, BROOD_LIST("at all"), mem));
    EXPECT_MESSAGE("no good: at all");
    EXPECT_TEXT("fail_with", brood_last_error()->entry);
    EXPECT(strncmp(brood_last_error()->process, "PoolWorker-", 11) == 0);
    EXPECT(apply(pool, square, BROOD_LIST(3)).as.integer == 9);
}

static void long_arguments_and_results_travel(void)
{
    enum { LONG = 3000000 };
    brood_pool_t *pool = new_pool(2);
    char *text = apr_palloc(mem, LONG + 1);
    brood_value_t value;

    memset(text, 'x', LONG);
    text[LONG] = '\0';
    value = apply(pool, length, BROOD_LIST(text));
    EXPECT(brood_value_at(value, 0).as.integer == LONG);
    EXPECT(brood_value_equal(brood_value_at(value, 1), brood_text(text)));
    text[500] = '\0';
    EXPECT(brood_value_at(apply(pool, length, BROOD_LIST(text)), 0).as.integer == 500);
}

static void managed_objects_are_arguments_and_are_let_go__PROX_08(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = new_pool_with(manager, 2, NULL);
    brood_managed_dict_t *dict = new_dict(manager, NULL, mem);
    brood_value_t parts[20][2], tasks[20], values = brood_nil();
    apr_size_t count = 0;

    for (int i = 0; i < 20; i++) {
        parts[i][0] = BROOD_VALUE(dict);
        parts[i][1] = brood_int(i);
        tasks[i] = brood_list(parts[i], 2);
    }
    EXPECT_OK(brood_pool_starmap(&values, pool, count_up, brood_list(tasks, 20), mem));
    EXPECT_OK(brood_managed_dict_count(&count, dict));
    EXPECT(count == 20);
    brood_managed_dict_close(dict);
    await_objects(manager, 1);
}

static void objects_of_the_tree_stay_in_it(void)
{
    brood_pool_t *pool = new_pool(1);
    brood_lock_t *lock = NULL;
    brood_future_t *future = NULL;

    EXPECT_OK(brood_lock_create(&lock, mem));
    EXPECT_STATUS(BROOD_EENCODE, brood_pool_apply_async(&future, pool, length, BROOD_LIST(lock), NULL, mem));
    EXPECT(apply(pool, square, BROOD_LIST(3)).as.integer == 9);
}

static void an_initializer_runs_in_each_worker__POOL_02(void)
{
    brood_manager_t *manager = fresh();
    brood_managed_list_t *list = new_list(manager, NULL, mem);
    const brood_pool_options_t options = {.initializer = initialize,
                                          .initargs = BROOD_LIST(42, list),
                                          .process = {.name = "Helper"}};
    const brood_pool_options_t alone = {.initializer = initialize, .initargs = BROOD_LIST(43, brood_nil())};
    brood_pool_t *pool = new_pool_with(manager, 1, &options);
    brood_value_t values = brood_nil();
    apr_size_t count = 0;

    EXPECT_OK(brood_managed_list_count(&count, list));
    EXPECT(count == 1);
    EXPECT(apply(pool, what_was_told, brood_nil()).as.integer == 42);
    EXPECT_STATUS(BROOD_ERANGE, status_of(give(pool, fail_with, BROOD_LIST("x"))));
    EXPECT(strncmp(brood_last_error()->process, "Helper-", 7) == 0);
    pool = new_pool_with(manager, 3, &alone);
    EXPECT_OK(
        brood_pool_starmap(&values, pool, what_was_told, BROOD_LIST(brood_list(NULL, 0), brood_list(NULL, 0)), mem));
    EXPECT(brood_value_equal(values, BROOD_LIST(43, 43)));
}

static void one_that_fails_is_the_failure_of_the_pool(void)
{
    const brood_pool_options_t options = {.initializer = refuse};
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = NULL;

    EXPECT_STATUS(BROOD_ERANGE, brood_manager_pool(&pool, manager, "it", 2, &options, mem));
    EXPECT_MESSAGE("there is nothing to begin with");
    EXPECT(pool == NULL);
    EXPECT_OK(brood_manager_pool(&pool, manager, "it", 2, NULL, mem));
    EXPECT(apply(pool, square, BROOD_LIST(3)).as.integer == 9);
}

static void what_cannot_be_done_there_is_refused(void)
{
    const char *const environment[] = {"A=B", NULL};
    const brood_pool_options_t options = {.process = {.environment = environment}};
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = NULL;
    int numbers[4] = {1, 2, 3, 4};

    EXPECT_STATUS(APR_ENOTIMPL, brood_manager_pool(&pool, manager, NULL, 1, &options, mem));
    EXPECT_STATUS(APR_EINVAL, brood_manager_pool(&pool, manager, NULL, BROOD_POOL_LIMIT + 1, NULL, mem));
    (void) new_list(manager, "list", mem);
    EXPECT_STATUS(BROOD_EKIND, brood_manager_pool(&pool, manager, "list", 1, NULL, mem));
    pool = new_pool_with(manager, 1, NULL);
    EXPECT_STATUS(APR_ENOTIMPL,
                  brood_pool_map_array(numbers, sizeof *numbers, pool, twice, numbers, sizeof *numbers, 4, NULL));
}

static void clients_share_the_pool_of_a_name__MGR_14(void)
{
    brood_manager_t *manager = fresh();
    const apr_int64_t server = brood_process_pid(brood_manager_process(manager));
    const brood_value_t args = BROOD_ARGS(brood_manager_address(manager), server);
    brood_pool_t *pool = NULL;
    brood_process_t *children[3];
    brood_value_t values = brood_nil();

    for (int i = 0; i < 3; i++)
        children[i] = harness_start(use_pool, args, mem);
    EXPECT_OK(brood_manager_pool(&pool, manager, "workers", 2, NULL, mem));
    EXPECT_OK(brood_pool_map(&values, pool, square, brood_range(0, 500, mem), mem));
    EXPECT(brood_value_at(values, 499).as.integer == 499 * 499);
    for (int i = 0; i < 3; i++)
        EXPECT_EXIT(0, children[i]);
    EXPECT(objects(manager) == 1);
}

/* ---- who does not keep to the protocol ---- */

static apr_status_t raw_call(brood_value_t *result, brood_manager_t *manager, uint64_t object, const char *method,
                             const brood_value_t *args, size_t count)
{
    *result = brood_nil();
    return brood__client_call(result, brood__manager_origin(manager), object, method, args, count, BROOD_FOREVER, mem);
}

static brood_value_t garbage(apr_size_t size)
{
    return brood_bytes(memset(apr_palloc(mem, size), 0xDD, size), size);
}

static void what_makes_no_sense_is_refused_and_harms_nobody(void)
{
    brood_manager_t *manager = fresh();
    brood_pool_t *pool = new_pool_with(manager, 1, NULL);
    const brood_value_t call = brood_int(BROOD__CALL), entry = brood_text("test.square"), none = brood_int(0),
                        no = brood_bool(false), empty = brood_bytes("\x90", 1);
    brood_value_t got;

    EXPECT_STATUS(BROOD_ERANGE, raw_call(&got, manager, 1, "run",
                                         BROOD__WITH(brood_int(BROOD__PLACES), call, entry, none, no, empty)));
    EXPECT_STATUS(BROOD_EARGS, raw_call(&got, manager, 1, "run",
                                        BROOD__WITH(none, brood_int(BROOD__ARRAY), entry, none, no, empty)));
    EXPECT_STATUS(BROOD_EENTRY,
                  raw_call(&got, manager, 1, "run", BROOD__WITH(none, call, brood_text("no.such"), none, no, empty)));
    EXPECT_MESSAGE("no.such");
    EXPECT_STATUS(BROOD_EENTRY, raw_call(&got, manager, 1, "run", BROOD__WITH(none, call, none, none, no, empty)));
    EXPECT_STATUS(BROOD_EKIND, raw_call(&got, manager, 1, "run", BROOD__WITH(none, call, entry, none, no, none)));
    EXPECT_STATUS(BROOD_EARGS,
                  raw_call(&got, manager, 1, "run", BROOD__WITH(none, call, entry, none, no, brood_bytes("", 0))));
    EXPECT_STATUS(BROOD_EDECODE, raw_call(&got, manager, 1, "run",
                                          BROOD__WITH(none, call, entry, none, brood_bool(true), garbage(9))));
    EXPECT_OK(raw_call(&got, manager, 1, "run", BROOD__WITH(none, call, entry, none, no, garbage(9))));
    EXPECT(brood_value_at(got, 0).as.integer == BROOD_EDECODE);
    EXPECT_OK(
        raw_call(&got, manager, 1, "run", BROOD__WITH(none, brood_int(BROOD__MAP), entry, none, no, garbage(5000))));
    EXPECT(brood_value_at(got, 0).as.integer == BROOD_EDECODE);
    EXPECT_OK(raw_call(&got, manager, 1, "withdraw", BROOD__WITH(none)));
    EXPECT(!got.as.boolean);
    EXPECT_OK(raw_call(&got, manager, 1, "ask", BROOD__WITH(none)));
    EXPECT_STATUS(APR_EINVAL, raw_call(&got, manager, 0, "create", BROOD__WITH(brood_text("pool"), brood_int(5000))));
    EXPECT_STATUS(BROOD_EARGS, raw_call(&got, manager, 0, "create",
                                        BROOD__WITH(brood_text("pool"), brood_int(1), BROOD_MAP("nice", -1))));
    EXPECT_STATUS(BROOD_EENTRY,
                  raw_call(&got, manager, 0, "create",
                           BROOD__WITH(brood_text("pool"), brood_int(1), BROOD_MAP("initializer", "no.such"))));
    EXPECT(apply(pool, square, BROOD_LIST(8)).as.integer == 64);
    EXPECT(objects(manager) == 1);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(square),     BROOD_ENTRY(family),        BROOD_ENTRY(fail_with),
                                            BROOD_ENTRY(length),     BROOD_ENTRY(count_up),      BROOD_ENTRY(use_pool),
                                            BROOD_ENTRY(initialize), BROOD_ENTRY(what_was_told), BROOD_ENTRY(refuse),
                                            BROOD_KERNEL(twice),     BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(workers_are_children_of_the_server__STYP_10),
        TEST(a_map_gives_all_results_in_order__POOL_09),
        TEST(more_tasks_than_there_are_places_all_run),
        TEST(an_iterator_gives_results_one_at_a_time__POOL_14_POOL_15),
        TEST(callbacks_are_called__POOL_07),
        TEST(a_failure_comes_back_with_its_status_and_message__POOL_22),
        TEST(long_arguments_and_results_travel),
        TEST(managed_objects_are_arguments_and_are_let_go__PROX_08),
        TEST(objects_of_the_tree_stay_in_it),
        TEST(an_initializer_runs_in_each_worker__POOL_02),
        TEST(one_that_fails_is_the_failure_of_the_pool),
        TEST(what_cannot_be_done_there_is_refused),
        TEST(clients_share_the_pool_of_a_name__MGR_14),
        TEST(what_makes_no_sense_is_refused_and_harms_nobody),
    };

    return harness_tree(argc, argv, entries, "manager_pool", tests, sizeof tests / sizeof tests[0]);
}
