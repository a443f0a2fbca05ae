#include "harness_capture.h"

#include "harness_log.h"
#include <apr_file_io.h>
#include <apr_strings.h>
#include <string.h>

static apr_pool_t *capture_pool;
static apr_file_t *standard, *file, *kept;
static char *path;
static apr_off_t before; /* the file's size when the test began */

static apr_off_t file_size(void)
{
    apr_finfo_t info = {0};

    EXPECT(apr_file_info_get(&info, APR_FINFO_SIZE, file) == APR_SUCCESS);
    return info.size;
}

static void open_file(void)
{
    const char *folder = ".";

    EXPECT(apr_pool_create(&capture_pool, NULL) == APR_SUCCESS);
    EXPECT(apr_temp_dir_get(&folder, capture_pool) == APR_SUCCESS);
    path = apr_pstrcat(capture_pool, folder, "/brood_test.XXXXXX", NULL);
    EXPECT(apr_file_mktemp(&file, path, 0, capture_pool) == APR_SUCCESS);
    EXPECT(apr_file_open_stderr(&standard, capture_pool) == APR_SUCCESS);
    EXPECT(apr_file_dup(&kept, standard, capture_pool) == APR_SUCCESS);
}

void harness_capture(void)
{
    if (path == NULL)
        open_file();
    before = file_size();
    EXPECT(apr_file_dup2(standard, file, capture_pool) == APR_SUCCESS);
}

apr_size_t harness_capture_size(void)
{
    return (apr_size_t) (file_size() - before);
}

/* Without the lines that a checker's thread brings about. */
static void drop_warnings(char *text)
{
    char *end;

    for (char *line = text; (end = strchr(line, '\n')) != NULL;) {
        *end = '\0';
        if (harness_is_warning(line)) {
            memmove(line, end + 1, strlen(end + 1) + 1);
        } else {
            *end = '\n';
            line = end + 1;
        }
    }
}

char *harness_captured_bytes(apr_size_t *size, apr_pool_t *mem)
{
    char *bytes;
    apr_file_t *reader; /* a position of its own: that of the others is where they write */
    apr_off_t start = before;

    *size = harness_capture_size();
    bytes = apr_pcalloc(mem, *size + 1);
    EXPECT(apr_file_dup2(standard, kept, capture_pool) == APR_SUCCESS);
    EXPECT(apr_file_open(&reader, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, mem) == APR_SUCCESS);
    EXPECT(apr_file_seek(reader, APR_SET, &start) == APR_SUCCESS);
    EXPECT(*size == 0 || apr_file_read_full(reader, bytes, *size, NULL) == APR_SUCCESS);
    EXPECT(apr_file_close(reader) == APR_SUCCESS);
    return bytes;
}

char *harness_captured(apr_pool_t *mem)
{
    apr_size_t size;
    char *text = harness_captured_bytes(&size, mem);

    drop_warnings(text);
    return text;
}
