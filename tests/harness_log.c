/* harness_log.c - for tests of the logger. */
#include "harness_log.h"

#include "base/own.h"
#include "platform/self.h"
#include <stdatomic.h>
#include <string.h>

static _Atomic int inside; /* calls that have begun and not returned */
static _Atomic int at_once;

bool harness_watched(void)
{
    for (int look = 0; look < 20; look++) { /* one that has been joined may be there for a moment yet */
        if (brood__self_threads() - (int) brood__own_threads() <= 1)
            return false;
        apr_sleep(apr_time_from_msec(1));
    }
    return true;
}

bool harness_is_warning(const char *message)
{
    return strstr(message, " forks while ") != NULL;
}

void harness_collect(void *user, brood_log_level_t level, const char *process, const char *message)
{
    if (harness_is_warning(message))
        return;
    if (atomic_fetch_add(&inside, 1) != 0)
        atomic_fetch_add(&at_once, 1);
    BROOD_IGNORE(brood_queue_put(user, BROOD_LIST((int) level, process, message), BROOD_FOREVER));
    atomic_fetch_sub(&inside, 1);
}

int harness_collected_at_once(void)
{
    return atomic_load(&at_once);
}

record_t harness_record(brood_queue_t *records, apr_pool_t *mem)
{
    record_t record = {0, "", ""};

    EXPECT_OK(BROOD_UNPACK(harness_get(records, mem), &record.level, &record.process, &record.message));
    return record;
}

void harness_expect_record(int level, const char *process, const char *message, brood_queue_t *records, apr_pool_t *mem)
{
    const record_t record = harness_record(records, mem);

    EXPECT(record.level == level);
    EXPECT_TEXT(process, record.process);
    EXPECT_TEXT(message, record.message);
}

static bool matches(const record_t *record, const char *process, const char *begin, const char *end)
{
    const size_t size = strlen(record->message);

    return strcmp(record->process, process) == 0 && strncmp(record->message, begin, strlen(begin)) == 0
           && size >= strlen(end) && strcmp(record->message + size - strlen(end), end) == 0;
}

bool harness_has_record(brood_queue_t *records, const char *process, const char *begin, const char *end,
                        apr_pool_t *mem)
{
    bool found = false;

    for (apr_size_t left = harness_size(records); left > 0; left--) {
        const record_t record = harness_record(records, mem);

        found = found || matches(&record, process, begin, end);
        EXPECT_OK(brood_queue_put(records, BROOD_LIST(record.level, record.process, record.message), BROOD_FOREVER));
    }
    return found;
}

apr_size_t harness_size(brood_queue_t *queue)
{
    apr_size_t size = 0;

    EXPECT_OK(brood_queue_size(&size, queue));
    return size;
}

void harness_log_to_nobody(void)
{
    brood_log_to(NULL, NULL, BROOD_LOG_OFF);
}

void *APR_THREAD_FUNC harness_log_on(apr_thread_t *thread, void *stop)
{
    while (!atomic_load((_Atomic bool *) stop))
        brood_log(BROOD_LOG_INFO, "from a thread");
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

brood_process_t *harness_start_named(const char *name, brood_entry_fn entry, brood_value_t args, apr_pool_t *mem)
{
    const brood_process_options_t options = {.name = name};
    brood_process_t *process = NULL;

    EXPECT_OK(brood_process_start(&process, entry, args, &options, mem));
    return process;
}
