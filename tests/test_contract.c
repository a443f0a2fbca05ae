/* Every function of the platform contract is there on every platform, whether anybody calls it or not. */
#include "harness.h"
#include "platform/channel.h"
#include "platform/child.h"
#include "platform/clock.h"
#include "platform/interrupt.h"
#include "platform/listener.h"
#include "platform/named.h"
#include "platform/parcel.h"
#include "platform/park.h"
#include "platform/pollset.h"
#include "platform/segment.h"
#include "platform/self.h"
#include "platform/stream.h"
#include "platform/terminal.h"
#include "platform/ticket.h"
#include "platform/wait.h"

typedef void (*function_t)(void);

/* clang-format off */
static const function_t contract[] = {
    (function_t) brood__clock_now,
    (function_t) brood__clock_yield,
    (function_t) brood__clock_pause,
    (function_t) brood__segment_create,
    (function_t) brood__segment_attach,
    (function_t) brood__segment_commit,
    (function_t) brood__segment_discard,
    (function_t) brood__segment_detach,
    (function_t) brood__named_check,
    (function_t) brood__named_create,
    (function_t) brood__named_open,
    (function_t) brood__named_unlink,
    (function_t) brood__named_close,
    (function_t) brood__park_attach,
    (function_t) brood__park_detach,
    (function_t) brood__park,
    (function_t) brood__unpark,
    (function_t) brood__channel_pair,
    (function_t) brood__channel_pipe,
    (function_t) brood__channel_write,
    (function_t) brood__channel_read,
    (function_t) brood__channel_close,
    (function_t) brood__self_pid,
    (function_t) brood__self_start_time,
    (function_t) brood__self_gone,
    (function_t) brood__self_watch,
    (function_t) brood__self_random,
    (function_t) brood__self_memory,
    (function_t) brood__self_resident,
    (function_t) brood__self_cpus,
    (function_t) brood__self_usable_cpus,
    (function_t) brood__self_threads,
    (function_t) brood__self_alone,
    (function_t) brood__self_pin,
    (function_t) brood__self_nice,
    (function_t) brood__self_handles,
    (function_t) brood__self_memory_kills,
    (function_t) brood__self_at_exit,
    (function_t) brood__self_report,
    (function_t) brood__self_redirect,
    (function_t) brood__self_pass_on,
    (function_t) brood__self_kill,
    (function_t) brood__terminal_width,
    (function_t) brood__interrupt_begin,
    (function_t) brood__interrupt_leave,
    (function_t) brood__interrupt_ignore,
    (function_t) brood__interrupt_possible,
    (function_t) brood__interrupt_pending,
    (function_t) brood__interrupt_take,
    (function_t) brood__interrupted,
    (function_t) brood__interrupt_end,
    (function_t) brood__child_fork,
    (function_t) brood__child_spawn,
    (function_t) brood__child_request,
    (function_t) brood__child_server_pair,
    (function_t) brood__child_serve,
    (function_t) brood__child_detach,
    (function_t) brood__child_inherit,
    (function_t) brood__child_pid,
    (function_t) brood__child_wait,
    (function_t) brood__child_sentinel,
    (function_t) brood__child_interrupt,
    (function_t) brood__child_terminate,
    (function_t) brood__child_kill,
    (function_t) brood__child_terminate_tree,
    (function_t) brood__child_kill_tree,
    (function_t) brood__child_peak_memory,
    (function_t) brood__child_close,
    (function_t) brood__child_forget,
    (function_t) brood__child_exit,
    (function_t) brood__child_end_name,
    (function_t) brood__child_methods,
    (function_t) brood__child_at_exit,
    (function_t) brood__wait_any,
    (function_t) brood__wait_always,
    (function_t) brood__parcel_begin,
    (function_t) brood__parcel_pack,
    (function_t) brood__parcel_end,
    (function_t) brood__parcel_revoke,
    (function_t) brood__parcel_take,
    (function_t) brood__parcel_expire,
    (function_t) brood__ticket_leave,
    (function_t) brood__ticket_fetch,
    (function_t) brood__ticket_revoke,
    (function_t) brood__stream_pair,
    (function_t) brood__stream_init,
    (function_t) brood__stream_fill,
    (function_t) brood__stream_read,
    (function_t) brood__stream_write,
    (function_t) brood__stream_post,
    (function_t) brood__stream_watch_post,
    (function_t) brood__stream_watch,
    (function_t) brood__stream_settle,
    (function_t) brood__stream_carries,
    (function_t) brood__stream_copy,
    (function_t) brood__stream_close,
    (function_t) brood__listener_open,
    (function_t) brood__listener_accept,
    (function_t) brood__listener_watch,
    (function_t) brood__listener_close,
    (function_t) brood__listener_connect,
    (function_t) brood__pollset_create,
    (function_t) brood__pollset_add_stream,
    (function_t) brood__pollset_add_listener,
    (function_t) brood__pollset_change,
    (function_t) brood__pollset_remove,
    (function_t) brood__pollset_wait,
    (function_t) brood__pollset_wake,
    (function_t) brood__pollset_close,
};
/* clang-format on */

