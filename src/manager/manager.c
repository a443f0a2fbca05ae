/* manager.c - a manager whose server runs elsewhere: in a process that is started here, or anywhere at all. */
#include "manager/manager.h"

#include "base/own.h"
#include "base/status.h"
#include "platform/self.h"
#include <brood/connection.h>
#include <brood/exit.h>
#include <brood/pack.h>
#include <brood/process.h>
#include <string.h>

#define CALL_TIMEOUT apr_time_from_sec(30)
#define GRACE apr_time_from_sec(1)
#define AT_EXIT 0                         /* SPEC MGR-10 */
#define FRAME_LIMIT (UINT64_C(256) << 20) /* bytes of a message */
#define OBJECT_LIMIT UINT64_C(10000000)
#define CLIENT_LIMIT 4096u
#define HANDSHAKE apr_time_from_sec(20)

/* ---- options ---- */

apr_status_t brood__manager_key(brood_bytes_t *key, const brood_manager_options_t *options)
{
    *key = brood_authkey();
    if (options != NULL && options->authkey != NULL)
        *key = (brood_bytes_t){options->authkey,
                               options->authkey_size != 0 ? options->authkey_size : strlen(options->authkey)};
    if (key->size > BROOD__ORIGIN_KEY)
        return brood_fail(BROOD_ETOOBIG, "a manager's key has %u bytes at most", BROOD__ORIGIN_KEY);
    return APR_SUCCESS;
}

brood__limits_t brood__manager_limits(const brood_manager_options_t *options)
{
    brood__limits_t limits = {FRAME_LIMIT, OBJECT_LIMIT, CLIENT_LIMIT, HANDSHAKE};

    if (options != NULL && options->frame_limit != 0)
        limits.frame = options->frame_limit;
    if (options != NULL && options->object_limit != 0)
        limits.objects = options->object_limit;
    if (options != NULL && options->client_limit != 0)
        limits.clients = options->client_limit;
    if (options != NULL && options->handshake != 0)
        limits.handshake = options->handshake;
    return limits;
}

static apr_status_t fill_origin(brood__origin_t *origin, const brood_manager_options_t *options)
{
    brood_bytes_t key;

    BROOD_TRY(brood__manager_key(&key, options));
    memcpy(origin->key, key.data, key.size);
    origin->key_size = (uint32_t) key.size;
    origin->call_timeout = options != NULL && options->call_timeout != 0 ? options->call_timeout : CALL_TIMEOUT;
    if (brood__self_random(origin->session, sizeof origin->session) != APR_SUCCESS)
        return brood_fail_text(APR_EGENERAL, "the system gives no random bytes for a manager's session");
    return APR_SUCCESS;
}

static apr_status_t set_address(brood__origin_t *origin, const char *address)
{
    if (strlen(address) >= sizeof origin->address)
        return brood_fail(APR_EINVAL, "a manager's address has %u bytes at most", BROOD__ADDRESS_SIZE - 1);
    memcpy(origin->address, address, strlen(address) + 1);
    return APR_SUCCESS;
}

