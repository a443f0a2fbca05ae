/** @file value.h  Values: what travels between processes, as what Python pickles does (GEN-02, GEN-03).
 *
 *     const brood_value_t pair[] = {brood_text("Ada"), brood_int(36)};
 *     apr_int64_t age;
 *
 *     BROOD_TRY(brood_queue_put(queue, brood_list(pair, 2), BROOD_FOREVER));
 *     BROOD_TRY(brood_value_int(&age, pair[1]));
 *
 * The macros of pack.h make and read them with less ado: BROOD_LIST("Ada", 36).
 *
 * A value is 24 bytes and is passed like an int.  Text, bytes, lists and maps are views: what they point to belongs to
 * the caller's variables (constructors copy nothing) or to the memory pool given to the call that produced the value.
 * A call that takes a value has encoded or copied it when it returns.  Values are never changed, so any thread may read
 * them; and any thread may make every call below at any time, also without brood_main, unless objects of brood's are in
 * the value. */
#ifndef BROOD_VALUE_H
#define BROOD_VALUE_H

#include <apr.h>
#include <stdbool.h>
#include <brood/status.h>

BROOD_BEGIN

typedef struct brood_call_t brood_call_t;

/** Every function brood calls by name (GEN-01): see entry.h. */
typedef apr_status_t (*brood_entry_fn)(brood_call_t *call);

/** What a value is. */
typedef enum brood_kind_t {
    BROOD_KIND_NIL = 0, /**< nothing: Python's None */
    BROOD_KIND_BOOL,    /**< true or false */
    BROOD_KIND_INT,     /**< a whole number */
    BROOD_KIND_UINT,    /**< only above INT64_MAX; smaller ones are INT */
    BROOD_KIND_DOUBLE,  /**< a number with a fraction */
    BROOD_KIND_TEXT,    /**< UTF-8 */
    BROOD_KIND_BYTES,   /**< any bytes */
    BROOD_KIND_LIST,    /**< values in order */
    BROOD_KIND_MAP,     /**< pairs of a key and a value, in order */
    BROOD_KIND_ENTRY,   /**< a registered function */
    BROOD_KIND_OBJECT,  /**< lock, queue, array ... */
    BROOD_KIND_EXT      /**< the program's own, tag 0..127 in `tag` */
} brood_kind_t;

/** Bytes with their number; 64-bit everywhere a size_t is. */
typedef struct brood_bytes_t {
    const void *data; /**< may be NULL if there are none */
    apr_size_t size;  /**< how many */
} brood_bytes_t;

/** Made by the constructors below; its fields may be read directly. */
typedef struct brood_value_t brood_value_t;
struct brood_value_t {
    brood_kind_t kind; /**< which field of `as` counts */
    apr_int32_t tag;   /**< EXT: the program's tag; OBJECT: its type; TEXT: 1 if a NUL follows its last byte */
    union {
        bool boolean;         /**< BOOL */
        apr_int64_t integer;  /**< INT */
        apr_uint64_t natural; /**< UINT */
        double real;          /**< DOUBLE */
        struct {
            const char *data; /**< need not end in NUL: brood_value_text gives one that does */
            apr_size_t size;  /**< its bytes */
        } text;               /**< TEXT */
        brood_bytes_t bytes;  /**< BYTES and EXT */
        struct {
            const brood_value_t *items; /**< MAP: key, value, key, value ... */
            apr_size_t count;           /**< MAP: number of pairs */
        } list;                         /**< LIST and MAP */
        brood_entry_fn entry;           /**< ENTRY */
        void *object;                   /**< OBJECT */
    } as;                               /**< the value itself */
};

/** @name Make.  BROOD_VALUE, BROOD_LIST and BROOD_MAP (pack.h) choose among these.
 *
 *  None but brood_range can fail.  What cannot travel is found when it is to travel (GEN-04): BROOD_EENCODE for text
 *  that is not UTF-8, more than 32 lists and maps within each other, a key that comes twice, an ext tag above 127;
 *  BROOD_EENTRY for a function in no table; BROOD_ETOOBIG for 4 GiB of text or bytes or 2^32 items. @{ */
