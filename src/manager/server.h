/* server.h - inside of a manager's server: one thread, one loop, any number of clients.
 *
 *   peer      a connection, a stranger until it has proved to know the key and has said hello
 *   client    a process that has connections: when its last one ends, its locks go to others
 *   session   the process tree it belongs to, for which references to objects are counted; it outlives its last
 *             connection by a while, since its processes may connect again */
#ifndef BROOD_MANAGER_SERVER_H
#define BROOD_MANAGER_SERVER_H

#include "connection/handshake.h"
#include "connection/open.h"
#include "manager/client.h"
#include "manager/number_map.h"
#include "manager/request.h"
#include "platform/pollset.h"
#include <apr_hash.h>

#define BROOD__SERVER_OUTPUT ((size_t) 64 << 10) /* bytes of an answer that need no memory of their own */
#define BROOD__OUT_MOST ((size_t) 1 << 20) /* bytes that wait to be written; more, and nothing is read from the peer */

/* What a server puts up with. */
typedef struct brood__limits_t {
    uint64_t frame;   /* bytes of a message */
    uint64_t objects; /* that there are */
    unsigned clients; /* connections */
    apr_interval_time_t handshake;
} brood__limits_t;

typedef struct brood__session_t {
    unsigned char token[BROOD__TOKEN];
    brood__number_map_t held; /* references by object */
    unsigned connections;
    apr_time_t deadline; /* then it ends, if it still has none */
    struct brood__session_t *next;
} brood__session_t;

typedef struct brood__client_t {
    unsigned char token[2 * BROOD__TOKEN]; /* its session's, and its own */
    uint64_t number;
    unsigned connections;
    brood__session_t *session;
    brood__number_map_t touched; /* objects of which it may have something */
} brood__client_t;

typedef struct brood__peer_t {
    brood__poll_t poll;
    brood__stream_t stream;
    brood__message_t message; /* that comes in */
    brood__handshake_t handshake;
    apr_time_t deadline; /* of the handshake and the hello */
    uint64_t number;
    brood__client_t *client; /* NULL: no hello yet */
    bool shaken;             /* it knows the key */
    bool full;               /* too much waits to be written: nothing is read */
    bool busy;               /* in the list of those that may have more to say */
    bool broken;             /* to be closed as soon as nobody works with it */
    char *out;               /* frames that wait to be written, by malloc */
    size_t out_begin, out_end, out_room;
    brood__waiter_t *waiters; /* its parked calls */
    unsigned waiter_count;
    struct {
        uint32_t number;     /* of the request */
        brood__undo_fn call; /* NULL: nothing */
        brood__referent_t *self;
        uint64_t client, thread;
        brood__stored_t *stored;
    } undo;
    bool withdraws; /* the request of that number has been given up before it came */
    uint32_t withdrawn;
    struct brood__peer_t *next, **before; /* among strangers, or among those who have said hello; the oldest last */
    struct brood__peer_t *next_busy;
} brood__peer_t;

/* Somebody of the server's thread who looks what has happened whenever the loop has been woken. */
typedef struct brood__onlooker_t {
    void (*look)(struct brood__onlooker_t *self);
    struct brood__onlooker_t *next;
} brood__onlooker_t;

typedef struct brood__server_t {
    brood__open_t open;
    apr_pool_t *pool;                   /* its own */
    apr_pool_t *scratch;                /* of one request */
    brood__exchange_t exchange, *outer; /* outer: the thread's before */
    brood__listener_t *listener;
    bool tls; /* its connections are encrypted */
    brood__poll_t door;
    brood__pollset_t *set;
    char address[BROOD__ADDRESS_SIZE];
    brood_bytes_t key;
    unsigned char identity[BROOD__TOKEN];
    brood__limits_t limits;
    apr_time_t deaf; /* there were no descriptors left: nobody is let in before */
    brood__peer_t *strangers, *peers, *busy;
    brood__peer_t *current; /* whose turn it is */
    unsigned peer_count, stranger_count;
    uint64_t last_peer, last_client, last_object;
    apr_hash_t *clients; /* by token */
    brood__session_t *sessions;
    unsigned idle_sessions; /* without connections */
    brood__number_map_t objects;
    apr_pool_t *names_pool; /* of the objects' names */
    apr_hash_t *names;
    apr_hash_t *types;       /* of the program's, those that were asked for */
    brood__origin_t origin;  /* how its own threads call it */
    brood__referent_t *root; /* object 0: the server */
    brood__referent_t *doomed;
    brood__waiter_t **timed; /* parked calls with a deadline: a heap */
    size_t timed_count, timed_room;
    brood__waiter_t *spare;     /* parked calls that are over */
    struct brood__jobs_t *jobs; /* NULL: none has been begun */
    brood__onlooker_t *onlookers;
    unsigned char *output; /* of answers that are short */
    _Atomic bool stopping;
    bool serving, closed;
} brood__server_t;

