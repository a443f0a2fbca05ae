/* image.c - posix_spawn with exactly the descriptors that are meant. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "posix/image.h"

#include "posix/fd.h"
#include "posix/system.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "BROOD_CHILD="
#define BIND "LD_BIND_NOW" /* the dynamic linker's; its value is ours if nobody else has set one */
#define BIND_OURS "brood"
#define FIRST 3 /* what is passed has the numbers from here on, without gaps: all above is closed */
#ifndef PATH_MAX
#define PATH_MAX 4096
#endif

extern char **environ;

static bool same_name(const char *a, const char *b)
{
    size_t length = strcspn(a, "=");

    return strncmp(a, b, length) == 0 && b[length] == '=';
}

static bool overridden(const char *variable, const char *const *additions, const char *mark)
{
    if (mark != NULL && same_name(mark, variable))
        return true;
    for (; additions != NULL && *additions != NULL; additions++)
        if (same_name(*additions, variable))
            return true;
    return false;
}

char **brood__image_environment(const char *const *additions, const char *mark)
{
    size_t count = 2;
    size_t bytes = mark == NULL ? 0 : strlen(mark) + 1;
    size_t i;
    char **result;
    char **next;
    char *text;

    for (i = 0; environ != NULL && environ[i] != NULL; i++)
        count++;
    for (i = 0; additions != NULL && additions[i] != NULL; i++, count++)
        bytes += strlen(additions[i]) + 1;
    result = malloc(count * sizeof *result + bytes);
    if (result == NULL)
        return NULL;
    next = result;
    text = (char *) (result + count);
    for (i = 0; environ != NULL && environ[i] != NULL; i++)
        if (!overridden(environ[i], additions, mark))
            *next++ = environ[i];
    for (i = 0; additions != NULL && additions[i] != NULL; i++) {
        if (overridden(additions[i], additions + i + 1, mark))
            continue; /* the last one counts */
        *next++ = text;
        text = stpcpy(text, additions[i]) + 1;
    }
    if (mark != NULL)
        *next++ = memcpy(text, mark, strlen(mark) + 1);
    *next = NULL;
    return result;
}

/* Everything from `first` on is to be closed. */
static int close_from(posix_spawn_file_actions_t *actions, int first)
{
#if defined POSIX_SPAWN_CLOEXEC_DEFAULT /* macOS: all that no action mentions is closed */
    int error = 0;
    int i;

    (void) first;
    for (i = 0; error == 0 && i < FIRST; i++)
        if (fcntl(i, F_GETFD) >= 0)
            error = posix_spawn_file_actions_addinherit_np(actions, i);
    return error;
#elif defined BROOD_HAVE_CLOSEFROM
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
#else
    /* Those that are open and not close-on-exec.  What another thread opens meanwhile is passed on. */
    DIR *folder = opendir("/proc/self/fd");
    struct dirent *entry;
    int error = 0;
    long fd;

    if (folder == NULL)
        folder = opendir("/dev/fd");
    if (folder == NULL)
        return 0;
    while (error == 0 && (entry = readdir(folder)) != NULL) {
        fd = strtol(entry->d_name, NULL, 10);
        if (fd >= first && fcntl((int) fd, F_GETFD) == 0)
            error = posix_spawn_file_actions_addclose(actions, (int) fd);
    }
    closedir(folder);
    return error;
#endif
}

/* Say where each descriptor goes; to[i] is its number in the child. */
static int place(posix_spawn_file_actions_t *actions, int from[BROOD__PASSES], int to[BROOD__PASSES], bool keep_stdin)
{
    int next = FIRST;
    int error = 0;
    int i;

    for (i = 0; i < BROOD__PASSES; i++)
        to[i] = from[i] < 0 ? -1 : next++;
    for (i = 0; error == 0 && i < BROOD__PASSES; i++)
        if (from[i] >= 0)
            error = posix_spawn_file_actions_adddup2(actions, from[i], to[i]);
    if (error == 0)
        error = close_from(actions, next);
    if (error == 0 && !keep_stdin)
        error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    return error;
}

/* How the new process is to be, besides its descriptors. */
static int describe(posix_spawnattr_t *attributes, bool own_group)
{
    short flags = 0;

#ifdef POSIX_SPAWN_CLOEXEC_DEFAULT
    flags = (short) (flags | POSIX_SPAWN_CLOEXEC_DEFAULT);
#endif
    if (own_group) /* a number of 0, as the attributes have it: its own */
        flags = (short) (flags | POSIX_SPAWN_SETPGROUP);
    return posix_spawnattr_setflags(attributes, flags);
}

