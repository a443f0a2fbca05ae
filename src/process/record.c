/* record.c - what is known of one child, from its start until nobody asks any more. */
#include "process/family.h"

#include "base/log.h"
#include "base/own.h"
#include "base/report.h"
#include "platform/channel.h"
#include "platform/wait.h"
#include "process/family_state.h"
#include <apr_strings.h>

#define MIB (UINT64_C(1) << 20)

apr_status_t brood__record_create(brood_process_t **record, const char *name)
{
    brood__family_t *family = &brood__family;
    apr_pool_t *pool;
    brood_process_t *made;
    unsigned number;

    BROOD_TRY(brood__own_pool(&pool));
    made = apr_pcalloc(pool, sizeof *made);
    brood__family_lock();
    number = ++family->number;
    brood__family_unlock();
    if (number == 1) /* not for each: the system takes its time */
        family->kills = brood__self_memory_kills();
    made->path = *family->self.path == '\0' ? apr_psprintf(pool, "%u", number)
                                            : apr_psprintf(pool, "%s:%u", family->self.path, number);
    made->name = name != NULL ? apr_pstrdup(pool, name) : apr_pstrcat(pool, "Process-", made->path, NULL);
    made->relation = BROOD__CHILD;
    made->pool = pool;
    made->creator = family->self.pid;
    made->sentinel = BROOD__NO_HANDLE;
    made->exitcode = BROOD_RUNNING;
    made->references = 1;
    *record = made;
    return APR_SUCCESS;
}

bool brood__record_is_ours(const brood_process_t *record)
{
    return record->relation == BROOD__CHILD && record->creator == brood__self_pid();
}

apr_status_t brood__record_check(const brood_process_t *record, const char *what)
{
    if (!brood__record_is_ours(record))
        return brood_fail(BROOD_EMISUSE, "%s is no child of this process: it cannot %s it", record->name, what);
    if (record->closed)
        return brood_fail(BROOD_ECLOSED, "%s is closed", record->name);
    return APR_SUCCESS;
}

/* Under the lock, like all below: nobody waits any more, so the system's side can go.  What an ended one has left of
 * its group can be reached, and a sentinel stays ready, as long as somebody may want that. */
static void close_child(brood_process_t *record)
{
    const bool of_group = record->own_group && !record->closed && record->references != 0;

    if (record->child != NULL && record->waiting == 0 && !record->keeps_child && !of_group) {
        brood__child_close(record->child);
        record->child = NULL;
    }
}

static void close_sentinel(brood_process_t *record)
{
    if (!record->keeps_child)
        brood__channel_close(record->sentinel);
    record->sentinel = BROOD__NO_HANDLE;
    record->keeps_child = false;
}

static void release(brood_process_t *record)
{
    if (--record->references != 0)
        return;
    close_sentinel(record);
    close_child(record);
    apr_pool_destroy(record->pool);
}

void brood__record_release(brood_process_t *record)
{
    brood__family_lock();
    release(record);
    brood__family_unlock();
}

apr_status_t brood__record_cleanup(void *data)
{
    brood_process_t *record = data;

    if (record->creator == brood__self_pid()) /* else a forked child ends its copy of the parent's pool */
        brood__record_release(record);
    return APR_SUCCESS;
}

void brood__record_link(brood_process_t *record)
{
    record->references++;
    record->next = brood__family.children;
    brood__family.children = record;
}

static void unlink_child(brood_process_t *record)
{
    brood_process_t **place = &brood__family.children;

    while (*place != NULL && *place != record)
        place = &(*place)->next;
    if (*place == NULL)
        return;
    *place = record->next;
    release(record);
}

/* Whether that is news. */
static bool note_end(brood_process_t *record, int exitcode)
{
    if (record->ended)
        return false;
    record->exitcode = exitcode;
    record->ended = true;
    record->peak = brood__child_peak_memory(record->child);
    unlink_child(record);
    if (record->parcel != NULL)
        brood__parcel_revoke(record->parcel);
    return true;
}

const char *brood__record_end_text(const brood_process_t *record, char *text, apr_size_t size)
{
    const char *how = brood__child_end_name(record->exitcode);
    const uint64_t kills = brood__self_memory_kills();
    char used[60] = "";

    if (record->peak != 0) /* else it is not known */
        (void) apr_snprintf(used, sizeof used, "; it had used %lu MiB of memory",
                            (unsigned long) ((record->peak + MIB - 1) / MIB));
    if (record->exitcode >= 0)
        (void) apr_snprintf(text, size, "ended with exit code %d%s", record->exitcode, used);
    else
        (void) apr_snprintf(text, size, "was ended by %s (exit code %d)%s%s", how != NULL ? how : "an unknown signal",
                            record->exitcode, used,
                            kills > brood__family.kills ? "; meanwhile the system has killed for lack of memory" : "");
    return text;
}

