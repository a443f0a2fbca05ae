/** @file pack.h  C values to brood values and back, chosen by type at compile time.
 *
 *     BROOD_TRY(brood_process_start(&child, greet, BROOD_ARGS("Ada", 36, queue), NULL, mem));
 *
 * and in the entry
 *
 *     BROOD_TRY(BROOD_UNPACK(call->args, &name, &age, &queue));
 *
 * At most 32 items.  The array behind BROOD_LIST and BROOD_MAP lives as long as the enclosing block: to return a list
 * from a function, copy it (brood_value_copy).  In C++ (11 and later) it lives to the end of the statement, the call it
 * is an argument of: there a list in a variable must be a copy, too.
 * Items are evaluated once; texts, lists and objects in them stay the caller's.  A type that brood does not know does
 * not compile.  Microsoft's compiler needs /Zc:preprocessor.  The macros only call public functions: value.h has their
 * statuses. */
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

/* clang-format off */
/* The types that values are made of, each with its constructor; variables that they are read into; what can be waited
 * for.  Chosen among by _Generic in C, by overloads in C++. */
#define BROOD__VALUE_TYPES(X)                                       \
    X(brood_value_t, brood_value_self)                         \
    X(bool, brood_bool)                                        \
    X(char, brood_int)                                         \
    X(signed char, brood_int)                                  \
    X(unsigned char, brood_int)                                \
    X(short, brood_int)                                        \
    X(unsigned short, brood_int)                               \
    X(int, brood_int)                                          \
    X(long, brood_int)                                         \
    X(long long, brood_int)                                    \
    X(unsigned, brood_int)                                     \
    X(unsigned long, brood_uint)                               \
    X(unsigned long long, brood_uint)                          \
    X(float, brood_double)                                     \
    X(double, brood_double)                                    \
    X(char *, brood_text)                                      \
    X(const char *, brood_text)                                \
    X(brood_entry_fn, brood_entry)                             \
    X(brood_lock_t *, brood_lock_to_value)                     \
    X(brood_semaphore_t *, brood_semaphore_to_value)           \
    X(brood_condition_t *, brood_condition_to_value)           \
    X(brood_event_t *, brood_event_to_value)                   \
    X(brood_barrier_t *, brood_barrier_to_value)               \
    X(brood_array_t *, brood_array_to_value)                   \
    X(brood_shared_memory_t *, brood_shared_memory_to_value)   \
    X(brood_shareable_list_t *, brood_shareable_list_to_value) \
    X(brood_connection_t *, brood_connection_to_value)         \
    X(apr_socket_t *, brood_socket_to_value)                   \
    X(brood_queue_t *, brood_queue_to_value)                   \
    X(brood_managed_dict_t *, brood_managed_dict_to_value)     \
    X(brood_managed_list_t *, brood_managed_list_to_value)     \
    X(brood_managed_set_t *, brood_managed_set_to_value)       \
    X(brood_namespace_t *, brood_namespace_to_value)           \
    X(brood_proxy_t *, brood_proxy_to_value)

#define BROOD__SLOT_TYPES(X)                                     \
    X(brood_value_t *, brood_slot_value)                    \
    X(bool *, brood_slot_bool)                              \
    X(short *, brood_slot_short)                            \
    X(int *, brood_slot_int)                                \
    X(long *, brood_slot_long)                              \
    X(long long *, brood_slot_llong)                        \
    X(unsigned short *, brood_slot_ushort)                  \
    X(unsigned *, brood_slot_uint)                          \
    X(unsigned long *, brood_slot_ulong)                    \
    X(unsigned long long *, brood_slot_ullong)              \
    X(float *, brood_slot_float)                            \
    X(double *, brood_slot_double)                          \
    X(const char **, brood_slot_text)                       \
    X(brood_bytes_t *, brood_slot_bytes)                    \
    X(brood_entry_fn *, brood_slot_entry)                   \
    X(brood_lock_t **, brood_slot_lock)                     \
    X(brood_semaphore_t **, brood_slot_semaphore)           \
    X(brood_condition_t **, brood_slot_condition)           \
    X(brood_event_t **, brood_slot_event)                   \
    X(brood_barrier_t **, brood_slot_barrier)               \
    X(brood_array_t **, brood_slot_array)                   \
    X(brood_shared_memory_t **, brood_slot_shared_memory)   \
    X(brood_shareable_list_t **, brood_slot_shareable_list) \
    X(brood_connection_t **, brood_slot_connection)         \
    X(apr_socket_t **, brood_slot_socket)                   \
    X(brood_queue_t **, brood_slot_queue)                   \
    X(brood_managed_dict_t **, brood_slot_managed_dict)     \
    X(brood_managed_list_t **, brood_slot_managed_list)     \
    X(brood_managed_set_t **, brood_slot_managed_set)       \
    X(brood_namespace_t **, brood_slot_namespace)           \
    X(brood_proxy_t **, brood_slot_proxy)

