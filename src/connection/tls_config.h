/* tls_config.h - what is asked of Mbed TLS, whose versions are told apart here alone. */
#ifndef BROOD_CONNECTION_TLS_CONFIG_H
#define BROOD_CONNECTION_TLS_CONFIG_H

#include <apr_errno.h>
#include <brood/value.h>
#include <mbedtls/ssl.h>
#include <mbedtls/version.h>
#include <stdbool.h>

/* Of 1.3 the kind with both keys, and a generator of random numbers that a forked process does not go on with. */
#if defined(MBEDTLS_SSL_PROTO_TLS1_3) && defined(MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL_ENABLED) \
    && MBEDTLS_VERSION_NUMBER >= 0x03060600
#define BROOD__TLS13 1
#else
#define BROOD__TLS13 0
#endif

#if defined(MBEDTLS_SSL_PROTO_TLS1_2) \
    && (defined(MBEDTLS_KEY_EXCHANGE_ECDHE_PSK_ENABLED) || defined(MBEDTLS_KEY_EXCHANGE_DHE_PSK_ENABLED))
#define BROOD__TLS12 1
#else
#define BROOD__TLS12 0
#endif

/* Does it have what is needed? */
#if defined(MBEDTLS_SSL_TLS_C) && defined(MBEDTLS_SSL_CLI_C) && defined(MBEDTLS_SSL_SRV_C) \
    && (BROOD__TLS12 || BROOD__TLS13)
#define BROOD__TLS 1
#else
#define BROOD__TLS 0
#endif

/* Its TLS goes through the PSA API, whose functions one thread at a time may call, see mac.c. */
#if MBEDTLS_VERSION_NUMBER >= 0x04000000 || defined(MBEDTLS_USE_PSA_CRYPTO) || BROOD__TLS13
#define BROOD__TLS_BY_PSA 1
#else
#define BROOD__TLS_BY_PSA 0
#endif

/* And from there come random numbers that are the same in a process and its forked copy. */
#if BROOD__TLS_BY_PSA                       \
    && (MBEDTLS_VERSION_NUMBER < 0x03060600 \
        || (MBEDTLS_VERSION_NUMBER >= 0x04000000 && MBEDTLS_VERSION_NUMBER < 0x04010000))
#define BROOD__TLS_REPEATS 1
#else
#define BROOD__TLS_REPEATS 0
#endif

#if BROOD__TLS

/* Fill in a configuration.  APR_ENOMEM and the like, with a message; it is to be freed also then. */
apr_status_t brood__tls_configure(mbedtls_ssl_config *config, bool accepts, brood_bytes_t key);

/* Why a handshake has failed: BROOD_EAUTH, with its message, or APR_ENOMEM. */
apr_status_t brood__tls_refused(int error);

#endif
#endif
