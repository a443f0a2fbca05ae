/* test_pool_stderr.c - what workers write to stderr: it arrives, and the last of it is in the failure by their death. */
#include "harness_capture.h"
#include "harness_log.h"
#include "harness_output.h"
#include "pool_fixture.h"
#include <apr_file_io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUOTE "; its last words on stderr: \""

/* ---- entries ---- */

enum { BY_RETURN, BY_ABORT, BY_EXIT, BY_QUICK_EXIT };

static apr_status_t end(int how)
{
    switch (how) {
    case BY_ABORT:
        abort();
    case BY_EXIT:
        exit(7);
    case BY_QUICK_EXIT:
        _Exit(9);
    default:
        return APR_SUCCESS;
    }
}

/* Write it so many times. */
static apr_status_t say(brood_call_t *call)
{
    const char *text;
    int times, how;

    BROOD_TRY(BROOD_UNPACK(call->args, &text, &times, &how));
    for (int i = 0; i < times; i++)
        (void) fputs(text, stderr);
    return end(how);
}

static apr_status_t close_stderr(apr_pool_t *pool)
{
    apr_file_t *file;

    BROOD_TRY(apr_file_open_stderr(&file, pool));
    return apr_file_close(file);
}

static apr_status_t say_and_close(brood_call_t *call)
{
    BROOD_TRY(say(call));
    return close_stderr(call->mem);
}

static apr_status_t say_and_wait(brood_call_t *call)
{
    const char *text;
    brood_event_t *go;

    BROOD_TRY(BROOD_UNPACK(call->args, &text, &go));
    (void) fputs(text, stderr);
    (void) fflush(stderr); /* which some systems do not do by themselves */
    return brood_event_wait(go, BROOD_FOREVER);
}

static apr_status_t count_lines(brood_call_t *call)
{
    char some[4000];
    int lines, size = 0;

    BROOD_TRY(BROOD_UNPACK(call->args, &lines));
    for (int i = 0; i < lines; i++) {
        size += snprintf(some + size, sizeof some - (size_t) size, "line %d of many\n", i);
        if (size > 3900 || i == lines - 1) {
            (void) fputs(some, stderr);
            size = 0;
        }
    }
    return end(BY_ABORT);
}

/* All bytes but line ends, which Windows has its own way with. */
static apr_status_t say_all_bytes(brood_call_t *call)
{
    (void) call;
    for (int byte = 0; byte < 256; byte++)
        if (byte != '\n' && byte != '\r')
            (void) fputc(byte, stderr);
    return end(BY_QUICK_EXIT);
}

/* Leave a child that has this stderr, too. */
static apr_status_t have_child(brood_call_t *call)
{
    const brood_process_options_t options = {.outlives_parent = true};
    brood_event_t *go;

    BROOD_TRY(BROOD_UNPACK(call->args, &go));
    BROOD_TRY(brood_process_start(NULL, say_and_wait, BROOD_ARGS("child\n", go), &options, call->mem));
    (void) fputs("parent\n", stderr);
    return end(BY_QUICK_EXIT);
}

/* As a program whose stderr is closed.  On Windows workers may be without one then, too. */
static apr_status_t use_pool_without_stderr(brood_call_t *call)
{
    brood_pool_t *pool;
    brood_value_t value;

    BROOD_TRY(close_stderr(call->mem));
    BROOD_TRY(brood_pool_create(&pool, 1, NULL, call->mem));
    if (brood_pool_apply(&value, pool, say, BROOD_ARGS("unseen\n", 1, (int) BY_EXIT), call->mem) != BROOD_EWORKER
        || (strstr(brood_last_error()->message, "unseen\"") == NULL && harness_killed() != -15))
        return brood_fail(APR_EGENERAL, "%s", brood_last_error()->message);
    brood_pool_close(pool);
    return brood_pool_join(pool, BROOD_FOREVER);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(say),
                                        BROOD_ENTRY(say_and_close),
                                        BROOD_ENTRY(say_and_wait),
                                        BROOD_ENTRY(count_lines),
                                        BROOD_ENTRY(say_all_bytes),
                                        BROOD_ENTRY(have_child),
                                        BROOD_ENTRY(use_pool_without_stderr),
                                        BROOD_ENTRIES_END};

/* ---- help ---- */

/* Reports of deaths are not for stderr here. */
static void ignore(void *user, brood_log_level_t level, const char *process, const char *message)
{
    (void) user;
    (void) level;
    (void) process;
    (void) message;
}

static brood_pool_t *begin(const brood_pool_options_t *options)
{
    mem = harness_mem();
    brood_log_to(ignore, NULL, BROOD_LOG_ERROR);
    harness_capture();
    return new_pool_with(1, options);
}