BROOD_API brood_value_t brood_nil(void);
BROOD_API brood_value_t brood_bool(bool flag);
BROOD_API brood_value_t brood_int(apr_int64_t number);
/** Of kind INT, if the number fits one. */
BROOD_API brood_value_t brood_uint(apr_uint64_t number);
BROOD_API brood_value_t brood_double(double number);
/** @param text  UTF-8 that ends in NUL, borrowed; NULL makes nil. */
BROOD_API brood_value_t brood_text(const char *text);
/** @param text  UTF-8, borrowed; may hold NULs.  @param size  its bytes. */
BROOD_API brood_value_t brood_text_n(const char *text, apr_size_t size);
/** @param data  borrowed; may be NULL if size is 0. */
BROOD_API brood_value_t brood_bytes(const void *data, apr_size_t size);
/** @param items  borrowed; may be NULL if count is 0. */
BROOD_API brood_value_t brood_list(const brood_value_t *items, apr_size_t count);
/** @param items  key, value, key, value ..., borrowed.  Keys may be anything and keep their order.
 *  @param pairs  half the number of items. */
BROOD_API brood_value_t brood_map(const brood_value_t *items, apr_size_t pairs);
/** @param entry  a function of an entry table (GEN-01); the receiver gets its own function of that name. */
BROOD_API brood_value_t brood_entry(brood_entry_fn entry);
/** Bytes with a type of the program's own.  @param tag  0 to 127.  @param data  borrowed; may be NULL if size is 0. */
BROOD_API brood_value_t brood_ext(apr_int32_t tag, const void *data, apr_size_t size);
/** The list first, first+1 ... end-1, in `mem`; empty unless first < end.
 *  @return the list; nil: that is too much memory, APR_ENOMEM in brood_last_error. */
BROOD_API brood_value_t brood_range(apr_int64_t first, apr_int64_t end, apr_pool_t *mem);
/** The value itself; for BROOD_VALUE. */
BROOD_API brood_value_t brood_value_self(brood_value_t value);
/** @} */

/** @name Read.
 *
 *  What is pointed to lives as long as the value.  Outputs are untouched unless APR_SUCCESS.
 *  @retval APR_SUCCESS   it was read.
 *  @retval BROOD_EKIND   the value is of another kind.
 *  @retval BROOD_ERANGE  the number does not fit. @{ */
