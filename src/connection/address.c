#include "connection/address.h"

#include "platform/self.h"
#include <apr_file_io.h>
#include <apr_strings.h>
#include <brood/status.h>
#include <inttypes.h>
#include <string.h>

#define TLS "tls:"
#define SLASHES "//"     /* as in a URL */
#define UNIX_LONGEST 100 /* bytes of a path: all systems take so many */

static apr_status_t fail(const char *text, const char *why)
{
    return brood_fail(APR_EINVAL,
                      "\"%.80s\" is no address: %s; \"host:port\", a path with a slash, \"@name\" or "
                      "\"\\\\.\\pipe\\name\" is one, perhaps with \"tls:\" before it",
                      text, why);
}

/* 0 to 65535, in digits. */
static bool read_port(uint16_t *port, const char *digits)
{
    unsigned number = 0;
    int count = 0;

    for (; *digits >= '0' && *digits <= '9' && count < 6; digits++, count++)
        number = number * 10 + (unsigned) (*digits - '0');
    *port = (uint16_t) number;
    return count > 0 && *digits == '\0' && number <= UINT16_MAX;
}

/* "host:port", and an IPv6 number in brackets, as it has colons itself. */
static apr_status_t parse_inet(brood__address_t *address, const char *text, apr_pool_t *mem)
{
    const char *colon = strrchr(text, ':'), *begin = text, *end = colon;

    if (colon == NULL)
        return fail(text, "it has neither a port nor a slash");
    if (!read_port(&address->port, colon + 1))
        return fail(text, "its port is no number from 0 to 65535");
    if (*text == '[') {
        begin++;
        end--;
        if (end < begin || *end != ']')
            return fail(text, "its bracket is not closed");
    } else if (memchr(text, ':', (size_t) (colon - text)) != NULL) {
        return fail(text, "an IPv6 number needs brackets");
    }
    address->family = BROOD__FAMILY_INET;
    address->name = apr_pstrmemdup(mem, begin, (apr_size_t) (end - begin));
    return APR_SUCCESS;
}

/* What follows "tls:" or "tls://", if it begins so. */
static const char *after_tls(const char *text)
{
    if (strncmp(text, TLS, strlen(TLS)) != 0)
        return text;
    text += strlen(TLS);
    return strncmp(text, SLASHES, strlen(SLASHES)) == 0 ? text + strlen(SLASHES) : text;
}

apr_status_t brood__address_parse(brood__address_t *address, const char *text, apr_pool_t *mem)
{
    const char *whole = text;

    text = after_tls(whole);
    *address = (brood__address_t){.family = BROOD__FAMILY_INET, .name = "", .tls = text != whole};
    if (strncmp(text, "\\\\", 2) == 0)
        address->family = BROOD__FAMILY_PIPE;
    else if (*text == '@' || strchr(text, '/') != NULL)
        address->family = BROOD__FAMILY_UNIX;
    else
        return parse_inet(address, text, mem);
    if (strcmp(text, "@") == 0)
        return fail(text, "its name is empty");
    address->name = apr_pstrdup(mem, text);
    return APR_SUCCESS;
}

apr_status_t brood__address_listen(brood__listener_t **listener, const brood__address_t *address, int backlog,
                                   char text[BROOD__ADDRESS_SIZE], apr_pool_t *mem)
{
    char plain[BROOD__ADDRESS_SIZE];

    BROOD_TRY(brood__listener_open(listener, address, backlog, plain, mem));
    (void) apr_snprintf(text, BROOD__ADDRESS_SIZE, "%s%s%s", address->tls ? TLS : "",
                        address->tls && address->family == BROOD__FAMILY_INET ? SLASHES : "", plain);
    return APR_SUCCESS;
}

apr_status_t brood__address_private(brood__address_t *address, apr_pool_t *mem)
{
    const char *folder;
    uint64_t random[2];
    char name[40];

    if (brood__self_random(random, sizeof random) != APR_SUCCESS)
        return brood_fail_text(APR_EGENERAL, "the system gives no random bytes for an address");
    (void) apr_snprintf(name, sizeof name, "brood-%08x%08x%08x%08x", (unsigned) (random[0] >> 32), (unsigned) random[0],
                        (unsigned) (random[1] >> 32), (unsigned) random[1]);
    *address = (brood__address_t){.family = brood__listener_family};
    if (address->family == BROOD__FAMILY_PIPE) {
        address->name = apr_pstrcat(mem, "\\\\.\\pipe\\", name, NULL);
        return APR_SUCCESS;
    }
    if (apr_temp_dir_get(&folder, mem) != APR_SUCCESS || strlen(folder) + sizeof name > UNIX_LONGEST)
        folder = "/tmp";
    address->name = apr_pstrcat(mem, folder, "/", name, NULL);
    return APR_SUCCESS;
}
