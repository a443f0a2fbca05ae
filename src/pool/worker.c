/* worker.c - claim a place, run what hangs there, say so. */
#include "pool/worker.h"

#include "base/codec.h"
#include "base/status.h"
#include "base/step.h"
#include "base/thread_local.h"
#include "memory/heap.h"
#include "memory/loan.h"
#include "platform/clock.h"
#include "platform/self.h"
#include "pool/array_job.h"
#include "pool/completions.h"
#include "pool/items.h"
#include "pool/run_queue.h"
#include "process/call.h"
#include "process/entry.h"
#include "process/guard.h"
#include "sync/kinds.h"
#include <brood/connection.h>
#include <brood/pack.h>
#include <string.h>

/* The board and the task of this thread, if it is a worker. */
static BROOD__THREAD_LOCAL const brood__board_t *board_of_task;
static BROOD__THREAD_LOCAL const brood__place_t *place_of_task;
static BROOD__THREAD_LOCAL bool in_thread; /* of the pool's process */

bool brood_call_cancelled(void)
{
    return place_of_task != NULL
           && (atomic_load_explicit(&place_of_task->cancelled, memory_order_relaxed) != 0
               || atomic_load_explicit(&board_of_task->ended, memory_order_relaxed) != 0);
}

bool brood__worker_is_me(const brood__board_t *board)
{
    return in_thread && board_of_task == board;
}

static uint32_t hello_place(const brood__worker_t *worker)
{
    return BROOD__PLACES + worker->seat;
}

/* ---- what came of a task ---- */

/* The failure of a function, as this thread's last one: whatever it has returned, and by whatever message. */
static apr_status_t fail_of(apr_status_t rc, const char *name)
{
    if (brood_last_error()->status != rc)
        rc = brood_fail_text(rc, NULL);
    if (brood_last_error()->entry == NULL)
        brood__status_entry(name);
    if (!in_thread)
        brood__sync_fail(); /* what its locks guard is not in doubt because a function returned */
    return rc;
}

static apr_status_t append_value(brood__output_t *output, brood_value_t value)
{
    return brood__encode(output, value, 0);
}

static apr_status_t append_failure(brood__output_t *output)
{
    return append_value(output, brood__status_to_value(output->mem));
}

/* One call; its result, or nil, goes behind what is in *output. */
static apr_status_t call_once(brood__output_t *output, brood_entry_fn entry, brood_value_t args, apr_pool_t *mem)
{
    brood__work_t work;
    apr_status_t rc = brood__work_init(&work, brood_entry_name(entry), args, mem);

    if (rc == APR_SUCCESS)
        rc = entry(&work.call);
    if (rc != APR_SUCCESS)
        return fail_of(rc, brood_entry_name(entry));
    if (work.result.size == 0)
        return append_value(output, brood_nil());
    return brood__output_append(output, work.result.data, work.result.size);
}

/* The head of a MessagePack list of so many. */
static apr_status_t append_list(brood__output_t *output, apr_size_t count)
{
    const unsigned char head[5] = {0xdd, (unsigned char) (count >> 24), (unsigned char) (count >> 16),
                                   (unsigned char) (count >> 8), (unsigned char) count};

    return brood__output_append(output, head, sizeof head);
}

/* One call for the next item, in memory that was the last one's. */
static apr_status_t call_next(brood__output_t *output, brood_entry_fn entry, brood__items_t *items, bool star,
                              apr_pool_t *turn)
{
    brood_value_t item;

    apr_pool_clear(turn);
    BROOD_TRY(brood__items_next(&item, items, turn));
    return call_once(output, entry, star ? item : brood_list(&item, 1), turn);
}

static apr_status_t map(brood__output_t *output, brood__place_t *place, brood_entry_fn entry, brood__items_t *items,
                        apr_pool_t *turn)
{
    BROOD_TRY(append_list(output, items->count));
    for (uint32_t i = 0; items->count != 0; i++) {
        place->first = i;
        BROOD_TRY(call_next(output, entry, items, place->work & BROOD__STAR, turn));
    }
    return APR_SUCCESS;
}

static apr_status_t each(brood__output_t *output, const brood__place_t *place, brood_entry_fn entry,
                         brood__items_t *items, apr_pool_t *turn)
{
    BROOD_TRY(append_list(output, 2 * items->count));
    while (items->count != 0) {
        brood__output_t one = {NULL, 0, 0, turn};
        const apr_status_t rc = call_next(&one, entry, items, place->work & BROOD__STAR, turn);

        BROOD_TRY(append_value(output, brood_int(rc)));
        if (rc == APR_SUCCESS)
            BROOD_TRY(brood__output_append(output, one.data, one.size));
        else
            BROOD_TRY(append_failure(output));
    }
    return APR_SUCCESS;
}

