#include "harness_output.h"

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdio.h>
#include <string.h>

/* Through a file: a pipe would have to be read at the same time, and ends with the last who has it. */
static apr_file_t *open_file(apr_pool_t *mem)
{
    apr_file_t *file = NULL;
    const char *folder;

    EXPECT(apr_temp_dir_get(&folder, mem) == APR_SUCCESS);
    EXPECT(apr_file_mktemp(&file, apr_pstrcat(mem, folder, "/brood_test.XXXXXX", NULL), 0, mem) == APR_SUCCESS);
    return file;
}

static const char *read_file(apr_file_t *file, apr_pool_t *mem)
{
    apr_off_t start = 0;
    apr_finfo_t info = {0};
    apr_size_t size;
    char *text;

    EXPECT(apr_file_info_get(&info, APR_FINFO_SIZE, file) == APR_SUCCESS);
    EXPECT(apr_file_seek(file, APR_SET, &start) == APR_SUCCESS);
    size = (apr_size_t) info.size;
    text = apr_pcalloc(mem, size + 1);
    EXPECT(apr_file_read_full(file, text, size, &size) == APR_SUCCESS || info.size == 0);
    for (char *at = text; (at = strchr(at, '\r')) != NULL;) /* some systems end lines with two characters */
        memmove(at, at + 1, strlen(at));
    return text;
}

const char *harness_output(int *exitcode, const char *self, const char *argument, apr_pool_t *mem)
{
    const char *const argv[] = {self, argument, NULL};
    apr_file_t *file = open_file(mem);
    apr_procattr_t *attributes;
    apr_proc_t program;
    apr_exit_why_e why = APR_PROC_EXIT;

    EXPECT(apr_procattr_create(&attributes, mem) == APR_SUCCESS);
    EXPECT(apr_procattr_cmdtype_set(attributes, APR_PROGRAM_ENV) == APR_SUCCESS);
    EXPECT(apr_procattr_child_out_set(attributes, file, NULL) == APR_SUCCESS);
    EXPECT(apr_procattr_child_err_set(attributes, file, NULL) == APR_SUCCESS);
    if (!EXPECT(apr_proc_create(&program, self, argv, NULL, attributes, mem) == APR_SUCCESS))
        return "";
    EXPECT(apr_proc_wait(&program, exitcode, &why, APR_WAIT) == APR_CHILD_DONE);
    if (!APR_PROC_CHECK_EXIT(why))
        *exitcode = -*exitcode;
    return read_file(file, mem);
}

int harness_count(const char *text, const char *part)
{
    int count = 0;

    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

bool harness_expect_once(const char *part, const char *output, const char *file, int line)
{
    const int count = harness_count(output, part);

    if (count != 1)
        (void) fprintf(stderr, "\n%s:%d: \"%s\" is %d times in:\n%s\n", file, line, part, count, output);
    return harness_expect(count == 1, part, file, line);
}
