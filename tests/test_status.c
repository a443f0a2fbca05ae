/* test_status.c - statuses and the last failure of a thread (GEN-05). */
#include "harness.h"

#include "base/status.h"
#include "base/codec.h"
#include "platform/self.h"
#include <apr_general.h>
#include <apr_thread_proc.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

static void every_status_has_a_text_of_its_own(void)
{
    char text[200];
    char other[200];
    apr_status_t status;

#define IS_TEXT(name, text_of_it) EXPECT_TEXT(text_of_it, brood_strerror(name, text, sizeof text));
    BROOD_STATUS_MAP(IS_TEXT)
#undef IS_TEXT
    for (status = BROOD_STATUS_FIRST + 1; status + 1 < BROOD_STATUS_LAST; status++)
        EXPECT(strcmp(brood_strerror(status, text, sizeof text), brood_strerror(status + 1, other, sizeof other)) != 0);
}

static void statuses_of_apr_have_aprs_texts(void)
{
    char text[200];
    char apr[200];

    apr_strerror(APR_TIMEUP, apr, sizeof apr);
    EXPECT_TEXT(apr, brood_strerror(APR_TIMEUP, text, sizeof text));
    apr_strerror(APR_ENOENT, apr, sizeof apr);
    EXPECT_TEXT(apr, brood_strerror(APR_ENOENT, text, sizeof text));
    EXPECT(brood_strerror(BROOD_STATUS_FIRST, text, sizeof text) == text);
    EXPECT(brood_strerror(BROOD_STATUS_LAST, text, sizeof text) == text);
    EXPECT(brood_strerror(-1, text, sizeof text) == text);
}

static void a_text_is_cut_to_the_buffer_and_terminated(void)
{
    char text[8] = "xxxxxxx";

    EXPECT_TEXT("obj", brood_strerror(BROOD_ECLOSED, text, 4));
    EXPECT(text[4] == 'x');
    EXPECT_TEXT("", brood_strerror(BROOD_ECLOSED, text, 1));
}

static void allow_lets_exactly_one_status_pass(void)
{
    EXPECT(brood_allow(APR_SUCCESS, APR_EOF) == APR_SUCCESS);
    EXPECT(brood_allow(APR_EOF, APR_EOF) == APR_SUCCESS);
    EXPECT(brood_allow(APR_TIMEUP, APR_EOF) == APR_TIMEUP);
}

static void a_failure_is_kept_with_its_particulars(void)
{
    const brood_error_t *error;

    EXPECT(brood_fail(BROOD_ETASK, "row %d of %s", 7, "table") == BROOD_ETASK);
    error = brood_last_error();
    EXPECT(error->status == BROOD_ETASK);
    EXPECT_TEXT("row 7 of table", error->message);
    EXPECT_TEXT("MainProcess", error->process);
    EXPECT(error->pid == (int) brood__self_pid());
    EXPECT(error->entry == NULL && error->exitcode == 0 && error->item == -1);
}

static void a_failure_may_quote_the_one_before(void)
{
    BROOD_IGNORE(brood_fail_text(APR_EGENERAL, "first"));
    BROOD_IGNORE(brood_fail(APR_EGENERAL, "second after %s", brood_last_error()->message));
    EXPECT_TEXT("second after first", brood_last_error()->message);
    BROOD_IGNORE(brood_fail_text(APR_EOF, brood_last_error()->message));
    EXPECT_TEXT("second after first", brood_last_error()->message);
    BROOD_IGNORE(brood_fail_text(APR_EOF, brood_last_error()->message + 7));
    EXPECT_TEXT("after first", brood_last_error()->message);
    BROOD_IGNORE(brood_fail_value(APR_EOF, brood_last_error()->message, brood_int(1)));
    EXPECT_TEXT("after first", brood_last_error()->message);
}

static void a_failure_without_message_has_the_text_of_its_status(void)
{
    BROOD_IGNORE(brood_fail_text(BROOD_EBROKEN, NULL));
    EXPECT_TEXT("barrier is broken", brood_last_error()->message);
    BROOD_IGNORE(brood_fail_value(BROOD_EBROKEN, NULL, brood_nil()));
    EXPECT_TEXT("barrier is broken", brood_last_error()->message);
}

