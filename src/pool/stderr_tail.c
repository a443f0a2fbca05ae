#include "pool/stderr_tail.h"

#include "base/deadline.h"
#include "base/own.h"
#include "base/status.h"
#include "base/utf8.h"
#include "connection/connection.h"
#include "platform/channel.h"
#include "platform/self.h"
#include <apr_strings.h>
#include <string.h>

#define TURNS 16  /* so often one is read from before others have their turn: more than a pipe holds */
#define LINES 10  /* of those that are kept are quoted */
#define HANDLES 2 /* that a worker takes, with this pipe */

struct brood__tail_t {
    apr_pool_t *mem;
    brood_connection_t *pipe; /* what is ahead in its stream was not passed on yet */
    brood_wait_t *sign;       /* of the last wait */
    bool cut;                 /* there was more before: */
    apr_size_t size;
    char last[BROOD__TAIL];
};

void brood__tails_init(brood__tails_t *tails, unsigned workers, apr_pool_t *mem)
{
    *tails = (brood__tails_t){.workers = workers};
    if (workers <= (unsigned) brood__self_handles() / 2 / HANDLES)
        tails->tail = apr_pcalloc(mem, 2 * workers * sizeof *tails->tail);
}

/* ---- a pipe ---- */

static void close_tail(brood__tail_t **tail)
{
    if (*tail != NULL)
        apr_pool_destroy((*tail)->mem);
    *tail = NULL;
}

static apr_status_t open_pipe(brood_connection_t **reader, brood_connection_t **writer, apr_pool_t *mem)
{
    brood__handle_t ends[2];
    brood__stream_t reads, writes;

    BROOD_TRY(brood__channel_pipe(ends));
    brood__stream_init(&reads, ends[0], BROOD__HANDLE_PIPE);
    brood__stream_init(&writes, ends[1], BROOD__HANDLE_PIPE);
    if (brood__connection_create(reader, &reads, true, false, mem) != APR_SUCCESS) {
        brood__stream_close(&writes);
        return APR_ENOMEM;
    }
    return brood__connection_create(writer, &writes, false, true, mem);
}

brood_connection_t *brood__tails_open(brood__tails_t *tails, unsigned worker)
{
    brood_connection_t *writer;
    brood__tail_t *tail;
    apr_pool_t *mem;

    if (tails->tail == NULL)
        return NULL;
    close_tail(&tails->tail[worker]); /* of one that could not be started */
    if (brood__own_pool(&mem) != APR_SUCCESS)
        return NULL;
    tail = apr_pcalloc(mem, sizeof *tail);
    tail->mem = mem;
    if (open_pipe(&tail->pipe, &writer, mem) != APR_SUCCESS) {
        apr_pool_destroy(mem);
        return NULL;
    }
    tails->tail[worker] = tail;
    return writer;
}

void brood__tails_move(brood__tails_t *tails, unsigned from, unsigned to)
{
    if (tails->tail == NULL)
        return;
    close_tail(&tails->tail[to]); /* of one that could not be started */
    tails->tail[to] = tails->tail[from];
    tails->tail[from] = NULL;
}

void brood__tails_leave(brood__tails_t *tails, unsigned worker)
{
    brood__tail_t **place;

    if (tails->tail == NULL || tails->tail[worker] == NULL)
        return;
    place = &tails->tail[tails->workers + tails->ended++ % tails->workers];
    close_tail(place);
    *place = tails->tail[worker];
    tails->tail[worker] = NULL;
}

/* ---- passing on ---- */

static void keep(brood__tail_t *tail, const char *bytes, apr_size_t size)
{
    const apr_size_t whole = tail->size + size, kept = size < BROOD__TAIL ? size : BROOD__TAIL;
    const apr_size_t old = whole <= BROOD__TAIL ? tail->size : BROOD__TAIL - kept;

    tail->cut = tail->cut || whole > BROOD__TAIL;
    memmove(tail->last, tail->last + tail->size - old, old);
    memcpy(tail->last + old, bytes + size - kept, kept);
    tail->size = old + kept;
}

/* What is ahead.  False: not all of it went. */
static bool flush(brood__stream_t *stream)
{
    while (stream->begin < stream->end) {
        const size_t gone = brood__self_pass_on(stream->ahead + stream->begin, stream->end - stream->begin);

        if (gone == 0)
            return false;
        stream->begin += gone;
    }
    return true;
}

/* What is there now.  APR_EOF: nobody can write to it any more; APR_TIMEUP: the program's stderr takes no more now. */
static apr_status_t pass_on(brood__tail_t *tail)
{
    brood__stream_t *stream = &tail->pipe->stream;

    for (int i = 0; i < TURNS; i++) {
        apr_status_t rc;

        if (!flush(stream))
            return APR_TIMEUP;
        rc = brood__stream_fill(stream, BROOD__AT_ONCE);
        if (rc != APR_SUCCESS)
            return rc == APR_TIMEUP ? APR_SUCCESS : rc == APR_ENOMEM ? APR_TIMEUP : APR_EOF;
        keep(tail, stream->ahead + stream->begin, stream->end - stream->begin);
    }
    return flush(stream) ? APR_SUCCESS : APR_TIMEUP;
}