#define BROOD__WAIT_TYPES(X)                            \
    X(brood_process_t *, brood_wait_process)       \
    X(brood_connection_t *, brood_wait_connection) \
    X(brood_listener_t *, brood_wait_listener)     \
    X(apr_socket_t *, brood_wait_socket)
/* clang-format on */

#ifdef __cplusplus
#include <brood/pack_cxx.h>
#else
#define BROOD__CASE(type, function) , type : function
#define BROOD__VALUE(x) _Generic((x) BROOD__VALUE_TYPES(BROOD__CASE))(x)
#define BROOD__SLOT(x) _Generic((x) BROOD__SLOT_TYPES(BROOD__CASE))(x)
#define BROOD__WAIT(x) _Generic((x) BROOD__WAIT_TYPES(BROOD__CASE))(x)
#define BROOD__LIST(count, ...) brood_list((const brood_value_t[]){__VA_ARGS__}, count)
#define BROOD__MAP(count, ...) \
    brood_map((const brood_value_t[]){__VA_ARGS__}, sizeof(char[(count) % 2 ? -1 : (count) / 2]))
#define BROOD__UNPACK(list, count, ...) brood_unpack(list, (const brood_slot_t[]){__VA_ARGS__}, count)
#endif

/** A value of any number, bool, text, entry or object of brood's.  (`true` is an int in C: brood_bool(true).) */
#define BROOD_VALUE(x) BROOD__VALUE(x)

/** A list: BROOD_LIST(42, BROOD_NIL, "hello").  An argument list is a list: BROOD_ARGS("Mike", connection).
 *  For a call's argument; to keep one past the block: brood_value_copy(BROOD_LIST(...), mem). */
#define BROOD_LIST(...) BROOD__LIST(BROOD__COUNT(__VA_ARGS__), BROOD__EACH(BROOD_VALUE, __VA_ARGS__))
#define BROOD_ARGS(...) BROOD_LIST(__VA_ARGS__)

/** A map: BROOD_MAP("rate", 1.5, "name", "x").  An odd number of items does not compile. */
#define BROOD_MAP(...) BROOD__MAP(BROOD__COUNT(__VA_ARGS__), BROOD__EACH(BROOD_VALUE, __VA_ARGS__))

/** A list into variables, by address: BROOD_TRY(BROOD_UNPACK(call->args, &owner, &connection)).  Statuses:
 *  brood_unpack. */
#define BROOD_UNPACK(list, ...) BROOD__UNPACK((list), BROOD__COUNT(__VA_ARGS__), BROOD__EACH(BROOD_SLOT, __VA_ARGS__))

/** One value into a variable: BROOD_TRY(BROOD_READ(&n, item)).  Statuses: brood_read. */
#define BROOD_READ(target, value) brood_read(BROOD_SLOT(target), (value))

/** Where and as what to store: chosen by the type pointed to. */
#define BROOD_SLOT(x) BROOD__SLOT(x)

/** An item for brood_wait, of a process, a connection, a listener or a socket. */
#define BROOD_WAIT(x) BROOD__WAIT(x)

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

#endif
