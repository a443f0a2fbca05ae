/* harness_python.h - Python's multiprocessing.connection as the other side of a connection. */
#ifndef BROOD_TESTS_HARNESS_PYTHON_H
#define BROOD_TESTS_HARNESS_PYTHON_H

#include "harness_tree.h"

/* What each script begins with: connect(), as the arguments say who listens, where and with which key.  Older
 * Listeners of Python's, that of 3.11.7 too, take an empty key for none, so that is done by hand. */
#define HARNESS_CONNECT                                                                              \
    "import sys, pickle, struct, os\n"                                                               \
    "from multiprocessing import AuthenticationError\n"                                              \
    "from multiprocessing.connection import Client, Listener, deliver_challenge, answer_challenge\n" \
    "who, where, key = sys.argv[1:]\n"                                                               \
    "key = key[4:].encode() if key.startswith('key=') else None\n"                                   \
    "def told():\n"                                                                                  \
    "    return sys.stdin.readline()\n"                                                              \
    "def tell(text):\n"                                                                              \
    "    print(text, flush=True)\n"                                                                  \
    "def meant(text):\n"                                                                             \
    "    if text.startswith('@'):\n"                                                                 \
    "        return '\\0' + text[1:]\n"                                                              \
    "    if '/' in text:\n"                                                                          \
    "        return text\n"                                                                          \
    "    host, port = text.rsplit(':', 1)\n"                                                         \
    "    return host, int(port)\n"                                                                   \
    "def spelled(address):\n"                                                                        \
    "    if isinstance(address, tuple):\n"                                                           \
    "        return '%s:%d' % address\n"                                                             \
    "    if isinstance(address, bytes):\n"                                                           \
    "        address = address.decode()\n"                                                           \
    "    return address.replace('\\0', '@')\n"                                                       \
    "def listen():\n"                                                                                \
    "    if where == 'private':\n"                                                                   \
    "        listener = Listener(family='AF_UNIX', authkey=key or None)\n"                           \
    "    else:\n"                                                                                    \
    "        listener = Listener(meant(where), authkey=key or None)\n"                               \
    "    tell(spelled(listener.address))\n"                                                          \
    "    return listener\n"                                                                          \
    "def connect():\n"                                                                               \
    "    if who == 'client':\n"                                                                      \
    "        return Client(meant(where), authkey=key)\n"                                             \
    "    connection = listen().accept()\n"                                                           \
    "    if key == b'':\n"                                                                           \
    "        deliver_challenge(connection, key)\n"                                                   \
    "        answer_challenge(connection, key)\n"                                                    \
    "    return connection\n"

/* Sends back each message. */
#define HARNESS_ECHO                                                                   \
    HARNESS_CONNECT "connection = connect()\n"                                         \
                    "try:\n"                                                           \
                    "    while True: connection.send_bytes(connection.recv_bytes())\n" \
                    "except EOFError:\n"                                               \
                    "    sys.exit(7)\n"

/* Who listens, and where. */
typedef struct harness_way_t {
    bool python_listens;
    const char *address; /* NULL: a private one; "@": some abstract one */
} harness_way_t;

extern const harness_way_t harness_ways[];

/* How many of them there are on this system; 0: it has no Python.  Said aloud, if not all. */
size_t harness_ways_count(apr_pool_t *mem);

/* Start the script and connect to it, with what either side takes for the key, or NULL.  `handshake`: 0 for the default.
 * The status of brood_client_connect or brood_listener_accept.  One Python at a time. */
apr_status_t harness_meet(brood_connection_t **connection, const harness_way_t *way, const char *our_key,
                          const char *its_key, apr_interval_time_t handshake, const char *script, apr_pool_t *mem);

/* With the same key, or none, so that it succeeds. */
brood_connection_t *harness_meet_with(const harness_way_t *way, const char *key, const char *script, apr_pool_t *mem);

/* What it says by tell(), without the line's end; end its told(); its exit code. */
const char *harness_python_says(void);
void harness_tell_python(void);
int harness_python_ends(void);

#endif