/* What nobody else can tell: the process itself had no time to. */
static void report_end(const brood_process_t *record)
{
    char text[200];

    brood__report("%s (pid %lu): %s %s", record->name, (unsigned long) record->pid, record->entry,
                  brood__record_end_text(record, text, sizeof text));
}

apr_status_t brood__record_wait(brood_process_t *record, apr_time_t deadline)
{
    apr_status_t rc = APR_SUCCESS;
    int exitcode = 0;
    brood__id_t id;
    bool ended, news, asked;

    brood__family_lock();
    ended = record->ended;
    id = record->id;
    if (!ended) {
        record->waiting++;
        record->references++;
    }
    brood__family_unlock();
    if (ended)
        return APR_SUCCESS;

    rc = brood__child_wait(record->child, &exitcode, deadline);
    if (rc == APR_SUCCESS && id != 0)
        brood__table_bury(id); /* before anybody hears of the end: what it held is free then */
    brood__family_lock();
    record->waiting--;
    news = rc == APR_SUCCESS && note_end(record, exitcode);
    asked = record->asked;
    if (record->ended)
        close_child(record);
    brood__family_unlock();
    if (news && exitcode < 0 && !asked)
        report_end(record);
    if (news)
        brood_log(BROOD_LOG_INFO, "%s (pid %lu) has ended with exit code %d", record->name, (unsigned long) record->pid,
                  exitcode);
    brood__record_release(record);
    return rc;
}

apr_status_t brood__record_end(brood_process_t *record, apr_status_t (*end)(brood__child_t *child))
{
    apr_status_t rc = APR_SUCCESS;

    brood__family_lock();
    if (record->child != NULL && (!record->ended || record->own_group)) {
        record->asked = true;
        rc = end(record->child);
    }
    brood__family_unlock();
    return rc;
}

apr_status_t brood__record_watch(brood_process_t *record, brood__handle_t *handle, bool *certain)
{
    apr_status_t rc = APR_EOF;

    brood__family_lock();
    if (!record->ended)
        rc = brood__child_sentinel(record->child, handle, certain);
    if (rc == APR_SUCCESS) {
        record->waiting++;
        record->references++;
    }
    brood__family_unlock();
    return rc;
}

void brood__record_unwatch(brood_process_t *record)
{
    brood__family_lock();
    record->waiting--;
    if (record->ended)
        close_child(record);
    release(record);
    brood__family_unlock();
}

static apr_status_t open_sentinel(brood_process_t *record)
{
    apr_status_t rc = APR_EOF;
    bool certain;

    if (record->relation == BROOD__PARENT) {
        rc = brood__self_watch(record->pid, record->born, &record->sentinel);
    } else if (!record->ended) {
        rc = brood__child_sentinel(record->child, &record->sentinel, &certain);
        record->keeps_child = rc == APR_SUCCESS;
    }
    return rc == APR_EOF ? brood__wait_always(&record->sentinel) : rc;
}

apr_status_t brood__record_sentinel(brood_process_t *record, brood__handle_t *sentinel)
{
    apr_status_t rc = APR_SUCCESS;

    brood__family_lock();
    if (record->sentinel == BROOD__NO_HANDLE)
        rc = open_sentinel(record);
    *sentinel = record->sentinel;
    brood__family_unlock();
    return rc;
}

void brood__record_close(brood_process_t *record)
{
    brood__family_lock();
    record->closed = true;
    close_sentinel(record);
    close_child(record);
    brood__family_unlock();
}

brood_process_t **brood__family_children(apr_pool_t *mem)
{
    brood_process_t **list;
    apr_size_t count = 0;

    brood__family_lock();
    for (brood_process_t *child = brood__family.children; child != NULL; child = child->next)
        count++;
    list = apr_palloc(mem, (count + 1) * sizeof(brood_process_t *));
    if (list != NULL) {
        brood_process_t **place = list + count;

        *place = NULL; /* the newest child stands first in the family: here, the oldest */
        for (brood_process_t *child = brood__family.children; child != NULL; child = child->next) {
            child->references++;
            *--place = child;
        }
    }
    brood__family_unlock();
    return list;
}
