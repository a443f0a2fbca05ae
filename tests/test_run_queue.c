/* The two ways between a pool and its workers, driven by hand: the run queue and the completions. */
#include "pool_fixture.h"

#include "pool/completions.h"
#include "pool/run_queue.h"

static brood__board_t *board;

static void begin(unsigned workers)
{
    brood__ref_t *ref = NULL;

    mem = harness_mem();
    EXPECT_OK(brood__board_create(&ref, workers, mem));
    board = brood__board(ref);
}

static void put(uint32_t number)
{
    atomic_store(&board->place[number].state, BROOD__STATE(BROOD__READY, 0));
    brood__run_queue_put(board, number);
}

/* Claimed, as a worker does. */
static uint32_t take(uint32_t worker)
{
    uint32_t number = UINT32_MAX;

    EXPECT(brood__run_queue_take(&number, board, worker));
    atomic_store(&board->place[number].state, BROOD__STATE(BROOD__CLAIMED, 1));
    return number;
}

static void expect_empty(void)
{
    uint32_t number;

    brood__run_queue_close(board);
    EXPECT(!brood__run_queue_take(&number, board, 0));
}

/* ---- the run queue ---- */

static void numbers_come_in_their_order(void)
{
    begin(2);
    for (int round = 0; round < 20; round++) { /* the ring comes round four times */
        for (uint32_t i = 0; i < BROOD__PLACES; i++)
            put(BROOD__PLACES - 1 - i);
        brood__run_queue_flush(board);
        for (uint32_t i = 0; i < BROOD__PLACES; i++)
            EXPECT(take(i % 2) == BROOD__PLACES - 1 - i);
    }
    expect_empty();
}

static void what_is_put_is_seen_after_a_flush(void)
{
    begin(1);
    put(7);
    EXPECT(atomic_load(&board->run_queue.tail) == 0);
    brood__run_queue_flush(board);
    EXPECT(atomic_load(&board->run_queue.tail) == 1);
    EXPECT(take(0) == 7);
    put(8);
    brood__run_queue_close(board); /* which flushes */
    EXPECT(take(0) == 8);
}

/* However many, they leave no room to be short of, and those that remain keep their order. */
static void withdrawn_ones_are_cleared_away(void)
{
    begin(1);
    put(1000);
    put(3);
    for (int i = 0; i < 100000; i++) {
        put((uint32_t) (i % 900 + 10));
        if (i % 3 == 0)
            brood__run_queue_flush(board);
        atomic_store(&board->place[i % 900 + 10].state, BROOD__FREE);
    }
    put(2);
    brood__run_queue_flush(board);
    for (uint32_t number = 0, i = 0; i < 3; number = 0) {
        static const uint32_t expected[] = {1000, 3, 2};

        EXPECT(brood__run_queue_take(&number, board, 0));
        if (BROOD__PHASE(atomic_load(&board->place[number].state)) == BROOD__READY)
            EXPECT(number == expected[i++]);
    }
    expect_empty();
}

static void what_a_dead_worker_had_in_hand_comes_again_once(void)
{
    uint32_t number;

    begin(2);
    put(5);
    put(6);
    put(7);
    brood__run_queue_flush(board);
    EXPECT(brood__run_queue_take(&number, board, 1) && number == 5); /* and not claimed */
    EXPECT(take(0) == 6);
    brood__run_queue_bury(board, 1);
    EXPECT(take(0) == 7);
    EXPECT(take(0) == 5);
    brood__run_queue_bury(board, 1);
    expect_empty();
}

static void nobody_waits_on_a_board_that_is_ended(void)
{
    uint32_t number;

    begin(1);
    put(1);
    brood__run_queue_flush(board);
    atomic_store(&board->ended, 1);
    EXPECT(!brood__run_queue_take(&number, board, 0));
}

/* ---- completions ---- */

static void expect_arrivals(const uint32_t *expected, uint32_t count)
{
    brood__arrivals_t arrivals;

    EXPECT_OK(brood__completions_take(&arrivals, board, BROOD_FOREVER));
    EXPECT(arrivals.count == count);
    for (uint32_t i = 0; i < count && i < arrivals.count; i++)
        EXPECT(arrivals.ticket[i] == expected[i]);
}

static void expect_none(void)
{
    brood__arrivals_t arrivals;

    EXPECT(brood__completions_take(&arrivals, board, BROOD_NOWAIT) == APR_TIMEUP);
    EXPECT(brood__completions_take(&arrivals, board, 1) == APR_TIMEUP);
    EXPECT(arrivals.count == 0);
}