/* Of this thread, while it serves. */
brood__server_t *brood__server_here(void);

/* Bound and listening.  `key` is copied. */
apr_status_t brood__server_create(brood__server_t **server, const char *address, brood_bytes_t key,
                                  const brood__limits_t *limits);
/* How a thread of this process calls it, as others do. */
void brood__server_origin(brood__origin_t *origin, const brood__server_t *server);
/* This thread is the server's, until it leaves, when all objects and connections end.  BROOD_EMISUSE: it is another's. */
apr_status_t brood__server_enter(brood__server_t *server);
void brood__server_leave(brood__server_t *server);
/* Serve until it is to stop.  BROOD_ECANCELLED: Ctrl-C. */
apr_status_t brood__server_run(brood__server_t *server);
/* Any thread. */
void brood__server_stop(brood__server_t *server);
/* All is closed and freed. */
void brood__server_destroy(brood__server_t *server);

/* From now on, and no longer. */
void brood__server_add_onlooker(brood__onlooker_t *onlooker);
void brood__server_remove_onlooker(const brood__onlooker_t *onlooker);

/* ---- peer.c ---- */

/* Somebody has connected; the stream is the peer's. */
void brood__peer_create(brood__server_t *server, brood__stream_t *stream);
void brood__peer_close(brood__server_t *server, brood__peer_t *peer);
/* It can be read from or written to, or may have more to say. */
void brood__peer_ready(brood__server_t *server, brood__peer_t *peer);
/* Send it a message: soon, and never waits. */
void brood__peer_post(brood__peer_t *peer, const void *data, size_t size);
/* It is closed in its next turn. */
void brood__peer_break(brood__peer_t *peer);
/* It has said hello: it is a stranger no more. */
void brood__peer_welcome(brood__server_t *server, brood__peer_t *peer);
/* What waits to be written goes out as far as the system takes it. */
void brood__peer_flush(brood__server_t *server, brood__peer_t *peer);

/* ---- answer.c ---- */

/* Deal with a message of a peer.  Not APR_SUCCESS: the connection is to be closed. */
apr_status_t brood__answer(brood__server_t *server, brood__peer_t *peer, brood_bytes_t message);

/* The server itself as an object. */
extern const brood__type_t brood__server_type;

/* The objects of a value that goes out are held by the peer's session; APR_ENOMEM. */
apr_status_t brood__session_hold(brood__peer_t *peer, uint64_t object);
void brood__session_release(brood__peer_t *peer, uint64_t object, uint64_t count);

/* ---- session.c ---- */

/* The peer has said hello. */
apr_status_t brood__session_join(brood__server_t *server, brood__peer_t *peer, const unsigned char *session,
                                 const unsigned char *client);
/* A reference that the server itself makes a proxy of, for a process of its own tree: it is counted for that tree's session
 * (`origin` of the server).  APR_ENOMEM. */
apr_status_t brood__session_lend(uint64_t object);
/* One less, if this is the thread of the server that `origin` is of.  False: it is not. */
bool brood__session_take_back(const brood__origin_t *origin, uint64_t object);
/* It is closed. */
void brood__session_leave(brood__server_t *server, brood__peer_t *peer);
/* Those whose time is up end; *next: when to look again. */
void brood__sessions_look(brood__server_t *server, apr_time_t *next);
void brood__sessions_end(brood__server_t *server);

/* ---- waiter.c ---- */

/* Calls whose time is up. */
void brood__waiters_look(brood__server_t *server, apr_time_t *next);
/* The call of that number is given up: it is dropped, now or when it comes, or what it was given is taken back. */
void brood__waiter_cancel(brood__peer_t *peer, uint32_t number);
/* Nobody waits any more. */
void brood__waiters_end(brood__server_t *server);
/* The peer is gone. */
void brood__waiters_gone(brood__peer_t *peer);
/* What was given with the last answer was heard of. */
void brood__undo_forget(brood__peer_t *peer);

#endif
