/* scalar.h - a nil, bool or number by itself, the usual item of a queue, without msgpack-c's machinery: a few
 * nanoseconds instead of twenty.  The bytes are the same. */
#ifndef BROOD_BASE_SCALAR_H
#define BROOD_BASE_SCALAR_H

#include <brood/value.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that the longest takes. */
#define BROOD__SCALAR_ROOM 9

/* Numbers of 1, 2, 4 and 8 bytes, highest first; without loops, which compilers do not see through as well. */
static inline void brood__scalar_put2(unsigned char *room, uint64_t number)
{
    room[0] = (unsigned char) (number >> 8);
    room[1] = (unsigned char) number;
}

static inline void brood__scalar_put4(unsigned char *room, uint64_t number)
{
    room[0] = (unsigned char) (number >> 24);
    room[1] = (unsigned char) (number >> 16);
    room[2] = (unsigned char) (number >> 8);
    room[3] = (unsigned char) number;
}

/* `first`, then the low `size` bytes of the number.  Returns how many bytes that is. */
static inline size_t brood__scalar_put(unsigned char *room, unsigned char first, uint64_t number, int size)
{
    room[0] = first;
    if (size == 1)
        room[1] = (unsigned char) number;
    else if (size == 2)
        brood__scalar_put2(room + 1, number);
    else if (size == 4)
        brood__scalar_put4(room + 1, number);
    else if (size == 8) {
        brood__scalar_put4(room + 1, number >> 32);
        brood__scalar_put4(room + 5, number);
    }
    return (size_t) size + 1;
}

static inline uint64_t brood__scalar_get4(const unsigned char *data)
{
    return (uint64_t) data[0] << 24 | (uint64_t) data[1] << 16 | (uint64_t) data[2] << 8 | data[3];
}

static inline uint64_t brood__scalar_get8(const unsigned char *data)
{
    return (uint64_t) data[0] << 56 | (uint64_t) data[1] << 48 | (uint64_t) data[2] << 40 | (uint64_t) data[3] << 32
           | (uint64_t) data[4] << 24 | (uint64_t) data[5] << 16 | (uint64_t) data[6] << 8 | (uint64_t) data[7];
}

static inline size_t brood__scalar_put_natural(unsigned char *room, uint64_t number)
{
    if (number < 0x80)
        return brood__scalar_put(room, (unsigned char) number, 0, 0);
    if (number <= UINT8_MAX)
        return brood__scalar_put(room, 0xCC, number, 1);
    if (number <= UINT16_MAX)
        return brood__scalar_put(room, 0xCD, number, 2);
    if (number <= UINT32_MAX)
        return brood__scalar_put(room, 0xCE, number, 4);
    return brood__scalar_put(room, 0xCF, number, 8);
}

static inline size_t brood__scalar_put_negative(unsigned char *room, int64_t number)
{
    if (number >= -32)
        return brood__scalar_put(room, (unsigned char) number, 0, 0);
    if (number >= INT8_MIN)
        return brood__scalar_put(room, 0xD0, (uint64_t) number, 1);
    if (number >= INT16_MIN)
        return brood__scalar_put(room, 0xD1, (uint64_t) number, 2);
    if (number >= INT32_MIN)
        return brood__scalar_put(room, 0xD2, (uint64_t) number, 4);
    return brood__scalar_put(room, 0xD3, (uint64_t) number, 8);
}

/* Write the value's bytes into `room`; 0: it is no scalar. */
static inline size_t brood__scalar_write(unsigned char room[BROOD__SCALAR_ROOM], const brood_value_t *value)
{
    uint64_t bits;

    switch (value->kind) {
    case BROOD_KIND_NIL:
        return brood__scalar_put(room, 0xC0, 0, 0);
    case BROOD_KIND_BOOL:
        return brood__scalar_put(room, value->as.boolean ? 0xC3 : 0xC2, 0, 0);
    case BROOD_KIND_INT:
        if (value->as.integer < 0)
            return brood__scalar_put_negative(room, value->as.integer);
        return brood__scalar_put_natural(room, (uint64_t) value->as.integer);
    case BROOD_KIND_UINT:
        return brood__scalar_put_natural(room, value->as.natural);
    case BROOD_KIND_DOUBLE:
        memcpy(&bits, &value->as.real, sizeof bits);
        return brood__scalar_put(room, 0xCB, bits, 8);
    default:
        return 0;
    }
}

/* Filled in place: a value that is returned and copied costs more than all the rest. */
static inline bool brood__scalar_int(brood_value_t *value, int64_t number)
{
    value->kind = BROOD_KIND_INT;
    value->tag = 0;
    value->as.integer = number;
    return true;
}

static inline bool brood__scalar_byte(brood_value_t *value, unsigned char byte)
{
    if (byte < 0x80)
        return brood__scalar_int(value, byte);
    if (byte >= 0xE0)
        return brood__scalar_int(value, (int) byte - 256);
    if (byte == 0xC0)
        *value = brood_nil();
    else if (byte == 0xC2 || byte == 0xC3)
        *value = brood_bool(byte == 0xC3);
    else
        return false;
    return true;
}

/* Read the value that is all of `data`; false: it is no scalar, or there are too few bytes or too many. */
static inline bool brood__scalar_read(brood_value_t *value, const unsigned char *data, size_t size)
{
    uint64_t bits;

    if (size == 1)
        return brood__scalar_byte(value, data[0]);
    if (size == 2 && data[0] == 0xCC)
        return brood__scalar_int(value, data[1]);
    if (size == 3 && data[0] == 0xCD)
        return brood__scalar_int(value, data[1] << 8 | data[2]);
    if (size == 5 && data[0] == 0xCE)
        return brood__scalar_int(value, (int64_t) brood__scalar_get4(data + 1));
    if (size == 9 && data[0] == 0xCF && data[1] < 0x80)
        return brood__scalar_int(value, (int64_t) brood__scalar_get8(data + 1));
    if (size != 9 || data[0] != 0xCB)
        return false; /* negative numbers of several bytes, floats and what is above INT64_MAX go the long way */
    bits = brood__scalar_get8(data + 1);
    value->kind = BROOD_KIND_DOUBLE;
    value->tag = 0;
    memcpy(&value->as.real, &bits, sizeof bits);
    return true;
}

#endif
