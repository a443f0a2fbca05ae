/* slots.c - values into the variables of a program. */
#include "base/kind.h"
#include "base/status.h"
#include "base/value.h"
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What a value becomes: as large as the largest target, so that nothing is stored before everything fits. */
typedef union stored_t {
    brood_value_t value;
    bool boolean;
    int16_t signed16;
    int32_t signed32;
    int64_t signed64;
    uint16_t unsigned16;
    uint32_t unsigned32;
    uint64_t unsigned64;
    float single;
    double real;
    const char *text;
    brood_bytes_t bytes;
    brood_entry_fn entry;
    void *object;
} stored_t;

typedef struct fit_t {
    apr_ssize_t argument; /* index; -1: a value by itself */
    stored_t stored;
    size_t size;
} fit_t;

static const char *expected_kind(brood_slot_t slot)
{
    static const char *const names[] = {"any value", "bool", "int", "int", "float", "double", "text", "bytes", "entry"};
    const brood__kind_t *kind;

    if (slot.kind != BROOD_SLOT_OBJECT)
        return (unsigned) slot.kind < sizeof names / sizeof names[0] ? names[slot.kind] : "nothing";
    kind = brood__kind_find(slot.tag);
    return kind == NULL ? "object that this program does not know" : kind->name;
}

/* People count arguments from 1. */
static const char *subject(char buffer[40], const fit_t *fit)
{
    if (fit->argument < 0)
        return "value";
    (void) snprintf(buffer, 40, "argument %" PRId64, (int64_t) fit->argument + 1);
    return buffer;
}

static apr_status_t refuse_kind(const fit_t *fit, brood_slot_t slot, brood_value_t value)
{
    char buffer[40];
    apr_status_t status = brood_fail(fit->argument < 0 ? BROOD_EKIND : BROOD_EARGS, "%s is %s, expected %s",
                                     subject(buffer, fit), brood__value_kind(value), expected_kind(slot));

    brood__status_item(fit->argument);
    return status;
}

static apr_status_t refuse_range(const fit_t *fit, brood_value_t value, const char *why)
{
    char buffer[40];
    char brief[BROOD__BRIEF];
    apr_status_t status =
        brood_fail(BROOD_ERANGE, "%s is %s, %s", subject(buffer, fit), brood__value_brief(brief, value), why);

    brood__status_item(fit->argument);
    return status;
}

static apr_status_t fit_signed(fit_t *fit, brood_slot_t slot, brood_value_t value)
{
    apr_int64_t number;

    if (value.kind != BROOD_KIND_INT && value.kind != BROOD_KIND_UINT)
        return refuse_kind(fit, slot, value);
    if (value.kind == BROOD_KIND_UINT && value.as.natural > INT64_MAX)
        return refuse_range(fit, value, "which does not fit a signed 64-bit number");
    number = value.as.integer; /* the same bits, if UINT */
    switch (slot.tag) {
    case 2:
        if (number < INT16_MIN || number > INT16_MAX)
            return refuse_range(fit, value, "which does not fit a signed 16-bit number");
        fit->stored.signed16 = (int16_t) number;
        break;
    case 4:
        if (number < INT32_MIN || number > INT32_MAX)
            return refuse_range(fit, value, "which does not fit a signed 32-bit number");
        fit->stored.signed32 = (int32_t) number;
        break;
    case 8:
        fit->stored.signed64 = number;
        break;
    default:
        return refuse_kind(fit, slot, value);
    }
    fit->size = (size_t) slot.tag;
    return APR_SUCCESS;
}

static apr_status_t fit_unsigned(fit_t *fit, brood_slot_t slot, brood_value_t value)
{
    apr_uint64_t number;

    if (value.kind != BROOD_KIND_INT && value.kind != BROOD_KIND_UINT)
        return refuse_kind(fit, slot, value);
    if (value.kind == BROOD_KIND_INT && value.as.integer < 0)
        return refuse_range(fit, value, "which does not fit an unsigned number");
    number = value.kind == BROOD_KIND_INT ? (apr_uint64_t) value.as.integer : value.as.natural;
    switch (slot.tag) {
    case 2:
        if (number > UINT16_MAX)
            return refuse_range(fit, value, "which does not fit an unsigned 16-bit number");
        fit->stored.unsigned16 = (uint16_t) number;
        break;
    case 4:
        if (number > UINT32_MAX)
            return refuse_range(fit, value, "which does not fit an unsigned 32-bit number");
        fit->stored.unsigned32 = (uint32_t) number;
        break;
    case 8:
        fit->stored.unsigned64 = number;
        break;
    default:
        return refuse_kind(fit, slot, value);
    }
    fit->size = (size_t) slot.tag;
    return APR_SUCCESS;
}

/* Whole numbers must arrive as they are; a double may lose digits as a float, but not become infinite. */
static apr_status_t fit_real(fit_t *fit, brood_slot_t slot, brood_value_t value)
{
    double real;

    if (!brood__value_real(&real, value))
        return refuse_kind(fit, slot, value);
    if (slot.kind == BROOD_SLOT_FLOAT) {
        if ((real > FLT_MAX || real < -FLT_MAX) && real - real == 0)
            return refuse_range(fit, value, "which does not fit a float");
        fit->stored.single = (float) real;
        fit->size = sizeof fit->stored.single;
        real = (double) fit->stored.single;
    } else {
        fit->stored.real = real;
        fit->size = sizeof fit->stored.real;
    }
    if (value.kind != BROOD_KIND_DOUBLE && brood__value_order(value, brood_double(real)) != 0)
        return refuse_range(fit, value, "which would be rounded");
    return APR_SUCCESS;
}

