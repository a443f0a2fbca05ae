/* calculate(mul or plus, args) by apply_async, imap, imap_unordered and map. */
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

static apr_status_t print_all(brood_iterator_t *it, apr_pool_t *mem)
{
    brood_value_t x;
    apr_status_t rc;

    while ((rc = brood_iterator_next(&x, it, BROOD_FOREVER, mem)) == APR_SUCCESS)
        printf("\t%s\n", brood_value_string(x, mem));
    return brood_allow(rc, APR_EOF);
}

static apr_status_t app(brood_call_t *call)
{
    const brood_task_options_t star = {.star = true};
    brood_pool_t *pool;
    brood_future_t *results[20];
    brood_iterator_t *it;
    brood_value_t tasks = make_tasks(call->mem), x;

    printf("cpu_count() = %d\n", brood_cpu_count());
    BROOD_TRY(brood_pool_create(&pool, 4, NULL, call->mem));

    puts("Ordered results using pool.apply_async():");
    for (apr_size_t i = 0; i < 20; i++)
        BROOD_TRY(brood_pool_apply_async(&results[i], pool, calculate, brood_value_at(tasks, i), NULL, call->mem));
    for (apr_size_t i = 0; i < 20; i++) {
        BROOD_TRY(brood_future_get(&x, results[i], BROOD_FOREVER, call->mem));
        printf("\t%s\n", brood_value_string(x, call->mem));
    }
    puts("Ordered results using pool.imap():");
    BROOD_TRY(brood_pool_imap(&it, pool, calculate, brood_source_list(tasks), &star, call->mem));
    BROOD_TRY(print_all(it, call->mem));
    puts("Unordered results using pool.imap_unordered():");
    BROOD_TRY(brood_pool_imap_unordered(&it, pool, calculate, brood_source_list(tasks), &star, call->mem));
    BROOD_TRY(print_all(it, call->mem));
    puts("Ordered results using pool.map() --- will block till complete:");
    BROOD_TRY(brood_pool_starmap(&x, pool, calculate, tasks, call->mem));
    for (apr_size_t i = 0; i < brood_value_count(x); i++)
        printf("\t%s\n", brood_value_string(brood_value_at(x, i), call->mem));
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(calculate), BROOD_ENTRY(mul), BROOD_ENTRY(plus))
