/* Well-formedness of UTF-8 (Unicode Standard, table 3-7), which protobuf-c does not check. */
#ifndef ISOYARD_UTF8_H
#define ISOYARD_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the bytes are well-formed UTF-8. Any thread. */
bool utf8_is_valid(const void *data, size_t len);

#ifdef __cplusplus
}
#endif

#endif
