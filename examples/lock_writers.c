/* Ten processes append a line each to one file, under a lock; the file is then shown. */
#include <brood.h>
#include <apr_file_io.h>
#include <stdio.h>

static apr_status_t worker(brood_call_t *call)
{
    brood_lock_t *lock;
    const char *path;
    int i;
    apr_file_t *file;

    BROOD_TRY(BROOD_UNPACK(call->args, &lock, &path, &i));
    BROOD_TRY(brood_lock_acquire(lock, BROOD_FOREVER));
    BROOD_TRY(apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_APPEND, APR_OS_DEFAULT, call->mem));
    apr_file_printf(file, "Lock acquired by %d\n", i);
    BROOD_TRY(apr_file_close(file));
    return brood_lock_release(lock);
}

static apr_status_t app(brood_call_t *call)
{
    brood_lock_t *lock;
    brood_process_t *writers[10];
    apr_file_t *file;
    const char *folder;
    char *path;
    char line[80];

    BROOD_TRY(apr_temp_dir_get(&folder, call->mem));
    path = apr_pstrcat(call->mem, folder, "/lock_writers.XXXXXX", NULL);
    BROOD_TRY(apr_file_mktemp(&file, path, APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_WRITE, call->mem));
    BROOD_TRY(apr_file_close(file));

    BROOD_TRY(brood_lock_create(&lock, call->mem));
    for (int i = 0; i < 10; i++)
        BROOD_TRY(brood_process_start(&writers[i], worker, BROOD_ARGS(lock, path, i), NULL, call->mem));
    for (int i = 0; i < 10; i++)
        BROOD_TRY(brood_process_join(writers[i], BROOD_FOREVER));

    BROOD_TRY(apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, call->mem));
    while (apr_file_gets(line, sizeof line, file) == APR_SUCCESS)
        fputs(line, stdout);
    BROOD_TRY(apr_file_close(file));
    return apr_file_remove(path, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(worker))
