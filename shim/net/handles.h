/*
 * curl's easy handles, kept from one transfer of a tenant to its next: one has a buffer for what is
 * received, of 16 KiB, and TLS sessions to resume. It is never another tenant's.
 *
 * Each shares a cache of names with nobody, whose only entry is for its port; see transfer.h.
 *
 * The loop's thread only.
 */
#ifndef ISOYARD_NET_HANDLES_H
#define ISOYARD_NET_HANDLES_H

#include <curl/curl.h>

/* So many are kept, of some 25 KiB each. */
#define HANDLES_KEPT_MAX 32u

struct handle {
    CURL *easy;
    CURLSH *names;
    unsigned port;
    struct handle *next;
};

/* All zeroes is none. */
struct handles {
    struct handle *kept;
    unsigned count;
};

/* One whose options are all still to be set, but for CURLOPT_SHARE. NULL where memory is used up.
 */
struct handle *handles_take(struct handles *handles, unsigned port);

/* Gives one back, which is in no multi handle. */
void handles_give(struct handles *handles, struct handle *handle);

/* Frees those that are kept. */
void handles_release(struct handles *handles);

#endif
