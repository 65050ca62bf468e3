/*
 * What a worker's fetch() reaches in these tests: answers by the URL, and no network.
 *
 *     /echo           200, JSON: what was sent; so does all of https://worker.example
 *     /status/CODE    that status, no body where HTTP has none
 *     /wait/MS        200, "waited", after that time
 *     /never          nothing
 *     /fail           an error
 *     /redirect       according to the redirect mode: /echo; an error; 302
 *     /bytes/COUNT    200, so many bytes
 *     /headers        200, with unusual headers
 *     /stats          200, JSON: how many fetches were started and stopped, and the most at once
 */
#ifndef ISOYARD_TESTS_UPSTREAM_H
#define ISOYARD_TESTS_UPSTREAM_H

#include "shim/net/fetcher.h"

struct upstream_stats {
    unsigned started;
    unsigned stopped;
    unsigned running;
    unsigned most; /* running at once */
};

/* The answer to a request, the caller's to free; NULL: there will be none. */
struct fetch_result *upstream_answer(const struct fetch_request *request,
                                     const struct upstream_stats *stats, unsigned *ret_delay_ms);

#endif
