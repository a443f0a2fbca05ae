/* test_progress.c - telling how far a map is, and the bar. */
#include "harness_tree.h"

#include "pool/progress_bar.h"
#include <stdio.h>
#include <string.h>

#define ITEMS 400

static apr_pool_t *mem;

/* What is told. */
typedef struct told_t {
    int calls;
    int inside; /* 2: two at once */
    bool met, back, wrong;
    bool soon, often; /* so may only the last one come */
    apr_size_t done;
    apr_time_t at;
    bool ended; /* its `done` has been called */
} told_t;

static void told(void *user, apr_size_t done, apr_size_t total)
{
    const apr_time_t now = apr_time_now();
    told_t *self = user;

    self->met = self->met || ++self->inside != 1;
    self->back = self->back || done < self->done;
    self->often = self->often || self->soon;
    self->soon =
        self->calls > 0 && now - self->at < apr_time_from_msec(95); /* the wall clock's, which may be trimmed */
    self->wrong = self->wrong || total != ITEMS || done > total || self->ended;
    self->calls++;
    self->done = done;
    self->at = now;
    self->inside--;
}

static void ended(void *user, apr_status_t status, brood_value_t value)
{
    (void) status;
    (void) value;
    ((told_t *) user)->ended = true;
}

static apr_status_t nap(brood_call_t *call)
{
    int x;

    BROOD_TRY(BROOD_UNPACK(call->args, &x));
    apr_sleep(1000);
    return brood_return(call, brood_int(x));
}

static apr_status_t doze(brood_chunk_t *chunk)
{
    int fails;

    BROOD_TRY(BROOD_READ(&fails, chunk->args));
    apr_sleep((apr_interval_time_t) (2000 * chunk->count));
    return fails && chunk->first == 100 ? brood_fail(APR_EGENERAL, "so much is enough") : APR_SUCCESS;
}

static brood_pool_t *pool_of_two(void)
{
    brood_pool_t *pool = NULL;

    mem = harness_mem();
    EXPECT_OK(brood_pool_create(&pool, 2, NULL, mem));
    return pool;
}

static void expect_good(const told_t *user)
{
    EXPECT(user->calls > 0);
    EXPECT(!user->met);
    EXPECT(!user->back);
    EXPECT(!user->often);
    EXPECT(!user->wrong);
}

static void a_map_over_arrays_tells_now_and_then_and_at_the_end(void)
{
    brood_pool_t *pool = pool_of_two();
    told_t user = {0};
    const brood_task_options_t options = {
        .chunk_size = 7, .args = brood_int(0), .progress = told, .done = ended, .user = &user};

    EXPECT_OK(brood_pool_map_array(NULL, 0, pool, doze, NULL, 0, ITEMS, &options));
    expect_good(&user);
    EXPECT(user.calls >= 2); /* 400 ms of work, and the end */
    EXPECT(user.done == ITEMS);
    EXPECT(user.ended);
}

static void so_does_a_map_that_nobody_waits_for(void)
{
    brood_pool_t *pool = pool_of_two();
    brood_value_t items[ITEMS], values;
    brood_future_t *future;
    told_t user = {0};
    const brood_task_options_t options = {.chunk_size = 20, .progress = told, .user = &user};
    apr_size_t done = 0, total = 0;

    for (int i = 0; i < ITEMS; i++)
        items[i] = brood_int(i);
    EXPECT_OK(brood_pool_map_async(&future, pool, nap, brood_list(items, ITEMS), &options, mem));
    EXPECT_OK(brood_future_get(&values, future, BROOD_FOREVER, mem));
    expect_good(&user);
    EXPECT(user.done == ITEMS);
    brood_future_progress(&done, &total, future);
    EXPECT(done == ITEMS && total == ITEMS);
}

static void a_failed_map_tells_at_its_end_how_far_it_was(void)
{
    brood_pool_t *pool = pool_of_two();
    told_t user = {0};
    const brood_task_options_t options = {.chunk_size = 10, .args = brood_int(1), .progress = told, .user = &user};

    EXPECT_STATUS(APR_EGENERAL, brood_pool_map_array(NULL, 0, pool, doze, NULL, 0, ITEMS, &options));
    expect_good(&user);
    EXPECT(user.done >= 90 && user.done < ITEMS); /* those before the one that fails, of which one may be on its way */
}

static void an_empty_map_tells_once(void)
{
    brood_pool_t *pool = pool_of_two();
    told_t user = {0};
    const brood_task_options_t options = {.args = brood_int(0), .progress = told, .user = &user};

    EXPECT_OK(brood_pool_map_array(NULL, 0, pool, doze, NULL, 0, 0, &options));
    EXPECT(user.calls == 1 && user.done == 0);
}

static void the_bar_fills_its_line_but_for_the_last_character(void)
{
    char line[BROOD__BAR_WIDEST];

    brood__progress_line(line, 50, &(brood__progress_t){50, 200, 50, 10 * APR_USEC_PER_SEC});
    EXPECT_TEXT(" 25% [====>               ]  5/s  0:30 left      ", line);
    brood__progress_line(line, 50, &(brood__progress_t){200, 200, 200, 4000 * APR_USEC_PER_SEC});
    EXPECT_TEXT("100% [====================]  0.1/s  1:06:40      ", line);
    brood__progress_line(line, 50, &(brood__progress_t){1, 200, 0, 0});
    EXPECT_TEXT("  0% [                    ]  -/s  -:-- left      ", line);
    brood__progress_line(line, 24, &(brood__progress_t){2500000, 5000000, 2500000, APR_USEC_PER_SEC});
    EXPECT_TEXT(" 50%  2.5M/s  0:01 left", line);
    for (int width = 1; width < 400; width++) {
        brood__progress_line(line, width, &(brood__progress_t){SIZE_MAX / 2, SIZE_MAX, SIZE_MAX / 2, 1});
        EXPECT((int) strlen(line) <= width - 1 && strlen(line) < sizeof line);
    }
}

static void a_file_gets_no_bar(void)
{
    FILE *file = tmpfile();

    EXPECT(file != NULL);
    if (file == NULL)
        return;
    brood_progress_bar(file, 1, 2);
    brood_progress_bar(file, 2, 2);
    EXPECT(ftell(file) == 0);
    (void) fclose(file);
}

static const brood_entry_t entries[] = {BROOD_ENTRY(nap), BROOD_KERNEL(doze), BROOD_ENTRIES_END};

int main(int argc, char **argv)
{
    static const brood_test_t tests[] = {
        TEST(a_map_over_arrays_tells_now_and_then_and_at_the_end), TEST(so_does_a_map_that_nobody_waits_for),
        TEST(a_failed_map_tells_at_its_end_how_far_it_was),        TEST(an_empty_map_tells_once),
        TEST(the_bar_fills_its_line_but_for_the_last_character),   TEST(a_file_gets_no_bar),
    };

    return harness_tree(argc, argv, entries, "progress", tests, sizeof tests / sizeof tests[0]);
}
