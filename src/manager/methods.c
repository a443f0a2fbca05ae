#include "manager/methods.h"

apr_status_t brood__proxy_do(void *ref, const char *method, const brood_value_t *args, size_t count)
{
    return brood__proxy_call(NULL, ref, method, args, count, NULL);
}

apr_status_t brood__proxy_bool(bool *flag, void *ref, const char *method, const brood_value_t *args, size_t count)
{
    brood_value_t value = brood_nil();

    BROOD_TRY(brood__proxy_call(&value, ref, method, args, count, NULL));
    return brood_value_bool(flag, value);
}

apr_status_t brood__proxy_size(apr_size_t *size, void *ref, const char *method, const brood_value_t *args, size_t count)
{
    brood_value_t value = brood_nil();
    apr_uint64_t number = 0;

    BROOD_TRY(brood__proxy_call(&value, ref, method, args, count, NULL));
    BROOD_TRY(brood_value_uint(&number, value));
    *size = (apr_size_t) number;
    return APR_SUCCESS;
}

void brood__proxy_close(void *ref)
{
    brood__object_close(ref);
}
