/** @file version.h  Version of the headers and of the library in use.
 *
 *     printf("built with brood %s, runs with %s\n", BROOD_VERSION_TEXT, brood_version().text); */
#ifndef BROOD_VERSION_H
#define BROOD_VERSION_H

#include <brood/export.h>

/** The headers' version, for #if. */
#define BROOD_VERSION_MAJOR 0
#define BROOD_VERSION_MINOR 1
#define BROOD_VERSION_PATCH 0
#define BROOD_VERSION_TEXT "0.1.0"

BROOD_BEGIN

/** A version; `text` is "major.minor.patch". */
typedef struct brood_version_t {
    int major;        /**< changes when programs have to change */
    int minor;        /**< changes when something is new */
    int patch;        /**< changes when something is mended */
    const char *text; /**< all three */
} brood_version_t;

/** Version of the library in use; may differ from the macros, which are the headers'.  Any thread, any time, also
 *  without brood_main.
 *
 *  @return a copy; its text is valid for ever. */
BROOD_API brood_version_t brood_version(void);

BROOD_END
#endif
