/* test_startup.c - what a new process is told: bytes in, bytes out (SPWN-01). */
#include "harness.h"

#include "base/deadline.h"
#include "platform/channel.h"
#include "process/startup.h"
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *mem;

static const brood__startup_t sample = {
    .role = BROOD__ROLE_PROCESS,
    .id = 0x3fffffff,
    .method = 3,
    .fingerprint = UINT64_MAX,
    .arena_base = UINT64_C(0x7f00000f0000),
    .arena_size = UINT64_C(1) << 39,
    .exit_grace = -1,
    .strict = true,
    .name = "Bj\xc3\xb6rn",
    .path = "1:2:3",
    .daemon = true,
    .parent_pid = 4711,
    .parent_born = UINT64_C(0x8000000000000001),
    .parent_name = "MainProcess",
    .entry = "main.square",
    .authkey = {"key\0key", 7},
    .directory = {"/tmp/\xff", 6}, /* as the system has it, which need not be text */
    .args = {"\x00\x01\x02", 3},
};

static brood__output_t encode(const brood__startup_t *startup)
{
    brood__output_t output = {NULL, 0, 0, mem};

    EXPECT_OK(brood__startup_encode(&output, startup));
    return output;
}

static void what_is_encoded_is_decoded__SPWN_01(void)
{
    const brood__output_t bytes = encode(&sample);
    brood__startup_t read;

    EXPECT_OK(brood__startup_decode(&read, bytes.data, bytes.size, mem));
    EXPECT(read.role == sample.role && read.id == sample.id && read.method == sample.method);
    EXPECT(read.fingerprint == sample.fingerprint && read.arena_size == sample.arena_size);
    EXPECT(read.arena_base == sample.arena_base);
    EXPECT(read.exit_grace == sample.exit_grace && read.strict && read.daemon);
    EXPECT(read.parent_pid == sample.parent_pid && read.parent_born == sample.parent_born);
    EXPECT_TEXT(sample.name, read.name);
    EXPECT_TEXT(sample.path, read.path);
    EXPECT_TEXT(sample.parent_name, read.parent_name);
    EXPECT_TEXT(sample.entry, read.entry);
    EXPECT(read.authkey.size == 7 && memcmp(read.authkey.data, sample.authkey.data, 7) == 0);
    EXPECT(read.directory.size == 6 && memcmp(read.directory.data, sample.directory.data, 6) == 0);
    EXPECT(read.args.size == 3 && memcmp(read.args.data, sample.args.data, 3) == 0);
}

static void a_server_needs_no_name(void)
{
    const brood__startup_t server = {.role = BROOD__ROLE_SERVER, .arena_size = 65536};
    const brood__output_t bytes = encode(&server);
    brood__startup_t read;

    EXPECT_OK(brood__startup_decode(&read, bytes.data, bytes.size, mem));
    EXPECT(read.role == BROOD__ROLE_SERVER && read.arena_size == 65536);
    EXPECT(read.name == NULL && read.entry == NULL && read.args.size == 0);
}

static void a_name_that_is_no_text_is_refused(void)
{
    brood__startup_t startup = sample;
    brood__output_t output = {NULL, 0, 0, mem};

    startup.name = "\xff";
    EXPECT_STATUS(BROOD_EENCODE, brood__startup_encode(&output, &startup));
    EXPECT(output.size == 0);
}

static void damaged_bytes_are_refused_and_never_misread(void)
{
    const brood__output_t bytes = encode(&sample);
    brood__startup_t read;

    for (size_t size = 0; size < bytes.size; size++)
        EXPECT(brood__startup_decode(&read, bytes.data, size, mem) != APR_SUCCESS);
    for (size_t i = 0; i < bytes.size; i++) {
        unsigned char *copy = apr_pmemdup(mem, bytes.data, bytes.size);
        apr_status_t rc;

        copy[i] ^= 0x55;
        rc = brood__startup_decode(&read, copy, bytes.size, mem);
        EXPECT(rc == APR_SUCCESS || rc == BROOD_EDECODE); /* another number or text is valid, too */
    }
}

static void another_kind_in_a_field_is_refused(void)
{
    const brood_value_t items[] = {brood_text("arena_base"), brood_text("large")};
    brood__output_t output = {NULL, 0, 0, mem};
    brood__startup_t read;

    EXPECT_OK(brood__encode(&output, brood_map(items, 1), 0));
    EXPECT_STATUS(BROOD_EDECODE, brood__startup_decode(&read, output.data, output.size, mem));
    EXPECT_MESSAGE("arena_base");
    output.size = 0;
    EXPECT_OK(brood__encode(&output, brood_int(1), 0));
    EXPECT_STATUS(BROOD_EDECODE, brood__startup_decode(&read, output.data, output.size, mem));
}

