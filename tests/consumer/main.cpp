/* A C++ program that uses brood: it reads as one in C. */
#include <brood.h>
#include <cstdio>

/* Puts the squares of all numbers up to `last` into a queue. */
static apr_status_t produce(brood_call_t *call)
{
    brood_queue_t *squares;
    int last;

    BROOD_TRY(BROOD_UNPACK(call->args, &squares, &last));
    for (int n = 1; n <= last; n++)
        BROOD_TRY(brood_queue_put(squares, BROOD_LIST(n, n * n, "square"), BROOD_FOREVER));
    return APR_SUCCESS;
}

static apr_status_t half(brood_call_t *call)
{
    double x;

    BROOD_TRY(BROOD_UNPACK(call->args, &x));
    return brood_return(call, BROOD_VALUE(x / 2));
}

static apr_status_t by_process(apr_pool_t *mem)
{
    brood_process_options_t options{};
    brood_process_t *process;
    brood_queue_t *squares;
    long sum = 0;

    options.name = "producer";
    BROOD_TRY(brood_queue_create(&squares, 0, nullptr, mem));
    BROOD_TRY(brood_process_start(&process, produce, BROOD_ARGS(squares, 10), &options, mem));
    for (int i = 1; i <= 10; i++) {
        brood_value_t item;
        const char *word;
        int n, square;

        BROOD_TRY(brood_queue_get(&item, squares, BROOD_FOREVER, mem));
        BROOD_TRY(BROOD_UNPACK(item, &n, &square, &word));
        if (n != i || square != i * i || word[0] != 's')
            return brood_fail(APR_EGENERAL, "got %d, %d, %s", n, square, word);
        sum += square;
    }
    brood_wait_t end = BROOD_WAIT(process);
    BROOD_TRY(brood_wait(&end, 1, BROOD_FOREVER));
    if (!end.ready || sum != 385 || brood_process_exitcode(process) != 0)
        return brood_fail(APR_EGENERAL, "sum %ld, exit code %d", sum, brood_process_exitcode(process));
    return APR_SUCCESS;
}

static apr_status_t by_pool(apr_pool_t *mem)
{
    brood_pool_t *workers;
    brood_value_t halves;

    BROOD_TRY(brood_pool_create(&workers, 2, nullptr, mem));
    BROOD_TRY(brood_pool_map(&halves, workers, half, BROOD_LIST(1, 2.0, 3u), mem));
    if (!brood_value_equal(halves, BROOD_LIST(0.5, 1, 1.5f)))
        return brood_fail(APR_EGENERAL, "halves: %s", brood_value_string(halves, mem));
    return brood_pool_shutdown(workers, false, BROOD_FOREVER);
}

static apr_status_t by_hand(apr_pool_t *mem)
{
    const brood_value_t map =
        brood_value_copy(BROOD_MAP("yes", true, "entry", half, "lists", BROOD_LIST(BROOD_LIST(1))), mem);
    brood_value_t found;
    bool yes;

    BROOD_TRY(brood_value_find(&found, map, BROOD_VALUE("yes")));
    BROOD_TRY(BROOD_READ(&yes, found));
    if (!yes || found.kind != BROOD_KIND_BOOL)
        return brood_fail(APR_EGENERAL, "not what was put in: %s", brood_value_string(map, mem));
    std::printf("brood %s: %s\n", brood_version().text, brood_value_string(map, mem));
    return APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    BROOD_TRY(by_process(call->mem));
    BROOD_TRY(by_pool(call->mem));
    return by_hand(call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(produce), BROOD_ENTRY(half))
