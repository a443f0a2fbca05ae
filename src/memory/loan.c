#include "memory/loan.h"
#include "base/codec.h"
#include "base/step.h"
#include "base/thread_local.h"
#include "memory/block.h"
#include "platform/ticket.h"
#include <brood/status.h>
#include <string.h>

#define TICKET (UINT64_C(1) << 63) /* no block is there */

/* What a bearing block begins with. */
typedef struct list_t {
    uint64_t count;
    uint64_t object[];
} list_t;

/* ---- which objects are in a value ---- */

static BROOD__THREAD_LOCAL brood__loans_t *noting; /* while an item is encoded in this thread */
static BROOD__THREAD_LOCAL bool measuring;         /* and it is not yet to be */

static apr_status_t encode(brood__output_t *output, brood_value_t value, brood__loans_t *loans, bool measure)
{
    apr_status_t rc;

    measuring = measure;
    loans->count = 0;
    noting = loans;
    rc = brood__encode(output, value, BROOD__TO_ITEM);
    noting = NULL;
    return rc;
}

apr_status_t brood__loans_measure(brood__output_t *output, brood_value_t value, brood__loans_t *loans)
{
    return encode(output, value, loans, true);
}

apr_status_t brood__loans_encode(brood__output_t *output, brood_value_t value, brood__loans_t *loans)
{
    const apr_status_t rc = encode(output, value, loans, false);

    if (rc != APR_SUCCESS)
        brood__loans_revoke(loans);
    return rc;
}

apr_status_t brood__loans_note(uint64_t object)
{
    if (noting->count == BROOD__LOANS_MOST)
        return brood_fail(BROOD_EENCODE, "more than %d shared objects in one item", BROOD__LOANS_MOST);
    noting->object[noting->count++] = object;
    return APR_SUCCESS;
}

apr_status_t brood__loans_leave(uint64_t *word, brood__handle_t handle, brood__handle_kind_t kind)
{
    apr_status_t rc;

    *word = 0;
    BROOD_TRY(brood__loans_note(TICKET));
    if (measuring)
        return APR_SUCCESS;
    if ((rc = brood__ticket_leave(word, handle, kind, INT64_MAX)) == APR_SUCCESS)
        noting->object[noting->count - 1] |= *word;
    else
        noting->count--;
    return rc;
}

static void revoke_all(const uint64_t *object, uint64_t count)
{
    for (; count > 0; count--)
        if (object[count - 1] & TICKET)
            brood__ticket_revoke(object[count - 1] & ~TICKET);
}

void brood__loans_revoke(const brood__loans_t *loans)
{
    revoke_all(loans->object, loans->count);
}

/* ---- what a block bears ---- */

/* How many objects its list names; none if that cannot be. */
static uint64_t count_of(const brood__block_t *found, uint64_t block)
{
    const uint64_t count = ((const list_t *) brood__at(block))->count;

    return count < found->size / sizeof count ? count : 0;
}

/* Under the lock. */
static void lend_all(const brood__block_t *found, uint64_t block)
{
    const list_t *list = brood__at(block);

    for (uint64_t i = count_of(found, block); i > 0; i--) {
        brood__object_t *object = brood__object_in(list->object[i - 1]);

        if (object != NULL)
            object->loans++;
    }
}

static bool all_live(const brood__loans_t *loans)
{
    for (uint32_t i = 0; i < loans->count; i++)
        if (!(loans->object[i] & TICKET) && brood__object_in(loans->object[i]) == NULL)
            return false;
    return true;
}

apr_status_t brood__loan_begin(uint64_t block, const brood__loans_t *loans)
{
    list_t *list = brood__at(block);
    brood__block_t found;
    bool live;

    if (!brood__block_find(block, &found))
        return APR_EINVAL;
    list->count = loans->count;
    memcpy(list->object, loans->object, loans->count * sizeof *list->object);
    brood__object_lock();
    live = all_live(loans);
    if (live) {
        lend_all(&found, block);
        BROOD__STEP(LOAN_COUNTED);
        atomic_fetch_or(found.where, BROOD__BEARING); /* the truth */
        BROOD__STEP(LOAN_BEGUN);
    }
    brood__object_unlock();
    if (live)
        return APR_SUCCESS;
    brood__loans_revoke(loans);
    return brood_fail_text(BROOD_ECLOSED, "an object in the item was closed while the item was made");
}

void brood__loan_end(uint64_t block)
{
    const list_t *list = brood__at(block);
    brood__block_t found;

    if (!brood__block_find(block, &found) || !brood__block_bears(&found))
        return;
    brood__object_lock();
    atomic_fetch_and(found.where, ~BROOD__BEARING); /* the truth */
    BROOD__STEP(LOAN_UNMARKED);
    for (uint64_t i = count_of(&found, block); i > 0; i--)
        brood__object_return(list->object[i - 1]);
    BROOD__STEP(LOAN_RETURNED);
    brood__object_unlock();
    BROOD__STEP(LOAN_ENDED);
    brood__object_end_doomed();
}

void brood__loan_revoke(uint64_t block)
{
    const list_t *list = brood__at(block);
    brood__block_t found;

    if (brood__block_find(block, &found) && brood__block_bears(&found))
        revoke_all(list->object, count_of(&found, block));
}

uint64_t brood__loan_data(uint64_t block)
{
    brood__block_t found;
    uint64_t count;

    if (!brood__block_find(block, &found) || !brood__block_bears(&found))
        return 0;
    count = ((const list_t *) brood__at(block))->count;
    return count < found.size / sizeof count ? (1 + count) * sizeof count : UINT64_MAX;
}

/* ---- back into a value ---- */

static BROOD__THREAD_LOCAL bool decoding; /* an item with objects in this thread */

apr_status_t brood__loan_decode(brood_value_t *value, uint64_t block, const void *data, uint64_t size, apr_pool_t *mem)
{
    const uint64_t begin = block == 0 ? 0 : brood__loan_data(block);
    apr_status_t rc;

    if (begin > size)
        return brood_fail_text(BROOD_EDECODE, "an item has been overwritten");
    decoding = begin != 0;
    rc = brood__decode(value, (const char *) data + begin, (size_t) (size - begin), begin != 0, mem);
    decoding = false;
    return rc;
}

apr_status_t brood__loan_decode_next(brood_value_t *value, size_t *used, bool bears, const void *data, size_t size,
                                     apr_pool_t *mem)
{
    apr_status_t rc;

    decoding = bears;
    rc = brood__decode_next(value, used, data, size, bears, mem);
    decoding = false;
    return rc;
}

apr_status_t brood__loans_fetch(brood__handle_t *handle, uint64_t word)
{
    return decoding ? brood__ticket_fetch(handle, word) : APR_ENOTIMPL;
}

/* ---- after a death inside the lock ---- */

static bool forget(const brood__block_t *found, uint64_t block, uint32_t owner, void *nothing)
{
    (void) found;
    (void) nothing;
    if (owner == BROOD__OWNER_OBJECT)
        ((brood__object_t *) brood__at(block))->loans = 0;
    return true;
}

static bool recount(const brood__block_t *found, uint64_t block, uint32_t owner, void *nothing)
{
    (void) owner;
    (void) nothing;
    if (brood__block_bears(found))
        lend_all(found, block);
    return true;
}

void brood__loans_recount(void)
{
    (void) brood__block_each(forget, NULL);
    BROOD__STEP(LOANS_FORGOTTEN);
    (void) brood__block_each(recount, NULL);
    BROOD__STEP(LOANS_RECOUNTED);
}
