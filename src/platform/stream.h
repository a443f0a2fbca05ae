/* stream.h - one end of a connection: a socket, or on Windows a named pipe; bytes in order, both ways.  Or the end of
 * brood__channel_pipe that reads.
 *
 * What the system has for this end is read ahead, into a buffer from which small messages are taken without a system
 * call each.  One thread may read while another writes. */
#ifndef BROOD_PLATFORM_STREAM_H
#define BROOD_PLATFORM_STREAM_H

#include "platform/handle.h"
#include "platform/parcel.h"
#include "platform/wait.h"

typedef struct brood__stream_t brood__stream_t;

/* What a stream over another does instead: the functions below, of which the backend has no idea then.  Its handle is that
 * of the other, which is closed with it. */
typedef struct brood__over_t {
    apr_status_t (*fill)(brood__stream_t *stream, apr_time_t deadline);
    apr_status_t (*read)(brood__stream_t *stream, void *buffer, size_t size, size_t *got, apr_time_t deadline);
    apr_status_t (*write)(brood__stream_t *stream, const void *head, size_t head_size, const void *body,
                          size_t body_size, size_t *sent, apr_time_t deadline);
    apr_status_t (*post)(brood__stream_t *stream, const void *data, size_t size, size_t *sent);
    bool (*watch_post)(brood__stream_t *stream, brood__watch_t *watch);
    bool (*watch)(brood__stream_t *stream, brood__watch_t *watch);
    void (*close)(brood__stream_t *stream);
} brood__over_t;

struct brood__stream_t {
    brood__handle_t handle;
    brood__handle_kind_t kind;
    bool whole;              /* it keeps messages apart by itself: a pipe of Windows in message mode */
    bool more;               /* then: the message that was read last goes on */
    char *ahead;             /* NULL: nothing was ever read */
    size_t begin, end;       /* of what is in it */
    brood__parcel_t *parcel; /* NULL: nothing ever came along */
    void *pending;           /* the backend's, who reads */
    void *posted;            /* the backend's, who writes */
    const brood__over_t
        *over;        /* NULL: it is over no other, or was forgotten in a forked child, to close the handle alone */
    void *over_state; /* whose functions they are */
};

#define BROOD__STREAM_AHEAD 20480u /* bytes that are read ahead at most */

/* Two connected ends. */
apr_status_t brood__stream_pair(brood__stream_t ends[2]);

/* An end that is there already.  Takes the handle over. */
void brood__stream_init(brood__stream_t *stream, brood__handle_t handle, brood__handle_kind_t kind);

/* Wait until bytes are ahead, and read more of them if none are.  Of a whole stream those of one message, which may be
 * none at all.  APR_EOF: the other end is closed; APR_TIMEUP; APR_EINTR: see interrupt.h; APR_ENOMEM. */
apr_status_t brood__stream_fill(brood__stream_t *stream, apr_time_t deadline);

/* Read 1 to `size` bytes into `buffer`; nothing is ahead.  As above. */
apr_status_t brood__stream_read(brood__stream_t *stream, void *buffer, size_t size, size_t *got, apr_time_t deadline);

/* Write `head` and then `body`, in one call if they are short, with what is in `parcel`, or NULL.  *sent: bytes that have
 * gone, also after a failure.  Of a whole stream this is one message, and `head_size` 0.  APR_EPIPE: the other end is
 * closed, and no signal is raised; APR_TIMEUP; APR_EINTR. */
apr_status_t brood__stream_write(brood__stream_t *stream, const void *head, size_t head_size, const void *body,
                                 size_t body_size, const brood__parcel_t *parcel, size_t *sent, apr_time_t deadline);

/* Write as much of `data`, which is not empty, as goes without waiting; *sent: bytes that have gone, also none; the rest
 * is posted later, before anything else.  Of a
 * whole stream `data` is one message, of which a copy is on its way then, unless the one before still is: *sent is 0.
 * What is on its way in the background is so as long as this thread lasts and the stream is open.  APR_EPIPE: the other
 * end is closed, perhaps before it has read what was sent; APR_ENOMEM. */
apr_status_t brood__stream_post(brood__stream_t *stream, const void *data, size_t size, size_t *sent);

/* What to wait for until brood__stream_post can take more, or fails.  False: it does not wait now. */
bool brood__stream_watch_post(brood__stream_t *stream, brood__watch_t *watch);

/* What to wait for until brood__stream_fill does not.  False: it does not wait now. */
bool brood__stream_watch(brood__stream_t *stream, brood__watch_t *watch);

/* What it waits for in the background is called off, and what has come by then is ahead: another process may read on. */
void brood__stream_settle(brood__stream_t *stream);

/* Can it take a parcel along, and be taken along itself? */
bool brood__stream_carries(const brood__stream_t *stream);

/* Another handle of the same end.  APR_ENOTIMPL: it is over another, and there is more to it than a handle. */
apr_status_t brood__stream_copy(brood__handle_t *handle, const brood__stream_t *stream);

/* Close it; what is on its way in the background is called off.  Twice is fine. */
void brood__stream_close(brood__stream_t *stream);

#endif
