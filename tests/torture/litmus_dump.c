/* litmus_dump.c - how everything stands when nobody goes on.  It waits for no lock: who holds it may never let it go. */
#include "torture/litmus.h"

#include "base/report.h"
#include "memory/layout.h"
#include "sync/barrier.h"
#include <apr_file_info.h>
#include <apr_strings.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void dump_player(const litmus_score_t *score, unsigned number)
{
    brood__report("  player %u: %s, meetings %" PRIu64 ", barrier %u", number,
                  litmus_game_name(atomic_load(&score->game)), atomic_load(&score->meetings),
                  (unsigned) atomic_load(&score->passed));
    for (unsigned game = 0; game < LITMUS_GAMES; game++)
        brood__report("    %s: turns %" PRIu64 " timed out %" PRIu64 " woken %" PRIu64, litmus_game_name(game),
                      atomic_load(&score->turns[game]), atomic_load(&score->timeups[game]),
                      atomic_load(&score->wakes[game]));
}

static void dump_books(const litmus_books_t *books)
{
    brood__report("  inside %u and %u, within %u, arrived %u, generation %u, opened %u",
                  (unsigned) atomic_load(&books->section[0].inside), (unsigned) atomic_load(&books->section[1].inside),
                  (unsigned) atomic_load(&books->within), (unsigned) atomic_load(&books->arrived),
                  (unsigned) atomic_load(&books->generation), (unsigned) atomic_load(&books->opened));
    for (unsigned i = 0; i < 2; i++)
        brood__report("  store %u: tokens %u, waiting %u, granted %" PRIu64 ", woken %" PRIu64, i,
                      books->store[i].tokens, books->store[i].sleeping, books->store[i].granted, books->store[i].woken);
    for (unsigned i = 0; i < LITMUS_PLAYERS; i++)
        dump_player(&books->score[i], i);
}

/* ---- the arena ---- */

static void dump_barrier(const char *name, const brood_barrier_t *barrier)
{
    const brood__barrier_t *self = (const brood__barrier_t *) ((const brood__ref_t *) (const void *) barrier)->object;

    brood__report("  %s at %" PRIx64 ": round %u, %u of %u have come, broken %u, lock %x", name, brood__offset(self),
                  self->round, self->count, self->parties, (unsigned) atomic_load(&self->broken),
                  (unsigned) atomic_load(&self->lock));
}

static void dump_waiters(void)
{
    brood__head_t *head = brood__head();

    for (uint32_t i = 0; i < atomic_load(&head->waiters_used); i++) {
        brood__waiter_t *waiter = &head->waiter[i];
        const uint32_t word = atomic_load(&waiter->word);

        if (word != 0)
            brood__report("  waiter %u at %" PRIx64 ": %x, state %u, asleep %u, in %" PRIx64 ", ticket %u", i,
                          brood__offset(waiter), word & BROOD__ID_MASK, BROOD__WAITER_STATE(word),
                          (unsigned) atomic_load(&waiter->asleep), atomic_load(&waiter->where),
                          (unsigned) atomic_load(&waiter->ticket));
    }
}

static void dump_sleepers(void)
{
    brood__head_t *head = brood__head();

    for (uint32_t i = 0; i < atomic_load(&head->cells_used); i++) {
        const uint32_t owner = atomic_load(&head->cell[i].owner);
        const uint64_t note = atomic_load(&head->cell[i].note);

        if (owner != 0 && note > BROOD__NOTE_CLAIMED && note < head->size)
            brood__report("  cell %u: %x sleeps on %" PRIx64 ", which is %x", i, owner, note,
                          (unsigned) atomic_load((_Atomic uint32_t *) brood__at(note)));
    }
}

/* ---- what the system says, where it has files for that ---- */

/* The first line of a file, or "". */
static const char *line_of(const char *path, apr_pool_t *mem)
{
    FILE *file = fopen(path, "r");
    char line[300] = "";

    if (file == NULL)
        return "";
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    (void) fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return apr_pstrdup(mem, line);
}

/* What it sleeps in; its system call with the arguments, of which some are addresses; its state and times. */
static void dump_thread(const char *task, const char *thread, apr_pool_t *mem)
{
    brood__report("    thread %s: in %s; call %s; %s", thread,
                  line_of(apr_pstrcat(mem, task, "/", thread, "/wchan", (char *) NULL), mem),
                  line_of(apr_pstrcat(mem, task, "/", thread, "/syscall", (char *) NULL), mem),
                  line_of(apr_pstrcat(mem, task, "/", thread, "/stat", (char *) NULL), mem));
}

static void dump_threads(unsigned number, const brood_process_t *process, apr_pool_t *mem)
{
    const int pid = brood_process_pid(process);
    const char *task = apr_psprintf(mem, "/proc/%d/task", pid);
    apr_finfo_t entry;
    apr_dir_t *threads;

    brood__report("  process %u: pid %d", number, pid);
    if (apr_dir_open(&threads, task, mem) != APR_SUCCESS)
        return;
    while (apr_dir_read(&entry, APR_FINFO_NAME, threads) == APR_SUCCESS)
        if (entry.name[0] != '.')
            dump_thread(task, entry.name, mem);
    (void) apr_dir_close(threads);
}

void litmus_dump(const litmus_objects_t *objects, const litmus_books_t *books, brood_process_t *const *process,
                 apr_pool_t *mem)
{
    dump_books(books);
    dump_barrier("barrier", objects->barrier);
    dump_barrier("meeting", objects->meeting);
    dump_waiters();
    dump_sleepers();
    brood__report("  the arena is at %p here", (void *) brood__arena_base);
    for (unsigned i = 0; i < LITMUS_PROCESSES; i++)
        dump_threads(i, process[i], mem);
}
