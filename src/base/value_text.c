/* value_text.c - values as Python prints them. */
#include "base/value.h"

#include "base/codec.h"
#include "base/kind.h"
#include "base/utf8.h"
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static apr_status_t put(brood__output_t *output, const char *text)
{
    return brood__output_append(output, text, strlen(text));
}

/* Characters that Python's repr shows as they are.  Unassigned ones count as printable: what is assigned changes with
 * every edition of Unicode. */
static bool printable(uint32_t character)
{
    static const uint32_t hidden[][2] = {{0x00, 0x1F},     {0x7F, 0xA0},     {0xAD, 0xAD},       {0x0600, 0x0605},
                                         {0x061C, 0x061C}, {0x06DD, 0x06DD}, {0x070F, 0x070F},   {0x1680, 0x1680},
                                         {0x180E, 0x180E}, {0x2000, 0x200F}, {0x2028, 0x202F},   {0x205F, 0x206F},
                                         {0x3000, 0x3000}, {0xD800, 0xF8FF}, {0xFDD0, 0xFDEF},   {0xFEFF, 0xFEFF},
                                         {0xFFF0, 0xFFFB}, {0xFFFE, 0xFFFF}, {0xE0000, 0x10FFFF}};
    size_t i;

    for (i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
        if (character >= hidden[i][0] && character <= hidden[i][1])
            return false;
    return true;
}

/* One escape; hexadecimal where there is no short form. */
static apr_status_t put_escape(brood__output_t *output, uint32_t character)
{
    char escape[16];

    if (character == '\n')
        return put(output, "\\n");
    if (character == '\r')
        return put(output, "\\r");
    if (character == '\t')
        return put(output, "\\t");
    if (character < 0x100)
        (void) snprintf(escape, sizeof escape, "\\x%02" PRIx32, character);
    else if (character < 0x10000)
        (void) snprintf(escape, sizeof escape, "\\u%04" PRIx32, character);
    else
        (void) snprintf(escape, sizeof escape, "\\U%08" PRIx32, character);
    return put(output, escape);
}

/* In quotes, double ones only if that saves escapes.  `raw`: bytes, each a character of its own. */
static apr_status_t put_quoted(brood__output_t *output, const char *text, size_t size, bool raw)
{
    bool apostrophe = size != 0 && memchr(text, '\'', size) != NULL;
    bool quotation = size != 0 && memchr(text, '"', size) != NULL;
    char quote = apostrophe && !quotation ? '"' : '\'';
    size_t length;
    size_t i;

    BROOD_TRY(brood__output_append(output, &quote, 1));
    for (i = 0; i < size; i += length) {
        uint32_t character = (unsigned char) text[i];

        length = raw ? 1 : brood__utf8_next(&character, text + i, size - i);
        if (length == 0 || (raw && character >= 0x7F) || !printable(character))
            BROOD_TRY(put_escape(output, character));
        else if (character == '\\' || character == (unsigned char) quote) {
            char escaped[2] = {'\\', (char) character};

            BROOD_TRY(brood__output_append(output, escaped, 2));
        } else
            BROOD_TRY(brood__output_append(output, text + i, length));
        length += length == 0;
    }
    return brood__output_append(output, &quote, 1);
}

/* The fewest digits that, rounded as usual, read back as the same number: `digits` gets them, *point the place of the
 * point.  (Python finds one less for one power of two in fifty.) */
static size_t shortest(char digits[20], int *point, double number)
{
    char text[32];
    size_t size = 0;
    int precision;
    const char *at;

    for (precision = 0; precision < 16; precision++) {
        (void) snprintf(text, sizeof text, "%.*e", precision, number);
        if (strtod(text, NULL) == number) /* in whatever locale it was written */
            break;
    }
    if (precision == 16)
        (void) snprintf(text, sizeof text, "%.16e", number);
    for (at = text; *at != 'e'; at++) /* the point may be a comma, or no ASCII at all */
        if (*at >= '0' && *at <= '9' && size < 19)
            digits[size++] = *at;
    while (size > 1 && digits[size - 1] == '0')
        size--;
    *point = (int) strtol(at + 1, NULL, 10) + 1;
    return size;
}

static apr_status_t put_double(brood__output_t *output, double number)
{
    char digits[20];
    char exponent[16];
    int point, i;
    int size;

    if (number != number)
        return put(output, "nan");
    if (number < 0 || (number == 0 && 1 / number < 0)) {
        BROOD_TRY(put(output, "-"));
        number = -number;
    }
    if (number > DBL_MAX)
        return put(output, "inf");
    size = (int) shortest(digits, &point, number);
    if (point > 16 || point < -3) { /* d.ddde+XX */
        BROOD_TRY(brood__output_append(output, digits, 1));
        if (size > 1) {
            BROOD_TRY(put(output, "."));
            BROOD_TRY(brood__output_append(output, digits + 1, (size_t) size - 1));
        }
        (void) snprintf(exponent, sizeof exponent, "e%+03d", point - 1);
        return put(output, exponent);
    }
    if (point <= 0)
        BROOD_TRY(put(output, "0."));
    for (i = point < 0 ? point : 0; i < size || i < point; i++) {
        BROOD_TRY(brood__output_append(output, i >= 0 && i < size ? &digits[i] : "0", 1));
        if (i + 1 == point)
            BROOD_TRY(put(output, "."));
    }
    return point >= size ? put(output, "0") : APR_SUCCESS;
}

static apr_status_t put_repr(brood__output_t *output, brood_value_t value, apr_pool_t *mem);

static apr_status_t put_items(brood__output_t *output, brood_value_t value, apr_pool_t *mem)
{
    const brood_value_t *items = value.as.list.items;
    bool map = value.kind == BROOD_KIND_MAP;
    apr_size_t i;

    BROOD_TRY(put(output, map ? "{" : "["));
    for (i = 0; i < value.as.list.count; i++) {
        if (i != 0)
            BROOD_TRY(put(output, ", "));
        BROOD_TRY(put_repr(output, items[map ? 2 * i : i], mem));
        if (map) {
            BROOD_TRY(put(output, ": "));
            BROOD_TRY(put_repr(output, items[2 * i + 1], mem));
        }
    }
    return put(output, map ? "}" : "]");
}

static apr_status_t put_named(brood__output_t *output, brood_value_t value, apr_pool_t *mem)
{
    const brood__kind_t *kind;
    const char *name;
    char tag[32];

    if (value.kind == BROOD_KIND_ENTRY) {
        name = brood__entry_name(value.as.entry);
        BROOD_TRY(put(output, "<entry "));
        BROOD_TRY(put(output, name == NULL ? "in no table" : name));
        return put(output, ">");
    }
    if (value.kind == BROOD_KIND_EXT) {
        (void) snprintf(tag, sizeof tag, "<ext %d b", (int) value.tag);
        BROOD_TRY(put(output, tag));
        BROOD_TRY(put_quoted(output, value.as.bytes.data, value.as.bytes.size, true));
        return put(output, ">");
    }
    kind = brood__kind_find(value.tag);
    if (value.kind == BROOD_KIND_OBJECT && kind != NULL && value.as.object != NULL && mem != NULL)
        return put(output, kind->string(value.as.object, mem));
    BROOD_TRY(put(output, "<"));
    BROOD_TRY(put(output, brood__value_kind(value)));
    return put(output, ">");
}

/* `mem` NULL: objects show their kind only. */
static apr_status_t put_repr(brood__output_t *output, brood_value_t value, apr_pool_t *mem)
{
    char number[32];

    switch (value.kind) {
    case BROOD_KIND_NIL:
        return put(output, "None");
    case BROOD_KIND_BOOL:
        return put(output, value.as.boolean ? "True" : "False");
    case BROOD_KIND_INT:
        (void) snprintf(number, sizeof number, "%" PRId64, (int64_t) value.as.integer);
        return put(output, number);
    case BROOD_KIND_UINT:
        (void) snprintf(number, sizeof number, "%" PRIu64, (uint64_t) value.as.natural);
        return put(output, number);
    case BROOD_KIND_DOUBLE:
        return put_double(output, value.as.real);
    case BROOD_KIND_TEXT:
        return put_quoted(output, value.as.text.data, value.as.text.size, false);
    case BROOD_KIND_BYTES:
        BROOD_TRY(put(output, "b"));
        return put_quoted(output, value.as.bytes.data, value.as.bytes.size, true);
    case BROOD_KIND_LIST:
    case BROOD_KIND_MAP:
        return put_items(output, value, mem);
    default:
        return put_named(output, value, mem);
    }
}

const char *brood_value_string(brood_value_t value, apr_pool_t *mem)
{
    brood__output_t output = {NULL, 0, 0, mem};
    apr_status_t status;

    if (!brood__value_shallow(value))
        status = put(&output, "<nested too deeply>");
    else if (value.kind == BROOD_KIND_TEXT)
        status = brood__output_append(&output, value.as.text.data, value.as.text.size);
    else
        status = put_repr(&output, value, mem);
    if (status == APR_SUCCESS)
        status = brood__output_append(&output, "", 1);
    return status == APR_SUCCESS ? (const char *) output.data : "<no memory>";
}

const char *brood__value_brief(char buffer[BROOD__BRIEF], brood_value_t value)
{
    brood__output_t output = {(unsigned char *) buffer, 0, BROOD__BRIEF - 1, NULL};
    bool cut = false;
    size_t size;

    if (value.kind == BROOD_KIND_LIST || value.kind == BROOD_KIND_MAP) {
        (void) snprintf(buffer, BROOD__BRIEF, "a %s of %" PRIu64 " %s", brood__value_kind(value),
                        (uint64_t) value.as.list.count, value.kind == BROOD_KIND_LIST ? "items" : "pairs");
        return buffer;
    }
    if (value.kind == BROOD_KIND_TEXT && value.as.text.size > 60) {
        value.as.text.size = brood__utf8_cut(value.as.text.data, 60);
        cut = true;
    } else if ((value.kind == BROOD_KIND_BYTES || value.kind == BROOD_KIND_EXT) && value.as.bytes.size > 20) {
        value.as.bytes.size = 20;
        cut = true;
    }
    BROOD_IGNORE(put_repr(&output, value, NULL)); /* measures only: cannot fail */
    size = output.size < output.room ? output.size : brood__utf8_cut(buffer, output.room);
    if (cut || output.size > output.room) {
        size = size < BROOD__BRIEF - 4 ? size : brood__utf8_cut(buffer, BROOD__BRIEF - 4);
        memcpy(buffer + size, "...", 3);
        size += 3;
    }
    buffer[size] = '\0';
    return buffer;
}
