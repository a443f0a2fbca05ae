#include "manager/referent.h"

#include "base/own.h"
#include "manager/blocks.h"
#include "manager/program_type.h"
#include "manager/server.h"
#include <apr_strings.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- types ---- */

static const brood__type_t *const types[] = {
    &brood__dict_type,      &brood__list_type,      &brood__set_type,
    &brood__namespace_type, &brood__queue_type,     &brood__lock_type,
    &brood__rlock_type,     &brood__semaphore_type, &brood__bounded_semaphore_type,
    &brood__condition_type, &brood__event_type,     &brood__barrier_type,
    &brood__pool_type,      &brood__block_type,
};

static bool is_text(const char *text, const char *data, size_t size)
{
    return strlen(text) == size && memcmp(text, data, size) == 0;
}

const brood__type_t *brood__type_find(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is_text(types[i]->name, name, size))
            return types[i];
    return brood__program_type_find(name, size);
}

static int order(const char *name, size_t size, const char *other)
{
    const int first = strncmp(name, other, size);

    return first != 0 ? first : other[size] == '\0' ? 0 : -1;
}

const brood__method_t *brood__type_method(const brood__type_t *type, const char *name, size_t size)
{
    size_t low = 0, high = type->method_count;

    if (memchr(name, '\0', size) != NULL)
        return NULL;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int compared = order(name, size, type->methods[middle].name);

        if (compared == 0)
            return &type->methods[middle];
        if (compared < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* ---- objects ---- */

static void remove_object(brood__server_t *server, brood__referent_t *referent)
{
    brood__number_map_remove(&server->objects, referent->number);
    if (referent->type->destroy != NULL)
        referent->type->destroy(referent);
    free(referent);
}

/* Nobody refers to it now; somebody may again before it is looked at. */
static void doom_if_unwanted(brood__referent_t *referent)
{
    brood__server_t *server = brood__server_here();

    if (referent->outside != 0 || referent->inside != 0 || referent->doomed)
        return;
    referent->doomed = true;
    referent->next_doomed = server->doomed;
    server->doomed = referent;
}

apr_status_t brood__referent_create(brood__referent_t **referent, const brood__type_t *type, brood__request_t *request)
{
    brood__server_t *server = brood__server_here();
    brood__referent_t *made, *self = request->self;
    uint64_t *place;
    apr_status_t rc;

    if (server->objects.count >= server->limits.objects)
        return brood_fail(BROOD_ETOOBIG, "the manager keeps %" PRIu64 " objects, which is its limit",
                          (uint64_t) server->objects.count);
    made = calloc(1, type->size);
    if (made == NULL || (place = brood__number_map_put(&server->objects, server->last_object + 1)) == NULL) {
        free(made);
        return brood_fail(APR_ENOMEM, "no memory for a managed %s", type->name);
    }
    made->ref.kind = brood__kind_find(type->tag);
    made->type = type;
    made->number = ++server->last_object;
    *place = (uint64_t) (uintptr_t) made;
    request->self = made;
    rc = type->create(made, request);
    request->self = self;
    if (rc != APR_SUCCESS)
        remove_object(server, made);
    else {
        doom_if_unwanted(made);
        *referent = made;
    }
    return rc;
}

brood__referent_t *brood__referent_find(uint64_t number)
{
    brood__server_t *server = brood__server_here();
    const uint64_t *place;

    if (number == 0)
        return server->root;
    place = brood__number_map_find(&server->objects, number);
    return place == NULL ? NULL : (brood__referent_t *) (uintptr_t) *place;
}

brood__referent_t *brood__referent_named(const char *name, size_t size)
{
    return apr_hash_get(brood__server_here()->names, name, (apr_ssize_t) size);
}

apr_status_t brood__referent_name(brood__referent_t *referent, const char *name, size_t size)
{
    brood__server_t *server = brood__server_here();

    referent->name = apr_pstrmemdup(server->names_pool, name, size);
    if (referent->name == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a name");
    apr_hash_set(server->names, referent->name, (apr_ssize_t) size, referent);
    brood__referent_hold_outside(referent, 1);
    return APR_SUCCESS;
}

void brood__referent_unname(brood__referent_t *referent)
{
    if (referent->name == NULL)
        return;
    apr_hash_set(brood__server_here()->names, referent->name, APR_HASH_KEY_STRING, NULL);
    referent->name = NULL;
    brood__referent_drop_outside(referent, 1);
}

void brood__referent_hold_inside(brood__referent_t *referent)
{
    referent->inside++;
}

void brood__referent_drop_inside(brood__referent_t *referent)
{
    referent->inside--;
    doom_if_unwanted(referent);
}

void brood__referent_hold_outside(brood__referent_t *referent, uint64_t count)
{
    referent->outside += count;
}

void brood__referent_drop_outside(brood__referent_t *referent, uint64_t count)
{
    referent->outside -= count < referent->outside ? count : referent->outside;
    doom_if_unwanted(referent);
}

apr_status_t brood__referents_in(brood_value_t value, apr_status_t (*visit)(brood__referent_t *referent, void *data),
                                 void *data)
{
    const size_t count = value.kind == BROOD_KIND_MAP ? 2 * value.as.list.count : value.as.list.count;

    if (value.kind == BROOD_KIND_OBJECT)
        return visit(value.as.object, data);
    if (value.kind == BROOD_KIND_LIST || value.kind == BROOD_KIND_MAP)
        for (size_t i = 0; i < count; i++)
            BROOD_TRY(brood__referents_in(value.as.list.items[i], visit, data));
    return APR_SUCCESS;
}

void brood__referents_tidy(void)
{
    brood__server_t *server = brood__server_here();

    while (server->doomed != NULL) {
        brood__referent_t *referent = server->doomed;

        server->doomed = referent->next_doomed;
        referent->doomed = false;
        if (referent->outside == 0 && referent->inside == 0)
            remove_object(server, referent);
    }
}

size_t brood__referents_count(void)
{
    return brood__server_here()->objects.count;
}

void brood__referents_each(void (*visit)(brood__referent_t *referent, void *data), void *data)
{
    brood__server_t *server = brood__server_here();
    uint64_t key, number;

    for (size_t at = 0; brood__number_map_next(&server->objects, &at, &key, &number);)
        visit((brood__referent_t *) (uintptr_t) number, data);
}

/* ---- beginning and end ---- */

apr_status_t brood__referents_begin(void)
{
    brood__server_t *server = brood__server_here();

    BROOD_TRY(brood__own_pool(&server->names_pool));
    server->names = apr_hash_make(server->names_pool);
    server->last_object = 0;
    server->root = calloc(1, sizeof *server->root);
    if (server->root == NULL)
        return brood_fail_text(APR_ENOMEM, "no memory for a manager");
    server->root->type = &brood__server_type;
    server->root->outside = 1;
    return APR_SUCCESS;
}

static void hold(brood__referent_t *referent, void *nothing)
{
    (void) nothing;
    brood__referent_hold_inside(referent);
}

/* What one owns may refer to another, so all are emptied before the first is freed. */
static void empty(brood__referent_t *referent, void *nothing)
{
    (void) nothing;
    if (referent->type->destroy != NULL)
        referent->type->destroy(referent);
}

static void free_one(brood__referent_t *referent, void *nothing)
{
    (void) nothing;
    free(referent);
}

void brood__referents_end(void)
{
    brood__server_t *server = brood__server_here();

    if (server->root == NULL)
        return; /* it has not begun */
    brood__referents_each(hold, NULL);
    brood__referents_each(empty, NULL);
    brood__referents_each(free_one, NULL);
    brood__number_map_free(&server->objects);
    server->doomed = NULL;
    free(server->root);
    server->root = NULL;
    apr_pool_destroy(server->names_pool);
}