/* Numbers above all places, so that no placing overwrites one that is still to come. */
static apr_status_t raise_low(int from[BROOD__PASSES], const int pass[BROOD__PASSES])
{
    int i;

    for (i = 0; i < BROOD__PASSES; i++) {
        from[i] = pass[i];
        if (pass[i] < 0 || pass[i] >= FIRST + BROOD__PASSES)
            continue;
        from[i] = fcntl(pass[i], F_DUPFD_CLOEXEC, FIRST + BROOD__PASSES);
        if (from[i] < 0)
            return errno == EINVAL ? EMFILE : errno; /* the limit is below these numbers */
    }
    return APR_SUCCESS;
}

static int run(pid_t *pid, const brood__start_t *start, const posix_spawn_file_actions_t *actions,
               const posix_spawnattr_t *attributes, char **environment)
{
    /* posix_spawn does not write to these: the type is older than const. */
    char *const *argv = (char *const *) (uintptr_t) start->argv;
    char path[PATH_MAX];
    int error;

    if (start->executable != NULL)
        return posix_spawn(pid, start->executable, actions, attributes, argv, environment);
    if (brood__system_image(path, sizeof path)) {
        error = posix_spawn(pid, path, actions, attributes, argv, environment);
        if (error != ENOENT && error != EACCES)
            return error;
    }
    if (argv[0] == NULL)
        return ENOENT;
    return posix_spawnp(pid, argv[0], actions, attributes, argv, environment);
}

apr_status_t brood__image_start(pid_t *pid, const brood__start_t *start, const int pass[BROOD__PASSES])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int from[BROOD__PASSES] = {-1, -1, -1, -1, -1};
    int to[BROOD__PASSES];
    char mark[sizeof MARK + (size_t) BROOD__PASSES * 12];
    const char *const bind[] = {BIND "=" BIND_OURS, NULL};
    const bool binds = start->serves && getenv(BIND) == NULL;
    char **environment = NULL;
    apr_status_t rv;
    int i;

    rv = posix_spawn_file_actions_init(&actions);
    if (rv != 0)
        return rv;
    rv = posix_spawnattr_init(&attributes);
    if (rv != 0) {
        posix_spawn_file_actions_destroy(&actions);
        return rv;
    }
    rv = raise_low(from, pass);
    if (rv == APR_SUCCESS)
        rv = place(&actions, from, to, start->keep_stdin);
    if (rv == APR_SUCCESS)
        rv = describe(&attributes, start->own_group);
    if (rv == APR_SUCCESS) {
        snprintf(mark, sizeof mark, MARK "%d,%d,%d,%d,%d", to[0], to[1], to[2], to[3], to[4]);
        environment = brood__image_environment(binds ? bind : start->environment, mark);
        rv = environment == NULL ? APR_ENOMEM : run(pid, start, &actions, &attributes, environment);
    }
    free(environment);
    for (i = 0; i < BROOD__PASSES; i++)
        if (from[i] != pass[i])
            brood__fd_close(from[i]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rv;
}

void brood__image_bound(void)
{
    const char *value = getenv(BIND);

    if (value != NULL && strcmp(value, BIND_OURS) == 0)
        unsetenv(BIND);
}

/* Take the mark out of the environment, and return its value. */
static const char *take_mark(void)
{
    const char *mark = NULL;
    char **next = environ;

    for (char **variable = environ; variable != NULL && *variable != NULL; variable++)
        if (same_name(MARK, *variable))
            mark = *variable + strlen(MARK);
        else
            *next++ = *variable;
    if (next != NULL)
        *next = NULL;
    return mark;
}

/* "3,4,-1,5,-1" and nothing else. */
static bool parse(const char *mark, int pass[BROOD__PASSES])
{
    int next = FIRST;
    int i;

    for (i = 0; i < BROOD__PASSES; i++) {
        pass[i] = -1;
        if (strncmp(mark, "-1", 2) == 0) {
            mark += 2;
        } else if (*mark == '0' + next) {
            pass[i] = next++;
            mark++;
        } else {
            return false;
        }
        if (*mark++ != (i < BROOD__PASSES - 1 ? ',' : '\0'))
            return false;
    }
    return pass[BROOD__PASS_CHANNEL] >= 0;
}

bool brood__image_passed(int pass[BROOD__PASSES])
{
    const char *mark = take_mark();
    struct stat file;
    bool ours;
    int i;

    if (mark == NULL)
        return false;
    ours = parse(mark, pass);
    /* A program may have kept the mark for another that it starts: then these are not what they should be. */
    for (i = 0; ours && i < BROOD__PASSES; i++) {
        if (pass[i] < 0)
            continue;
        ours = fstat(pass[i], &file) == 0;
        if (i == BROOD__PASS_CHANNEL || i == BROOD__PASS_SERVER)
            ours = ours && S_ISSOCK(file.st_mode);
        else if (i == BROOD__PASS_LIFELINE || i == BROOD__PASS_SENTINEL)
            ours = ours && S_ISFIFO(file.st_mode);
    }
    for (i = 0; ours && i < BROOD__PASSES; i++)
        if (pass[i] >= 0)
            brood__fd_cloexec(pass[i]);
    return ours;
}
