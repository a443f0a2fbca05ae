/* methods.h - calls of a proxy whose results take no memory. */
#ifndef BROOD_MANAGER_METHODS_H
#define BROOD_MANAGER_METHODS_H

#include "manager/proxy.h"
#include <stdbool.h>

/* Statuses of brood__proxy_call; the last parameters are the method's arguments and how many there are. */
apr_status_t brood__proxy_do(void *ref, const char *method, const brood_value_t *args, size_t count);
/* BROOD_EKIND: the result is something else. */
apr_status_t brood__proxy_bool(bool *flag, void *ref, const char *method, const brood_value_t *args, size_t count);
apr_status_t brood__proxy_size(apr_size_t *size, void *ref, const char *method, const brood_value_t *args,
                               size_t count);

/* The items of a list of arguments, borrowed; nil: none.  BROOD_EARGS. */
apr_status_t brood__args_of(const brood_value_t **args, size_t *count, brood_value_t list);

/* The public way to close, for every kind. */
void brood__proxy_close(void *ref);

/* The arguments of a call, and how many. */
#define BROOD__WITH(...) \
    (const brood_value_t[]){__VA_ARGS__}, sizeof(const brood_value_t[]){__VA_ARGS__} / sizeof(brood_value_t)
#define BROOD__WITHOUT NULL, 0

#endif
