/** @file pack.h  C values to brood values and back, chosen by type at compile time.
 *
 * C11 only; from C++ use the functions these macros call.  At most 32 items.  The array behind BROOD_LIST and BROOD_MAP
 * lives as long as the enclosing block: to return a list from a function, copy it (brood_value_copy).
 * Items are evaluated once; texts, lists and objects in them stay the caller's.  A type that brood does not know does
 * not compile.  Microsoft's compiler needs /Zc:preprocessor. */
#ifndef BROOD_PACK_H
#define BROOD_PACK_H

#include <brood/connection.h>
#include <brood/managed.h>
#include <brood/queue.h>
#include <brood/shareable_list.h>
#include <brood/shared.h>
#include <brood/shared_memory.h>
#include <brood/sync.h>
#include <brood/value.h>
#include <brood/wait.h>

/** No arguments: an empty list (SPEC GEN-02); nil. */
#define BROOD_NO_ARGS brood_list(NULL, 0)
#define BROOD_NIL brood_nil()

#ifndef __cplusplus

/** A value of any C number, bool, text, entry or brood object.  (`true` is an int in C: brood_bool(true).) */
#define BROOD_VALUE(x) \
    _Generic((x),                                              \
        brood_value_t: brood_value_self,                       \
        _Bool: brood_bool,                                     \
        char: brood_int,                                       \
        signed char: brood_int,                                \
        unsigned char: brood_int,                              \
        short: brood_int,                                      \
        unsigned short: brood_int,                             \
        int: brood_int,                                        \
        long: brood_int,                                       \
        long long: brood_int,                                  \
        unsigned: brood_int,                                   \
        unsigned long: brood_uint,                             \
        unsigned long long: brood_uint,                        \
        float: brood_double,                                   \
        double: brood_double,                                  \
        char *: brood_text,                                    \
        const char *: brood_text,                              \
        brood_entry_fn: brood_entry,                           \
        brood_lock_t *: brood_lock_to_value,                   \
        brood_semaphore_t *: brood_semaphore_to_value,         \
        brood_condition_t *: brood_condition_to_value,         \
        brood_event_t *: brood_event_to_value,                 \
        brood_barrier_t *: brood_barrier_to_value,             \
        brood_array_t *: brood_array_to_value,                 \
        brood_shared_memory_t *: brood_shared_memory_to_value, \
        brood_shareable_list_t *: brood_shareable_list_to_value, \
        brood_connection_t *: brood_connection_to_value,       \
        apr_socket_t *: brood_socket_to_value,                 \
        brood_queue_t *: brood_queue_to_value,                 \
        brood_managed_dict_t *: brood_managed_dict_to_value,   \
        brood_managed_list_t *: brood_managed_list_to_value,   \
        brood_managed_set_t *: brood_managed_set_to_value,     \
        brood_namespace_t *: brood_namespace_to_value,         \
        brood_proxy_t *: brood_proxy_to_value)(x)

/** A list: BROOD_LIST(42, BROOD_NIL, "hello").  An argument list is a list: BROOD_ARGS("Mike", connection).
 *  For a call's argument; to keep one past the block: brood_value_copy(BROOD_LIST(...), mem). */
#define BROOD_LIST(...) \
    brood_list((const brood_value_t[]){BROOD__EACH(BROOD_VALUE, __VA_ARGS__)}, BROOD__COUNT(__VA_ARGS__))
#define BROOD_ARGS(...) BROOD_LIST(__VA_ARGS__)

/** A map: BROOD_MAP("rate", 1.5, "name", "x").  An odd number of items does not compile. */
#define BROOD_MAP(...)                                                        \
    brood_map((const brood_value_t[]){BROOD__EACH(BROOD_VALUE, __VA_ARGS__)}, \
              sizeof(char[BROOD__COUNT(__VA_ARGS__) % 2 ? -1 : BROOD__COUNT(__VA_ARGS__) / 2]))

/** A list into variables, by address: BROOD_TRY(BROOD_UNPACK(call->args, &owner, &connection)). */
#define BROOD_UNPACK(list, ...) \
    brood_unpack((list), (const brood_slot_t[]){BROOD__EACH(BROOD_SLOT, __VA_ARGS__)}, BROOD__COUNT(__VA_ARGS__))

/** One value into a variable: BROOD_TRY(BROOD_READ(&n, item)). */
#define BROOD_READ(target, value) brood_read(BROOD_SLOT(target), (value))

/** Where and as what to store: chosen by the type pointed to. */
#define BROOD_SLOT(x) \
    _Generic((x),                                              \
        brood_value_t *: brood_slot_value,                     \
        _Bool *: brood_slot_bool,                              \
        short *: brood_slot_short,                             \
        int *: brood_slot_int,                                 \
        long *: brood_slot_long,                               \
        long long *: brood_slot_llong,                         \
        unsigned short *: brood_slot_ushort,                   \
        unsigned *: brood_slot_uint,                           \
        unsigned long *: brood_slot_ulong,                     \
        unsigned long long *: brood_slot_ullong,               \
        float *: brood_slot_float,                             \
        double *: brood_slot_double,                           \
        const char **: brood_slot_text,                        \
        brood_bytes_t *: brood_slot_bytes,                     \
        brood_entry_fn *: brood_slot_entry,                    \
        brood_lock_t **: brood_slot_lock,                      \
        brood_semaphore_t **: brood_slot_semaphore,            \
        brood_condition_t **: brood_slot_condition,            \
        brood_event_t **: brood_slot_event,                    \
        brood_barrier_t **: brood_slot_barrier,                \
        brood_array_t **: brood_slot_array,                    \
        brood_shared_memory_t **: brood_slot_shared_memory,    \
        brood_shareable_list_t **: brood_slot_shareable_list,  \
        brood_connection_t **: brood_slot_connection,          \
        apr_socket_t **: brood_slot_socket,                    \
        brood_queue_t **: brood_slot_queue,                    \
        brood_managed_dict_t **: brood_slot_managed_dict,      \
        brood_managed_list_t **: brood_slot_managed_list,      \
        brood_managed_set_t **: brood_slot_managed_set,        \
        brood_namespace_t **: brood_slot_namespace,            \
        brood_proxy_t **: brood_slot_proxy)(x)

