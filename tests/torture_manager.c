/* A manager among clients that are killed at random: connections are held, objects made, locks taken, items leased; when all
 * are gone nothing of theirs is left, no object, no descriptor, no item that was not finished.
 *
 * torture_manager [SECONDS [CLIENTS [CONNECTIONS]]], or BROOD_TORTURE_SECONDS: how long each storm is, and how many connections
 * a client holds. */
#include "manager_fixture.h"
#include "harness_log.h"
#include "platform/self.h"
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>

#define CLIENTS_MOST 100
#define ITEMS 100 /* that are handed out again and again */
#define KEY "storm"

static apr_pool_t *mem;
static apr_time_t span = 3000000;
static int clients = 5, connections = 20;

/* ---- the server's own descriptors, asked for as any other object ---- */

static apr_status_t make_probe(brood_call_t *call)
{
    call->self = call;
    return APR_SUCCESS;
}

static apr_status_t count_handles(brood_call_t *call)
{
    return brood_return(call, brood_int(harness_handles()));
}

static const brood_method_t probe_methods[] = {BROOD_METHOD("handles", count_handles), BROOD_METHODS_END};
static const brood_type_t probe = {"Probe", make_probe, probe_methods};

/* ---- a client ---- */

typedef struct client_t {
    brood_managed_dict_t *dict;
    brood_lock_t *lock, *rlock;
    brood_queue_t *items, *plain;
    brood_condition_t *condition;
} client_t;

static const brood_queue_options_t leased = {.joinable = true, .lease = true, .deliveries = 1000000};

static apr_status_t open_all(client_t *self, brood_manager_t *manager, apr_pool_t *pool)
{
    BROOD_TRY(brood_manager_dict(&self->dict, manager, "dict", pool));
    BROOD_TRY(brood_manager_lock(&self->lock, manager, "lock", pool));
    BROOD_TRY(brood_manager_rlock(&self->rlock, manager, "rlock", pool));
    BROOD_TRY(brood_manager_queue(&self->items, manager, "items", 0, &leased, pool));
    BROOD_TRY(brood_manager_queue(&self->plain, manager, "plain", 10, NULL, pool));
    return brood_manager_condition(&self->condition, manager, "condition", NULL, pool);
}

/* Under a lock, which may have been a dead one's: that is no failure. */
static apr_status_t locked(brood_lock_t *lock, const client_t *self, apr_pool_t *pool)
{
    brood_value_t count = brood_int(0);
    apr_status_t rc = brood_lock_acquire(lock, BROOD_FOREVER);

    if (rc != APR_SUCCESS && rc != BROOD_EOWNERDEAD)
        return rc;
    BROOD_TRY(brood_managed_dict_setdefault(&count, self->dict, brood_text("count"), brood_int(0), pool));
    BROOD_TRY(brood_managed_dict_set(self->dict, brood_text("count"), brood_int(count.as.integer + 1)));
    return brood_lock_release(lock);
}

/* Take an item and put another such back, before it is said to be done: none can be lost, but one may come twice. */
static apr_status_t turn_item(const client_t *self, apr_pool_t *pool)
{
    brood_value_t item;

    BROOD_TRY(brood_queue_get(&item, self->items, BROOD_FOREVER, pool));
    BROOD_TRY(brood_managed_dict_set(self->dict, item, brood_int(brood_current_pid())));
    BROOD_TRY(brood_queue_put(self->items, item, BROOD_FOREVER));
    return brood_queue_task_done(self->items);
}

static apr_status_t make_objects(brood_manager_t *manager, const client_t *self, apr_pool_t *pool)
{
    brood_managed_list_t *outer, *inner;

    BROOD_TRY(brood_manager_list(&outer, manager, NULL, pool));
    BROOD_TRY(brood_manager_list(&inner, manager, NULL, pool));
    BROOD_TRY(brood_managed_list_append(outer, BROOD_VALUE(inner)));
    brood_managed_list_close(inner);
    BROOD_TRY(brood_managed_dict_set(self->dict, brood_text("last"), BROOD_VALUE(outer)));
    brood_managed_list_close(outer);
    return APR_SUCCESS;
}

static apr_status_t wait_a_moment(const client_t *self)
{
    apr_status_t rc;

    rc = brood_lock_acquire(brood_condition_lock(self->condition), BROOD_FOREVER);
    if (rc != APR_SUCCESS && rc != BROOD_EOWNERDEAD)
        return rc;
    BROOD_TRY(brood_condition_notify(self->condition, 1));
    rc = brood_condition_wait(self->condition, 500);
    if (rc != APR_SUCCESS && rc != APR_TIMEUP && rc != BROOD_EOWNERDEAD)
        return rc;
    return brood_lock_release(brood_condition_lock(self->condition));
}

static apr_status_t do_something(brood_manager_t *manager, const client_t *self, apr_pool_t *pool)
{
    brood_value_t item;
    unsigned char dice;

    CHECK(brood__self_random(&dice, 1) == APR_SUCCESS);
    switch (dice % 6) {
    case 0:
        return locked(self->lock, self, pool);
    case 1:
        return locked(self->rlock, self, pool);
    case 2:
        return turn_item(self, pool);
    case 3:
        return make_objects(manager, self, pool);
    case 4:
        return wait_a_moment(self);
    default:
        BROOD_TRY(brood_allow(brood_queue_put(self->plain, brood_int(dice), BROOD_NOWAIT), APR_TIMEUP));
        return brood_allow(brood_queue_get(&item, self->plain, BROOD_NOWAIT, pool), APR_TIMEUP);
    }
}