BROOD_API BROOD_CHECKED apr_status_t brood_value_bool(bool *flag, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_value_int(apr_int64_t *number, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_value_uint(apr_uint64_t *number, brood_value_t value);
/** Also takes an int, if a double can be exactly that; BROOD_ERANGE if not. */
BROOD_API BROOD_CHECKED apr_status_t brood_value_double(double *number, brood_value_t value);
/** Ends in NUL, as text that was received or copied or made by brood_text does.  BROOD_ERANGE if a NUL is inside or
 *  none is at the end (brood_text_n): then read `as.text`. */
BROOD_API BROOD_CHECKED apr_status_t brood_value_text(const char **text, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_value_bytes(brood_bytes_t *bytes, brood_value_t value);
BROOD_API BROOD_CHECKED apr_status_t brood_value_entry(brood_entry_fn *entry, brood_value_t value);
/** @} */

/** @name Look into.  What is returned lives as long as the value. @{ */
/** Items of a list, pairs of a map, bytes of text, bytes and ext; 0 for everything else. */
BROOD_API apr_size_t brood_value_count(brood_value_t value);
/** Item of a list, from 0; nil if there is none. */
BROOD_API brood_value_t brood_value_at(brood_value_t list, apr_size_t index);
/** Key of pair `index` of a map, from 0; nil if there is none. */
BROOD_API brood_value_t brood_value_key_at(brood_value_t map, apr_size_t index);
/** Value of pair `index` of a map, from 0; nil if there is none. */
BROOD_API brood_value_t brood_value_item_at(brood_value_t map, apr_size_t index);
/** Value of a key in a map: a named argument, say (GEN-02).  Looks at one key after the other.
 *
 *  @param[out] found  untouched unless APR_SUCCESS.
 *  @param map         a map.
 *  @param key         compared as brood_value_equal does.
 *  @retval APR_SUCCESS   it was found.
 *  @retval BROOD_EKIND   `map` is no map.
 *  @retval BROOD_ERANGE  it has no such key. */
BROOD_API BROOD_CHECKED apr_status_t brood_value_find(brood_value_t *found, brood_value_t map, brood_value_t key);
/** Whether two values are the same, with all that is in them.  Numbers compare by value (1 equals 1.0, but not true;
 *  NaN equals NaN), maps in any order, objects by identity.  Lists that are nested deeper than 32 equal nothing.
 *  SPEC GEN-03. */
BROOD_API bool brood_value_equal(brood_value_t a, brood_value_t b);
/** @} */

/** Copy a value with all that is in it; objects in it are then held by `mem` too.
 *
 *  Any thread; with objects in it only between brood_init and its end.
 *
 *  @param value  any; not changed.
 *  @param mem    owner of the copy.
 *  @return the copy; nil if it cannot be copied, brood_last_error then says why: APR_EINVAL, nested deeper than 32
 *          lists and maps or a size without data; BROOD_ECLOSED, an object in it is closed; APR_ENOTIMPL, a socket is
 *          in it; APR_ENOMEM; or what the system refused.  SPEC GEN-03. */
BROOD_API brood_value_t brood_value_copy(brood_value_t value, apr_pool_t *mem);

/** The value as Python prints it: [42, None, 'hello'], True, {'a': 1}, b'\x00'; a text by itself without quotes;
 *  objects show their state, <Lock owner=Process-2>, entries their name, <entry main.work>, and the program's own kinds
 *  their bytes, <ext 5 b'..'>.
 *
 *  @param value  any.
 *  @param mem    owner of the text.
 *  @return ends in NUL, never NULL.  UTF-8, if the text by itself was.  SPEC GEN-03, LOCK-19. */
BROOD_API const char *brood_value_string(brood_value_t value, apr_pool_t *mem);

/** The value as bytes, for files and for other programs: MessagePack after a magic byte, 0xC1.
 *
 *  @param[out] bytes  untouched unless APR_SUCCESS.
 *  @param value       any but objects; not changed.
 *  @param mem         owner of the bytes.
 *  @retval APR_SUCCESS    brood_value_decode makes an equal value of them, in this program and in others.
 *  @retval BROOD_EENCODE  text is not UTF-8, a key comes twice, lists are nested deeper than 32, an ext tag is above
 *                         127, or there is an object in it, which means nothing outside of the tree.
 *  @retval BROOD_EENTRY   a function is in no entry table.
 *  @retval BROOD_ETOOBIG  4 GiB of text or bytes, or 2^32 items.
 *  @retval APR_ENOMEM     no memory.
 *  SPEC GEN-01, GEN-03, GEN-04. */
BROOD_API BROOD_CHECKED apr_status_t brood_value_encode(brood_bytes_t *bytes, brood_value_t value, apr_pool_t *mem);

/** The value that brood_value_encode made bytes of.  Safe on bytes from anybody (CONN-30): data only, nothing is
 *  called, depth is bounded and memory by some thirty times `size`.
 *
 *  @param[out] value  nothing in it points into `data`; untouched unless APR_SUCCESS.
 *  @param data        exactly one value; borrowed for the call.
 *  @param size        its bytes.
 *  @param mem         owner of what the value points to.
 *  @retval APR_SUCCESS    it is a value.
 *  @retval BROOD_EDECODE  the bytes are no value, too few or too many, their text is not UTF-8, a key comes twice,
 *                         lists are nested deeper than 32, or they name an object.
 *  @retval BROOD_EENTRY   they name an entry that is in no table of this program.
 *  @retval APR_ENOMEM     no memory. */
BROOD_API BROOD_CHECKED apr_status_t brood_value_decode(brood_value_t *value, const void *data, apr_size_t size,
                                                        apr_pool_t *mem);

/** Fail as brood_fail_text does, with a value for those who handle it (GEN-05).
 *
 *  @param status   the failure.
 *  @param message  copied; NULL: the text of the status.
 *  @param payload  copied.  If that cannot be, since it is an object, say, the failure is recorded without it and the
 *                  message says so.
 *  @return `status`. */
BROOD_API BROOD_CHECKED apr_status_t brood_fail_value(apr_status_t status, const char *message, brood_value_t payload);

/** The value that came with this thread's last failure; to be asked for before its next one.
 *
 *  @param mem  owner of what the value points to.
 *  @return a copy; nil: none came, or it cannot be decoded here.  SPEC GEN-05. */
BROOD_API brood_value_t brood_last_payload(apr_pool_t *mem);

/** @name Unpack a list into variables: the functions under BROOD_UNPACK (pack.h). @{ */
/** What a variable is. */
typedef enum brood_slot_kind_t {
    BROOD_SLOT_VALUE,    /**< a brood_value_t */
    BROOD_SLOT_BOOL,     /**< a bool */
    BROOD_SLOT_SIGNED,   /**< short, int, long, long long */
    BROOD_SLOT_UNSIGNED, /**< the same, unsigned */
    BROOD_SLOT_FLOAT,    /**< a float */
    BROOD_SLOT_DOUBLE,   /**< a double */
    BROOD_SLOT_TEXT,     /**< a const char * */
    BROOD_SLOT_BYTES,    /**< a brood_bytes_t */
    BROOD_SLOT_ENTRY,    /**< a brood_entry_fn */
    BROOD_SLOT_OBJECT    /**< a pointer to an object of brood's, or to an APR socket */
} brood_slot_kind_t;

/** Where and as what to store: made by the functions below. */
typedef struct brood_slot_t {
    brood_slot_kind_t kind; /**< of the variable */
    apr_int32_t tag;        /**< OBJECT: its type; numbers: size in bytes */
    void *target;           /**< borrowed until it is stored to */
} brood_slot_t;

/** Store item i of a list through slot i: the arguments of an entry into its variables (GEN-02).
 *
 *  What text, bytes, lists and objects point to lives as long as the list.
 *
 *  @param list   usually call->args.
 *  @param slots  `count` of them, borrowed for the call.
 *  @param count  how many items the list is to have.
 *  @retval APR_SUCCESS   all are stored.
 *  @retval BROOD_EARGS   not a list, or the number of items or a kind differs; index and kinds are in the message.
 *  @retval BROOD_ERANGE  a number does not fit its variable, or a text has a NUL inside or none at its end.
 *  After a failure nothing has been stored; brood_last_error()->item is the index of the item, -1 if their number
 *  differs. */
BROOD_API BROOD_CHECKED apr_status_t brood_unpack(brood_value_t list, const brood_slot_t *slots, apr_size_t count);

/** The same for one value; under BROOD_READ.
 *
 *  @param slot   of the variable.
 *  @param value  any.
 *  @retval APR_SUCCESS   it is stored.
 *  @retval BROOD_EKIND   the value is of another kind.
 *  @retval BROOD_ERANGE  as brood_unpack.
 *  After a failure nothing has been stored. */
BROOD_API BROOD_CHECKED apr_status_t brood_read(brood_slot_t slot, brood_value_t value);

BROOD_API brood_slot_t brood_slot_value(brood_value_t *target);
BROOD_API brood_slot_t brood_slot_bool(bool *target);
BROOD_API brood_slot_t brood_slot_short(short *target);
BROOD_API brood_slot_t brood_slot_int(int *target);
BROOD_API brood_slot_t brood_slot_long(long *target);
BROOD_API brood_slot_t brood_slot_llong(long long *target);
BROOD_API brood_slot_t brood_slot_ushort(unsigned short *target);
BROOD_API brood_slot_t brood_slot_uint(unsigned *target);
BROOD_API brood_slot_t brood_slot_ulong(unsigned long *target);
BROOD_API brood_slot_t brood_slot_ullong(unsigned long long *target);
/** Takes any double that is not too large, rounded, and an int if exact. */
BROOD_API brood_slot_t brood_slot_float(float *target);
BROOD_API brood_slot_t brood_slot_double(double *target);
BROOD_API brood_slot_t brood_slot_text(const char **target);
BROOD_API brood_slot_t brood_slot_bytes(brood_bytes_t *target);
BROOD_API brood_slot_t brood_slot_entry(brood_entry_fn *target);
/** @} */

BROOD_END
#endif
