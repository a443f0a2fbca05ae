/** @file export.h  Linkage and compiler annotations, for brood's own headers.  The only header with compiler tests.
 *
 * A program that links the static library on Windows defines BROOD_STATIC before it includes any header of brood's. */
#ifndef BROOD_EXPORT_H
#define BROOD_EXPORT_H

/** A function that the library exports. */
#if defined(_WIN32) && defined(BROOD_BUILDING)
#define BROOD_API __declspec(dllexport)
#elif defined(_WIN32) && !defined(BROOD_STATIC)
#define BROOD_API __declspec(dllimport)
#elif defined(__GNUC__)
#define BROOD_API __attribute__((visibility("default")))
#else
#define BROOD_API
#endif

/** BROOD_CHECKED: ignoring the result is a warning (BROOD_IGNORE says it is meant).
 *  BROOD_PRINTF: the compiler checks argument `a` onwards against format `f`. */
#if defined(__MINGW32__) && !defined(__clang__) /* its printf is Microsoft's old one, brood's is C's */
#define BROOD_CHECKED __attribute__((warn_unused_result))
#define BROOD_PRINTF(f, a) __attribute__((format(gnu_printf, f, a)))
#elif defined(__GNUC__)
#define BROOD_CHECKED __attribute__((warn_unused_result))
#define BROOD_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define BROOD_CHECKED
#define BROOD_PRINTF(f, a)
#endif

/** Around the declarations of a header: C linkage, in C++ too. */
#ifdef __cplusplus
#define BROOD_BEGIN extern "C" {
#define BROOD_END }
#else
#define BROOD_BEGIN
#define BROOD_END
#endif

#endif
