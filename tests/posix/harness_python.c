/* harness_python.c - a Python that connects, or listens. */
#include "harness_python.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last two need names that only Linux has. */
const harness_way_t harness_ways[] = {
    {false, NULL}, {true, NULL}, {false, "127.0.0.1:0"}, {true, "127.0.0.1:0"}, {false, "@"}, {true, "@"},
};

static apr_proc_t python;
static char interpreter[512]; /* itself: python3 may be a script that looks for it, each time anew */

static void start_python(const char *who, const char *where, const char *key, const char *script, apr_pool_t *mem)
{
    const char *argv[] = {
        interpreter, "-S", "-c", script, who, where, key != NULL ? apr_pstrcat(mem, "key=", key, NULL) : "none", NULL};
    apr_procattr_t *attributes;

    EXPECT_OK(apr_procattr_create(&attributes, mem));
    EXPECT_OK(apr_procattr_cmdtype_set(attributes, APR_PROGRAM_PATH));
    EXPECT_OK(apr_procattr_io_set(attributes, APR_FULL_BLOCK, APR_FULL_BLOCK, APR_NO_PIPE));
    EXPECT_OK(apr_proc_create(&python, argv[0], argv, NULL, attributes, mem));
}

const char *harness_python_says(void)
{
    static char line[512];

    line[0] = '\0';
    EXPECT_OK(apr_file_gets(line, sizeof line, python.out));
    line[strcspn(line, "\n")] = '\0';
    return line;
}

void harness_tell_python(void)
{
    EXPECT_OK(apr_file_puts("\n", python.in));
}

int harness_python_ends(void)
{
    apr_exit_why_e why = APR_PROC_EXIT;
    int code = -1;

    EXPECT(apr_proc_wait(&python, &code, &why, APR_WAIT) == APR_CHILD_DONE);
    EXPECT_OK(apr_file_close(python.in));
    EXPECT_OK(apr_file_close(python.out));
    return why == APR_PROC_EXIT ? code : -1;
}

apr_status_t harness_meet(brood_connection_t **connection, const harness_way_t *way, const char *our_key,
                          const char *its_key, apr_interval_time_t handshake, const char *script, apr_pool_t *mem)
{
    const brood_connect_options_t options = {.authkey = our_key, .handshake = handshake};
    const char *address = way->address;
    brood_listener_t *listener;
    apr_status_t rc;

    *connection = NULL;
    if (address != NULL && address[0] == '@')
        address = apr_psprintf(mem, "@brood-python-%d", brood_current_pid());
    if (way->python_listens) {
        start_python("listener", address != NULL ? address : "private", its_key, script, mem);
        return brood_client_connect(connection, apr_pstrdup(mem, harness_python_says()), &options, mem);
    }
    EXPECT_OK(brood_listener_create(&listener, address, &options, mem));
    start_python("client", brood_listener_address(listener), its_key, script, mem);
    rc = brood_listener_accept(connection, listener, BROOD_FOREVER, mem);
    brood_listener_close(listener);
    return rc;
}

brood_connection_t *harness_meet_with(const harness_way_t *way, const char *key, const char *script, apr_pool_t *mem)
{
    brood_connection_t *connection;

    EXPECT_OK(harness_meet(&connection, way, key, key, 0, script, mem));
    return connection;
}

static bool find_python(void)
{
    FILE *output = popen("python3 -c 'import multiprocessing.connection, sys; print(sys.executable)' 2>/dev/null", "r");
    bool found = output != NULL && fgets(interpreter, sizeof interpreter, output) != NULL;

    interpreter[strcspn(interpreter, "\n")] = '\0';
    if (output != NULL)
        found = pclose(output) == 0 && found;
    return found && interpreter[0] != '\0';
}

size_t harness_ways_count(apr_pool_t *mem)
{
    const size_t count = sizeof harness_ways / sizeof *harness_ways;
    brood_listener_t *probe;

    if (!find_python()) {
        puts("SKIPPED: there is no python3 with multiprocessing.connection");
        return 0;
    }
    if (brood_listener_create(&probe, apr_psprintf(mem, "@brood-probe-%d", brood_current_pid()), NULL, mem)
        == APR_SUCCESS) {
        brood_listener_close(probe);
        return count;
    }
    puts("no abstract addresses here");
    return count - 2;
}