/* A chunk.  Each call has the memory of the one before. */
static apr_status_t call_many(brood__output_t *output, brood__place_t *place, brood_entry_fn entry, apr_pool_t *mem)
{
    brood__items_t items;
    apr_pool_t *turn;

    BROOD_TRY(brood__items_begin(&items, place));
    BROOD_TRY(apr_pool_create(&turn, mem));
    return (place->work & ~BROOD__STAR) == BROOD__MAP ? map(output, place, entry, &items, turn)
                                                      : each(output, place, entry, &items, turn);
}

static apr_status_t take_part(brood__output_t *output, brood__place_t *place, brood_value_t args, uint32_t worker,
                              apr_pool_t *mem)
{
    const apr_status_t rc = brood__array_job_run(place, args, worker, mem);

    return rc == APR_SUCCESS ? append_value(output, brood_nil()) : fail_of(rc, brood__entry_name_at(place->entry));
}

static apr_status_t decode_args(brood_value_t *args, const brood__place_t *place, apr_pool_t *mem)
{
    const void *data = place->args != 0 ? brood__at(place->args) : (const void *) place->here;

    if (place->args_size > (place->args != 0 ? brood__heap_size(place->args) : BROOD__PLACE_ROOM))
        return brood_fail_text(BROOD_EDECODE, "a task of the pool has been overwritten");
    return brood__loan_decode(args, place->args, data, place->args_size, mem);
}

static apr_status_t run(brood__output_t *output, brood__place_t *place, uint32_t worker, apr_pool_t *mem)
{
    brood_entry_fn entry = brood__entry_at(place->entry);
    brood_value_t args;

    if (entry == NULL && place->work != BROOD__ARRAY)
        return brood_fail_text(BROOD_EDECODE, "a task of the pool has been overwritten");
    if (place->work != BROOD__ARRAY && place->work != BROOD__CALL)
        return call_many(output, place, entry, mem);
    BROOD_TRY(decode_args(&args, place, mem));
    if (place->work == BROOD__ARRAY)
        return take_part(output, place, args, worker, mem);
    return call_once(output, entry, args, mem);
}

/* ---- a place ---- */

/* Small results lie in the place, others in a block of this process, until the pool takes it. */
static apr_status_t deliver(brood__place_t *place, uint32_t number, const brood__ref_t *board,
                            const brood__output_t *output)
{
    place->result = 0;
    place->result_size = output->size;
    if (output->size <= BROOD__PLACE_ROOM) {
        memcpy(place->here, output->data, output->size);
        return APR_SUCCESS;
    }
    BROOD_TRY(brood__heap_alloc(&place->result, output->size));
    memcpy(brood__at(place->result), output->data, output->size);
    brood__heap_publish(place->result, brood__offset(board->object), number);
    return APR_SUCCESS;
}

/* A failure, as short as need be. */
static void deliver_failure(brood__place_t *place, uint32_t number, const brood__ref_t *board, apr_pool_t *mem)
{
    brood__output_t output = {NULL, 0, 0, mem};

    place->status = brood_last_error()->status;
    if (append_failure(&output) == APR_SUCCESS && deliver(place, number, board, &output) == APR_SUCCESS)
        return;
    place->result = 0;
    place->result_size = 0;
}

/* False: the task was given up meanwhile, and this worker is to end. */
static bool done(brood__place_t *place)
{
    uint32_t mine = BROOD__STATE(BROOD__CLAIMED, brood__me);

    if (atomic_compare_exchange_strong(&place->state, &mine, BROOD__STATE(BROOD__DONE, brood__me)))
        return true;
    if (place->result != 0)
        brood__heap_free(place->result);
    return false;
}

static bool claim(brood__place_t *place)
{
    uint32_t ready = BROOD__STATE(BROOD__READY, 0);

    return atomic_compare_exchange_strong(&place->state, &ready, BROOD__STATE(BROOD__CLAIMED, brood__me));
}

/* False: this worker is to end. */
static bool work_at(const brood__worker_t *worker, uint32_t number, apr_pool_t *mem)
{
    brood__board_t *board = brood__board(worker->board);
    brood__place_t *place = &board->place[number];
    brood__output_t output = {NULL, 0, 0, mem};

    if (place->limit != 0)
        atomic_store_explicit(&place->begun, brood__clock_now(), memory_order_release);
    place_of_task = place;
    place->status = run(&output, place, hello_place(worker), mem);
    place_of_task = NULL;
    if (place->status == APR_SUCCESS)
        place->status = deliver(place, number, worker->board, &output);
    if (place->status != APR_SUCCESS)
        deliver_failure(place, number, worker->board, mem);
    if (!done(place))
        return false;
    BROOD__STEP(RUN_DONE);
    brood__completions_put(board, worker->seat, number);
    return true;
}

