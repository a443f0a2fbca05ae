/* codec_fixture.h - entries and a kind of object for the tests of the codec. */
#ifndef BROOD_TESTS_CODEC_FIXTURE_H
#define BROOD_TESTS_CODEC_FIXTURE_H

#include "harness.h"

#include "base/codec.h"
#include "base/kind.h"
#include <apr_general.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

#define BYTES(literal) literal, sizeof literal - 1

static inline apr_status_t work(brood_call_t *call)
{
    (void) call;
    return APR_SUCCESS;
}

static inline apr_status_t hidden(brood_call_t *call)
{
    (void) call;
    return APR_EGENERAL;
}

static inline const char *name_of(brood_entry_fn entry)
{
    return entry == work ? "main.work" : NULL;
}

static inline brood_entry_fn find_entry(const char *name, size_t size)
{
    return size == 9 && memcmp(name, "main.work", 9) == 0 ? work : NULL;
}

static const brood__entry_table_t entry_names = {name_of, find_entry, NULL};

/* A kind of object that only this program has. */
#define TAG_COIN 200

static int coins[3];
static int *closed_coin;
static int handed_over;
static uint32_t handed_to;

static inline apr_status_t coin_pack(uint64_t *word, void *object, uint32_t to)
{
    if (object == closed_coin)
        return brood_fail_text(BROOD_ECLOSED, "Coin is closed");
    *word = UINT64_C(0x8000000000000001) + (uint64_t) ((int *) object - coins);
    handed_over++;
    handed_to = to;
    return APR_SUCCESS;
}

static inline apr_status_t coin_unpack(void **object, uint64_t word, apr_pool_t *into)
{
    (void) into;
    if (word - UINT64_C(0x8000000000000001) > 2)
        return brood_fail_text(BROOD_EDECODE, "no such Coin");
    *object = &coins[word - UINT64_C(0x8000000000000001)];
    return APR_SUCCESS;
}

static inline bool coin_same(const void *a, const void *b)
{
    return a == b;
}

static const brood__kind_t coin_kind = {
    .tag = TAG_COIN, .name = "Coin", .pack = coin_pack, .unpack = coin_unpack, .same = coin_same};

static inline apr_status_t decode(brood_value_t *value, const void *data, size_t size)
{
    return brood__decode(value, data, size, true, mem);
}

static inline void refuse(apr_status_t expected, const void *bytes, size_t size)
{
    /* In a block of just this size, so that a sanitizer sees a byte read too many. */
    unsigned char *exact = malloc(size == 0 ? 1 : size);
    brood_value_t value = brood_int(77);

    memcpy(exact, bytes, size);
    EXPECT_STATUS(expected, decode(&value, exact, size));
    EXPECT(value.kind == BROOD_KIND_INT && value.as.integer == 77);
    free(exact);
}

#endif
