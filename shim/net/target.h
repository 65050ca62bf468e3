/*
 * Where a request goes: an absolute URL of http or https, taken apart.
 *
 * The same parser (libcurl's URL API) decides here what is checked, and later what curl does: the
 * parsed handle itself is what the transfer gets, so that no text is read in two ways.
 */
#ifndef ISOYARD_NET_TARGET_H
#define ISOYARD_NET_TARGET_H

#include "api/bytes.h"

#include <curl/curl.h>

/* All zeroes is none. */
struct target {
    CURLU *url;
    char *host; /* a name, or an address without brackets; ASCII */
    unsigned port;
    bool is_https;
};

#define TARGET_BYTES_MAX ((size_t)64 << 10)

/* Takes an absolute URL apart. NULL, or what is wrong with it; *ret is written on success only. */
const char *target_parse(struct bytes url, struct target *ret);

/* Takes a Location apart, as seen from base (RFC 9110, 10.2.2): relative ones are resolved, and the
 * fragment of base is inherited where it has none. */
const char *target_resolve(const struct target *base, struct bytes location, struct target *ret);

void target_release(struct target *t);

/* The URL with its fragment. The caller's to free with curl_free. */
char *target_text(const struct target *t);

/* Scheme, host and port are the same. */
bool target_is_same_origin(const struct target *a, const struct target *b);

#endif
