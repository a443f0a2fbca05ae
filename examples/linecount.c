/* Count the lines of all files below a directory, with as many processes as there are CPUs.
 *
 *     linecount [-p N] [--no-compare] DIR
 *
 * The first process walks the directory and puts paths into a queue, some at a time; workers take them, count, and add
 * to totals in shared memory.  The total is that of `find DIR -type f -print0 | xargs -0 cat | wc -l`.  Afterwards one
 * process does the same work alone, for comparison: its files then are in the system's cache, to its advantage. */
#include <brood.h>
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (256 * 1024)
#define BATCH 32                         /* paths that travel together */
#define AHEAD 1024                       /* batches in the queue */
#define PATIENCE apr_time_from_msec(100) /* between two looks at the workers and at the clock */

/* What counting has come to, of one worker or of all. */
typedef struct count_t {
    long long files;
    long long lines;
    long long unreadable;
    long long bytes;
} count_t;

static void add(count_t *total, const count_t *more)
{
    total->files += more->files;
    total->lines += more->lines;
    total->unreadable += more->unreadable;
    total->bytes += more->bytes;
}

static long long newlines(const char *block, apr_size_t size)
{
    const char *end = block + size;
    long long lines = 0;

    while ((block = memchr(block, '\n', (size_t) (end - block))) != NULL) {
        lines++;
        block++;
    }
    return lines;
}

static void complain(const char *path, apr_status_t status)
{
    char text[120];

    fprintf(stderr, "linecount: %s: %s\n", path, brood_strerror(status, text, sizeof text));
}

/* Count one file.  One that cannot be read is reported, counted as such, and no reason to stop. */
static void count_file(count_t *count, const char *path, char *block, apr_pool_t *mem)
{
    count_t own = {1, 0, 0, 0};
    apr_file_t *file;
    apr_size_t size = BLOCK;
    apr_status_t rc = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_OS_DEFAULT, mem);

    if (rc == APR_SUCCESS) {
        while ((rc = apr_file_read(file, block, &size)) == APR_SUCCESS) {
            own.lines += newlines(block, size);
            own.bytes += (long long) size;
            size = BLOCK;
        }
        apr_file_close(file);
    }
    if (rc != APR_EOF) {
        complain(path, rc);
        own = (count_t){0, 0, 1, 0};
    }
    add(count, &own);
}

/* Count the files of one batch. */
static apr_status_t count_batch(count_t *count, brood_value_t batch, char *block, apr_pool_t *mem)
{
    for (apr_size_t i = 0; i < brood_value_count(batch); i++) {
        const char *path;

        BROOD_TRY(BROOD_READ(&path, brood_value_at(batch, i)));
        count_file(count, path, block, mem);
    }
    return APR_SUCCESS;
}

/* A worker: takes batches until it is given nil, and adds to its own row and to the total, which is row 0. */
static apr_status_t count_files(brood_call_t *call)
{
    brood_queue_t *paths;
    brood_array_t *totals;
    brood_value_t batch;
    int row;
    apr_pool_t *turn;
    char *block = apr_palloc(call->mem, BLOCK);

    BROOD_TRY(BROOD_UNPACK(call->args, &paths, &totals, &row));
    BROOD_TRY(apr_pool_create(&turn, call->mem));
    for (;;) {
        count_t count = {0, 0, 0, 0};
        count_t *total = brood_array_data(totals);

        apr_pool_clear(turn);
        BROOD_TRY(brood_queue_get(&batch, paths, BROOD_FOREVER, turn));
        if (batch.kind == BROOD_KIND_NIL)
            return APR_SUCCESS;
        BROOD_TRY(count_batch(&count, batch, block, turn));
        add(&total[row], &count); /* nobody else writes to this row */
        /* A worker that was killed while it held the lock is what BROOD_EOWNERDEAD tells; the count is lost anyhow, and
         * the first process will say so. */
        BROOD_TRY(brood_allow(brood_lock_acquire(brood_array_lock(totals), BROOD_FOREVER), BROOD_EOWNERDEAD));
        add(&total[0], &count);
        BROOD_TRY(brood_lock_release(brood_array_lock(totals)));
    }
}

/* What is to be done with each file. */
typedef struct visit_t visit_t;
struct visit_t {
    apr_status_t (*file)(visit_t *visit, const char *path, apr_pool_t *turn);
    count_t count; /* alone: all; else what the walk itself could not read */
    char *block;
    brood_queue_t *paths;
    brood_value_t batch[BATCH]; /* not put yet */
    apr_size_t batched;
    apr_pool_t *batch_mem;
    brood_array_t *totals;
    brood_process_t **workers;
    int worker_count;
    bool show; /* progress on stderr */
    apr_time_t shown;
};

