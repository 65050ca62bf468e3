/*
 * Content codings (RFC 9110, 8.4) and how they are undone, as the bytes come.
 *
 * Not left to curl: what it does with a coding that it does not know is another thing in each of
 * its versions, and its decoder of zstd takes 128 MiB where a server asks for that.
 *
 * One thread at a time.
 */
#ifndef ISOYARD_NET_CODING_H
#define ISOYARD_NET_CODING_H

#include "api/bytes.h"

#include <stdbool.h>

/* One after the other. */
#define CODINGS_MAX 5u

enum coding {
    CODING_IDENTITY,
    CODING_GZIP,
    CODING_DEFLATE, /* zlib's format, or the bare stream that some servers send */
    CODING_BROTLI,
    CODING_ZSTD,
    CODING_UNKNOWN,
};

/* Of its name, in any case. An empty one is the identity. */
enum coding coding_of(struct bytes name);

struct decoder;

/* Takes decoded bytes, at most 16 KiB at once. False ends the decoding. */
typedef bool (*decoder_write_f)(void *arg, const char *data, size_t len);

/* For `count` known codings, in the order in which they were applied. NULL where memory is used up.
 */
struct decoder *decoder_new(const enum coding *codings, unsigned count, decoder_write_f write,
                            void *arg);

void decoder_free(struct decoder *decoder); /* NULL is fine */

/*
 * Decodes what can be by now. False where write said so, where memory is used up, or where the
 * bytes are not well-formed: bytes after the end of a stream are not, nor is what needs a window of
 * more than 8 MiB (RFC 9659). It must not be called again then. That a stream has ended is nobody's
 * claim: a body that is cut off is as much as came of it.
 */
bool decoder_write(struct decoder *decoder, const char *data, size_t len);

#endif
