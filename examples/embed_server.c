/* brood inside a program with a main, a logger, memory pools and modules of its own. */
#include <apr_general.h>
#include <brood.h>
#include <stdio.h>
#include <string.h>

/* ---- billing.c: a module has entries of its own ---- */

static apr_status_t charge(brood_call_t *call)
{
    brood_queue_t *charged;
    const char *customer;
    double amount;

    BROOD_TRY(BROOD_UNPACK(call->args, &charged, &customer, &amount));
    if (amount < 0)
        return brood_fail(APR_EINVAL, "%s cannot be charged %g", customer, amount);
    return brood_queue_put(charged, BROOD_LIST(customer, amount * 1.2), BROOD_FOREVER);
}

static const brood_entry_t billing[] = {BROOD_ENTRY(charge), BROOD_ENTRIES_END};

/* ---- post.c: another, which may have an entry of the same name ---- */

static apr_status_t deliver(brood_call_t *call)
{
    const char *address;

    BROOD_TRY(BROOD_UNPACK(call->args, &address));
    if (strchr(address, '@') == NULL)
        brood_log(BROOD_LOG_WARNING, "%s is no address: sent by pigeon", address);
    return APR_SUCCESS;
}

static const brood_entry_t post[] = {BROOD_ENTRY(deliver), BROOD_ENTRIES_END};

/* ---- server.c ---- */

/* All that this process, its children and brood itself have to tell comes here, one record at a time. */
static void to_our_log(void *user, brood_log_level_t level, const char *process, const char *message)
{
    fprintf(user, "%s %s: %s\n", level >= BROOD_LOG_ERROR ? "error in" : "warning from", process, message);
    fflush(user);
}

static apr_status_t run(brood_entry_fn entry, brood_value_t args, const char *name, apr_pool_t *mem)
{
    const brood_process_options_t options = {.name = name};
    brood_process_t *process;

    BROOD_TRY(brood_process_start(&process, entry, args, &options, mem));
    BROOD_TRY(brood_process_join(process, apr_time_from_sec(30)));
    printf("%s\n", brood_process_string(process, mem));
    return APR_SUCCESS;
}

static apr_status_t serve(apr_pool_t *mem)
{
    brood_queue_t *charged;
    brood_value_t item;

    BROOD_TRY(brood_queue_create(&charged, 0, NULL, mem));
    BROOD_TRY(run(charge, BROOD_ARGS(charged, "ann", 10.0), "billing ann", mem));
    BROOD_TRY(run(charge, BROOD_ARGS(charged, "bob", -1.0), "billing bob", mem)); /* fails, and the server goes on */
    BROOD_TRY(run(deliver, BROOD_ARGS("the tower"), "post", mem));
    BROOD_TRY(brood_queue_get(&item, charged, BROOD_NOWAIT, mem));
    printf("charged: %s\n", brood_value_string(item, mem));
    return APR_SUCCESS;
}

int main(int argc, char **argv)
{
    /* No fork while our own threads live; children that hang delay the end by so much at most. */
    const brood_init_options_t options = {.strict = true, .exit_grace = apr_time_from_sec(2)};
    const char *const *args = (const char *const *) argv;
    apr_pool_t *mem;
    char text[200];
    apr_status_t rc;

    if (apr_app_initialize(&argc, &args, NULL) != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return 1;
    brood_log_to(to_our_log, stdout, BROOD_LOG_WARNING);
    rc = brood_register("billing", billing);
    if (rc == APR_SUCCESS)
        rc = brood_register("post", post);
    if (rc == APR_SUCCESS)
        rc = brood_init(argc, (char **) args, &options, mem); /* does not return in a re-executed child */
    if (rc == APR_SUCCESS)
        rc = serve(mem);
    if (rc != APR_SUCCESS)
        fprintf(stderr, "%s: %s\n", brood_strerror(rc, text, sizeof text), brood_last_error()->message);
    apr_pool_destroy(mem);
    apr_terminate();
    return rc == APR_SUCCESS ? 0 : 1;
}