/* Visit every regular file below `folder`, following no links. */
static apr_status_t walk(visit_t *visit, const char *folder, apr_pool_t *mem)
{
    apr_finfo_t entry;
    apr_dir_t *dir;
    apr_pool_t *turn;
    apr_status_t rc = apr_dir_open(&dir, folder, mem);

    if (rc != APR_SUCCESS) {
        complain(folder, rc);
        visit->count.unreadable++;
        return APR_SUCCESS;
    }
    BROOD_TRY(apr_pool_create(&turn, mem));
    for (;;) {
        const char *path;

        apr_pool_clear(turn);
        rc = apr_dir_read(&entry, APR_FINFO_TYPE | APR_FINFO_NAME, dir);
        if (rc != APR_SUCCESS && rc != APR_INCOMPLETE)
            break;
        if (strcmp(entry.name, ".") == 0 || strcmp(entry.name, "..") == 0)
            continue;
        path = apr_pstrcat(turn, folder, "/", entry.name, NULL);
        if (!(entry.valid & APR_FINFO_TYPE) || entry.filetype == APR_UNKFILE) /* not every file system tells */
            BROOD_IGNORE(apr_stat(&entry, path, APR_FINFO_TYPE | APR_FINFO_LINK, turn));
        if (entry.filetype == APR_REG)
            BROOD_TRY(visit->file(visit, path, turn));
        else if (entry.filetype == APR_DIR)
            BROOD_TRY(walk(visit, path, turn));
    }
    apr_dir_close(dir);
    apr_pool_destroy(turn);
    return APR_SUCCESS;
}

static apr_status_t count_here(visit_t *visit, const char *path, apr_pool_t *turn)
{
    count_file(&visit->count, path, visit->block, turn);
    return APR_SUCCESS;
}

/* All is well as long as no worker has ended before it was told to. */
static apr_status_t check_workers(const visit_t *visit)
{
    for (int i = 0; i < visit->worker_count; i++) {
        const int exitcode = brood_process_exitcode(visit->workers[i]);

        if (exitcode != BROOD_RUNNING && exitcode != 0)
            return brood_fail(APR_EGENERAL, "%s ended with exit code %d: the count is not complete",
                              brood_process_name(visit->workers[i]), exitcode);
    }
    return APR_SUCCESS;
}

static void show_progress(visit_t *visit)
{
    const apr_time_t now = apr_time_now();

    if (!visit->show || now - visit->shown < PATIENCE)
        return;
    visit->shown = now;
    if (brood_lock_acquire(brood_array_lock(visit->totals), PATIENCE) == APR_SUCCESS) {
        const count_t *total = brood_array_data(visit->totals);
        const count_t seen = *total;

        brood_lock_release(brood_array_lock(visit->totals));
        fprintf(stderr, "\r%lld files, %lld lines ", seen.files, seen.lines);
    }
}

/* Put into the queue, without waiting for workers that are no more. */
static apr_status_t put(visit_t *visit, brood_value_t item)
{
    apr_status_t rc;

    while ((rc = brood_queue_put(visit->paths, item, PATIENCE)) == APR_TIMEUP) {
        BROOD_TRY(check_workers(visit));
        show_progress(visit);
    }
    show_progress(visit);
    return rc;
}

static apr_status_t put_batch(visit_t *visit)
{
    if (visit->batched != 0)
        BROOD_TRY(put(visit, brood_list(visit->batch, visit->batched)));
    visit->batched = 0;
    apr_pool_clear(visit->batch_mem);
    return APR_SUCCESS;
}

static apr_status_t put_path(visit_t *visit, const char *path, apr_pool_t *turn)
{
    (void) turn;
    visit->batch[visit->batched++] = brood_text(apr_pstrdup(visit->batch_mem, path));
    return visit->batched == BATCH ? put_batch(visit) : APR_SUCCESS;
}

static apr_status_t join_workers(visit_t *visit)
{
    for (int i = 0; i < visit->worker_count; i++) {
        apr_status_t rc;

        while ((rc = brood_process_join(visit->workers[i], PATIENCE)) == APR_TIMEUP) {
            BROOD_TRY(check_workers(visit)); /* whoever died may have taken another's end mark along */
            show_progress(visit);
        }
        BROOD_TRY(rc);
    }
    return check_workers(visit);
}

static bool stderr_is_terminal(apr_pool_t *mem)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t rc = apr_file_open_stderr(&file, mem);

    if (rc == APR_SUCCESS)
        rc = apr_file_info_get(&info, APR_FINFO_TYPE, file);
    return (rc == APR_SUCCESS || rc == APR_INCOMPLETE) && info.filetype == APR_CHR;
}

