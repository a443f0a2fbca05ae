#include "memory/loan.h"
#include "base/codec.h"
#include "base/step.h"
#include "base/thread_local.h"
#include "memory/block.h"
#include <brood/status.h>
#include <string.h>

/* What a bearing block begins with. */
typedef struct list_t {
    uint64_t count;
    uint64_t object[];
} list_t;

/* ---- which objects are in a value ---- */

static BROOD__THREAD_LOCAL brood__loans_t *noting; /* while an item is encoded in this thread */

apr_status_t brood__loans_encode(brood__output_t *output, brood_value_t value, brood__loans_t *loans)
{
    apr_status_t rc;

    loans->count = 0;
    noting = loans;
    rc = brood__encode(output, value, BROOD__TO_ITEM);
    noting = NULL;
    return rc;
}

apr_status_t brood__loans_note(uint64_t object)
{
    if (noting->count == BROOD__LOANS_MOST)
        return brood_fail(BROOD_EENCODE, "more than %d shared objects in one item", BROOD__LOANS_MOST);
    noting->object[noting->count++] = object;
    return APR_SUCCESS;
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
        if (brood__object_in(loans->object[i]) == NULL)
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
    return live ? APR_SUCCESS
                : brood_fail_text(BROOD_ECLOSED, "an object in the item was closed while the item was made");
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

uint64_t brood__loan_data(uint64_t block)
{
    brood__block_t found;
    uint64_t count;

    if (!brood__block_find(block, &found) || !brood__block_bears(&found))
        return 0;
    count = ((const list_t *) brood__at(block))->count;
    return count < found.size / sizeof count ? (1 + count) * sizeof count : UINT64_MAX;
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
