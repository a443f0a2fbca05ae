#include "connection/mac.h"

#include "base/mutex.h"
#include <brood/status.h>
#include <psa/crypto.h>

#define BLOCK_MOST 136 /* of the digests here: a longer key stands for its digest, by HMAC's definition */

static const struct {
    const char *name;
    size_t size;
    psa_algorithm_t hash;
} digests[BROOD__DIGESTS] = {
    [BROOD__MD5] = {"md5", 16, PSA_ALG_MD5},
    [BROOD__SHA256] = {"sha256", 32, PSA_ALG_SHA_256},
    [BROOD__SHA384] = {"sha384", 48, PSA_ALG_SHA_384},
    [BROOD__SHA3_256] = {"sha3_256", 32, PSA_ALG_SHA3_256},
    [BROOD__SHA3_384] = {"sha3_384", 48, PSA_ALG_SHA3_384},
};

const char *brood__digest_name(brood__digest_t digest)
{
    return digests[digest].name;
}

size_t brood__mac_size(brood__digest_t digest)
{
    return digests[digest].size;
}

/* ---- one thread at a time: the table of keys has no lock before Mbed TLS 3.6, and later only if it was built so ---- */

static brood__mutex_t mutex;
static bool copied;

void brood__mac_lock(void)
{
    brood__mutex_lock(&mutex);
}

void brood__mac_unlock(void)
{
    brood__mutex_unlock(&mutex);
}

void brood__mac_forked(void)
{
    brood__mutex_forked(&mutex);
    copied = true;
}

bool brood__mac_copied(void)
{
    return copied;
}

/* ---- keys, under the lock ---- */

/* The compiler must not leave it out because nobody reads it any more. */
static void wipe(void *bytes, size_t size)
{
    volatile unsigned char *byte = bytes;

    while (size-- > 0)
        *byte++ = 0;
}

static psa_status_t import_bytes(psa_key_id_t *id, brood__digest_t digest, const void *bytes, size_t size)
{
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;

    psa_set_key_type(&attributes, PSA_KEY_TYPE_HMAC);
    psa_set_key_algorithm(&attributes, PSA_ALG_HMAC(digests[digest].hash));
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_SIGN_MESSAGE | PSA_KEY_USAGE_VERIFY_MESSAGE);
    return psa_import_key(&attributes, bytes, size, id);
}

/* PSA has no empty keys, and none of more than 8191 bytes. */
static psa_status_t import_key(psa_key_id_t *id, brood__digest_t digest, brood_bytes_t key)
{
    unsigned char hash[PSA_HASH_MAX_SIZE];
    size_t size = 0;
    psa_status_t status = psa_crypto_init(); /* again does nothing, also in a copy of the process that did it */

    if (status != PSA_SUCCESS)
        return status;
    if (key.size == 0)
        return import_bytes(id, digest, "", 1); /* HMAC fills up every key with zeros */
    if (key.size <= BLOCK_MOST)
        return import_bytes(id, digest, key.data, key.size);
    status = psa_hash_compute(digests[digest].hash, key.data, key.size, hash, sizeof hash, &size);
    if (status == PSA_SUCCESS)
        status = import_bytes(id, digest, hash, size);
    wipe(hash, sizeof hash);
    return status;
}

static apr_status_t failed(psa_status_t status, brood__digest_t digest)
{
    if (status == PSA_ERROR_NOT_SUPPORTED)
        return APR_ENOTIMPL;
    if (status == PSA_ERROR_INSUFFICIENT_MEMORY)
        return brood_fail(APR_ENOMEM, "no memory for an HMAC");
    return brood_fail(APR_EGENERAL, "Mbed TLS makes no HMAC with %s: its status is %d", digests[digest].name,
                      (int) status);
}

apr_status_t brood__mac_compute(unsigned char mac[BROOD__MAC_MOST], brood__digest_t digest, brood_bytes_t key,
                                brood_bytes_t message)
{
    const psa_algorithm_t algorithm = PSA_ALG_HMAC(digests[digest].hash);
    psa_key_id_t id = 0;
    psa_status_t status;
    size_t size = 0;

    brood__mac_lock();
    status = import_key(&id, digest, key);
    if (status == PSA_SUCCESS) {
        status = psa_mac_compute(id, algorithm, message.data, message.size, mac, BROOD__MAC_MOST, &size);
        (void) psa_destroy_key(id);
    }
    brood__mac_unlock();
    return status == PSA_SUCCESS ? APR_SUCCESS : failed(status, digest);
}

apr_status_t brood__mac_verify(brood__digest_t digest, brood_bytes_t key, brood_bytes_t message, brood_bytes_t mac)
{
    const psa_algorithm_t algorithm = PSA_ALG_HMAC(digests[digest].hash);
    psa_key_id_t id = 0;
    psa_status_t status;

    if (mac.size != digests[digest].size)
        return brood_fail(BROOD_EAUTH, "an answer of %llu bytes, where %s has %llu", (unsigned long long) mac.size,
                          digests[digest].name, (unsigned long long) digests[digest].size);
    brood__mac_lock();
    status = import_key(&id, digest, key);
    if (status == PSA_SUCCESS) {
        status = psa_mac_verify(id, algorithm, message.data, message.size, mac.data, mac.size);
        (void) psa_destroy_key(id);
    }
    brood__mac_unlock();
    if (status == PSA_ERROR_INVALID_SIGNATURE)
        return brood_fail(BROOD_EAUTH, "the other side does not know the key");
    return status == PSA_SUCCESS ? APR_SUCCESS : failed(status, digest);
}