static apr_status_t count_together(visit_t *visit, const char *folder, int processes, apr_pool_t *mem)
{
    const brood_process_options_t options = {.daemon = BROOD_YES}; /* when the walk fails, nobody waits for them */
    const count_t *total;

    visit->file = put_path;
    visit->show = stderr_is_terminal(mem);
    visit->workers = apr_pcalloc(mem, (apr_size_t) processes * sizeof(brood_process_t *));
    BROOD_TRY(apr_pool_create(&visit->batch_mem, mem));
    BROOD_TRY(brood_queue_create(&visit->paths, AHEAD, NULL, mem));
    BROOD_TRY(brood_array_create(&visit->totals, (apr_size_t) processes + 1, sizeof(count_t), NULL, mem));
    for (; visit->worker_count < processes; visit->worker_count++)
        BROOD_TRY(brood_process_start(&visit->workers[visit->worker_count], count_files,
                                      BROOD_ARGS(visit->paths, visit->totals, visit->worker_count + 1), &options, mem));
    BROOD_TRY(walk(visit, folder, mem));
    BROOD_TRY(put_batch(visit));
    for (int i = 0; i < processes; i++)
        BROOD_TRY(put(visit, brood_nil()));
    BROOD_TRY(join_workers(visit));

    total = brood_array_data(visit->totals);
    add(&visit->count, total);
    if (visit->show)
        fputs("\r                                        \r", stderr);
    return APR_SUCCESS;
}

static void print_workers(const visit_t *visit)
{
    const count_t *total = brood_array_data(visit->totals);

    for (int i = 0; i < visit->worker_count; i++)
        printf("%s (pid %d): %lld files, %lld lines\n", brood_process_name(visit->workers[i]),
               brood_process_pid(visit->workers[i]), total[i + 1].files, total[i + 1].lines);
    printf("total: %lld lines in %lld files, %.1f MB", visit->count.lines, visit->count.files,
           (double) visit->count.bytes / 1e6);
    if (visit->count.unreadable != 0)
        printf("; %lld unreadable", visit->count.unreadable);
    puts("");
}

static double seconds(apr_time_t since)
{
    return (double) (apr_time_now() - since) / 1e6;
}

/* The same work in this process alone, and then once more together: the first time filled the system's cache of files.
 * The result is the same each time, unless somebody has written into the files meanwhile. */
static apr_status_t compare(const count_t *first, const char *folder, int processes, apr_pool_t *mem)
{
    visit_t single = {.file = count_here, .block = apr_palloc(mem, BLOCK)}, again = {.file = put_path};
    apr_time_t start = apr_time_now();
    double alone, together;

    BROOD_TRY(walk(&single, folder, mem));
    alone = seconds(start);
    printf("one process: %.3f s\n", alone);
    start = apr_time_now();
    BROOD_TRY(count_together(&again, folder, processes, mem));
    together = seconds(start);
    printf("%d processes, files cached: %.3f s, %.2f times as fast as one\n", processes, together,
           together > 0 ? alone / together : 0);
    if (single.count.lines != first->lines || again.count.lines != first->lines)
        return brood_fail(APR_EGENERAL, "one process counts %lld lines, %d processes %lld", single.count.lines,
                          processes, again.count.lines);
    return APR_SUCCESS;
}

static apr_status_t count(const char *folder, int processes, bool comparing, apr_pool_t *mem)
{
    const apr_time_t start = apr_time_now();
    visit_t visit = {.file = put_path};
    apr_finfo_t info;
    apr_status_t rc = apr_stat(&info, folder, APR_FINFO_TYPE, mem);

    BROOD_TRY(brood_allow(rc, APR_INCOMPLETE) == APR_SUCCESS ? APR_SUCCESS : brood_fail(rc, "there is no %s", folder));
    if (info.filetype != APR_DIR)
        return brood_fail(APR_ENOTDIR, "%s is no directory", folder);
    BROOD_TRY(count_together(&visit, folder, processes, mem));
    print_workers(&visit);
    printf("%d processes: %.3f s\n", processes, seconds(start));
    return comparing ? compare(&visit.count, folder, processes, mem) : APR_SUCCESS;
}

static apr_status_t app(brood_call_t *call)
{
    const char *folder = NULL;
    int processes = brood_usable_cpu_count();
    bool comparing = true;

    for (int i = 1; i < call->argc; i++) {
        if (strcmp(call->argv[i], "--no-compare") == 0)
            comparing = false;
        else if (strcmp(call->argv[i], "-p") == 0 && i + 1 < call->argc)
            processes = atoi(call->argv[++i]);
        else
            folder = call->argv[i];
    }
    if (folder == NULL || processes < 1 || processes > 900)
        return brood_fail(APR_EINVAL, "usage: linecount [-p N] [--no-compare] DIR");
    return count(folder, processes, comparing, call->mem);
}

BROOD_MAIN(app, BROOD_ENTRY(count_files))
