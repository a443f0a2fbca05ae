/* Count the lines of all files in a directory, in parallel, reading the directory only as far ahead as needed. */
#include <brood.h>
#include <apr_file_info.h>
#include <stdio.h>

static apr_status_t count_lines(brood_call_t *call)
{
    const char *path;
    apr_file_t *file;
    char block[65536];
    apr_int64_t lines = 0;
    apr_status_t rc;
    apr_size_t size;

    BROOD_TRY(BROOD_UNPACK(call->args, &path));
    rc = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, call->mem);
    if (rc != APR_SUCCESS)
        return brood_fail(rc, "cannot open %s", path);
    while (size = sizeof block, (rc = apr_file_read(file, block, &size)) == APR_SUCCESS)
        for (apr_size_t i = 0; i < size; i++)
            lines += block[i] == '\n';
    BROOD_TRY(brood_allow(rc, APR_EOF));
    return brood_return(call, BROOD_LIST(path, lines));
}

typedef struct walk_t {
    apr_dir_t *dir;
    const char *path;
} walk_t;

static apr_status_t next_file(brood_call_t *call)
{
    walk_t *walk = call->self;
    apr_finfo_t entry;

    do {
        apr_status_t rc = apr_dir_read(&entry, APR_FINFO_TYPE | APR_FINFO_NAME, walk->dir);
        if (APR_STATUS_IS_ENOENT(rc))
            return APR_EOF;
        BROOD_TRY(brood_allow(rc, APR_INCOMPLETE));
    } while (entry.filetype != APR_REG);
    return brood_return(call, brood_text(apr_pstrcat(call->mem, walk->path, "/", entry.name, NULL)));
}

static apr_status_t app(brood_call_t *call)
{
    walk_t walk;
    brood_pool_t *pool;
    brood_iterator_t *it;
    brood_value_t result;
    const char *path;
    apr_int64_t lines, total = 0;
    apr_pool_t *turn;
    apr_status_t rc;

    BROOD_TRY(BROOD_UNPACK(call->args, &walk.path));
    BROOD_TRY(apr_dir_open(&walk.dir, walk.path, call->mem));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    BROOD_TRY(brood_pool_create(&pool, 0, NULL, call->mem));
    BROOD_TRY(
        brood_pool_imap_unordered(&it, pool, count_lines, brood_source_function(next_file, &walk), NULL, call->mem));
    while ((rc = brood_iterator_next(&result, it, BROOD_FOREVER, turn)) != APR_EOF) {
        if (rc != APR_SUCCESS) {
            fprintf(stderr, "%s\n", brood_last_error()->message); /* that file alone */
            continue;
        }
        BROOD_TRY(BROOD_UNPACK(result, &path, &lines));
        printf("%8lld %s\n", (long long) lines, path);
        total += lines;
        apr_pool_clear(turn);
    }
    printf("%8lld total\n", (long long) total);
    return APR_SUCCESS;
}

BROOD_MAIN(app, BROOD_ENTRY(count_lines))
