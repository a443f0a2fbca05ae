/* startup.h - what a new process is told: bytes in, bytes out, and their way through a channel. */
#ifndef BROOD_PROCESS_STARTUP_H
#define BROOD_PROCESS_STARTUP_H

#include "base/codec.h"
#include "platform/stream.h"
#include <apr_time.h>
#include <brood/entry.h>
#include <stdint.h>

enum {
    BROOD__ROLE_PROCESS = 1, /* run an entry */
    BROOD__ROLE_SERVER, /* be the fork server: needs arena_size and fingerprint, and has an entry to preload, perhaps */
    BROOD__ROLE_KEEPER  /* be the keeper: needs arena_size and id */
};

typedef struct brood__startup_t {
    uint32_t role;
    uint32_t id;          /* its slot in the process table */
    uint32_t method;      /* brood_start_method_t it is started by */
    uint64_t fingerprint; /* of the entry tables it must have */
    uint64_t arena_base;  /* where the parent sees it */
    uint64_t arena_size;
    apr_int64_t exit_grace;
    bool strict;
    const char *name;
    const char *path; /* "1:2": the second child of the first child */
    bool daemon;
    uint32_t parent_pid;
    uint64_t parent_born; /* brood__self_start_time of it */
    const char *parent_name;
    const char *entry;       /* full name */
    brood_entry_fn function; /* of it; in a forked copy alone, as it means nothing elsewhere */
    brood_bytes_t authkey;   /* of the family */
    brood_bytes_t directory; /* to be in; as the system gave it */
    brood_bytes_t args;      /* encoded for `id`; empty: none */
    brood__parcel_t *parcel; /* what goes along with them; in a forked copy; NULL: nothing */
    uint32_t log_stderr;     /* level of lines on stderr */
    uint32_t log_level;      /* of what is put into log_queue */
    brood_bytes_t log_queue; /* encoded for `id`; empty: there is none */
} brood__startup_t;

/* NULL texts are left out.  BROOD_EENCODE: a text is no UTF-8.  `output` is then as it was. */
apr_status_t brood__startup_encode(brood__output_t *output, const brood__startup_t *startup);

/* BROOD_EDECODE: not all of it is there, or not of its kind.  Points into `mem`. */
apr_status_t brood__startup_decode(brood__startup_t *startup, const void *data, size_t size, apr_pool_t *mem);

/* Both sides give up after this long: a process that is told nothing must not hang. */
#define BROOD__STARTUP_PATIENCE apr_time_from_sec(60)

/* More is refused, BROOD_ETOOBIG: by the sender before anything is written. */
#define BROOD__FRAME_MOST (UINT64_C(1) << 30)

/* Bytes with their number before them, and a parcel, or NULL.  Statuses of brood__stream_write and _read besides. */
apr_status_t brood__frame_send(brood__handle_t channel, const void *data, size_t size, const brood__parcel_t *parcel,
                               apr_time_t deadline);
/* What comes in the parcel is in the stream's. */
apr_status_t brood__frame_receive(brood_bytes_t *bytes, brood__stream_t *stream, apr_time_t deadline, apr_pool_t *mem);

#endif