apr_status_t brood__manager_make(brood_manager_t **manager, const brood_manager_options_t *options, apr_pool_t *mem)
{
    brood_manager_t *made = apr_pcalloc(mem, sizeof *made);

    if (brood__me == 0)
        return brood_fail_text(BROOD_EGUARD, "a manager needs brood_main or brood_init to have run in this program");
    if (made == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a manager");
    made->mem = mem;
    made->grace = options != NULL && options->shutdown_grace != 0 ? options->shutdown_grace : GRACE;
    BROOD_TRY(fill_origin(&made->origin, options));
    *manager = made;
    return APR_SUCCESS;
}

apr_status_t brood__manager_check(const brood_manager_t *manager)
{
    return atomic_load(&manager->ended) ? brood_fail_text(BROOD_ECLOSED, "the manager was shut down") : APR_SUCCESS;
}

brood__origin_t *brood__manager_origin(brood_manager_t *manager)
{
    return &manager->origin;
}

/* ---- shutdown ---- */

/* It has `manager->grace` to answer. */
static apr_status_t ask_to_end(brood_manager_t *manager)
{
    brood__origin_t origin = manager->origin;
    apr_pool_t *pool;
    apr_status_t rc;

    if (origin.call_timeout > manager->grace)
        origin.call_timeout = manager->grace;
    BROOD_TRY(apr_pool_create(&pool, manager->mem));
    rc = brood__client_call(NULL, &origin, 0, "shutdown", NULL, 0, BROOD_NOWAIT, pool);
    apr_pool_destroy(pool);
    return rc;
}

static bool has_ended(brood_manager_t *manager)
{
    return brood_process_join(manager->process, manager->grace) == APR_SUCCESS;
}

/* Asked, then terminated, then killed (SPEC MGR-08). */
static apr_status_t end_process(brood_manager_t *manager)
{
    if (!APR_STATUS_IS_TIMEUP(ask_to_end(manager)) && has_ended(manager))
        return APR_SUCCESS;
    BROOD_IGNORE(brood_process_terminate(manager->process));
    if (has_ended(manager))
        return APR_SUCCESS;
    BROOD_TRY(brood_process_kill(manager->process));
    return brood_process_join(manager->process, BROOD_FOREVER);
}

static apr_status_t shut_down(brood_manager_t *manager)
{
    apr_status_t rc = APR_SUCCESS;

    if (atomic_exchange(&manager->ended, true))
        return APR_SUCCESS;
    if (manager->process != NULL)
        rc = end_process(manager);
    brood__client_unuse(&manager->origin);
    return rc;
}

static void finish(void *data)
{
    BROOD_IGNORE(shut_down(data));
}

apr_status_t brood_manager_shutdown(brood_manager_t *manager)
{
    if (manager->process == NULL && manager->server == NULL)
        return brood_fail_text(BROOD_EMISUSE,
                               "a manager that was only connected to is shut down by whoever started it");
    if (manager->server != NULL) {
        if (!atomic_exchange(&manager->ended, true))
            brood__server_stop(manager->server);
        return APR_SUCCESS;
    }
    return shut_down(manager);
}

apr_status_t brood_manager_join(brood_manager_t *manager, apr_interval_time_t timeout)
{
    if (manager->process == NULL)
        return brood_fail_text(BROOD_EMISUSE, "this manager's server is no process that was started here");
    return brood_process_join(manager->process, timeout);
}

/* ---- start ---- */

/* What the server's process says of itself: its address and identity, or why it has none. */
static apr_status_t hear(brood_manager_t *manager, brood_connection_t *from)
{
    brood_value_t word = brood_nil(), identity = brood_nil();
    const char *address;
    apr_status_t rc = brood_connection_recv(&word, from, BROOD_FOREVER, manager->mem);

    if (rc == APR_EOF)
        return brood_fail(BROOD_ELOST, "%s ended before it could serve", brood_process_name(manager->process));
    if (rc != APR_SUCCESS)
        return rc;
    if (brood_value_count(word) != 2)
        return brood__status_from_value(word);
    BROOD_TRY(BROOD_UNPACK(word, &address, &identity));
    if (identity.kind != BROOD_KIND_BYTES || identity.as.bytes.size != BROOD__TOKEN)
        return brood_fail_text(BROOD_EDECODE, "the manager has said nothing sensible of itself");
    memcpy(manager->origin.identity, identity.as.bytes.data, BROOD__TOKEN);
    return set_address(&manager->origin, address);
}

static apr_status_t start_process(brood_manager_t *manager, const brood_manager_options_t *options,
                                  brood_connection_t *to, apr_pool_t *scratch)
{
    const brood__limits_t limits = brood__manager_limits(options);
    brood_process_options_t process = {.name = NULL};
    brood_value_t initializer = brood_nil(), initargs = brood_nil();

    if (options != NULL) {
        process = options->process;
        initargs = options->initargs;
        if (options->initializer != NULL)
            initializer = brood_entry(options->initializer);
    }
    if (process.name == NULL)
        process.name = "Manager";
    if (process.daemon == BROOD_INHERIT)
        process.daemon = BROOD_YES; /* its end is in the finalizer: it is not waited for as others are */
    (void) scratch;
    return brood_process_start(&manager->process, brood__manager_entry,
                               BROOD_LIST(brood_text(options != NULL ? options->address : NULL),
                                          brood_bytes(manager->origin.key, manager->origin.key_size),
                                          brood_uint(limits.frame), brood_uint(limits.objects),
                                          brood_uint(limits.clients), brood_int(limits.handshake), initializer,
                                          initargs, brood_connection_to_value(to)),
                               &process, manager->mem);
}

static apr_status_t start(brood_manager_t *manager, const brood_manager_options_t *options, apr_pool_t *scratch)
{
    brood_connection_t *from, *to;
    apr_status_t rc;

    BROOD_TRY(brood_pipe_create(&from, &to, BROOD_ONE_WAY, scratch));
    BROOD_TRY(start_process(manager, options, to, scratch));
    brood_connection_close(to);
    rc = hear(manager, from);
    if (rc != APR_SUCCESS) { /* it ends by itself, but nobody is to wait for that */
        brood__status_hold(true);
        BROOD_IGNORE(brood_process_kill(manager->process));
        BROOD_IGNORE(brood_process_join(manager->process, BROOD_FOREVER));
        brood__status_hold(false);
        return rc;
    }
    brood__client_use(&manager->origin);
    return brood_finalizer_create(&manager->finalizer, finish, manager, AT_EXIT, manager->mem);
}

apr_status_t brood_manager_start(brood_manager_t **manager, const brood_manager_options_t *options, apr_pool_t *mem)
{
    brood_manager_t *made;
    apr_pool_t *scratch;
    apr_status_t rc;

    BROOD_TRY(brood__manager_make(&made, options, mem));
    BROOD_TRY(apr_pool_create(&scratch, mem));
    rc = start(made, options, scratch);
    apr_pool_destroy(scratch);
    if (rc == APR_SUCCESS)
        *manager = made;
    return rc;
}

apr_status_t brood_manager_connect(brood_manager_t **manager, const brood_manager_options_t *options, apr_pool_t *mem)
{
    brood_manager_t *made;
    apr_status_t rc;

    if (options == NULL || options->address == NULL)
        return brood_fail_text(APR_EINVAL, "the address of the manager to connect to is NULL");
    BROOD_TRY(brood__manager_make(&made, options, mem));
    BROOD_TRY(set_address(&made->origin, options->address));
    brood__client_use(&made->origin);
    rc = brood__client_hello(&made->origin);
    if (rc == APR_SUCCESS)
        rc = brood_finalizer_create(&made->finalizer, finish, made, AT_EXIT, mem);
    if (rc == APR_SUCCESS)
        *manager = made;
    else
        brood__client_unuse(&made->origin);
    return rc;
}

/* ---- questions ---- */

const char *brood_manager_address(const brood_manager_t *manager)
{
    return manager->origin.address;
}

const brood_process_t *brood_manager_process(const brood_manager_t *manager)
{
    return manager->process;
}

apr_status_t brood_manager_count(apr_size_t *count, brood_manager_t *manager)
{
    brood_value_t number = brood_nil();
    apr_pool_t *pool;
    apr_uint64_t objects = 0;
    apr_status_t rc;

    BROOD_TRY(brood__manager_check(manager));
    BROOD_TRY(brood__own_pool(&pool));
    rc = brood__client_call(&number, &manager->origin, 0, "count", NULL, 0, BROOD_NOWAIT, pool);
    if (rc == APR_SUCCESS)
        rc = brood_value_uint(&objects, number);
    apr_pool_destroy(pool);
    if (rc == APR_SUCCESS)
        *count = (apr_size_t) objects;
    return rc;
}

apr_status_t brood_manager_debug_info(brood_value_t *info, brood_manager_t *manager, apr_pool_t *mem)
{
    BROOD_TRY(brood__manager_check(manager));
    return brood__client_call(info, &manager->origin, 0, "info", NULL, 0, BROOD_NOWAIT, mem);
}