/* ---- the worker ---- */

/* What cannot be had is done without. */
static void settle_down(const brood__worker_t *worker)
{
    if (worker->pin && worker->at < brood__board(worker->board)->workers)
        (void) brood__self_pin(worker->at);
    if (worker->nice != 0)
        (void) brood__self_nice(worker->nice);
}

static apr_status_t initialize(const brood__worker_t *worker, apr_pool_t *mem)
{
    apr_status_t rc;

    settle_down(worker);
    if (worker->initializer == NULL)
        return APR_SUCCESS;
    rc = brood_call(NULL, worker->initializer, worker->initargs, mem);
    return rc == APR_SUCCESS ? rc : fail_of(rc, brood_entry_name(worker->initializer));
}

/* One to spare has no CPU of its own before. */
static bool enter(brood__worker_t *worker)
{
    brood__board_t *board = brood__board(worker->board);

    if (!brood__run_queue_enter(&worker->seat, board, worker->at, worker->number) || worker->seat >= board->workers)
        return false;
    if (worker->pin && worker->seat != worker->at)
        (void) brood__self_pin(worker->seat);
    return true;
}

static bool hello(brood__worker_t *worker, apr_pool_t *mem)
{
    brood__board_t *board = brood__board(worker->board);
    const apr_status_t rc = initialize(worker, mem);
    brood__place_t *place;

    if (!enter(worker))
        return false;
    place = &board->place[hello_place(worker)];
    place->status = rc;
    place->result_size = 0;
    if (rc != APR_SUCCESS)
        deliver_failure(place, hello_place(worker), worker->board, mem);
    atomic_store(&place->state, BROOD__STATE(BROOD__DONE, brood__me));
    brood__completions_hello(board, worker->seat);
    return rc == APR_SUCCESS;
}

static bool is_worn_out(const brood__worker_t *worker, unsigned tasks, apr_time_t born)
{
    return (worker->max_tasks != 0 && tasks >= worker->max_tasks)
           || (worker->max_memory != 0 && brood__self_resident() > worker->max_memory)
           || (worker->max_age != 0 && brood__clock_now() - born > worker->max_age);
}

void brood__worker_run(brood__worker_t *worker, apr_pool_t *mem)
{
    brood__board_t *board = brood__board(worker->board);
    apr_pool_t *turn;
    unsigned tasks = 0;
    uint32_t number;
    apr_time_t born;

    in_thread = worker->is_thread;
    board_of_task = board;
    if (!hello(worker, mem) || apr_pool_create(&turn, mem) != APR_SUCCESS)
        return;
    born = brood__clock_now();
    for (bool more = true; more && brood__run_queue_take(&number, board, worker->seat);) {
        if (number >= BROOD__PLACES || !claim(&board->place[number]))
            continue;
        BROOD__STEP(RUN_CLAIMED);
        tasks++;
        more = work_at(worker, number, turn) && !is_worn_out(worker, tasks, born);
        apr_pool_clear(turn);
    }
}

static apr_status_t slot_board(brood__ref_t **board, brood_value_t value)
{
    void *object;

    BROOD_TRY(brood__kind_from_value(&object, BROOD__TAG_BOARD, value));
    *board = object;
    return APR_SUCCESS;
}

/* What it writes to stderr goes to the pool's process from now on; if it cannot, to where it went before. */
static void redirect(brood_value_t value)
{
    brood_connection_t *error;
    apr_os_file_t file;

    if (value.kind == BROOD_KIND_NIL || brood_connection_from_value(&error, value) != APR_SUCCESS)
        return;
    if (brood_connection_fileno(&file, error) == APR_SUCCESS)
        (void) brood__self_redirect((brood__handle_t) file);
    brood_connection_close(error);
}

apr_status_t brood__worker_entry(brood_call_t *call)
{
    brood__worker_t worker = {.initializer = NULL};
    brood_value_t board, initializer, error;

    BROOD_TRY(BROOD_UNPACK(call->args, &board, &initializer, &worker.initargs, &worker.max_tasks, &worker.max_memory,
                           &worker.max_age, &worker.nice, &worker.pin, &worker.at, &worker.number, &error));
    redirect(error);
    BROOD_TRY(slot_board(&worker.board, board));
    if (worker.at > brood__board(worker.board)->workers)
        return brood_fail_text(BROOD_EARGS, "a worker without a place");
    if (initializer.kind == BROOD_KIND_ENTRY)
        worker.initializer = initializer.as.entry;
    brood__worker_run(&worker, call->mem);
    return APR_SUCCESS;
}
