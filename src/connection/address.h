/* address.h - addresses as text, and what they mean. */
#ifndef BROOD_CONNECTION_ADDRESS_H
#define BROOD_CONNECTION_ADDRESS_H

#include "platform/listener.h"

/* Points into `mem`.  APR_EINVAL, with its message. */
apr_status_t brood__address_parse(brood__address_t *address, const char *text, apr_pool_t *mem);

/* brood__listener_open, and `text` says tls: if the address does. */
apr_status_t brood__address_listen(brood__listener_t **listener, const brood__address_t *address, int backlog,
                                   char text[BROOD__ADDRESS_SIZE], apr_pool_t *mem);

/* One that nobody has, for this user on this machine. */
apr_status_t brood__address_private(brood__address_t *address, apr_pool_t *mem);

#endif
