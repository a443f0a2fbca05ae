/* test_terminal.c - the width of a terminal, and a bar drawn there. */
#include "harness.h"

#include "platform/terminal.h"
#include <brood.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The program's end of a new terminal of so many columns; *other is who watches.  NULL: there is none here. */
static FILE *open_terminal(int *other, unsigned short columns)
{
    const struct winsize size = {.ws_row = 24, .ws_col = columns};

    *other = posix_openpt(O_RDWR | O_NOCTTY);
    if (*other < 0 || grantpt(*other) != 0 || unlockpt(*other) != 0)
        return NULL;
    FILE *terminal = fopen(ptsname(*other), "r+");
    if (terminal != NULL)
        (void) ioctl(fileno(terminal), TIOCSWINSZ, &size);
    return terminal;
}

static void the_width_is_what_the_terminal_says(void)
{
    int other;
    FILE *terminal = open_terminal(&other, 47);
    FILE *file = tmpfile();

    EXPECT(terminal != NULL && file != NULL);
    if (terminal == NULL || file == NULL)
        return;
    EXPECT(brood__terminal_width(terminal) == 47);
    EXPECT(brood__terminal_width(file) == 0);
    (void) fclose(terminal);
    (void) fclose(file);
    close(other);
}

static void a_bar_stays_on_its_line_and_leaves_it_at_the_end(void)
{
    char drawn[500] = "";
    size_t size = 0;
    ssize_t got = 1;
    int other;
    FILE *terminal = open_terminal(&other, 50);

    EXPECT(terminal != NULL);
    if (terminal == NULL)
        return;
    brood_progress_bar(terminal, 5, 20);
    brood_progress_bar(terminal, 20, 20);
    while (got > 0 && strchr(drawn, '\n') == NULL && size < sizeof drawn - 1) {
        got = read(other, drawn + size, sizeof drawn - 1 - size);
        size += got > 0 ? (size_t) got : 0;
    }
    EXPECT(strncmp(drawn, "\r 25% [====>               ]", 27) == 0);
    EXPECT(strstr(drawn, "\r100% [====================]") == drawn + 50);
    EXPECT(size == 102 && strcmp(drawn + 100, "\r\n") == 0);
    (void) fclose(terminal);
    close(other);
}

int main(void)
{
    static const brood_test_t tests[] = {
        TEST(the_width_is_what_the_terminal_says),
        TEST(a_bar_stays_on_its_line_and_leaves_it_at_the_end),
    };

    return harness_run("terminal", tests, sizeof tests / sizeof tests[0]);
}
