/* version.c - the version of this library. */
#include <brood/version.h>

brood_version_t brood_version(void)
{
    brood_version_t version;

    version.major = BROOD_VERSION_MAJOR;
    version.minor = BROOD_VERSION_MINOR;
    version.patch = BROOD_VERSION_PATCH;
    version.text = BROOD_VERSION_TEXT;
    return version;
}