/** An item for brood_wait, of a process, a connection, a listener or a socket. */
/* clang-format off */
#define BROOD_WAIT(x) \
    _Generic((x),                                              \
        brood_process_t *: brood_wait_process,                 \
        brood_connection_t *: brood_wait_connection,           \
        brood_listener_t *: brood_wait_listener,               \
        apr_socket_t *: brood_wait_socket)(x)
/* clang-format on */

/* Apply a macro to each argument; count them. */
#define BROOD__EACH(f, ...) BROOD__JOIN(BROOD__EACH, BROOD__COUNT(__VA_ARGS__))(f, __VA_ARGS__)
#define BROOD__JOIN(a, b) BROOD__JOIN_(a, b)
#define BROOD__JOIN_(a, b) a##b
#define BROOD__COUNT(...)                                                                                           \
    BROOD__NTH(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, \
               10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define BROOD__NTH(p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15, p16, p17, p18, p19, p20, p21, \
                   p22, p23, p24, p25, p26, p27, p28, p29, p30, p31, p32, n, ...)                                  \
    n
#define BROOD__EACH1(f, x) f(x)
#define BROOD__EACH2(f, x, ...) f(x), BROOD__EACH1(f, __VA_ARGS__)
#define BROOD__EACH3(f, x, ...) f(x), BROOD__EACH2(f, __VA_ARGS__)
#define BROOD__EACH4(f, x, ...) f(x), BROOD__EACH3(f, __VA_ARGS__)
#define BROOD__EACH5(f, x, ...) f(x), BROOD__EACH4(f, __VA_ARGS__)
#define BROOD__EACH6(f, x, ...) f(x), BROOD__EACH5(f, __VA_ARGS__)
#define BROOD__EACH7(f, x, ...) f(x), BROOD__EACH6(f, __VA_ARGS__)
#define BROOD__EACH8(f, x, ...) f(x), BROOD__EACH7(f, __VA_ARGS__)
#define BROOD__EACH9(f, x, ...) f(x), BROOD__EACH8(f, __VA_ARGS__)
#define BROOD__EACH10(f, x, ...) f(x), BROOD__EACH9(f, __VA_ARGS__)
#define BROOD__EACH11(f, x, ...) f(x), BROOD__EACH10(f, __VA_ARGS__)
#define BROOD__EACH12(f, x, ...) f(x), BROOD__EACH11(f, __VA_ARGS__)
#define BROOD__EACH13(f, x, ...) f(x), BROOD__EACH12(f, __VA_ARGS__)
#define BROOD__EACH14(f, x, ...) f(x), BROOD__EACH13(f, __VA_ARGS__)
#define BROOD__EACH15(f, x, ...) f(x), BROOD__EACH14(f, __VA_ARGS__)
#define BROOD__EACH16(f, x, ...) f(x), BROOD__EACH15(f, __VA_ARGS__)
#define BROOD__EACH17(f, x, ...) f(x), BROOD__EACH16(f, __VA_ARGS__)
#define BROOD__EACH18(f, x, ...) f(x), BROOD__EACH17(f, __VA_ARGS__)
#define BROOD__EACH19(f, x, ...) f(x), BROOD__EACH18(f, __VA_ARGS__)
#define BROOD__EACH20(f, x, ...) f(x), BROOD__EACH19(f, __VA_ARGS__)
#define BROOD__EACH21(f, x, ...) f(x), BROOD__EACH20(f, __VA_ARGS__)
#define BROOD__EACH22(f, x, ...) f(x), BROOD__EACH21(f, __VA_ARGS__)
#define BROOD__EACH23(f, x, ...) f(x), BROOD__EACH22(f, __VA_ARGS__)
#define BROOD__EACH24(f, x, ...) f(x), BROOD__EACH23(f, __VA_ARGS__)
#define BROOD__EACH25(f, x, ...) f(x), BROOD__EACH24(f, __VA_ARGS__)
#define BROOD__EACH26(f, x, ...) f(x), BROOD__EACH25(f, __VA_ARGS__)
#define BROOD__EACH27(f, x, ...) f(x), BROOD__EACH26(f, __VA_ARGS__)
#define BROOD__EACH28(f, x, ...) f(x), BROOD__EACH27(f, __VA_ARGS__)
#define BROOD__EACH29(f, x, ...) f(x), BROOD__EACH28(f, __VA_ARGS__)
#define BROOD__EACH30(f, x, ...) f(x), BROOD__EACH29(f, __VA_ARGS__)
#define BROOD__EACH31(f, x, ...) f(x), BROOD__EACH30(f, __VA_ARGS__)
#define BROOD__EACH32(f, x, ...) f(x), BROOD__EACH31(f, __VA_ARGS__)

#endif /* !__cplusplus */
#endif
