/** @file pack_cxx.h  What pack.h's macros are in C++ (11 and later): overloads where C has _Generic.
 *
 * Included by pack.h alone; a program uses the macros. */
#ifndef BROOD_PACK_CXX_H
#define BROOD_PACK_CXX_H

#include <brood/pack.h>

#ifdef __cplusplus
#define BROOD__VALUE(x) brood::value(x)
#define BROOD__SLOT(x) brood::slot(x)
#define BROOD__WAIT(x) brood::wait_item(x)
#define BROOD__LIST(count, ...) brood::list({__VA_ARGS__})
#define BROOD__MAP(count, ...) brood::map({__VA_ARGS__})
#define BROOD__UNPACK(list, count, ...) brood::unpack(list, {__VA_ARGS__})

extern "C++" { /* brood.h may be included within extern "C" */
namespace brood {
/* clang-format off */
#define BROOD__VALUE_OF(type, function) inline brood_value_t value(type x) { return function(x); }
#define BROOD__SLOT_OF(type, function) inline brood_slot_t slot(type x) { return function(x); }
#define BROOD__WAIT_OF(type, function) inline brood_wait_t wait_item(type x) { return function(x); }
BROOD__VALUE_TYPES(BROOD__VALUE_OF)
BROOD__SLOT_TYPES(BROOD__SLOT_OF)
BROOD__WAIT_TYPES(BROOD__WAIT_OF)
#undef BROOD__VALUE_OF
#undef BROOD__SLOT_OF
#undef BROOD__WAIT_OF
/* clang-format on */

/* A pointer that brood does not know would be taken for a bool. */
template <typename unknown> brood_value_t value(unknown *) = delete;

template <apr_size_t count> inline brood_value_t list(const brood_value_t (&items)[count])
{
    return brood_list(items, count);
}

template <apr_size_t count> inline brood_value_t map(const brood_value_t (&items)[count])
{
    static_assert(count % 2 == 0, "BROOD_MAP takes keys with values");
    return brood_map(items, count / 2);
}

template <apr_size_t count>
BROOD_CHECKED inline apr_status_t unpack(brood_value_t list, const brood_slot_t (&slots)[count])
{
    return brood_unpack(list, slots, count);
}
} // namespace brood
}
#endif
#endif
