/* item.c - a value as the server keeps it: encoded, with the numbers of the objects in it. */
#include "manager/item.h"

#include "base/codec.h"
#include "base/scalar.h"
#include "base/value.h"
#include "manager/managed.h"
#include "manager/referent.h"
#include "manager/value_hash.h"
#include <stdlib.h>
#include <string.h>

#define ROOM 512    /* bytes of a value that is encoded only once */
#define HEAD_ROOM 5 /* bytes before those of text or bytes */

static brood__stored_t *allocate(size_t size, uint32_t objects)
{
    const size_t numbers = (size_t) objects * sizeof(uint64_t);
    brood__stored_t *made = NULL;

    if (size <= SIZE_MAX - sizeof *made - numbers)
        made = malloc(sizeof *made + size + numbers);
    if (made == NULL) {
        BROOD_IGNORE(brood_fail_text(APR_ENOMEM, "the manager has no memory to keep a value"));
        return NULL;
    }
    made->size = size;
    made->objects = objects;
    return made;
}

/* ---- scalars, text and bytes: no objects, and the size is known before ---- */

/* The same bytes as the codec makes, whose shortest head depends on the size. */
static size_t write_head(unsigned char head[HEAD_ROOM], brood_value_t value)
{
    const bool text = value.kind == BROOD_KIND_TEXT;
    const size_t size = brood_value_count(value);

    if (text && size < 32)
        return brood__scalar_put(head, (unsigned char) (0xA0 | size), 0, 0);
    if (size <= UINT8_MAX)
        return brood__scalar_put(head, text ? 0xD9 : 0xC4, size, 1);
    if (size <= UINT16_MAX)
        return brood__scalar_put(head, text ? 0xDA : 0xC5, size, 2);
    return brood__scalar_put(head, text ? 0xDB : 0xC6, size, 4);
}

static apr_status_t create_plain(brood__stored_t **stored, brood_value_t value, const unsigned char *head,
                                 size_t head_size, const void *data, size_t size)
{
    brood__stored_t *made = allocate(head_size + size, 0);

    if (made == NULL)
        return APR_ENOMEM;
    memcpy(made->bytes, head, head_size);
    if (size != 0)
        memcpy(made->bytes + head_size, data, size);
    made->hash = brood__value_hash(value);
    *stored = made;
    return APR_SUCCESS;
}

/* ---- lists, maps, and whatever else ---- */

static size_t items_of(brood_value_t value)
{
    if (value.kind == BROOD_KIND_LIST)
        return value.as.list.count;
    return value.kind == BROOD_KIND_MAP ? 2 * value.as.list.count : 0;
}

static apr_status_t count_objects(uint32_t *count, brood_value_t value)
{
    const brood__kind_t *kind;

    for (size_t i = 0; i < items_of(value); i++)
        BROOD_TRY(count_objects(count, value.as.list.items[i]));
    if (value.kind != BROOD_KIND_OBJECT)
        return APR_SUCCESS;
    kind = brood__kind_find(value.tag);
    if (kind == NULL || kind->travels != brood__managed_travels)
        return brood_fail(BROOD_EENCODE, "a manager cannot keep a %s", brood__value_kind(value));
    if (++*count == UINT32_MAX)
        return brood_fail_text(BROOD_ETOOBIG, "a value has more than 2^32 objects in it");
    return APR_SUCCESS;
}

/* Hold the objects, and put their numbers where *place is. */
static void hold_objects(unsigned char **place, brood_value_t value)
{
    for (size_t i = 0; i < items_of(value); i++)
        hold_objects(place, value.as.list.items[i]);
    if (value.kind == BROOD_KIND_OBJECT) {
        brood__referent_t *referent = value.as.object;

        brood__referent_hold_inside(referent);
        memcpy(*place, &referent->number, sizeof referent->number);
        *place += sizeof referent->number;
    }
}

static apr_status_t create_any(brood__stored_t **stored, brood_value_t value)
{
    unsigned char room[ROOM];
    brood__output_t output = {room, 0, sizeof room, NULL};
    brood__stored_t *made;
    unsigned char *place;
    uint32_t objects = 0;
    apr_status_t rc = APR_SUCCESS;

    BROOD_TRY(count_objects(&objects, value));
    BROOD_TRY(brood__encode(&output, value, 0)); /* which measures it, if it is large */
    made = allocate(output.size, objects);
    if (made == NULL)
        return APR_ENOMEM;
    if (output.size <= sizeof room) {
        memcpy(made->bytes, room, output.size);
    } else {
        output = (brood__output_t){made->bytes, 0, made->size, NULL};
        rc = brood__encode(&output, value, 0);
    }
    if (rc != APR_SUCCESS) {
        free(made);
        return rc;
    }
    made->hash = brood__value_hash(value);
    place = made->bytes + made->size;
    hold_objects(&place, value);
    *stored = made;
    return APR_SUCCESS;
}

apr_status_t brood__stored_create(brood__stored_t **stored, brood_value_t value)
{
    unsigned char head[BROOD__SCALAR_ROOM];
    const size_t size = brood__scalar_write(head, &value);

    if (size != 0)
        return create_plain(stored, value, head, size, NULL, 0);
    if (value.kind == BROOD_KIND_TEXT)
        return create_plain(stored, value, head, write_head(head, value), value.as.text.data, value.as.text.size);
    if (value.kind == BROOD_KIND_BYTES)
        return create_plain(stored, value, head, write_head(head, value), value.as.bytes.data, value.as.bytes.size);
    return create_any(stored, value);
}

/* ---- what is done with it ---- */

uint64_t brood__stored_object(const brood__stored_t *stored, uint32_t i)
{
    uint64_t number;

    memcpy(&number, stored->bytes + stored->size + (size_t) i * sizeof number, sizeof number);
    return number;
}

void brood__stored_free(brood__stored_t *stored)
{
    if (stored == NULL)
        return;
    for (uint32_t i = 0; i < stored->objects; i++) {
        brood__referent_t *referent = brood__referent_find(brood__stored_object(stored, i));

        if (referent != NULL)
            brood__referent_drop_inside(referent);
    }
    free(stored);
}

apr_status_t brood__stored_value(brood_value_t *value, const brood__stored_t *stored, apr_pool_t *mem)
{
    return brood__decode(value, stored->bytes, stored->size, false, mem);
}

bool brood__stored_equals(const brood__stored_t *stored, const brood__stored_t *other, apr_pool_t *scratch)
{
    brood_value_t value, other_value;

    if (stored->hash != other->hash)
        return false;
    if (stored->size == other->size && memcmp(stored->bytes, other->bytes, stored->size) == 0)
        return true;
    /* 1 and 1.0, or one map in two orders; or else a rare chance. */
    return brood__stored_value(&value, stored, scratch) == APR_SUCCESS
           && brood__stored_value(&other_value, other, scratch) == APR_SUCCESS && brood_value_equal(value, other_value);
}
