/* harness_children.h - what children of many tests do. */
#ifndef BROOD_TESTS_HARNESS_CHILDREN_H
#define BROOD_TESTS_HARNESS_CHILDREN_H

#include <brood.h>

apr_status_t nothing(brood_call_t *call);

/* (code): by exit. */
apr_status_t leaving(brood_call_t *call);

/* (ready, go): say one's pid when one runs, then wait until there is a word. */
apr_status_t waiting(brood_call_t *call);

/* (go): wait until there is a word, perhaps for ever. */
apr_status_t listening(brood_call_t *call);

/* (lock): release it, whoever has acquired it. */
apr_status_t releasing(brood_call_t *call);

#endif
