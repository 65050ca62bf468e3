/* Well-formedness of UTF-8 (Unicode Standard, table 3-7), which protobuf-c does not check. */
#ifndef ISOYARD_UTF8_H
#define ISOYARD_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the bytes are well-formed UTF-8. Any thread. */
bool utf8_is_valid(const void *data, size_t len);

/* Puts '?' in place of each byte that is no part of a well-formed character, as at the end of text
 * that was cut. Any thread. */
void utf8_repair(char *text);

/* Whether a terminal might obey a character beyond ASCII: C1, and those that change the direction
 * of writing. Any thread. */
bool utf8_is_control(uint32_t c);

/* The bytes of such a character where well-formed text begins with one, and *ret which; else 0. Any
 * thread. */
size_t utf8_control(const char *text, size_t len, uint32_t *ret);

#ifdef __cplusplus
}
#endif

#endif
