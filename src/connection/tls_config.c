#include "connection/tls_config.h"

#include "connection/mac.h"
#include "platform/self.h"
#include <brood/status.h>
#include <mbedtls/platform_util.h>

#if BROOD__TLS

#define PSK_SIZE 32 /* all versions take so many bytes */
#define DH_BITS 2048

/* What does not even begin like a handshake. */
#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define BAD_HELLO MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO
#else
#define BAD_HELLO MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE
#endif

static const char identity[] = "brood", label[] = "brood tls psk";

/* Both sides make it anew for each connection; what encrypts also says that nothing was changed.  The best first. */
static const int suites[] = {
#if BROOD__TLS13
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
#endif
    MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
#if MBEDTLS_VERSION_NUMBER < 0x04000000
    MBEDTLS_TLS_DHE_PSK_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_DHE_PSK_WITH_AES_128_GCM_SHA256,
#endif
    MBEDTLS_TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384,
    MBEDTLS_TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256,
    0};

/* ---- random numbers ---- */

#if MBEDTLS_VERSION_NUMBER < 0x04000000

/* Of the system, which repeats none in a forked process. */
static int draw(void *nothing, unsigned char *bytes, size_t size)
{
    (void) nothing;
    return brood__self_random(bytes, size) == APR_SUCCESS ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

static void set_random(mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_rng(config, draw, NULL);
}

#else

static void set_random(mbedtls_ssl_config *config)
{
    (void) config; /* it has its own */
}

#endif

/* ---- versions and curves ---- */

#if MBEDTLS_VERSION_NUMBER < 0x03000000

static void set_versions(mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
}

/* The best of them are slow, and the first that both have is taken. */
static void set_curves(mbedtls_ssl_config *config)
{
#if defined(MBEDTLS_ECP_C)
    static const mbedtls_ecp_group_id curves[] = {
#if defined(MBEDTLS_ECP_DP_CURVE25519_ENABLED)
        MBEDTLS_ECP_DP_CURVE25519,
#endif
#if defined(MBEDTLS_ECP_DP_SECP256R1_ENABLED)
        MBEDTLS_ECP_DP_SECP256R1,
#endif
#if defined(MBEDTLS_ECP_DP_SECP384R1_ENABLED)
        MBEDTLS_ECP_DP_SECP384R1,
#endif
        MBEDTLS_ECP_DP_NONE
    };

    if (*curves != MBEDTLS_ECP_DP_NONE)
        mbedtls_ssl_conf_curves(config, curves);
#else
    (void) config;
#endif
}

#else

static void set_versions(mbedtls_ssl_config *config)
{
    mbedtls_ssl_conf_min_tls_version(config, BROOD__TLS12 ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_max_tls_version(config, BROOD__TLS13 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
#if BROOD__TLS13
    mbedtls_ssl_conf_tls13_key_exchange_modes(config, MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL);
#endif
}

static void set_curves(mbedtls_ssl_config *config)
{
    (void) config; /* the fast ones are first as it is */
}

#endif

/* ---- all of it ---- */

static void set_up(mbedtls_ssl_config *config, bool accepts)
{
    (void) accepts;
    set_random(config);
    set_versions(config);
    set_curves(config);
    mbedtls_ssl_conf_ciphersuites(config, suites);
#if defined(MBEDTLS_DHM_C) && defined(MBEDTLS_SSL_CLI_C) && MBEDTLS_VERSION_NUMBER < 0x04000000
    if (!accepts)
        mbedtls_ssl_conf_dhm_min_bitlen(config, DH_BITS);
#endif
#if defined(MBEDTLS_SSL_SESSION_TICKETS) && MBEDTLS_VERSION_NUMBER < 0x03060000
    if (!accepts)
        mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#endif
}

apr_status_t brood__tls_configure(mbedtls_ssl_config *config, bool accepts, brood_bytes_t key)
{
    unsigned char psk[BROOD__MAC_MOST];
    int error;

    BROOD_TRY(brood__mac_compute(psk, BROOD__SHA256, key, (brood_bytes_t){label, sizeof label - 1}));
    error = mbedtls_ssl_config_defaults(config, accepts ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                        MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (error == 0) {
        set_up(config, accepts);
        error = mbedtls_ssl_conf_psk(config, psk, PSK_SIZE, (const unsigned char *) identity, sizeof identity - 1);
    }
    mbedtls_platform_zeroize(psk, sizeof psk);
    if (error == MBEDTLS_ERR_SSL_ALLOC_FAILED)
        return brood_fail_text(APR_ENOMEM, "no memory for TLS");
    return error == 0 ? APR_SUCCESS
                      : brood_fail(APR_EGENERAL, "Mbed TLS cannot be set up for TLS: its status is -0x%04x",
                                   (unsigned) -error);
}

apr_status_t brood__tls_refused(int error)
{
    switch (error) {
    case MBEDTLS_ERR_SSL_ALLOC_FAILED:
        return brood_fail_text(APR_ENOMEM, "no memory for the handshake of TLS");
    case MBEDTLS_ERR_SSL_INVALID_MAC:
        return brood_fail_text(BROOD_EAUTH, "the other side does not know the key, by the handshake of TLS");
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
        return brood_fail_text(BROOD_EAUTH,
                               "the other side refuses the handshake of TLS: its key is another one, perhaps");
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
        return brood_fail_text(BROOD_EAUTH,
                               "the handshake of TLS has failed: the other side's key is another one, perhaps");
#endif
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
        return brood_fail_text(BROOD_EAUTH, "the other side closed the connection during the handshake of TLS");
    case MBEDTLS_ERR_SSL_INVALID_RECORD:
    case BAD_HELLO:
        return brood_fail_text(BROOD_EAUTH, "what comes is no TLS: the other side's address does not say tls, perhaps");
    default:
        return brood_fail(BROOD_EAUTH, "the handshake of TLS has failed, with -0x%04x of Mbed TLS", (unsigned) -error);
    }
}

#else

typedef int brood__tls_is_not_there_t;

#endif
