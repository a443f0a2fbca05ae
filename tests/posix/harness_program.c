#include "posix/harness_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* Orphans become ours, not those of a first process of the system that may never look at them. */
static void adopt_orphans(void)
{
#ifdef __linux__
    (void) prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
}

harness_program_t harness_program_start(const char *self, const char *argument)
{
    harness_program_t program = {-1, -1};
    int ends[2];

    adopt_orphans();
    if (!EXPECT(pipe(ends) == 0))
        return program;
    (void) fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    program.pid = fork();
    if (program.pid == 0) {
        (void) setpgid(0, 0);
        (void) dup2(ends[1], STDOUT_FILENO);
        (void) close(ends[1]);
        (void) execl(self, self, argument, (char *) NULL);
        _exit(127);
    }
    (void) setpgid(program.pid, program.pid); /* whoever is first; the other fails */
    (void) close(ends[1]);
    program.output = ends[0];
    EXPECT(program.pid > 0);
    return program;
}

void harness_program_line(char *line, size_t size, const harness_program_t *program)
{
    size_t length = 0;

    while (length < size - 1) {
        const ssize_t got = read(program->output, line + length, 1);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || line[length] == '\n')
            break;
        length++;
    }
    line[length] = '\0';
}

int harness_program_gone(harness_program_t *program)
{
    char rest[100];
    int status = 0;
    ssize_t got;

    if (program->pid <= 0)
        return -1;
    do
        got = read(program->output, rest, sizeof rest);
    while (got > 0 || (got < 0 && errno == EINTR));
    (void) close(program->output);
    program->output = -1;
    EXPECT(waitpid(program->pid, &status, 0) == program->pid);
    while (kill(-program->pid, 0) == 0) { /* zombies are in it, too */
        while (waitpid(-program->pid, NULL, WNOHANG) > 0)
            continue;
        (void) poll(NULL, 0, 1);
    }
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}