/* What has arrived, with lines ended by one character. */
static const char *arrived(void)
{
    char *text = harness_captured(mem), *to = text;

    for (const char *at = text; *at != '\0'; at++)
        if (*at != '\r')
            *to++ = *at;
    *to = '\0';
    return text;
}

static void expect_death(brood_future_t *future)
{
    EXPECT_STATUS(BROOD_EWORKER, status_of(future));
    EXPECT_MESSAGE(", while it ran ");
}

/* The last failure ends with this quotation. */
static void expect_quote(const char *text)
{
    const char *quote = strstr(brood_last_error()->message, QUOTE);

    if (EXPECT(quote != NULL))
        EXPECT_TEXT(apr_pstrcat(mem, QUOTE, text, "\"", NULL), quote);
}

static void await_bytes(apr_size_t size)
{
    while (harness_capture_size() < size)
        apr_sleep(1000);
}

/* ---- claims ---- */

static void the_failure_by_a_death_ends_with_what_the_worker_wrote(void) /* C-49 */
{
    static const int how[] = {BY_ABORT, BY_EXIT, BY_QUICK_EXIT};

    for (int i = 0; i < 3; i++) {
        brood_pool_t *pool = begin(NULL);

        expect_death(give(pool, say, BROOD_ARGS("no luck:\n\tnone\n", 1, how[i])));
        expect_quote("no luck:\n none");
        EXPECT_MESSAGE("while it ran say" QUOTE);
        EXPECT_TEXT("no luck:\n\tnone\n", arrived());
        end_pool(pool);
    }
}

static void it_ends_so_when_the_worker_is_killed(void) /* C-49 */
{
    brood_pool_t *pool = begin(NULL);
    brood_future_t *future = give(pool, say_and_wait, BROOD_ARGS("so far\n", new_event()));

    await_bytes(strlen("so far\n"));
    EXPECT_OK(brood_process_kill(brood_pool_workers(pool, mem)[0]));
    expect_death(future);
    expect_quote("so far");
    EXPECT_TEXT("so far\n", arrived());
    end_pool(pool);
}

static void a_worker_that_wrote_nothing_is_not_quoted(void)
{
    static const char *const text[] = {"", " \n\n"};

    for (int i = 0; i < 2; i++) {
        brood_pool_t *pool = begin(NULL);

        expect_death(give(pool, say, BROOD_ARGS(text[i], 1, (int) BY_EXIT)));
        EXPECT(strstr(brood_last_error()->message, "last words") == NULL);
        EXPECT_TEXT(text[i], arrived());
        end_pool(pool);
    }
}

static void whoever_takes_its_place_is_not_quoted_with_its_words(void)
{
    brood_pool_t *pool = begin(NULL);

    expect_death(give(pool, say, BROOD_ARGS("first\n", 1, (int) BY_EXIT)));
    expect_quote("first");
    expect_death(give(pool, say, BROOD_ARGS("second\n", 1, (int) BY_EXIT)));
    expect_quote("second");
    EXPECT_TEXT("first\nsecond\n", arrived());
    end_pool(pool);
}

static void of_much_the_last_lines_are_quoted_and_all_arrives(void) /* C-49 */
{
    const int lines = 60000; /* more than a million bytes */
    brood_pool_t *pool = begin(NULL);
    char expected[300] = "", line[32], *text;
    int next = 0;

    expect_death(give(pool, count_lines, BROOD_ARGS(lines)));
    for (int i = lines - 10; i < lines; i++)
        (void) snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%sline %d of many",
                        i > lines - 10 ? "\n" : "", i);
    expect_quote(expected);
    for (text = apr_pstrdup(mem, arrived()); *text != '\0'; next++) {
        const int size = snprintf(line, sizeof line, "line %d of many\n", next);

        if (strncmp(text, line, (size_t) size) != 0)
            break;
        text += size;
    }
    EXPECT(next == lines);
    EXPECT_TEXT("", text);
    end_pool(pool);
}

static void of_a_long_line_the_end_is_quoted_from_a_whole_character(void)
{
    brood_pool_t *pool = begin(NULL);
    const char *message, *quote;

    expect_death(give(pool, say, BROOD_ARGS("\xe2\x82\xac", 1000, (int) BY_EXIT)));
    message = brood_last_error()->message;
    quote = strstr(message, QUOTE);
    if (EXPECT(quote != NULL))
        EXPECT_TEXT(apr_pstrcat(mem, QUOTE, apr_psprintf(mem, "%.*s", 498, quote + strlen(QUOTE)), "\"", NULL), quote);
    EXPECT(strchr(message, '?') == NULL);
    EXPECT(strlen(arrived()) == 3000);
    end_pool(pool);
}