/* ---- frames ---- */

static brood__handle_t ends[2];
static brood__stream_t in; /* of ends[1] */
static brood_bytes_t large;

static void begin_pair(void)
{
    EXPECT_OK(brood__channel_pair(ends));
    brood__stream_init(&in, ends[1], BROOD__HANDLE_PIPE);
}

static void *APR_THREAD_FUNC send_large(apr_thread_t *thread, void *data)
{
    (void) data;
    EXPECT_OK(brood__frame_send(ends[0], large.data, large.size, NULL, BROOD__NEVER));
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

static void a_frame_arrives_whole_and_alone(void)
{
    brood_bytes_t got;
    apr_thread_t *thread;
    apr_status_t rc;
    char *data = apr_palloc(mem, 3000000);

    for (int i = 0; i < 3000000; i++)
        data[i] = (char) (i * 7);
    large = (brood_bytes_t){data, 3000000};
    begin_pair();
    EXPECT_OK(brood__frame_send(ends[0], "abc", 3, NULL, BROOD__NEVER));
    EXPECT_OK(brood__frame_send(ends[0], NULL, 0, NULL, BROOD__NEVER));
    EXPECT_OK(brood__frame_receive(&got, &in, BROOD__NEVER, mem));
    EXPECT(got.size == 3 && memcmp(got.data, "abc", 3) == 0);
    EXPECT_OK(brood__frame_receive(&got, &in, BROOD__NEVER, mem));
    EXPECT(got.size == 0);
    EXPECT(apr_thread_create(&thread, NULL, send_large, NULL, mem) == APR_SUCCESS); /* more than the system keeps */
    EXPECT_OK(brood__frame_receive(&got, &in, BROOD__NEVER, mem));
    EXPECT(got.size == large.size && memcmp(got.data, large.data, large.size) == 0);
    EXPECT(apr_thread_join(&rc, thread) == APR_SUCCESS);
    brood__channel_close(ends[0]);
    brood__stream_close(&in);
}

static void who_is_told_nothing_does_not_hang(void)
{
    brood_bytes_t got;

    begin_pair();
    EXPECT_STATUS(APR_TIMEUP, brood__frame_receive(&got, &in, brood__deadline(1000), mem));
    brood__channel_close(ends[0]);
    EXPECT_STATUS(APR_EOF, brood__frame_receive(&got, &in, BROOD__NEVER, mem));
    EXPECT(APR_STATUS_IS_EPIPE(brood__frame_send(ends[1], "abc", 3, NULL, BROOD__NEVER)));
    brood__stream_close(&in);
}

static void half_a_frame_is_the_end(void)
{
    static const unsigned char head[8] = {200};
    brood_bytes_t got;

    begin_pair();
    EXPECT_OK(brood__channel_write(ends[0], head, sizeof head, BROOD__NEVER));
    EXPECT_OK(brood__channel_write(ends[0], "abc", 3, BROOD__NEVER));
    brood__channel_close(ends[0]);
    EXPECT_STATUS(APR_EOF, brood__frame_receive(&got, &in, BROOD__NEVER, mem));
    brood__stream_close(&in);
}

static void a_length_beyond_the_limit_is_refused(void)
{
    static const unsigned char head[8] = {1, 0, 0, 64, 0, 0, 0, 0}; /* 1 GiB and a byte */
    brood_bytes_t got;

    begin_pair();
    EXPECT_OK(brood__channel_write(ends[0], head, sizeof head, BROOD__NEVER));
    EXPECT_STATUS(BROOD_ETOOBIG, brood__frame_receive(&got, &in, BROOD__NEVER, mem));
    if (sizeof(size_t) > 4)
        EXPECT_STATUS(BROOD_ETOOBIG,
                      brood__frame_send(ends[0], head, (size_t) BROOD__FRAME_MOST + 1, NULL, BROOD__NEVER));
    brood__channel_close(ends[0]);
    brood__stream_close(&in);
}

static const brood_test_t tests[] = {
    TEST(what_is_encoded_is_decoded__SPWN_01),  TEST(a_server_needs_no_name),
    TEST(a_name_that_is_no_text_is_refused),    TEST(damaged_bytes_are_refused_and_never_misread),
    TEST(another_kind_in_a_field_is_refused),   TEST(a_frame_arrives_whole_and_alone),
    TEST(who_is_told_nothing_does_not_hang),    TEST(half_a_frame_is_the_end),
    TEST(a_length_beyond_the_limit_is_refused),
};

int main(void)
{
    int result;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&mem, NULL) != APR_SUCCESS)
        return EXIT_FAILURE;
    result = harness_run("startup", tests, sizeof tests / sizeof *tests);
    apr_pool_destroy(mem);
    apr_terminate();
    return result;
}
