/* base64url without padding (RFC 4648, 5; RFC 7515, 2). */
#ifndef ISOYARD_CRYPTO_BASE64URL_H
#define ISOYARD_CRYPTO_BASE64URL_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/* At most, of so many characters; exactly, of so many bytes. */
size_t base64url_decoded_max(size_t len);
size_t base64url_encoded_len(size_t len);

/* The bytes, into `to`; false where the text is malformed. Bits beyond the last byte are ignored.
 */
bool base64url_decode(struct bytes text, unsigned char *to, size_t *ret_len);

void base64url_encode(struct bytes bytes, char *to);

#endif
