/* A shared number and a shared array, changed by ten processes. */
#include <brood.h>
#include <stdio.h>

static apr_status_t f(brood_call_t *call)
{
    brood_array_t *num, *arr;

    BROOD_TRY(BROOD_UNPACK(call->args, &num, &arr));
    double *n = brood_array_data(num);
    int *a = brood_array_data(arr);

    BROOD_TRY(brood_lock_acquire(brood_array_lock(num), BROOD_FOREVER));
    *n += 1;
    for (apr_size_t i = 0; i < brood_array_count(arr); i++)
        a[i] = -a[i];
    return brood_lock_release(brood_array_lock(num));
}

static apr_status_t app(brood_call_t *call)
{
    const int numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    brood_array_t *num, *arr;
    brood_process_t *ps[10];

    BROOD_TRY(brood_array_create(&num, 1, sizeof(double), NULL, call->mem));
    BROOD_TRY(brood_array_create(&arr, 10, sizeof(int), numbers, call->mem));
    for (int i = 0; i < 10; i++)
        BROOD_TRY(brood_process_start(&ps[i], f, BROOD_ARGS(num, arr), NULL, call->mem));
    for (int i = 0; i < 10; i++)
        BROOD_TRY(brood_process_join(ps[i], BROOD_FOREVER));

    const double *n = brood_array_data(num);
    const int *a = brood_array_data(arr);
    printf("%g\n", *n);
    for (int i = 0; i < 10; i++)
        printf("%d%c", a[i], i < 9 ? ' ' : '\n');
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(f))