/* The same of the one at this place. */
static void visit(brood__tails_t *tails, unsigned at)
{
    brood__tail_t *tail = tails->tail[at];
    const apr_status_t rc = tail != NULL && tail->pipe != NULL ? pass_on(tail) : APR_SUCCESS;

    tails->stuck = rc == APR_TIMEUP;
    if (tails->stuck)
        tails->first = at;
    if (rc != APR_EOF)
        return;
    brood_connection_close(tail->pipe);
    tail->pipe = NULL;
    if (at >= tails->workers)
        close_tail(&tails->tail[at]);
}

/* What was stuck goes first, so that lines stay together, and then it is the next one's turn. */
static bool resume(brood__tails_t *tails)
{
    const brood__tail_t *tail = tails->tail[tails->first];

    if (!tails->stuck)
        return true;
    if (tail != NULL && tail->pipe != NULL && !flush(&tail->pipe->stream))
        return false;
    tails->stuck = false;
    tails->first = (tails->first + 1) % (2 * tails->workers);
    return true;
}

void brood__tails_pass_on(brood__tails_t *tails)
{
    const unsigned count = 2 * tails->workers;
    const bool all = tails->stuck;

    if (tails->tail == NULL || !resume(tails))
        return;
    for (unsigned i = 0; i < count && !tails->stuck; i++) {
        const unsigned at = (tails->first + i) % count;
        const brood__tail_t *tail = tails->tail[at];

        if (all || (tail != NULL && tail->sign != NULL && tail->sign->ready))
            visit(tails, at);
    }
}

void brood__tails_pass_on_last(brood__tails_t *tails, unsigned worker)
{
    if (tails->tail != NULL && !tails->stuck)
        visit(tails, worker);
}

apr_size_t brood__tails_watch(const brood__tails_t *tails, brood_wait_t *items)
{
    apr_size_t count = 0;

    for (unsigned i = 0; tails->tail != NULL && i < 2 * tails->workers; i++) {
        brood__tail_t *tail = tails->tail[i];

        if (tail == NULL)
            continue;
        tail->sign = NULL;
        if (tail->pipe == NULL || tails->stuck)
            continue;
        tail->sign = &items[count++];
        *tail->sign = brood_wait_connection(tail->pipe);
    }
    return count;
}

void brood__tails_close(brood__tails_t *tails)
{
    for (unsigned i = 0; tails->tail != NULL && i < 2 * tails->workers; i++) {
        visit(tails, i);
        close_tail(&tails->tail[i]);
    }
}

/* ---- the epitaph ---- */

static bool is_blank(char byte)
{
    return byte == '\n' || byte == '\r' || byte == ' ' || byte == '\t';
}

/* Where the last lines begin; of one that is longer than what was kept, where a character does. */
static const char *begin_of(const brood__tail_t *tail, const char *end)
{
    const char *at = end;

    for (int lines = 0; at > tail->last; at--)
        if (at[-1] == '\n' && ++lines == LINES)
            return at;
    if (!tail->cut)
        return at;
    at = memchr(tail->last, '\n', (size_t) (end - tail->last));
    if (at != NULL)
        return at + 1;
    for (at = tail->last; at < end && (*at & 0xc0) == 0x80;)
        at++;
    return at;
}

/* What a terminal, or a log of lines of text, takes no harm from. */
static bool is_harmless(uint32_t character)
{
    return character == '\n' || (character >= 0x20 && (character < 0x7f || character > 0x9f));
}

void brood__tails_quote(const brood__tails_t *tails, unsigned worker, char *text, apr_size_t room)
{
    const brood__tail_t *tail = tails->tail != NULL ? tails->tail[worker] : NULL;
    const char *end, *at;
    char *to = text + strlen(text);

    if (tail == NULL || (apr_size_t) (to - text) + sizeof BROOD__LAST_WORDS + tail->size + 1 > room)
        return;
    for (end = tail->last + tail->size; end > tail->last && is_blank(end[-1]);)
        end--;
    if (end == tail->last)
        return;
    to = apr_cpystrn(to, BROOD__LAST_WORDS, sizeof BROOD__LAST_WORDS);
    for (at = begin_of(tail, end); at < end;) {
        uint32_t character = 0;
        const size_t size = brood__utf8_next(&character, at, (size_t) (end - at));

        if (size > 0 && is_harmless(character)) {
            memcpy(to, at, size);
            to += size;
        } else if (*at != '\r') { /* which ends lines, with the other one, on Windows */
            *to++ = *at == '\t' ? ' ' : '?';
        }
        at += size > 0 ? size : 1;
    }
    (void) apr_cpystrn(to, "\"", 2);
}
