/* utf8.c - what is UTF-8 and what is not. */
#include "base/utf8.h"

#include <string.h>

size_t brood__utf8_next(uint32_t *character, const char *text, size_t size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* by length: less would be an overlong form */
    const unsigned char *bytes = (const unsigned char *) text;
    uint32_t number;
    size_t length;
    size_t i;

    if (size == 0)
        return 0;
    if (bytes[0] < 0x80) {
        *character = bytes[0];
        return 1;
    }
    if (bytes[0] < 0xC2 || bytes[0] > 0xF4)
        return 0;
    length = bytes[0] < 0xE0 ? 2 : bytes[0] < 0xF0 ? 3 : 4;
    if (size < length)
        return 0;
    number = bytes[0] & (0x7Fu >> length);
    for (i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0u) != 0x80)
            return 0;
        number = number << 6 | (bytes[i] & 0x3Fu);
    }
    if (number < least[length] || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF))
        return 0;
    *character = number;
    return length;
}

size_t brood__utf8_valid(const char *text, size_t size)
{
    size_t done = 0;
    uint32_t character;
    uint64_t eight;
    size_t length;

    while (done < size) {
        if (size - done >= sizeof eight) { /* most text is ASCII: eight bytes at a time */
            memcpy(&eight, text + done, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                done += sizeof eight;
                continue;
            }
        }
        length = brood__utf8_next(&character, text + done, size - done);
        if (length == 0)
            break;
        done += length;
    }
    return done;
}

size_t brood__utf8_cut(const char *text, size_t size)
{
    size_t start = size;
    uint32_t character;

    /* Back to the first byte of the last character: that is at most four bytes away. */
    while (start > 0 && size - start < 4) {
        start--;
        if (((unsigned char) text[start] & 0xC0u) != 0x80)
            return brood__utf8_next(&character, text + start, size - start) != 0 ? size : start;
    }
    return size;
}