static apr_status_t fit_text(fit_t *fit, brood_slot_t slot, brood_value_t value)
{
    if (value.kind != BROOD_KIND_TEXT)
        return refuse_kind(fit, slot, value);
    if (value.tag != BROOD__TEXT_ENDS)
        return refuse_range(fit, value, "which does not end in NUL: take it as a brood_value_t");
    if (memchr(value.as.text.data, '\0', value.as.text.size) != NULL)
        return refuse_range(fit, value, "which has a NUL inside: take it as a brood_value_t");
    fit->stored.text = value.as.text.data;
    fit->size = sizeof fit->stored.text;
    return APR_SUCCESS;
}

/* Make what slot.target gets, or say why it cannot be made. */
static apr_status_t fit_slot(fit_t *fit, brood_slot_t slot, brood_value_t value)
{
    switch (slot.kind) {
    case BROOD_SLOT_VALUE:
        fit->stored.value = value;
        fit->size = sizeof fit->stored.value;
        return APR_SUCCESS;
    case BROOD_SLOT_BOOL:
        if (value.kind != BROOD_KIND_BOOL)
            break;
        fit->stored.boolean = value.as.boolean;
        fit->size = sizeof fit->stored.boolean;
        return APR_SUCCESS;
    case BROOD_SLOT_SIGNED:
        return fit_signed(fit, slot, value);
    case BROOD_SLOT_UNSIGNED:
        return fit_unsigned(fit, slot, value);
    case BROOD_SLOT_FLOAT:
    case BROOD_SLOT_DOUBLE:
        return fit_real(fit, slot, value);
    case BROOD_SLOT_TEXT:
        return fit_text(fit, slot, value);
    case BROOD_SLOT_BYTES:
        if (value.kind != BROOD_KIND_BYTES)
            break;
        fit->stored.bytes = value.as.bytes;
        fit->size = sizeof fit->stored.bytes;
        return APR_SUCCESS;
    case BROOD_SLOT_ENTRY:
        if (value.kind != BROOD_KIND_ENTRY)
            break;
        fit->stored.entry = value.as.entry;
        fit->size = sizeof fit->stored.entry;
        return APR_SUCCESS;
    case BROOD_SLOT_OBJECT:
        if (value.kind != BROOD_KIND_OBJECT || !brood__kind_is(value.tag, slot.tag) || value.as.object == NULL)
            break;
        fit->stored.object = value.as.object;
        fit->size = sizeof fit->stored.object;
        return APR_SUCCESS;
    }
    return refuse_kind(fit, slot, value);
}

apr_status_t brood_read(brood_slot_t slot, brood_value_t value)
{
    fit_t fit = {.argument = -1};

    BROOD_TRY(fit_slot(&fit, slot, value));
    memcpy(slot.target, &fit.stored, fit.size); /* the target's type is whatever it is */
    return APR_SUCCESS;
}

apr_status_t brood_unpack(brood_value_t list, const brood_slot_t *slots, apr_size_t count)
{
    fit_t fit = {.argument = -1};
    apr_size_t i;

    if (list.kind != BROOD_KIND_LIST)
        return brood_fail(BROOD_EARGS, "arguments are %s, expected list", brood__value_kind(list));
    if (list.as.list.count != count)
        return brood_fail(BROOD_EARGS, "%" PRIu64 " argument%s given, %" PRIu64 " expected",
                          (uint64_t) list.as.list.count, list.as.list.count == 1 ? "" : "s", (uint64_t) count);
    for (i = 0; i < count; i++) {
        fit.argument = (apr_ssize_t) i;
        BROOD_TRY(fit_slot(&fit, slots[i], list.as.list.items[i]));
    }
    for (i = 0; i < count; i++) {
        BROOD_TRY(fit_slot(&fit, slots[i], list.as.list.items[i])); /* fitted before, fits again */
        memcpy(slots[i].target, &fit.stored, fit.size);
    }
    return APR_SUCCESS;
}

static brood_slot_t slot_of(brood_slot_kind_t kind, size_t size, void *target)
{
    brood_slot_t slot;

    slot.kind = kind;
    slot.tag = (apr_int32_t) size;
    slot.target = target;
    return slot;
}

#define SLOT_FUNCTION(name, type, kind)               \
    brood_slot_t brood_slot_##name(type *target)      \
    {                                                 \
        return slot_of(kind, sizeof *target, target); \
    }

SLOT_FUNCTION(value, brood_value_t, BROOD_SLOT_VALUE)
SLOT_FUNCTION(bool, bool, BROOD_SLOT_BOOL)
SLOT_FUNCTION(short, short, BROOD_SLOT_SIGNED)
SLOT_FUNCTION(int, int, BROOD_SLOT_SIGNED)
SLOT_FUNCTION(long, long, BROOD_SLOT_SIGNED)
SLOT_FUNCTION(llong, long long, BROOD_SLOT_SIGNED)
SLOT_FUNCTION(ushort, unsigned short, BROOD_SLOT_UNSIGNED)
SLOT_FUNCTION(uint, unsigned, BROOD_SLOT_UNSIGNED)
SLOT_FUNCTION(ulong, unsigned long, BROOD_SLOT_UNSIGNED)
SLOT_FUNCTION(ullong, unsigned long long, BROOD_SLOT_UNSIGNED)
SLOT_FUNCTION(float, float, BROOD_SLOT_FLOAT)
SLOT_FUNCTION(double, double, BROOD_SLOT_DOUBLE)
SLOT_FUNCTION(text, const char *, BROOD_SLOT_TEXT)
SLOT_FUNCTION(bytes, brood_bytes_t, BROOD_SLOT_BYTES)
SLOT_FUNCTION(entry, brood_entry_fn, BROOD_SLOT_ENTRY)
