/* options.h - what brood_connect_options_t says, and what it means where it says nothing. */
#ifndef BROOD_CONNECTION_OPTIONS_H
#define BROOD_CONNECTION_OPTIONS_H

#include <brood/listener.h>
#include <string.h>

#define BROOD__BACKLOG 128
#define BROOD__HANDSHAKE apr_time_from_sec(20)

/* Borrowed from it; data NULL: there is none. */
static inline brood_bytes_t brood__options_key(const brood_connect_options_t *options)
{
    const char *key = options != NULL ? options->authkey : NULL;

    if (key == NULL)
        return (brood_bytes_t){NULL, 0};
    return (brood_bytes_t){key, options->authkey_size != 0 ? options->authkey_size : strlen(key)};
}

static inline apr_interval_time_t brood__options_handshake(const brood_connect_options_t *options)
{
    return options != NULL && options->handshake != 0 ? options->handshake : BROOD__HANDSHAKE;
}

static inline int brood__options_backlog(const brood_connect_options_t *options)
{
    return options != NULL && options->backlog > 0 ? options->backlog : BROOD__BACKLOG;
}

#endif
