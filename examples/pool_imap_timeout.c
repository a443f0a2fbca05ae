/* next(timeout) on ordered and unordered iterators; a dot for each timeout. */
#include "tasks.h"

static apr_status_t calculate(brood_call_t *call)
{
    brood_entry_fn func;
    brood_value_t args, result;

    BROOD_TRY(BROOD_UNPACK(call->args, &func, &args));
    BROOD_TRY(brood_call(&result, func, args, call->mem));
    return brood_return(call, brood_text(apr_psprintf(call->mem, "%s says that %s%s = %s", brood_current_name(),
                                                      brood_entry_name(func), brood_value_string(args, call->mem),
                                                      brood_value_string(result, call->mem))));
}

static apr_status_t print_with_dots(brood_iterator_t *it, apr_pool_t *mem)
{
    brood_value_t x;

    for (;;) {
        apr_status_t rc = brood_iterator_next(&x, it, apr_time_from_msec(10), mem);

        if (rc == APR_SUCCESS)
            printf("\n\t%s", brood_value_string(x, mem));
        else if (rc == APR_TIMEUP)
            putchar('.');
        else
            return brood_allow(rc, APR_EOF);
        fflush(stdout);
    }
}

static apr_status_t app(brood_call_t *call)
{
    const brood_task_options_t star = {.star = true};
    brood_source_t tasks = brood_source_list(make_tasks(call->mem));
    brood_pool_t *pool;
    brood_iterator_t *it;

    BROOD_TRY(brood_pool_create(&pool, 4, NULL, call->mem));
    printf("Testing IMapIterator.next() with timeout:");
    BROOD_TRY(brood_pool_imap(&it, pool, calculate, tasks, &star, call->mem));
    BROOD_TRY(print_with_dots(it, call->mem));
    printf("\nTesting IMapUnorderedIterator.next() with timeout:");
    BROOD_TRY(brood_pool_imap_unordered(&it, pool, calculate, tasks, &star, call->mem));
    return print_with_dots(it, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(calculate), BROOD_ENTRY(mul), BROOD_ENTRY(plus))