static void every_contract_function_is_there(void)
{
    for (size_t i = 0; i < sizeof contract / sizeof contract[0]; i++)
        EXPECT(contract[i] != NULL);
}

static void the_clock_only_goes_forward(void)
{
    apr_time_t last = brood__clock_now();

    EXPECT(last > 0);
    for (int i = 0; i < 100000; i++) {
        const apr_time_t now = brood__clock_now();

        if (now < last)
            EXPECT(now >= last);
        last = now;
    }
}

static void a_channel_carries_bytes_both_ways_and_then_ends(void)
{
    brood__handle_t ends[2];
    char text[6] = "";

    EXPECT_OK(brood__channel_pair(ends));
    EXPECT_STATUS(APR_TIMEUP, brood__channel_read(ends[1], text, 1, brood__clock_now() + 1000));
    EXPECT_OK(brood__channel_write(ends[0], "there", 6, INT64_MAX));
    EXPECT_OK(brood__channel_read(ends[1], text, 6, INT64_MAX));
    EXPECT_TEXT("there", text);
    EXPECT_OK(brood__channel_write(ends[1], "back!", 6, INT64_MAX));
    brood__channel_close(ends[1]);
    EXPECT_OK(brood__channel_read(ends[0], text, 6, INT64_MAX));
    EXPECT_TEXT("back!", text);
    EXPECT_STATUS(APR_EOF, brood__channel_read(ends[0], text, 1, INT64_MAX));
    EXPECT_STATUS(APR_EOF, brood__channel_write(ends[0], text, 1, INT64_MAX));
    brood__channel_close(ends[0]);
    brood__channel_close(BROOD__NO_HANDLE);
}

static void a_segment_is_zero_and_too_much_is_refused(void)
{
    brood__segment_t segment;

    EXPECT_OK(brood__segment_create(&segment, 1 << 20));
    EXPECT((uintptr_t) segment.base % 65536 == 0);
    EXPECT_OK(brood__segment_commit(&segment, 65536, 131072));
    for (int i = 65536; i < 65536 + 131072; i += 512)
        EXPECT(segment.base[i] == 0);
    segment.base[65536] = 1;
    if (brood__segment_discard(&segment, 65536, 65536)) {
        EXPECT_OK(brood__segment_commit(&segment, 65536, 65536));
        EXPECT(segment.base[65536] == 0);
    }
    brood__segment_detach(&segment);
    EXPECT(brood__segment_create(&segment, UINT64_C(1) << 60) != APR_SUCCESS);
}

static void this_process_is_not_gone(void)
{
    const uint32_t pid = brood__self_pid();

    EXPECT(!brood__self_gone(pid, brood__self_start_time(pid)));
    EXPECT(!brood__self_gone(pid, 0));
    EXPECT(brood__self_start_time(pid) == 0
           || brood__self_gone(pid, 1)); /* a time long ago: another had the pid then */
}

static void there_are_cpus_and_random_bytes(void)
{
    unsigned char a[16] = {0}, b[16] = {0};
    bool differ = false;

    EXPECT(brood__self_cpus() >= 1);
    EXPECT(brood__self_usable_cpus() >= 1 && brood__self_usable_cpus() <= brood__self_cpus());
    EXPECT_OK(brood__self_random(a, sizeof a));
    EXPECT_OK(brood__self_random(b, sizeof b));
    for (size_t i = 0; i < sizeof a; i++)
        differ = differ || a[i] != b[i];
    EXPECT(differ);
}

int main(void)
{
    static const brood_test_t tests[] = {
        TEST(every_contract_function_is_there),
        TEST(the_clock_only_goes_forward),
        TEST(a_channel_carries_bytes_both_ways_and_then_ends),
        TEST(a_segment_is_zero_and_too_much_is_refused),
        TEST(this_process_is_not_gone),
        TEST(there_are_cpus_and_random_bytes),
    };

    return harness_run("contract", tests, sizeof tests / sizeof tests[0]);
}