static void any_bytes_arrive_and_are_quoted_without_harm(void)
{
    brood_pool_t *pool = begin(NULL);
    apr_size_t size;
    const char *bytes;
    int at = 0;

    expect_death(give(pool, say_all_bytes, BROOD_NO_ARGS));
    EXPECT_MESSAGE(QUOTE "????????? ??"); /* up to 8, the tab */
    EXPECT_MESSAGE(" !\"#$");
    EXPECT_MESSAGE("xyz{|}~????");
    for (const char *c = brood_last_error()->message; *c != '\0'; c++)
        EXPECT(*c >= ' ' && *c <= '~');
    bytes = harness_captured_bytes(&size, mem);
    EXPECT(size == 254);
    for (int byte = 0; byte < 256 && size == 254; byte++)
        if (byte != '\n' && byte != '\r')
            EXPECT((unsigned char) bytes[at++] == byte);
    end_pool(pool);
}

static void what_a_living_worker_writes_arrives_while_it_runs(void)
{
    brood_pool_t *pool = begin(NULL);
    brood_event_t *go = new_event();
    brood_future_t *future = give(pool, say_and_wait, BROOD_ARGS("here\n", go));

    await_bytes(strlen("here\n"));
    EXPECT(brood_future_state(future) == BROOD_STARTED);
    EXPECT_OK(brood_event_set(go));
    EXPECT_OK(status_of(future));
    (void) apply(pool, say, BROOD_ARGS("and here\n", 10000, (int) BY_RETURN));
    end_pool(pool);
    EXPECT(strlen(arrived()) == strlen("here\n") + 10000 * strlen("and here\n"));
}

static void a_worker_that_has_closed_its_stderr_goes_on(void)
{
    brood_pool_t *pool = begin(NULL);

    (void) apply(pool, say_and_close, BROOD_ARGS("last\n", 1, (int) BY_RETURN));
    for (int i = 0; i < 3; i++)
        (void) apply(pool, say, BROOD_ARGS("", 1, (int) BY_RETURN));
    expect_death(give(pool, say, BROOD_ARGS("", 1, (int) BY_QUICK_EXIT)));
    expect_quote("last");
    EXPECT_TEXT("last\n", arrived());
    end_pool(pool);
}

static void a_child_of_the_dead_holds_nothing_up_and_is_heard(void)
{
    brood_pool_t *pool = begin(NULL);
    brood_event_t *go = new_event();

    expect_death(give(pool, have_child, BROOD_ARGS(go)));
    EXPECT_MESSAGE("parent");
    await_bytes(strlen("parent\nchild\n"));
    EXPECT_OK(brood_event_set(go));
    (void) apply(pool, say, BROOD_ARGS("next\n", 1, (int) BY_RETURN));
    end_pool(pool);
    EXPECT(harness_count(arrived(), "\n") == 3);
}

static void workers_can_keep_the_programs_own_stderr(void)
{
    brood_pool_t *pool = begin(&(brood_pool_options_t){.direct_stderr = true});

    expect_death(give(pool, say, BROOD_ARGS("plain\n", 1, (int) BY_EXIT)));
    EXPECT(strstr(brood_last_error()->message, "last words") == NULL);
    EXPECT_TEXT("plain\n", arrived());
    end_pool(pool);
}

static void a_program_may_have_closed_its_stderr(void)
{
    mem = harness_mem();
    harness_capture(); /* for a fork server, too, which comes to be now */
    EXPECT_EXIT(0, harness_start(use_pool_without_stderr, BROOD_NO_ARGS, mem));
}

static const brood_test_t tests[] = {
    /* While this process has had no threads: ThreadSanitizer keeps no books of those in a copy of a copy. */
    TEST(a_program_may_have_closed_its_stderr),
    TEST(the_failure_by_a_death_ends_with_what_the_worker_wrote),
    TEST(it_ends_so_when_the_worker_is_killed),
    TEST(a_worker_that_wrote_nothing_is_not_quoted),
    TEST(whoever_takes_its_place_is_not_quoted_with_its_words),
    TEST(of_much_the_last_lines_are_quoted_and_all_arrives),
    TEST(of_a_long_line_the_end_is_quoted_from_a_whole_character),
    TEST(any_bytes_arrive_and_are_quoted_without_harm),
    TEST(what_a_living_worker_writes_arrives_while_it_runs),
    TEST(a_worker_that_has_closed_its_stderr_goes_on),
    TEST(a_child_of_the_dead_holds_nothing_up_and_is_heard),
    TEST(workers_can_keep_the_programs_own_stderr),
};

int main(int argc, char **argv)
{
    return harness_tree(argc, argv, entries, "pool, stderr", tests, sizeof tests / sizeof *tests);
}
