/* utf8.h - what is UTF-8 and what is not: RFC 3629, without surrogates, overlong forms and numbers above 10FFFF. */
#ifndef BROOD_BASE_UTF8_H
#define BROOD_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The character that `text` begins with.  Returns its bytes, 1 to 4; 0: none, *character is then untouched. */
size_t brood__utf8_next(uint32_t *character, const char *text, size_t size);

/* How many bytes from the start of `text` are whole characters; `size` if all are. */
size_t brood__utf8_valid(const char *text, size_t size);

/* The same for valid text of which only the first `size` bytes are there: without a last character that is cut. */
size_t brood__utf8_cut(const char *text, size_t size);

#endif