static void a_long_message_is_cut_between_characters(void)
{
    char text[3001];
    size_t start;
    int i;

    for (start = 0; start < 4; start++) { /* wherever the cut falls within a character */
        memset(text, 'a', start);
        for (i = 0; i < 700; i++)
            memcpy(text + start + 4 * i, "\xF0\x9F\x90\x98", 4);
        text[start + 2800] = '\0';
        BROOD_IGNORE(brood_fail_text(APR_EGENERAL, text));
        EXPECT(strlen(brood_last_error()->message) == start + (1000 - start) / 4 * 4);
        EXPECT(strncmp(brood_last_error()->message, text, strlen(brood_last_error()->message)) == 0);
        BROOD_IGNORE(brood_fail(APR_EGENERAL, "%s", text));
        EXPECT(strlen(brood_last_error()->message) == start + (1000 - start) / 4 * 4);
        EXPECT(strncmp(brood_last_error()->message, text, strlen(brood_last_error()->message)) == 0);
    }
}

static void a_message_is_always_utf8(void)
{
    BROOD_IGNORE(brood_fail_text(APR_EGENERAL, "caf\xE9 \xC3\xA9 \xED\xA0\x80."));
    EXPECT_TEXT("caf? \xC3\xA9 ???.", brood_last_error()->message);
}

static void a_frequent_failure_keeps_its_literal(void)
{
    static const char literal[] = "queue is empty";

    BROOD_IGNORE(brood_fail_value(APR_EGENERAL, "before", brood_int(1)));
    EXPECT(brood__fail_often(APR_TIMEUP, literal) == APR_TIMEUP);
    EXPECT(brood_last_error()->message == literal);
    EXPECT(brood_last_error()->status == APR_TIMEUP);
    EXPECT(brood_last_payload(mem).kind == BROOD_KIND_NIL);
}

static void success_leaves_the_last_failure_alone(void)
{
    brood_bytes_t bytes;

    BROOD_IGNORE(brood_fail_text(APR_EGENERAL, "stays"));
    EXPECT_OK(brood_value_encode(&bytes, brood_int(1), mem));
    EXPECT_TEXT("stays", brood_last_error()->message);
}

static void a_payload_comes_with_its_failure_and_goes_with_it(void)
{
    char large[5000];
    brood_value_t items[2];
    brood_value_t payload;

    memset(large, 'x', sizeof large);
    items[0] = brood_int(42);
    items[1] = brood_text("why");
    EXPECT(brood_fail_value(BROOD_ETASK, "with value", brood_list(items, 2)) == BROOD_ETASK);
    EXPECT_TEXT("with value", brood_last_error()->message);
    EXPECT_TEXT("[42, 'why']", brood_value_string(brood_last_payload(mem), mem));
    items[1] = brood_bytes(large, sizeof large); /* more than a thread has room for */
    BROOD_IGNORE(brood_fail_value(BROOD_ETASK, "large", brood_list(items, 2)));
    payload = brood_last_payload(mem);
    EXPECT(brood_value_equal(payload, brood_list(items, 2)));
    BROOD_IGNORE(brood_fail_value(BROOD_ETASK, "large again", brood_list(items, 2)));
    BROOD_IGNORE(brood_fail_text(APR_EGENERAL, "without"));
    EXPECT(brood_last_payload(mem).kind == BROOD_KIND_NIL);
    EXPECT(brood_value_equal(payload, brood_list(items, 2)));
}

static void a_payload_that_cannot_be_kept_does_not_hide_the_failure(void)
{
    EXPECT(brood_fail_value(BROOD_ETASK, "the reason", brood_text("\xFF")) == BROOD_ETASK);
    EXPECT_MESSAGE("the reason (the value that came with it is lost: text is not UTF-8");
    EXPECT(brood_last_error()->status == BROOD_ETASK);
    EXPECT(brood_last_payload(mem).kind == BROOD_KIND_NIL);
}

