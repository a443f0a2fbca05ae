/* kind.c - how values refer to brood's objects without knowing them. */
#include "base/kind.h"

#include "base/value.h"
#include <stddef.h>

/* A tag is one byte on the wire. */
static const brood__kind_t *kinds[256];

void brood__kind_register(const brood__kind_t *kind)
{
    kinds[(unsigned char) kind->tag] = kind;
}

const brood__kind_t *brood__kind_find(apr_int32_t tag)
{
    return tag > BROOD__TAG_NONE && tag < 256 ? kinds[tag] : NULL;
}

bool brood__kind_travels(void *object)
{
    (void) object;
    return true;
}

bool brood__kind_is(apr_int32_t tag, apr_int32_t wanted)
{
    const brood__kind_t *kind = tag == wanted ? NULL : brood__kind_find(tag);

    return tag == wanted || (kind != NULL && kind->passes_for == wanted);
}

brood_value_t brood__kind_to_value(apr_int32_t tag, void *object)
{
    brood_value_t value = {BROOD_KIND_NIL, 0, {0}};

    if (object == NULL)
        return value;
    value.kind = BROOD_KIND_OBJECT;
    value.tag = tag;
    value.as.object = object;
    return value;
}

apr_status_t brood__kind_from_value(void **object, apr_int32_t tag, brood_value_t value)
{
    const brood__kind_t *kind;

    if (value.kind != BROOD_KIND_OBJECT || !brood__kind_is(value.tag, tag) || value.as.object == NULL) {
        kind = brood__kind_find(tag);
        return brood_fail(BROOD_EKIND, "value is %s, expected %s", brood__value_kind(value),
                          kind == NULL ? "an object that this program does not know" : kind->name);
    }
    *object = value.as.object;
    return APR_SUCCESS;
}

brood_slot_t brood__kind_slot(apr_int32_t tag, void *target)
{
    brood_slot_t slot;

    slot.kind = BROOD_SLOT_OBJECT;
    slot.tag = tag;
    slot.target = target;
    return slot;
}
