/* manager.h - inside of a manager as the program holds it: a server of ours, or somebody else's. */
#ifndef BROOD_MANAGER_MANAGER_H
#define BROOD_MANAGER_MANAGER_H

#include "manager/proxy.h"
#include "manager/server.h"
#include <brood/exit.h>
#include <brood/manager.h>

struct brood_manager_t {
    apr_pool_t *mem;
    brood__origin_t origin;
    brood_process_t *process; /* NULL: not started by us */
    brood__server_t *server;  /* NULL: it runs elsewhere */
    brood_finalizer_t *finalizer;
    apr_interval_time_t grace;
    _Atomic bool serving;
    _Atomic bool ended; /* it was shut down */
};

/* Can objects be made?  BROOD_ECLOSED: it was shut down. */
apr_status_t brood__manager_check(const brood_manager_t *manager);

/* Where its objects are. */
brood__origin_t *brood__manager_origin(brood_manager_t *manager);

/* What the options say, and what it means where they say nothing.  Borrowed from them.  BROOD_ETOOBIG: the key. */
apr_status_t brood__manager_key(brood_bytes_t *key, const brood_manager_options_t *options);
brood__limits_t brood__manager_limits(const brood_manager_options_t *options);
/* A manager that is nowhere yet, with a session of its own. */
apr_status_t brood__manager_make(brood_manager_t **manager, const brood_manager_options_t *options, apr_pool_t *mem);

/* The server's process. */
apr_status_t brood__manager_entry(brood_call_t *call);

#endif