static void a_record_survives_the_trip_unchanged(void) /* GEN-05 */
{
    unsigned char room[2000];
    brood__output_t output = {room, 0, sizeof room, NULL};
    char large[1000];
    brood_value_t record;
    const brood_error_t *error;
    int i;

    memset(large, 'p', sizeof large);
    for (i = 0; i < 3; i++) {
        brood_value_t payload = i == 0 ? brood_int(5) : brood_text_n(large, i == 1 ? 10 : sizeof large);

        BROOD_IGNORE(brood_fail_value(BROOD_EWORKER, "w\xC3\xB6rker died", payload));
        brood__status_entry("main.work");
        brood__status_origin("Worker-3", 4711);
        brood__status_exitcode(-9);
        brood__status_item(12);
        output.size = 0;
        EXPECT_OK(brood__encode(&output, brood__status_to_value(mem), 0));
        brood__status_clear();
        EXPECT(brood_last_error()->status == APR_SUCCESS && brood_last_error()->message[0] == '\0');
        EXPECT_OK(brood__decode(&record, room, output.size, false, mem));
        EXPECT(brood__status_from_value(record) == BROOD_EWORKER);
        error = brood_last_error();
        EXPECT(error->status == BROOD_EWORKER);
        EXPECT_TEXT("w\xC3\xB6rker died", error->message);
        EXPECT_TEXT("main.work", error->entry);
        EXPECT_TEXT("Worker-3", error->process);
        EXPECT(error->pid == 4711 && error->exitcode == -9 && error->item == 12);
        EXPECT(brood_value_equal(payload, brood_last_payload(mem)));
    }
}

static void what_is_no_record_is_refused(void)
{
    brood_value_t items[8];
    int i;

    EXPECT_STATUS(BROOD_EDECODE, brood__status_from_value(brood_nil()));
    EXPECT_STATUS(BROOD_EDECODE, brood__status_from_value(brood_list(NULL, 0)));
    for (i = 0; i < 8; i++)
        items[i] = brood_text("x");
    EXPECT_STATUS(BROOD_EDECODE, brood__status_from_value(brood_list(items, 8)));
}

static void *APR_THREAD_FUNC other_thread(apr_thread_t *thread, void *seen)
{
    *(bool *) seen = brood_last_error()->status == APR_SUCCESS;
    BROOD_IGNORE(brood_fail_value(APR_EGENERAL, "other", brood_text("payload")));
    brood__status_clear();
    (void) thread;
    return NULL;
}

static void each_thread_has_its_own_last_failure(void)
{
    apr_thread_t *thread;
    apr_status_t status;
    bool clean = false;

    BROOD_IGNORE(brood_fail_text(APR_EGENERAL, "mine"));
    EXPECT_OK(apr_thread_create(&thread, NULL, other_thread, &clean, mem));
    /* APR on Windows: incomplete, since it returned and did not call apr_thread_exit. */
    EXPECT_OK(brood_allow(apr_thread_join(&status, thread), APR_INCOMPLETE));
    EXPECT(clean);
    EXPECT_TEXT("mine", brood_last_error()->message);
}

static void a_process_speaks_by_its_name(void)
{
    brood__status_self("Process-7");
    BROOD_IGNORE(brood_fail_text(APR_EGENERAL, "x"));
    EXPECT_TEXT("Process-7", brood_last_error()->process);
    brood__status_self("MainProcess");
}

int main(void)
{
    static const brood_test_t tests[] = {
        TEST(every_status_has_a_text_of_its_own),
        TEST(statuses_of_apr_have_aprs_texts),
        TEST(a_text_is_cut_to_the_buffer_and_terminated),
        TEST(allow_lets_exactly_one_status_pass),
        TEST(a_failure_is_kept_with_its_particulars),
        TEST(a_failure_may_quote_the_one_before),
        TEST(a_failure_without_message_has_the_text_of_its_status),
        TEST(a_long_message_is_cut_between_characters),
        TEST(a_message_is_always_utf8),
        TEST(a_frequent_failure_keeps_its_literal),
        TEST(success_leaves_the_last_failure_alone),
        TEST(a_payload_comes_with_its_failure_and_goes_with_it),
        TEST(a_payload_that_cannot_be_kept_does_not_hide_the_failure),
        TEST(a_record_survives_the_trip_unchanged),
        TEST(what_is_no_record_is_refused),
        TEST(each_thread_has_its_own_last_failure),
        TEST(a_process_speaks_by_its_name),
    };
    int exitcode;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    exitcode = harness_run("status", tests, sizeof tests / sizeof tests[0]);
    brood__status_clear();
    apr_pool_destroy(mem);
    apr_terminate();
    return exitcode;
}