static void those_of_one_worker_come_in_their_order(void)
{
    brood__arrivals_t arrivals;
    uint32_t next = 0;

    begin(1);
    for (int round = 0; round < 5; round++) { /* its ring comes round */
        for (uint32_t i = 0; i < 700; i++)
            brood__completions_put(board, 0, i);
        for (next = 0; next < 700;) {
            EXPECT_OK(brood__completions_take(&arrivals, board, BROOD_FOREVER));
            EXPECT(arrivals.count != 0);
            for (uint32_t i = 0; i < arrivals.count; i++)
                EXPECT(arrivals.ticket[i] == next++);
        }
    }
    expect_none();
}

static void expect_hello_first(void)
{
    brood__arrivals_t arrivals;

    EXPECT_OK(brood__completions_take(&arrivals, board, BROOD_FOREVER));
    EXPECT(arrivals.count > 1 && arrivals.ticket[0] == BROOD__PLACES && arrivals.ticket[1] == 0);
}

/* One who has always something does not keep the others from being heard. */
static void all_workers_have_their_turn(void)
{
    brood__arrivals_t arrivals;
    bool heard[BROOD_POOL_LIMIT] = {false};

    begin(BROOD_POOL_LIMIT);
    for (uint32_t i = 0; i < BROOD_POOL_LIMIT; i++)
        brood__completions_put(board, i, i);
    for (int round = 0; round < 50; round++) {
        for (uint32_t i = 0; i < 20; i++) /* these never cease */
            for (int k = 0; k < 8; k++)
                brood__completions_put(board, i, i);
        EXPECT_OK(brood__completions_take(&arrivals, board, BROOD_FOREVER));
        for (uint32_t i = 0; i < arrivals.count; i++)
            heard[arrivals.ticket[i]] = true;
    }
    for (uint32_t i = 0; i < BROOD_POOL_LIMIT; i++)
        EXPECT(heard[i]);
}

static void what_the_pool_tells_and_interrupts_comes_at_once(void)
{
    begin(3);
    brood__completions_tell(board, 1023);
    brood__completions_tell(board, 64);
    brood__completions_tell(board, 1023);
    expect_arrivals((const uint32_t[]){64, 1023}, 2);
    expect_none();
    brood__completions_interrupt(board);
    expect_arrivals(NULL, 0);
    expect_none();
    atomic_store(&board->ended, 1);
    EXPECT_STATUS(BROOD_EPOOL, brood__completions_take(&(brood__arrivals_t){0}, board, BROOD_FOREVER));
}

/* A worker need not wait for somebody to take what it puts. */
static void as_many_as_there_are_places_can_be_left_there(void)
{
    begin(1);
    brood__completions_hello(board, 0);
    for (uint32_t i = 0; i < BROOD__PLACES; i++)
        brood__completions_put(board, 0, i);
    for (uint32_t i = 0; i < BROOD__PLACES; i++) /* and once more, those before having come another way */
        brood__completions_put(board, 0, i);
    expect_hello_first();
}

/* It has died between the number and the bit. */
static void what_a_dead_worker_has_put_is_found(void)
{
    begin(2);
    brood__completions_put(board, 1, 9);
    atomic_store(&board->completions.fresh[0], 0);
    expect_none();
    brood__completions_bury(board, 1);
    expect_arrivals((const uint32_t[]){9}, 1);
}

int main(int argc, char **argv)
{
    static const brood_entry_t entries[] = {BROOD_ENTRIES_END};
    static const brood_test_t tests[] = {
        TEST(numbers_come_in_their_order),
        TEST(what_is_put_is_seen_after_a_flush),
        TEST(withdrawn_ones_are_cleared_away),
        TEST(what_a_dead_worker_had_in_hand_comes_again_once),
        TEST(nobody_waits_on_a_board_that_is_ended),
        TEST(those_of_one_worker_come_in_their_order),
        TEST(all_workers_have_their_turn),
        TEST(what_the_pool_tells_and_interrupts_comes_at_once),
        TEST(as_many_as_there_are_places_can_be_left_there),
        TEST(what_a_dead_worker_has_put_is_found),
    };

    return harness_tree(argc, argv, entries, "run_queue", tests, sizeof tests / sizeof tests[0]);
}