/* Holds connections, and goes on until it is killed. */
static apr_status_t work(brood_call_t *call)
{
    brood_manager_options_t options = {.authkey = KEY};
    brood_manager_t *manager;
    client_t self;
    apr_pool_t *turn;
    int held;

    BROOD_TRY(BROOD_UNPACK(call->args, &options.address, &held));
    for (int i = 0; i < held; i++)
        BROOD_TRY(brood_manager_connect(&manager, &options, call->mem));
    BROOD_TRY(open_all(&self, manager, call->mem));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    for (;;) {
        BROOD_TRY(do_something(manager, &self, turn));
        apr_pool_clear(turn);
    }
}

/* ---- the storm ---- */

static int handles_of(brood_proxy_t *proxy)
{
    brood_value_t number = brood_int(-1);

    EXPECT_OK(brood_proxy_call(&number, proxy, "handles", brood_nil(), mem));
    return (int) number.as.integer;
}

static int kill_and_replace(brood_process_t *child[], const char *address)
{
    const apr_time_t end = apr_time_now() + span;
    int killed = 0;

    for (unsigned char dice[2]; apr_time_now() < end; killed++) {
        int which;

        EXPECT_OK(brood__self_random(dice, sizeof dice));
        which = dice[0] % clients;
        apr_sleep(dice[1] * 200);
        if (!EXPECT(brood_process_is_alive(child[which])))
            break; /* it has failed by itself */
        EXPECT_OK(brood_process_kill(child[which]));
        EXPECT_OK(brood_process_join(child[which], BROOD_FOREVER));
        EXPECT_OK(brood_process_close(child[which]));
        child[which] = harness_start(work, BROOD_ARGS(address, connections), mem);
    }
    return killed;
}

/* Each is there, as often as not twice. */
static void expect_items(brood_queue_t *items, int killed)
{
    bool seen[ITEMS] = {false};
    brood_value_t item = brood_nil();
    int count = 0;

    while (brood_queue_get(&item, items, BROOD_NOWAIT, mem) == APR_SUCCESS) {
        EXPECT(item.as.integer >= 0 && item.as.integer < ITEMS);
        seen[item.as.integer] = true;
        count++;
    }
    EXPECT(count <= ITEMS + killed);
    for (int i = 0; i < ITEMS; i++)
        EXPECT(seen[i]);
}

static void kill_clients_at(const char *address)
{
    const brood_manager_options_t options = {.address = address, .authkey = KEY};
    brood_process_t *child[CLIENTS_MOST];
    brood_manager_t *manager = NULL;
    brood_proxy_t *proxy = NULL;
    apr_size_t named;
    client_t self;
    int before, killed;

    mem = harness_mem();
    harness_log_to_nobody();
    EXPECT_OK(brood_manager_start(&manager, &options, mem));
    EXPECT_OK(open_all(&self, manager, mem));
    EXPECT_OK(brood_manager_object(&proxy, manager, "Probe", NULL, brood_nil(), mem));
    for (int i = 0; i < ITEMS; i++)
        EXPECT_OK(brood_queue_put(self.items, brood_int(i), BROOD_FOREVER));
    named = objects(manager);
    before = handles_of(proxy);
    for (int i = 0; i < clients; i++)
        child[i] = harness_start(work, BROOD_ARGS(brood_manager_address(manager), connections), mem);
    killed = kill_and_replace(child, brood_manager_address(manager));
    for (int i = 0; i < clients; i++) {
        EXPECT_OK(brood_process_kill(child[i]));
        EXPECT_OK(brood_process_join(child[i], BROOD_FOREVER));
    }
    printf("%d clients of %d connections each, %d killed\n", clients, connections, killed);
    EXPECT(brood_allow(brood_lock_acquire(self.lock, BROOD_FOREVER), BROOD_EOWNERDEAD) == APR_SUCCESS);
    EXPECT(brood_allow(brood_lock_acquire(self.rlock, BROOD_FOREVER), BROOD_EOWNERDEAD) == APR_SUCCESS);
    EXPECT_OK(brood_managed_dict_clear(self.dict));
    await_objects(manager, named);
    while (handles_of(proxy) > before)
        apr_sleep(1000);
    expect_items(self.items, killed + clients);
    EXPECT_OK(brood_manager_shutdown(manager));
    EXPECT(brood_process_exitcode(brood_manager_process(manager)) == 0);
}

static void nothing_is_left_of_clients_that_are_killed__PROX_13_STYP_11(void)
{
    kill_clients_at(NULL);
}

static void nothing_is_left_of_clients_by_tcp_that_are_killed__PROX_13_STYP_11(void)
{
    if (harness_closes_sockets())
        kill_clients_at("127.0.0.1:0");
    else
        (void) printf("skipped: a process that is killed while it sends leaves its socket open here ");
}

static int number(const char *text)
{
    return (int) strtol(text, NULL, 10);
}

static void read_arguments(int argc, char **argv)
{
    const char *seconds = getenv("BROOD_TORTURE_SECONDS");

    if (argc > 1 || seconds != NULL)
        span = apr_time_from_sec(number(argc > 1 ? argv[1] : seconds));
    if (argc > 2)
        clients = number(argv[2]) < CLIENTS_MOST ? number(argv[2]) : CLIENTS_MOST;
    if (argc > 3)
        connections = number(argv[3]);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRY(work), BROOD_TYPE(probe), BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(nothing_is_left_of_clients_that_are_killed__PROX_13_STYP_11),
        TEST(nothing_is_left_of_clients_by_tcp_that_are_killed__PROX_13_STYP_11),
    };

    read_arguments(argc, argv);
    return harness_tree(argc, argv, entries, "torture_manager", tests, sizeof tests / sizeof tests[0]);
}
