/*
 * The certificates that TLS trusts, loaded once.
 *
 * curl would load the system's bundle for each multi handle, or, where it is built with a folder of
 * certificates as well, for each connection: 30 ms of a lane's time, and a mebibyte. This store is
 * shared by all connections of all fetchers instead; OpenSSL locks what it changes in it.
 */
#ifndef ISOYARD_NET_ROOTS_H
#define ISOYARD_NET_ROOTS_H

#include "api/err.h"

#include <curl/curl.h>

struct roots;

/* Loads ca_file; NULL: the system's. E_INVALID where ca_file cannot be read. A system without any
 * certificates is no error: what they would verify fails later. Any thread. */
int roots_new(const char *ca_file, struct roots **ret, struct error *error);

void roots_free(struct roots *roots); /* NULL is fine; connections may still use it */

/* A CURLOPT_SSL_CTX_FUNCTION, with the roots as its data. */
CURLcode roots_use(CURL *easy, void *ssl_ctx, void *roots);

#endif
