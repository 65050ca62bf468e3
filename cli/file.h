/* Reading whole files. */
#ifndef ISOYARD_FILE_H
#define ISOYARD_FILE_H

#include "api/bytes.h"
#include "api/err.h"

#include <stddef.h>

/* Appends a file's content to *ret; "-" is stdin. E_IO where it cannot be read, E_LIMIT where it is
 * larger than max. */
int file_read(const char *path, size_t max, struct buffer *ret, struct error *error);

/* E_IO, and what is said where a file cannot be read, for an errno: where there is none, which one
 * may have been meant. */
int file_error(const char *path, int cause, struct error *error);

#endif
