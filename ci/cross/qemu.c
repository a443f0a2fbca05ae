/* qemu.c - what QEMU's emulation of single programs lacks.  Each program for another machine is linked with it, before all
 * else.  PREFIX is where that machine's files are, QEMU the emulator's name.
 *
 * - Such programs cannot be run by the system, so whoever runs one runs QEMU with it.
 * - QEMU makes up what /proc/PID/stat says of a program itself, with the age of the thread that asks: so it is asked for
 *   by a name that QEMU does not know. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MORE 5 /* arguments that QEMU takes before the program's */

static const char qemu[] = "/usr/bin/" QEMU;

/* The header of the file that this is in: the same machine's. */
extern const unsigned char own_head[] __asm__("__ehdr_start") __attribute__((visibility("hidden")));

static void *next(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* ---- running programs ---- */

typedef struct command_t {
    const char *file;
    char *const *argv;
    char path[PATH_MAX];
    char *with_qemu[4096];
} command_t;

static int is_ours(const char *file)
{
    unsigned char head[20] = {0};
    int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    if (read(fd, head, sizeof head) != (ssize_t) sizeof head)
        head[0] = 0;
    close(fd);
    /* Magic, size of words, order of bytes; machine. */
    return memcmp(head, own_head, EI_DATA + 1) == 0 && memcmp(head + 18, own_head + 18, 2) == 0;
}

/* On the stack of whoever calls, who may be a child in its parent's memory. */
static void prepare(command_t *command, const char *file, char *const *argv)
{
    int count = 0;

    command->file = file;
    command->argv = argv;
    while (argv[count] != NULL)
        count++;
    /* What QEMU says of /proc/self/exe is a name; the system would say that it is QEMU. */
    if (realpath(file, command->path) == NULL || !is_ours(command->path) || count + MORE >= 4096)
        return;
    command->file = qemu;
    command->argv = command->with_qemu;
    command->with_qemu[0] = (char *) QEMU;
    command->with_qemu[1] = "-L";
    command->with_qemu[2] = PREFIX;
    command->with_qemu[3] = "-0";
    command->with_qemu[4] = count > 0 ? argv[0] : "";
    command->with_qemu[5] = command->path;
    for (int i = 1; i <= count; i++)
        command->with_qemu[MORE + i] = argv[i];
}

int execve(const char *file, char *const argv[], char *const envp[])
{
    int (*real)(const char *, char *const *, char *const *) = next("execve");
    command_t command;

    prepare(&command, file, argv);
    return real(command.file, command.argv, envp);
}

int execv(const char *file, char *const argv[])
{
    return execve(file, argv, environ);
}

int execl(const char *file, const char *argument, ...)
{
    char *argv[16] = {(char *) argument};
    va_list list;

    va_start(list, argument);
    for (int i = 1; i < 15 && argv[i - 1] != NULL; i++)
        argv[i] = va_arg(list, char *);
    va_end(list);
    return execve(file, argv, environ);
}

int execvp(const char *file, char *const argv[])
{
    int (*real)(const char *, char *const *) = next("execvp");

    return strchr(file, '/') != NULL ? execve(file, argv, environ) : real(file, argv);
}

int posix_spawn(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
                char *const argv[], char *const envp[])
{
    int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *, char *const *,
                char *const *) = next("posix_spawn");
    command_t command;

    if (access(file, X_OK) != 0) /* the child, for QEMU no vfork's, could not say so */
        return errno;
    prepare(&command, file, argv);
    return real(pid, command.file, actions, attr, command.argv, envp);
}

/* ---- asking about processes ---- */

typedef int open_t(const char *, int, ...);

static int open_other_name(open_t *real, const char *file, int flags, va_list list)
{
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
    char other[64];
    size_t length = strlen(file);

    if (length + 2 <= sizeof other && strncmp(file, "/proc/", 6) == 0 && strcmp(file + length - 5, "/stat") == 0) {
        other[0] = '/';
        memcpy(other + 1, file, length + 1);
        file = other;
    }
    return real(file, flags, mode);
}

int open(const char *file, int flags, ...)
{
    static open_t *real;
    va_list list;
    int fd;

    if (real == NULL)
        real = next("open");
    va_start(list, flags);
    fd = open_other_name(real, file, flags, list);
    va_end(list);
    return fd;
}

int open64(const char *file, int flags, ...)
{
    static open_t *real;
    va_list list;
    int fd;

    if (real == NULL)
        real = next("open64");
    va_start(list, flags);
    fd = open_other_name(real, file, flags, list);
    va_end(list);
    return fd;
}
