/*
 * Decoders of the Encoding standard for everything but UTF-8: https://encoding.spec.whatwg.org/
 *
 * A decoder is a few bytes, and input may come in pieces of any size. Any thread: nothing is
 * shared.
 */
#ifndef ISOYARD_LEGACY_H
#define ISOYARD_LEGACY_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The encoding with this name, in lower case, as TextDecoder.encoding says it; -1 where there is
 * none. */
int legacy_find(const char *name);

/* What a decoder remembers between two pieces of input; zeros before the first. */
struct legacy_state {
    uint8_t lead[3];   /* bytes that began a character */
    uint8_t mode;      /* of ISO-2022-JP, EUC-JP, UTF-16 */
    uint8_t output;    /* of ISO-2022-JP: the mode it goes back to */
    uint8_t has_shift; /* of ISO-2022-JP: nothing has come since an escape sequence */
    uint16_t high;     /* of UTF-16: a surrogate that waits for the other */
};

/* No more UTF-16 units come of so many bytes. */
#define LEGACY_UNITS_MAX(len) ((len) + 8)

/*
 * Writes what the bytes stand for to `out`, as UTF-16 units in the machine's order, and returns how
 * many; malformed input becomes U+FFFD. `is_last`: nothing follows, and the state is zeros
 * afterwards. With `is_fatal` it returns -1 at the first malformed sequence, and state and output
 * are of no use. `encoding`: from legacy_find. `out` has room for LEGACY_UNITS_MAX(in.len).
 */
ptrdiff_t legacy_decode(int encoding, struct legacy_state *state, struct bytes in, bool is_last,
                        bool is_fatal, uint16_t *out);

#ifdef __cplusplus
}
#endif

#endif
